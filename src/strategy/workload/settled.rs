//! Whether a workload has come to rest, told from the derived release alone.

use super::words::count;
use crate::domain::workload::UpdateStrategy;
use crate::domain::{Kind, Release, State};
use crate::strategy::Settled;

/// What is still missing, or that nothing is. The rules are those of `kubectl rollout status`, and a failure that the
/// console already sees (a stuck pod, an exceeded deadline) ends the wait.
pub fn settled(release: &Release) -> Settled {
    let counts = release.replicas;
    if release.generation.observed < release.generation.spec {
        let silent = release.health.reasons.iter().find(|reason| reason.text.starts_with(super::health::SILENT));
        return Settled::NotYet(silent.map_or_else(
            || "the controller has not seen the change yet".into(),
            |silent| format!("the controller has not seen the change. {}", silent.text).into(),
        ));
    }
    if release.stuck || release.state == State::Failed {
        return Settled::Failed(release.reason.clone());
    }
    let held_back = match release.update {
        UpdateStrategy::Ordered { partition, .. } => partition.clamp(0, counts.desired.max(0)),
        UpdateStrategy::OnDelete => counts.desired,
        UpdateStrategy::Rolling { .. } | UpdateStrategy::Recreate => 0,
    };
    let wanted = counts.desired.saturating_sub(held_back);
    let missing =
        |number: i32, what: &str| Settled::NotYet(format!("{} {what}", count(i64::from(number), "pod")).into());
    if release.held && release.state == State::Waiting {
        return Settled::NotYet("it is paused: pods change once it is resumed".into());
    }
    if counts.updated < wanted {
        let left = wanted.saturating_sub(counts.updated);
        // More pods of the same template are not replaced by anything: a scale, or the first rollout.
        let others = counts.current.saturating_sub(counts.updated);
        return if others <= 0 {
            missing(left, "still to come")
        } else {
            missing(left.min(others), "still to be replaced")
        };
    }
    let surplus = if release.key.kind == Kind::Deployment {
        counts.current.saturating_sub(counts.updated)
    } else {
        counts.current.saturating_sub(counts.desired)
    };
    if surplus > 0 {
        return missing(surplus, "of before still to end");
    }
    if counts.available < counts.desired {
        return missing(counts.desired.saturating_sub(counts.available), "not available yet");
    }
    Settled::Yes
}
