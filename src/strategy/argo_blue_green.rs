//! Argo Rollouts, blue-green: the new version comes up beside the old one, behind a preview Service where there is one,
//! and takes all traffic in one switch of the active Service.

use super::argo::steered::Steered;
use crate::domain::release::StrategyKind;
use crate::domain::traffic::rollout::RolloutStrategy;

/// The strategy of Rollouts with `blueGreen`.
pub static ARGO_BLUE_GREEN: Steered = Steered {
    kind: StrategyKind("argo-blue-green"),
    ours: |strategy| matches!(strategy, RolloutStrategy::BlueGreen(_)),
};
