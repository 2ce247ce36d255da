//! What a plan opened is closed again, whatever became of the calls between: a gate that stays open lets every later
//! version through.

use super::run::Run;
use crate::cluster::SendMode;
use crate::domain::outcome::OutcomeKind;
use crate::domain::plan::Operation;
use crate::domain::{Call, Outcome, RawObject};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long closing is tried again where it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long between two tries.
const PAUSE: Duration = Duration::from_secs(2);

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// A step of the plan: while it is unanswered, no other step of ours is sent there.
    Step,
    /// It ends what the plan began. It waits for its turn, and holds up nobody.
    Closes,
}

impl Run {
    /// What the call of this place in the journal's list is for.
    pub(super) fn request(&self, index: usize) -> Request {
        if self.closes.contains(&index) { Request::Closes } else { Request::Step }
    }

    /// The outcome of a plan that `stopped` after `done` of its calls, with `left` not sent: before it is told, what was
    /// opened is closed.
    pub(super) async fn closed(&self, stopped: Outcome, done: usize, left: &[(usize, Call)]) -> Outcome {
        let may_be_open = self.may_be_open(&stopped, done);
        let changed = self.calls.iter().take(done).filter(|(_, call)| !only_tests(call)).count();
        let outcome = partial(stopped, changed + self.done_before);
        if !may_be_open || self.consent.mode != SendMode::Apply {
            return outcome;
        }
        let mut reason = outcome.reason.to_string();
        for (index, call) in left.iter().filter(|(index, _)| self.request(*index) == Request::Closes) {
            let told = match self.close(*index, call).await {
                Ok(_) => format!("; closed again: {}", in_words(call)),
                Err(why) => format!("; {}", why.reason),
            };
            reason.push_str(&told);
        }
        Outcome::new(outcome.kind, reason)
    }

    /// Whether one of the calls so far opened something, or may have.
    fn may_be_open(&self, stopped: &Outcome, done: usize) -> bool {
        let opens = |(index, call): &(usize, Call)| self.request(*index) == Request::Step && !only_tests(call);
        let unanswered = stopped.kind == OutcomeKind::Unknown && self.calls.get(done).is_some_and(opens);
        unanswered || self.done_before > 0 || self.calls.iter().take(done).any(opens)
    }

    /// Closes, again and again where no answer comes. A fence that holds says that it is not open any more.
    pub(super) async fn close(&self, index: usize, call: &Call) -> Result<Option<RawObject>, Outcome> {
        let end = Instant::now() + PATIENCE;
        loop {
            let outcome = match self.send_one(index, call).await {
                Ok(body) => return Ok(body),
                Err(outcome) if outcome.kind == OutcomeKind::Conflict => return Ok(None),
                Err(outcome) => outcome,
            };
            if outcome.kind == OutcomeKind::Forbidden || Instant::now() >= end {
                let reason = format!("NOT closed ({}); close it by hand: {}", outcome.reason, by_hand(call));
                return Err(Outcome::new(outcome.kind, reason));
            }
            sleep(PAUSE).await;
        }
    }
}

/// A plan of which some calls were done and one was not is partial, whatever stopped it.
fn partial(outcome: Outcome, done: usize) -> Outcome {
    if done == 0 {
        return outcome;
    }
    Outcome::new(OutcomeKind::Partial, format!("{done} of its calls done, then: {}", outcome.reason))
}

fn only_tests(call: &Call) -> bool {
    let Call::JsonPatch { operations, .. } = call else { return false };
    operations.iter().all(|operation| matches!(operation, Operation::Test { .. }))
}

fn in_words(call: &Call) -> String {
    match call {
        Call::ProxyPost { target, path, .. } => format!("POST {path} of {target}"),
        Call::JsonPatch { target, .. } | Call::Delete { target, .. } | Call::Create { target, .. } => {
            target.to_string()
        }
    }
}

/// The same with kubectl.
fn by_hand(call: &Call) -> String {
    match call {
        Call::ProxyPost { target, scheme, port, path, body } => format!(
            "echo '{body}' | kubectl create --raw /api/v1/namespaces/{}/services/{scheme}:{}:{port}/proxy{path} -f -",
            target.namespace, target.name
        ),
        Call::JsonPatch { target, operations, .. } => {
            let operations = serde_json::to_string(operations).unwrap_or_default();
            format!(
                "kubectl -n {} patch {} {} --type json -p '{operations}'",
                target.namespace,
                target.kind.plural(),
                target.name
            )
        }
        Call::Delete { target, .. } | Call::Create { target, .. } => {
            format!("kubectl -n {} get {} {}", target.namespace, target.kind.plural(), target.name)
        }
    }
}
