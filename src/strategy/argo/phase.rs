//! The phase of a Rollout as a client must compute it: the controller's own word counts only for the generation that it
//! has seen.

use super::stand::Stand;
use crate::domain::Str;
use crate::domain::traffic::Rollout;
use crate::domain::traffic::rollout::RolloutStrategy;
use crate::domain::workload::ConditionStatus;

/// What a Rollout is doing, in the controller's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The wanted version serves.
    Healthy,
    /// Aborted, invalid, or over its deadline.
    Degraded,
    /// Moving by itself.
    Progressing,
    /// Stopped: by a person, by a step, by an analysis that could not decide.
    Paused,
}

/// The phase with its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The phase.
    pub phase: Phase,
    /// Why; empty when nothing is to be said.
    pub message: Str,
    /// Whether it is the controller's word on the newest spec; else something is not observed yet.
    pub settled: bool,
}

/// The phase; the order of the questions matters.
pub fn phase(rollout: &Rollout) -> Told {
    let stand = Stand::of(rollout);
    let waiting = |message: &str| Told { phase: Phase::Progressing, message: message.into(), settled: false };
    if rollout.status.observed_generation.is_some_and(|seen| seen < rollout.meta.generation) {
        return waiting("its controller has not seen the last change yet");
    }
    if stand.resumed() && !stand.held {
        return waiting("going on from a pause");
    }
    if !stand.observed && rollout.status.observed_generation.is_some() {
        return waiting("its controller has not seen the last change of the referenced workload yet");
    }
    let told = |phase| Told { phase, message: rollout.status.message.clone(), settled: true };
    match rollout.status.phase.as_deref() {
        Some("Healthy") => told(Phase::Healthy),
        // Somebody retried, and the controller has not gone on yet.
        Some("Degraded") if retried(rollout) => waiting("beginning again"),
        Some("Degraded") => told(Phase::Degraded),
        Some("Progressing") => told(Phase::Progressing),
        Some("Paused") => told(Phase::Paused),
        _ => computed(rollout, &stand),
    }
}

fn retried(rollout: &Rollout) -> bool {
    !rollout.status.abort && rollout.status.message.starts_with("RolloutAborted")
}

/// As controllers do that write no phase (before 1.0).
fn computed(rollout: &Rollout, stand: &Stand) -> Told {
    let (status, counts) = (&rollout.status, rollout.workload.replicas);
    let told = |phase, message: &str| Told { phase, message: message.into(), settled: true };
    let bad = status.conditions.iter().find(|condition| match &*condition.kind {
        "InvalidSpec" => condition.status == ConditionStatus::True,
        "Progressing" => matches!(&*condition.reason, "RolloutAborted" | "ProgressDeadlineExceeded"),
        _ => false,
    });
    if let Some(condition) = bad {
        let kind = if &*condition.kind == "InvalidSpec" { &condition.kind } else { &condition.reason };
        return told(Phase::Degraded, &format!("{kind}: {}", condition.message));
    }
    if stand.held {
        return told(Phase::Paused, "manually paused");
    }
    if let Some(reason) = stand.pauses.first() {
        return told(Phase::Paused, reason);
    }
    let restarts = rollout.restart_at.is_some() && rollout.restart_at != status.restarted_at;
    let blue_green = matches!(rollout.strategy, RolloutStrategy::BlueGreen(_));
    let switching = blue_green && status.active_selector != status.current_hash;
    let routed = rollout.routing().is_some();
    let message = if status.observed_generation.is_none() {
        "no controller has looked at it yet"
    } else if restarts {
        "rollout is restarting"
    } else if counts.updated < counts.desired {
        "more replicas need to be updated"
    } else if counts.available < counts.updated {
        "updated replicas are still becoming available"
    } else if switching {
        "active service cutover pending"
    } else if !blue_green && !routed && counts.current > counts.updated {
        "old replicas are pending termination"
    } else if stand.stable != stand.current {
        "waiting for all steps to complete"
    } else {
        return told(Phase::Healthy, "");
    };
    told(Phase::Progressing, message)
}
