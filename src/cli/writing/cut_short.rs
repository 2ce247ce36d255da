//! A write that a person or the system stopped: what of it was sent is told, never guessed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{
    action::Progress,
    cli::{Exit, Failure, Session, documents::OutcomeDocument, output::Format},
    domain::{Outcome, outcome::OutcomeKind},
};

use super::Announcing;

/// How far a write has come: kept beside it, for when it is stopped.
#[derive(Debug, Default)]
pub struct Way(Mutex<Come>);

#[derive(Debug, Default, Clone)]
struct Come {
    plan: Option<Announcing>,
    journal: Option<String>,
    /// Calls that are sent, of those of the plan.
    calls: usize,
    answered: usize,
    sent: Sent,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// Nothing that changes anything.
    #[default]
    Nothing,
    /// A call without an answer so far.
    Unanswered,
    /// Some calls, all answered.
    Some,
    /// All of it.
    All,
}

impl Way {
    fn come(&self) -> MutexGuard<'_, Come> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The journal's file.
    pub fn journal(&self, file: String) {
        self.come().journal = Some(file);
    }

    /// The file that holds the record; none where the journal could not take it.
    pub fn journalled(&self) -> Option<String> {
        self.come().journal.clone()
    }

    /// The plan begins, with so many calls.
    pub fn begins(&self, plan: Announcing, calls: usize) {
        let mut come = self.come();
        let journal = come.journal.take();
        *come = Come { plan: Some(plan), journal, calls, ..Come::default() };
    }

    /// It went on.
    pub fn goes_on(&self, progress: &Progress) {
        let mut come = self.come();
        match progress {
            Progress::Sent(_) | Progress::LookingAfterLostAnswer(_) => come.sent = Sent::Unanswered,
            Progress::Answered { .. } => {
                come.answered += 1;
                come.sent = Sent::Some;
            }
            Progress::Accepted | Progress::Observed => come.sent = Sent::All,
            Progress::NotJournalled(_) => come.journal = None,
            Progress::Journalled | Progress::Waiting(_) | Progress::Done(_) | Progress::RevertedBy(_) => {}
        }
    }

    /// What was sent and how far it came; `None` when nothing was.
    pub fn sent(&self) -> Option<Outcome> {
        let come = self.come();
        (come.sent != Sent::Nothing).then(|| come.outcome())
    }

    /// Tells how far it came, and how to see what becomes of it.
    pub fn tell(&self, format: Format, session: &mut Session) -> Failure {
        let come = self.come().clone();
        let outcome = come.outcome();
        if matches!(format, Format::Json | Format::Yaml) {
            let journal = come.journal.filter(|_| come.plan.is_some() && come.sent != Sent::Nothing);
            let document = OutcomeDocument::new(come.plan.as_ref(), &outcome, journal);
            if let Err(failure) = session.output.document(&document, format) {
                return Failure { exit: Exit::Interrupted, ..failure };
            }
        }
        Failure::new(Exit::Interrupted, crate::domain::said::clean(&outcome.reason).as_ref())
    }
}

impl Come {
    fn outcome(&self) -> Outcome {
        let place = self.plan.as_ref().map(|(plan, _)| {
            let key = &plan.release.key;
            format!("{} -n {}", key.target(), key.namespace)
        });
        let place = place.unwrap_or_default();
        let (kind, reason) = match self.sent {
            Sent::Nothing => (OutcomeKind::Refused, "interrupted: nothing was sent".to_owned()),
            Sent::Unanswered => (
                OutcomeKind::Unknown,
                format!(
                    "interrupted: it was sent and no answer came yet; whether it is done, `windlass history {place}` and \
                     `windlass journal` tell"
                ),
            ),
            Sent::Some if self.answered < self.calls => (
                OutcomeKind::Partial,
                format!(
                    "interrupted: {} of {} calls are done, the rest was not sent; the console offers to go on or to take \
                     it back (:interrupted)",
                    self.answered, self.calls
                ),
            ),
            Sent::Some | Sent::All => (
                OutcomeKind::Applied,
                format!("interrupted: the server took it, and it goes on; `windlass status {place} --wait` follows it"),
            ),
        };
        Outcome::new(kind, reason)
    }
}
