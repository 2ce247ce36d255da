//! Interrupted plans, found at the start: go on, revert, or leave.

use super::engine::Engine;
use super::journal::{Journal, NotJournalled, Unfinished};
use super::progress::{Consent, News};
use super::run::Run;
use crate::domain::journal::{Entry, Event, KeptCall};
use crate::domain::outcome::OutcomeKind;
use crate::domain::plan::{Inverse, PlanId, ReadyInverse, Refusal};
use crate::domain::said::UNDO;
use crate::domain::{Call, Outcome};
use serde_json::value::RawValue;
use std::sync::atomic::AtomicBool;
use tokio::sync::mpsc;

impl Engine {
    /// The interrupted plans of this cluster, the newest first.
    pub fn unfinished(&self) -> std::io::Result<Vec<Unfinished>> {
        let here = &self.inner.fingerprint.id;
        let all = self.journal().unfinished()?;
        Ok(all.into_iter().filter(|plan| plan.record.fingerprint == *here).collect())
    }

    /// Sends the calls that are still missing, each one only if the object does not show already that it was done, and
    /// waits for the release. Refused when the journal did not keep the calls (they hold secret-like values); the gates
    /// stand before it as before any write.
    pub fn go_on(&self, plan: &Unfinished, consent: Consent) -> Result<News, Refusal> {
        self.is_here(plan)?;
        let record = &plan.record;
        let mut calls = Vec::new();
        for (index, kept) in record.kept.iter().enumerate() {
            if plan.answered.contains(&index) {
                continue;
            }
            let call = call_of(kept).ok_or_else(|| {
                Refusal::because(format!(
                    "'{}' can't go on: the journal does not keep a call with secret values; plan it again",
                    record.title
                ))
            })?;
            calls.push((index, call));
        }
        let (news, receiver) = mpsc::unbounded_channel();
        let run = Run {
            engine: self.clone(),
            id: plan.plan.clone(),
            made: plan.at,
            release: record.release.clone(),
            verb: record.verb,
            direction: record.direction,
            title: record.title.clone(),
            calls,
            waits: record.waits.clone(),
            closes: record.closes.clone(),
            until: record.until,
            switch_to: record.before.switch.as_ref().map(|sides| sides.to.clone()),
            inverse: Inverse::None { why: "it went on after an interruption".into() },
            consent,
            news,
            record: None,
            blind: false,
            read_at: None,
            done_before: plan.answered.len(),
            journal_fails: AtomicBool::new(false),
        };
        tokio::spawn(run.run());
        Ok(receiver)
    }

    /// A plan of another cluster is nothing here: not every call has a fence that would tell.
    fn is_here(&self, plan: &Unfinished) -> Result<(), Refusal> {
        if plan.record.fingerprint == self.inner.fingerprint.id {
            return Ok(());
        }
        let (title, context) = (&plan.record.title, &plan.record.context);
        Err(Refusal::because(format!("'{title}' belongs to another cluster (context {context}): nothing is sent here")))
    }

    /// Closes an interrupted plan without touching the cluster.
    pub async fn leave(&self, plan: &Unfinished) -> Result<(), NotJournalled> {
        let outcome = Outcome::new(OutcomeKind::Unknown, "interrupted, and left as it was found");
        close(self.journal(), &plan.plan, self.inner.settings.clock.now(), outcome).await
    }

    /// Closes an interrupted plan that `by` took back: what of it was done is undone.
    pub async fn taken_back(&self, plan: &Unfinished, by: &PlanId) -> Result<(), NotJournalled> {
        let outcome = Outcome::new(OutcomeKind::Failed, format!("interrupted, and taken back by {}", by.0));
        close(self.journal(), &plan.plan, self.inner.settings.clock.now(), outcome).await
    }

    /// The way back of an interrupted plan, to be planned as a revert of its own. Refused when no call was answered, and
    /// when the journal did not keep it.
    pub fn way_back(&self, plan: &Unfinished) -> Result<ReadyInverse, Refusal> {
        self.is_here(plan)?;
        match &plan.inverse {
            Some(inverse) if !inverse.operations.is_empty() => Ok(inverse.clone()),
            Some(_) => Err(Refusal::because(format!(
                "the way back holds secret values, which the journal does not keep; {UNDO} goes back by revision"
            ))),
            None => Err(Refusal::because(format!(
                "no answer was seen before the interruption; look at the release, then go back by revision ({UNDO})"
            ))),
        }
    }
}

async fn close(
    journal: &Journal,
    plan: &PlanId,
    at: crate::domain::Timestamp,
    outcome: Outcome,
) -> Result<(), NotJournalled> {
    journal.append(&Entry { at, plan: plan.clone(), event: Event::Outcome(outcome) }).await
}

/// The subresources that calls are sent to.
const SUBRESOURCES: [&str; 2] = ["status", "scale"];

fn call_of(kept: &KeptCall) -> Option<Call> {
    match kept {
        KeptCall::Patch { target, operations, subresource } => Some(Call::JsonPatch {
            target: target.clone(),
            subresource: match subresource.as_deref() {
                None => None,
                Some(name) => Some(SUBRESOURCES.into_iter().find(|known| *known == name)?),
            },
            operations: serde_json::from_str(operations).ok()?,
        }),
        KeptCall::Proxy { target, scheme, port, path, body } => Some(Call::ProxyPost {
            target: target.clone(),
            scheme: scheme.clone(),
            port: port.clone(),
            path: path.clone(),
            body: RawValue::from_string(body.clone()).ok()?.into(),
        }),
        KeptCall::Delete { target, uid } => Some(Call::Delete { target: target.clone(), uid: uid.clone() }),
        KeptCall::Left { .. } => None,
    }
}
