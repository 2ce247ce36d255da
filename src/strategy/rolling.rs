//! Rolling updates: a Deployment, StatefulSet or DaemonSet that replaces its pods a few at a time.
//!
//! Source of the rules: the Kubernetes documentation, Deployments › Strategy, StatefulSets › Update strategies (ordinals
//! from the highest down to `partition`), DaemonSets › Rolling update.

use super::workload::plain::Plain;
use crate::domain::release::StrategyKind;
use crate::domain::workload::UpdateStrategy;

/// The strategy of workloads that replace pods a few at a time.
pub static ROLLING: Plain = Plain {
    kind: StrategyKind("rolling"),
    why: |update| match update {
        UpdateStrategy::Ordered { .. } => Some("updateStrategy RollingUpdate, pods in order"),
        UpdateStrategy::Rolling { .. } => Some("strategy RollingUpdate"),
        UpdateStrategy::Recreate | UpdateStrategy::OnDelete => None,
    },
};
