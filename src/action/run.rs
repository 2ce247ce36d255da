//! One confirmed plan from its lock to its outcome.

use super::closing::Request;
use super::conflict;
use super::drift::{Look, TemplateWatch, WATCHED_FOR};
use super::engine::{Engine, Inner};
use super::journal::{NotJournalled, PlanLock};
use super::midway::Watching;
use super::outcome::{may_be_done, of_error};
use super::progress::{Consent, Progress};
use super::record::tested_template;
use super::verify::{Target, Verified, follow, written};
use super::{event, record};
use crate::cluster::{Answer, SendError, SendMode};
use crate::domain::intent::ReleaseId;
use crate::domain::journal::{Entry, Event, Record};
use crate::domain::milestone::Midway;
use crate::domain::outcome::OutcomeKind;
use crate::domain::plan::{Inverse, PlanId, PlannedCall, Wait};
use crate::domain::{Call, Direction, Outcome, Plan, RawObject, Str, Timestamp, Verb};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A plan on its way.
pub struct Run {
    pub(super) engine: Engine,
    pub(super) id: PlanId,
    /// When the objects were seen that the fences were cut from.
    pub(super) made: Timestamp,
    pub(super) release: ReleaseId,
    pub(super) verb: Verb,
    pub(super) direction: Direction,
    pub(super) title: Str,
    /// The calls that are sent, with their places in the journal's list.
    pub(super) calls: Vec<(usize, Call)>,
    /// What is waited for after each call of the journal's list, before the next one is sent.
    pub(super) waits: Vec<Option<Midway>>,
    /// The places in the journal's list of the calls that end what an earlier one began.
    pub(super) closes: Vec<usize>,
    pub(super) until: Wait,
    /// The side that a switch makes the live one.
    pub(super) switch_to: Option<Str>,
    pub(super) inverse: Inverse,
    pub(super) consent: Consent,
    pub(super) news: mpsc::UnboundedSender<Progress>,
    /// What is journalled before the first call; `None` when an interrupted plan goes on.
    pub(super) record: Option<Record>,
    /// The bytes that its fence was cut from were old already when it was planned.
    pub(super) blind: bool,
    /// When those bytes were read; `None` when it goes on after an interruption, and looks at the objects anyway.
    pub(super) read_at: Option<Timestamp>,
    /// How many of its calls were done before it was interrupted.
    pub(super) done_before: usize,
    /// Whether the journal could not take a line.
    pub(super) journal_fails: AtomicBool,
}

/// How the calls went.
struct Sent {
    /// The written objects, as the server answered.
    answers: Vec<RawObject>,
    /// What is, where a wait between the calls needed it.
    watching: Option<Watching>,
    /// How many calls were done.
    done: usize,
    /// What ended the sending early.
    stopped: Option<Outcome>,
}

impl Run {
    /// A run of a plan that was just confirmed.
    pub fn of_plan(engine: &Engine, plan: &Plan, consent: Consent, news: mpsc::UnboundedSender<Progress>) -> Self {
        let chosen = |call: &&PlannedCall| !call.optional || consent.optional;
        let chosen: Vec<&PlannedCall> = plan.calls.iter().filter(chosen).collect();
        let inner = &engine.inner;
        let mode = if inner.settings.policy.rehearse { SendMode::DryRun } else { consent.mode };
        let record = record::of(inner, plan, &chosen, &consent.reason, mode == SendMode::DryRun);
        plan.seen.iter().for_each(|object| inner.desk.read(object, &inner.cluster.field_manager()));
        Self {
            engine: engine.clone(),
            id: plan.id.clone(),
            made: plan.made,
            release: plan.release.clone(),
            verb: plan.intent.verb(),
            direction: plan.direction,
            title: plan.title.clone(),
            calls: chosen.iter().map(|call| call.call.clone()).enumerate().collect(),
            waits: chosen.iter().map(|call| call.then.clone()).collect(),
            closes: record::closes(&chosen),
            until: plan.until,
            switch_to: plan.switches_to().cloned(),
            inverse: plan.inverse.clone(),
            consent: Consent { mode, ..consent },
            news,
            record: Some(record),
            blind: plan.blind,
            read_at: Some(plan.read_at),
            done_before: 0,
            journal_fails: AtomicBool::new(false),
        }
    }

    /// Runs to the outcome, then watches the template on.
    pub async fn run(self) {
        let held = match self.held().await {
            None => self.unchecked().await,
            held => held,
        };
        if let Some(outcome) = held {
            self.tell(Progress::Done(outcome));
            return;
        }
        let lock = match self.begin().await {
            Ok(lock) => lock,
            Err(outcome) => {
                self.tell(Progress::Done(outcome));
                return;
            }
        };
        let sent = self.send_all().await;
        if self.consent.mode == SendMode::DryRun || sent.stopped.is_some() {
            let planned = || Outcome::new(OutcomeKind::Planned, "the server would take it; nothing was changed");
            let outcome = sent.stopped.unwrap_or_else(planned);
            self.finish(outcome, lock).await;
            return;
        }
        self.tell(Progress::Accepted);
        self.post_event();
        self.wait_and_finish(sent, lock).await;
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.engine.inner
    }

    pub(super) fn tell(&self, progress: Progress) {
        // Nobody has to listen: the write goes on.
        let _ = self.news.send(progress);
    }

    /// Writes a line; a journal that failed once is told about once and not waited for any more.
    async fn journal(&self, event: Event) {
        let entry = Entry { at: self.inner().settings.clock.now(), plan: self.id.clone(), event };
        let journal = self.inner().journal.clone();
        if self.journal_fails.load(Ordering::Relaxed) {
            tokio::spawn(async move { journal.append(&entry).await });
        } else if let Err(error) = journal.append(&entry).await {
            self.journal_failed(&error);
        }
    }

    fn journal_failed(&self, error: &NotJournalled) {
        self.journal_fails.store(true, Ordering::Relaxed);
        tracing::warn!(%error, "a line is missing in the journal");
        self.tell(Progress::NotJournalled(error.to_string().into()));
    }

    /// Locks the plan and puts its intent on the disk. What goes back goes on without.
    async fn begin(&self) -> Result<Option<PlanLock>, Outcome> {
        let inner = self.inner();
        let lock = inner.journal.lock(&self.id);
        let written = match (&lock, &self.record) {
            (Ok(_), Some(record)) => {
                let event = Event::Intent(Box::new(record.clone()));
                let entry = Entry { at: inner.settings.clock.now(), plan: self.id.clone(), event };
                inner.journal.append(&entry).await
            }
            (Ok(_), None) => Ok(()),
            (Err(error), _) => Err(error.clone()),
        };
        match written {
            Ok(()) => {
                self.tell(Progress::Journalled);
                Ok(lock.ok())
            }
            Err(error) if self.direction == Direction::Back || self.consent.mode == SendMode::DryRun => {
                self.journal_failed(&error);
                Ok(lock.ok())
            }
            Err(error) => {
                let reason = format!("nothing was sent: {error}, and going forward needs the journal");
                Err(Outcome::new(OutcomeKind::Refused, reason))
            }
        }
    }

    async fn send_all(&self) -> Sent {
        let mut sent = Sent { answers: Vec::new(), watching: None, done: 0, stopped: None };
        for (place, (index, call)) in self.calls.iter().enumerate() {
            if let Err(outcome) = self.midway(*index, &sent.answers, &mut sent.watching).await {
                sent.stopped = Some(self.closed(outcome, sent.done, &self.calls[place..]).await);
                return sent;
            }
            let result = match self.request(*index) {
                Request::Closes => self.close(*index, call).await,
                Request::Step => self.send_one(*index, call).await,
            };
            match result {
                Ok(body) => {
                    sent.done += 1;
                    if sent.done == 1 {
                        self.announce();
                    }
                    let Some(body) = body else { continue };
                    sent.answers.push(body);
                    self.make_inverse_ready(&sent.answers).await;
                }
                Err(outcome) => {
                    sent.stopped = Some(self.closed(outcome, sent.done, &self.calls[place + 1..]).await);
                    return sent;
                }
            }
        }
        sent
    }

    /// Sends one call; the object afterwards, or why the plan stops here.
    pub(super) async fn send_one(&self, index: usize, call: &Call) -> Result<Option<RawObject>, Outcome> {
        let inner = self.inner();
        let unanswered = match self.request(index) {
            Request::Closes => {
                inner.desk.quiet(&self.release.uid).await;
                None
            }
            Request::Step => Some(inner.desk.request(&self.release.uid).ok_or_else(|| {
                let reason = format!("the answer to the last write on {} is still missing", self.release.key);
                Outcome::new(OutcomeKind::Refused, reason)
            })?),
        };
        if self.record.is_none()
            && let Some(body) = self.done_already(call).await
        {
            self.take_over(index);
            return Ok(body);
        }
        self.tell(Progress::Sent(index));
        let at = inner.settings.clock.now();
        let result = inner.cluster.send(call, self.consent.mode).await;
        let (status, result) = match result {
            Ok(Answer { status, body, warnings }) => {
                self.tell(Progress::Answered { index, warnings });
                (Some(status), Ok(body))
            }
            // What is to be deleted is gone already.
            Err(SendError::NotFound(_)) if matches!(call, Call::Delete { .. }) => (Some(404), Ok(None)),
            Err(error) if may_be_done(&error) && self.consent.mode == SendMode::Apply => {
                (None, self.look_after_lost_answer(index, call, at, &error).await)
            }
            Err(error) if may_be_done(&error) => {
                let reason = format!("the dry run of {} was not answered: {error}", call.target());
                (None, Err(Outcome::new(OutcomeKind::Failed, reason)))
            }
            Err(SendError::Fence) if inner.desk.was_lost(&self.id) || self.record.is_none() => {
                (Some(422), self.compare_first(call).await)
            }
            Err(SendError::Fence) => (
                Some(422),
                Err(conflict::explain(&inner.cluster, call, self.made, || inner.settings.clock.now()).await),
            ),
            Err(error) => {
                if matches!(error, SendError::Forbidden(_)) {
                    inner.forget_rights(&self.release.uid);
                }
                (None, Err(of_error(&error, call.target())))
            }
        };
        if let Ok(Some(body)) = &result {
            inner.desk.read(body, &inner.cluster.field_manager());
        }
        if result.as_ref().map_or_else(|outcome| outcome.kind == OutcomeKind::Unknown, |_| true) {
            self.take_over(index);
        }
        drop(unanswered);
        let answer: Str = match &result {
            Ok(_) => "done".into(),
            Err(outcome) => outcome.reason.clone(),
        };
        let status = if result.is_ok() { status.filter(|status| *status < 300).or(Some(200)) } else { status };
        self.journal(Event::Call { index, status, answer }).await;
        result
    }

    /// What of ours still waits or watches there would take this write for somebody else's. Said while the request still
    /// counts as unanswered, and not before it changed anything: a write that is refused leaves the watch over the one
    /// before it. What only ends what was begun comes late: whoever waits by then took over already.
    fn take_over(&self, index: usize) {
        if self.consent.mode == SendMode::Apply && self.request(index) == Request::Step {
            self.inner().desk.cancel(&self.release.uid, self.verb);
        }
    }

    /// Cuts the inverse's fences from the answers so far; from here on `Z` takes the writes back.
    async fn make_inverse_ready(&self, answers: &[RawObject]) {
        if self.consent.mode == SendMode::Apply
            && let Some(ready) = self.inverse.ready(&self.id, answers)
        {
            self.journal(Event::Inverse(Box::new(ready))).await;
        }
    }

    fn post_event(&self) {
        let told = event::Told {
            release: self.release.clone(),
            verb: self.verb,
            title: self.title.clone(),
            reason: self.consent.reason.clone(),
            plan: self.id.0.clone(),
        };
        let engine = self.engine.clone();
        tokio::spawn(async move { event::post(&engine.inner, told).await });
    }

    async fn wait_and_finish(&self, sent: Sent, lock: Option<PlanLock>) {
        let inner = self.inner();
        let tested = tested_template(&self.calls);
        let mut template = tested.and_then(|(target, template)| {
            TemplateWatch::new(template, sent.answers.iter().find(|answer| answer.key == *target)?)
        });
        let Some(wait) = self.consent.wait.filter(|_| self.until != Wait::Accepted) else {
            self.finish(Outcome::new(OutcomeKind::Applied, "the server took it"), lock).await;
            return;
        };
        let accepted = Instant::now();
        let watching = sent.watching.unwrap_or_else(|| self.watching());
        let mut snapshots = watching.snapshots.clone();
        let target = Target {
            release: self.release.uid.clone(),
            written: written(&sent.answers),
            switch_to: self.switch_to.clone(),
            until: self.until,
            deadline: accepted + wait,
        };
        let mut overtaken = inner.desk.wait(&self.release.uid, &self.id);
        let hooks = (&self.news, &mut overtaken);
        let verified = follow(inner, &target, &mut snapshots, &mut template, hooks).await;
        let outcome = self.outcome_of(&verified).await;
        if let Verified::Reached(release) = &verified {
            self.rests(release.as_deref());
        }
        let watch_on = matches!(verified, Verified::Reached(_)) && inner.settings.snapshots.is_some();
        self.finish(outcome, lock).await;
        if let Some(template) = template.filter(|_| watch_on) {
            tokio::select! {
                // First of all: what a write of ours changed is nobody's doing but ours.
                biased;
                _ = overtaken.wait_for(Option::is_some) => {}
                () = self.watch_on(template, snapshots, accepted + WATCHED_FOR) => {}
            }
        }
        inner.desk.stop_waiting(&self.release.uid, &self.id);
    }

    async fn outcome_of(&self, verified: &Verified) -> Outcome {
        let key = &self.release.key;
        match verified {
            Verified::Reached(release) => {
                match self.until {
                    Wait::Accepted | Wait::Observed => {
                        self.journal(Event::Observed).await;
                        return Outcome::new(OutcomeKind::Applied, "the controller saw it");
                    }
                    Wait::Acted(_) => {
                        let now = release.as_ref().map(|release| release.reason.clone()).unwrap_or_default();
                        return Outcome::new(OutcomeKind::Applied, format!("the controller did it: {now}"));
                    }
                    Wait::Settled => {}
                }
                let current = release.as_ref().and_then(|release| release.current());
                if let Some(current) = current
                    && let Some(hash) = current.hash.clone()
                {
                    self.journal(Event::Settled { hash, revision: Some(current.revision) }).await;
                }
                Outcome::new(OutcomeKind::Applied, "applied and settled")
            }
            Verified::Failed(why) => {
                Outcome::new(OutcomeKind::Failed, format!("applied, and it does not come up: {why}"))
            }
            Verified::TimedOut(missing) => {
                Outcome::new(OutcomeKind::Timeout, format!("applied, and not settled in time: {missing}"))
            }
            Verified::Unwatched => Outcome::new(
                OutcomeKind::Timeout,
                "applied; this console left the cluster before it had settled, and looks no more",
            ),
            Verified::Overtaken(verb) => {
                Outcome::new(OutcomeKind::Applied, format!("applied; a later {verb} took over before it settled"))
            }
            Verified::PutBack(who) => {
                self.journal(Event::Reverted { by: who.clone() }).await;
                self.tell(Progress::RevertedBy(who.clone()));
                Outcome::new(OutcomeKind::Failed, format!("{who} put the old template of {key} back"))
            }
            Verified::Changed(who) => {
                Outcome::new(OutcomeKind::Failed, format!("applied, and {who} changed the template of {key} again"))
            }
            Verified::Gone => Outcome::new(OutcomeKind::Failed, format!("applied, and {key} was deleted since")),
        }
    }

    async fn finish(&self, outcome: Outcome, lock: Option<PlanLock>) {
        self.rests(None);
        self.journal(Event::Outcome(outcome.clone())).await;
        drop(lock);
        self.tell(Progress::Done(outcome));
    }

    /// Looks on after the end: an undo that a manager takes back a minute later is no undo.
    async fn watch_on(
        &self,
        mut template: TemplateWatch,
        mut snapshots: tokio::sync::watch::Receiver<Arc<crate::domain::Snapshot>>,
        end: Instant,
    ) {
        loop {
            let release = snapshots.borrow_and_update().by_uid(&self.release.uid).cloned();
            if let Some(release) = release {
                match template.look(&self.inner().cluster, &release).await {
                    Look::Same => {}
                    Look::PutBack(who) => {
                        self.inner().desk.quiet(&self.release.uid).await;
                        // Who was overtaken meanwhile ends here.
                        tokio::task::yield_now().await;
                        self.journal(Event::Reverted { by: who.clone() }).await;
                        self.tell(Progress::RevertedBy(who));
                        return;
                    }
                    Look::Changed(_) => return,
                }
            }
            tokio::select! {
                changed = snapshots.changed() => if changed.is_err() { return },
                () = tokio::time::sleep_until(end) => return,
            }
        }
    }
}
