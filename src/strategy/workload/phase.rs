//! Where a workload's rollout stands, told from its counts as kubectl and the controllers do.

use super::facts::Facts;
use crate::domain::Kind;
use crate::domain::workload::{ConditionStatus, Replicas, UpdateStrategy};

/// Where a rollout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The controller has not seen the spec yet.
    Unobserved,
    /// A person paused it before every pod was replaced.
    Held,
    /// Pods are being replaced or added.
    Updating,
    /// So many pods wait to be deleted by a person.
    OnDelete(i32),
    /// The partition keeps so many pods at the old revision; the rest is done.
    Partition(i32),
    /// Every pod is of the template.
    Done,
}

/// The phase of the workload of `facts`.
pub fn phase(facts: &Facts) -> Phase {
    let workload = &facts.workload;
    let counts = workload.replicas;
    if !workload.observed() {
        return Phase::Unobserved;
    }
    let pending_template = facts.current().is_some_and(|lane| lane.object.is_none()) && facts.lanes.len() > 1;
    match workload.update {
        UpdateStrategy::OnDelete => {
            let old = outdated(facts);
            if old > 0 { Phase::OnDelete(old) } else { rest(counts) }
        }
        UpdateStrategy::Ordered { partition, .. } => {
            let above = counts.desired.max(0).saturating_sub(partition.max(0)).max(0);
            // After an undo in mid-rollout both names are the old one again while a pod of the other revision still lives:
            // only the count of updated pods tells.
            let moving = workload.update_revision.is_some() && workload.current_revision != workload.update_revision;
            let missing = counts.desired.saturating_sub(counts.updated);
            if counts.desired == 0 {
                rest(counts)
            } else if counts.updated < above || (moving && counts.ready < counts.desired) {
                Phase::Updating
            } else if partition > 0 && missing > 0 {
                Phase::Partition(missing)
            } else if moving {
                Phase::Updating
            } else {
                rest(counts)
            }
        }
        UpdateStrategy::Rolling { .. } | UpdateStrategy::Recreate => {
            let replaced = counts.updated >= counts.desired && counts.current <= counts.updated && !pending_template;
            let unfinished = if workload.key.kind == Kind::Deployment {
                !replaced || (counts.available < counts.desired && controller_is_at_work(facts))
            } else {
                counts.updated < counts.desired
            };
            match (unfinished, workload.paused) {
                (false, _) => Phase::Done,
                (true, true) if facts.outdated() > 0 || pending_template => Phase::Held,
                (true, _) => Phase::Updating,
            }
        }
    }
}

fn rest(counts: Replicas) -> Phase {
    if counts.current == counts.desired { Phase::Done } else { Phase::Updating }
}

/// Pods that are not of the template: counted where pods were read, else as the status tells.
fn outdated(facts: &Facts) -> i32 {
    let counts = facts.workload.replicas;
    let told = counts.current.min(counts.desired).saturating_sub(counts.updated).max(0);
    if facts.pods_listed && facts.lanes.iter().any(|lane| lane.object.is_some()) { facts.outdated() } else { told }
}

/// A Deployment's `Progressing` condition says `NewReplicaSetAvailable` once a rollout is complete, and keeps saying so
/// when pods fail later; any other reason with status True means that it is still under way.
fn controller_is_at_work(facts: &Facts) -> bool {
    facts.workload.condition("Progressing").is_some_and(|condition| {
        condition.status == ConditionStatus::True
            && !matches!(&*condition.reason, "NewReplicaSetAvailable" | "DeploymentPaused")
    })
}

/// Whether the Deployment's controller gave up waiting (`Progressing` False, `ProgressDeadlineExceeded`).
pub fn deadline_exceeded(facts: &Facts) -> bool {
    facts.workload.condition("Progressing").is_some_and(|condition| {
        condition.status == ConditionStatus::False && &*condition.reason == "ProgressDeadlineExceeded"
    })
}
