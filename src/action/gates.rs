//! Whether a plan may be sent at all: every gate in one place. What goes back passes all but read-only and the rule of
//! one unanswered request.

use crate::domain::plan::Refusal;
use crate::domain::{Direction, Plan, Str};

/// What the flags and the configuration say about this context.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    /// Nothing is sent that could change anything, not even a dry run.
    pub read_only: bool,
    /// Every write is a dry run.
    pub rehearse: bool,
    /// Forward verbs need the fingerprint word.
    pub protected: bool,
}

/// What is known about the plan's release beside the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// A permission that the cluster says is missing; `None` when it is there, and when it is not known.
    pub missing_right: Option<Str>,
    /// The change freeze that holds now: its words.
    pub freeze: Option<Str>,
    /// Whether a request on this release was not answered yet.
    pub unanswered: bool,
}

/// Why `plan` can't be sent, if so.
pub fn allow(policy: Policy, plan: &Plan, facts: &Facts) -> Result<(), Refusal> {
    let refuse = |reason: String| Err(Refusal::because(reason).with_kubectl(plan.kubectl.clone()));
    let key = &plan.release.key;
    if policy.read_only {
        return refuse(format!("read-only: nothing is sent to {key}; c copies the kubectl commands"));
    }
    if facts.unanswered {
        return refuse(format!("the answer to the last write on {key} is still missing; wait for it"));
    }
    if let Some(permission) = &facts.missing_right {
        return refuse(format!("you may not change {key}: it needs '{permission}'; ask for it or use another context"));
    }
    if plan.direction == Direction::Back {
        return Ok(());
    }
    if plan.blind {
        return refuse(format!("{key} could not be read just now, so nothing new is sent to it; going back would be"));
    }
    if let Some(freeze) = &facts.freeze {
        return refuse(format!("change freeze: {freeze}; going back is open, forward needs an override with a reason"));
    }
    Ok(())
}

/// Whether a confirmed plan still needs the fingerprint word.
pub fn word_missing(policy: Policy, plan: &Plan, word: bool) -> bool {
    policy.protected && plan.direction == Direction::Forward && !word
}
