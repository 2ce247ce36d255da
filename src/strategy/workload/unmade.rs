//! Pods that can't be made at all: the `ReplicaFailure` condition, with who refuses them.

use super::blockers::STUCK_AFTER;
use super::facts::{Facts, Lane};
use super::words::clip;
use crate::domain::Timestamp;
use crate::domain::workload::ConditionStatus;

/// Who refuses a pod: what helps depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A ResourceQuota: the template may be as good as any.
    Quota,
    /// An admission webhook that does not answer: nothing is said of the template.
    Webhook,
    /// A policy, a limit range or the API server's own checks: the template is the cause.
    Policy,
}

/// What keeps pods from being made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmade {
    /// Who refuses them.
    pub by: By,
    /// One sentence without its stop.
    pub sentence: String,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// What keeps pods of the current revision from being made, if anything does.
pub fn unmade(facts: &Facts) -> Option<Unmade> {
    let of_revision = facts.current().and_then(|lane: &Lane| lane.object.as_ref());
    let all = facts.workload.conditions.iter().chain(of_revision.iter().flat_map(|object| &object.conditions));
    let failure = all
        .filter(|condition| &*condition.kind == "ReplicaFailure" && condition.status == ConditionStatus::True)
        .find(|condition| !condition.message.is_empty() || !condition.reason.is_empty())?;
    let message = if failure.message.is_empty() { &failure.reason } else { &failure.message };
    // As the API server words them: ResourceQuota's admission, and a webhook's call that failed.
    let by = if message.contains("exceeded quota") {
        By::Quota
    } else if message.contains("failed calling webhook") {
        By::Webhook
    } else {
        By::Policy
    };
    let what = match by {
        By::Quota => "The quota is exceeded",
        By::Webhook | By::Policy => "A pod can't be made",
    };
    Some(Unmade { by, sentence: format!("{what}: {}", clip(message, 140)), since: failure.since.or(failure.updated) })
}

impl Unmade {
    /// When waiting does not help any more; `None` for what others may mend without touching the release.
    pub fn stuck_at(&self) -> Option<Timestamp> {
        if self.by == By::Quota { None } else { self.since?.checked_add(STUCK_AFTER).ok() }
    }
}
