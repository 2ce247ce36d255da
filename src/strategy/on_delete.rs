//! On-delete: a StatefulSet or DaemonSet that updates a pod when somebody deletes it. A new template changes nothing by
//! itself, so the release waits for a person while old pods live.
//!
//! Source of the rule: the Kubernetes documentation, StatefulSets › On Delete, DaemonSets › OnDelete.

use super::workload::plain::Plain;
use crate::domain::release::StrategyKind;
use crate::domain::workload::UpdateStrategy;

/// The strategy of workloads whose pods a person replaces by deleting them.
pub static ON_DELETE: Plain = Plain {
    kind: StrategyKind("on-delete"),
    why: |update| (*update == UpdateStrategy::OnDelete).then_some("updateStrategy OnDelete"),
};
