//! The gates as they stand when a plan is applied: what held when it was shown may hold no more.

use super::gates::{self, Gate, Write};
use super::run::Run;
use crate::domain::outcome::OutcomeKind;
use crate::domain::snapshot::FRESH_LIMIT;
use crate::domain::{Age, Direction, Outcome};
use std::time::Duration;
use tokio::time::timeout;

/// How long an object that was not heard of for long may take to be read.
const READ_LIMIT: Duration = Duration::from_secs(2);

impl Run {
    /// Why nothing of it is sent, if so.
    pub(super) async fn held(&self) -> Option<Outcome> {
        let engine = &self.engine;
        let write = Write {
            release: &self.release,
            direction: self.direction,
            verb: self.verb,
            blind: self.blind,
            // Who confirmed has seen them.
            kubectl: &[],
        };
        let policy = engine.policy();
        let facts = |unheard| {
            let calls = self.calls.iter().map(|(_, call)| call);
            gates::Facts { unheard, ..engine.facts(&self.release, calls, &self.consent) }
        };
        let held = gates::held(policy, write, &facts(None));
        // The read is for what passes all the rest only, and the gates are asked again after it.
        let held = match held {
            None => match self.unheard().await {
                Some(age) => gates::held(policy, write, &facts(Some(age))),
                None => None,
            },
            held => held,
        };
        held.map(|(gate, refusal)| Outcome::new(kind_of(gate), refusal.reason))
    }

    /// Why a switch that goes on after an interruption does not: its preview check is asked again, since the side may be
    /// ready no more, and did not answer well. It stays interrupted then; one that is done already is not asked.
    pub(super) async fn unchecked(&self) -> Option<Outcome> {
        let inner = self.inner();
        let check = inner.settings.traffic.preview_check(&self.release.key, self.direction, self.switch_to.as_ref());
        let (check, side) = check.filter(|_| self.record.is_none())?;
        let mut missing = false;
        for (_, call) in &self.calls {
            missing = missing || self.done_already(call).await.is_none();
        }
        if !missing {
            return None;
        }
        let why = inner.cluster.preview_check(&check, &self.release.key, &side).await.err()?;
        let next = "nothing more was sent; switch anew, where that can be overridden with a reason";
        Some(Outcome::new(OutcomeKind::Refused, format!("the preview check failed: {why}; {next}")))
    }

    /// For how long nothing was heard of the object, when that is too long and it does not answer now either. What goes
    /// back does not ask: it would not wait for the answer.
    async fn unheard(&self) -> Option<Age> {
        if self.direction == Direction::Back {
            return None;
        }
        let settings = &self.inner().settings;
        let age = match &settings.snapshots {
            Some(snapshots) => {
                let key = &self.release.key;
                snapshots.borrow().age_in(key.kind, &key.namespace, settings.clock.now())
            }
            // Nobody watches: what counts is when the plan's bytes were read, by the same clock.
            None => self
                .read_at
                .map_or(Age::seconds(0), |read_at| Age::between(read_at, self.inner().cluster.clock().now())),
        };
        if age <= FRESH_LIMIT {
            return None;
        }
        let read = timeout(READ_LIMIT, self.inner().cluster.read(&self.release.key)).await;
        if matches!(read, Ok(Ok(_))) { None } else { Some(age) }
    }
}

const fn kind_of(gate: Gate) -> OutcomeKind {
    match gate {
        Gate::Right => OutcomeKind::Forbidden,
        Gate::ReadOnly
        | Gate::Elsewhere
        | Gate::Unanswered
        | Gate::Blind
        | Gate::Unheard
        | Gate::Awaited
        | Gate::Preview
        | Gate::Freeze
        | Gate::Bake
        | Gate::Reason
        | Gate::Word => OutcomeKind::Refused,
    }
}
