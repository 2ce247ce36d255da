//! Where a Rollout stands, as far as its verbs depend on it: told from the row that is shown, or from the bytes that a
//! plan is made from.

use super::fence::ABORT;
use crate::domain::traffic::Rollout;
use crate::domain::{RawObject, Str};
use crate::strategy::taking_back::PAUSED;

/// Where a Rollout stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the Rollout by itself")]
pub struct Stand {
    /// Whether its controller has seen the newest spec, of the referenced workload too.
    pub observed: bool,
    /// `spec.paused`: a person holds it.
    pub held: bool,
    /// `status.abort`.
    pub aborted: bool,
    /// `status.promoteFull`.
    pub promoting: bool,
    /// `status.currentPodHash`.
    pub current: Option<Str>,
    /// `status.stableRS`; `None` before the first version has taken over.
    pub stable: Option<Str>,
    /// `status.currentStepIndex`.
    pub index: Option<usize>,
    /// The reasons of `status.pauseConditions`.
    pub pauses: Vec<Str>,
    /// `status.controllerPause`.
    pub controller_pause: bool,
    /// `status.phase`.
    pub phase: Str,
}

impl Stand {
    /// As the row tells.
    pub fn of(rollout: &Rollout) -> Self {
        let status = &rollout.status;
        let spec_seen = status.observed_generation.is_some_and(|seen| seen >= rollout.meta.generation);
        let workload_seen =
            rollout.workload_generation.is_none() || rollout.workload_generation == status.workload_observed_generation;
        Self {
            observed: spec_seen && workload_seen,
            held: rollout.workload.paused,
            aborted: status.abort,
            promoting: status.promote_full,
            current: named(status.current_hash.clone()),
            stable: named(status.stable_hash.clone()),
            index: status.step_index.and_then(|index| usize::try_from(index).ok()),
            pauses: status.pauses.iter().map(|pause| pause.reason.clone()).collect(),
            controller_pause: status.controller_pause,
            phase: status.phase.clone().unwrap_or_else(|| "".into()),
        }
    }

    /// As the server's bytes tell.
    pub fn read(root: &RawObject) -> Self {
        let text = |path: &str| named(root.value::<String>(path).map(Into::into));
        let flag = |path: &str| root.value::<bool>(path).unwrap_or(false);
        let number = |path: &str| root.value::<String>(path).and_then(|text| text.trim().parse::<i64>().ok());
        let reasons = root.value::<Vec<serde_json::Value>>("/status/pauseConditions").unwrap_or_default();
        let generation = root.value::<i64>("/metadata/generation").unwrap_or(0);
        let workload = number("/metadata/annotations/rollout.argoproj.io~1workload-generation");
        let workload_seen = workload.is_none() || workload == number("/status/workloadObservedGeneration");
        Self {
            observed: number("/status/observedGeneration").is_some_and(|seen| seen >= generation) && workload_seen,
            held: flag(PAUSED),
            aborted: flag(ABORT),
            promoting: flag("/status/promoteFull"),
            current: text("/status/currentPodHash"),
            stable: text("/status/stableRS"),
            index: root.value::<i64>("/status/currentStepIndex").and_then(|index| usize::try_from(index).ok()),
            pauses: reasons.iter().map(|pause| pause["reason"].as_str().unwrap_or_default().into()).collect(),
            controller_pause: flag("/status/controllerPause"),
            phase: text("/status/phase").unwrap_or_else(|| "".into()),
        }
    }

    /// Whether a version is on its way that is not the stable one. The first version ever has none to compare with.
    pub fn in_flight(&self) -> bool {
        self.stable.is_some() && self.current.is_some() && self.stable != self.current
    }

    /// Whether the first version ever is on its way: steps are not followed then.
    pub const fn first(&self) -> bool {
        self.stable.is_none()
    }

    /// Somebody ended a pause and the controller has not gone on yet (it reads `controllerPause` without a condition so).
    pub const fn resumed(&self) -> bool {
        self.controller_pause && self.pauses.is_empty()
    }

    /// Whether it stands at a pause step, or at the pause before a switch.
    pub fn at_a_pause(&self) -> bool {
        self.pauses.iter().any(|reason| matches!(&**reason, "CanaryPauseStep" | "BlueGreenPause"))
    }

    /// Whether an analysis or experiment could not decide.
    pub fn inconclusive(&self) -> bool {
        self.pauses.iter().any(|reason| reason.starts_with("Inconclusive"))
    }
}

fn named(text: Option<Str>) -> Option<Str> {
    text.filter(|text| !text.is_empty())
}
