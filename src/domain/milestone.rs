//! What is waited for between two calls of a plan.

use super::{ObjectKey, Release, Role, Str};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// A wait after a call, before the next one is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Midway {
    /// In words: `until 3 pods of web-v2 are ready`.
    pub what: Str,
    /// What ends it.
    pub until: Milestone,
    /// How long at most: then the plan stops and says how far it came.
    pub limit: SignedDuration,
    /// Whether the next call is sent all the same when the limit is over (a gate that was opened must be closed).
    pub go_on: bool,
}

/// A state of the release, told from the derived release alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Milestone {
    /// So many pods of this workload are ready, and its controller has seen its newest spec.
    Ready {
        /// The workload.
        workload: ObjectKey,
        /// So many, or more.
        pods: i32,
    },
    /// The root's controller has seen its newest generation.
    Observed,
    /// More than so many per cent are asked for the candidate.
    WeightAbove(u8),
    /// The controller's own phase is one of these.
    Phase(Vec<Str>),
    /// One of these.
    Any(Vec<Self>),
}

impl Milestone {
    /// Whether `release` has come there.
    pub fn reached(&self, release: &Release) -> bool {
        match self {
            Self::Ready { workload, pods } => ready(release, workload).is_some_and(|ready| ready >= *pods),
            Self::Observed => release.generation.observed >= release.generation.spec,
            Self::WeightAbove(weight) => {
                let asked = release.track(Role::Candidate).and_then(|track| track.weight.asked);
                asked.is_some_and(|asked| asked > *weight)
            }
            Self::Phase(phases) => phase(release).is_some_and(|phase| phases.contains(phase)),
            Self::Any(milestones) => milestones.iter().any(|milestone| milestone.reached(release)),
        }
    }
}

/// The ready pods of a workload of the release, once its controller has seen the spec.
fn ready(release: &Release, key: &ObjectKey) -> Option<i32> {
    if let Some(traffic) = &release.traffic {
        let side = traffic.rows.sides.iter().find(|side| side.workload.key == *key);
        if let Some(side) = side {
            return side.workload.observed().then_some(side.workload.replicas.ready);
        }
    }
    let own = release.key == *key && release.generation.observed >= release.generation.spec;
    own.then_some(release.replicas.ready)
}

fn phase(release: &Release) -> Option<&Str> {
    let rows = &release.traffic.as_ref()?.rows;
    let of_rollout = rows.rollout.as_ref().and_then(|rollout| rollout.status.phase.as_ref());
    rows.canary.as_ref().map(|canary| &canary.status.phase).or(of_rollout)
}
