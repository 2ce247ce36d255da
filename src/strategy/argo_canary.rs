//! Argo Rollouts, canary: the new version takes weight step by step, as `spec.strategy.canary.steps` says.

use super::argo::steered::Steered;
use crate::domain::release::StrategyKind;
use crate::domain::traffic::rollout::RolloutStrategy;

/// The strategy of Rollouts with `canary`, and of those that say neither.
pub static ARGO_CANARY: Steered = Steered {
    kind: StrategyKind("argo-canary"),
    ours: |strategy| matches!(strategy, RolloutStrategy::Canary(_) | RolloutStrategy::Unclear),
};
