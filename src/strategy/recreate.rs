//! Recreate: a Deployment that ends every old pod before it starts a new one. The gap between is announced in the plan,
//! measured while it lasts, and shown afterwards.
//!
//! Source of the rule: the Kubernetes documentation, Deployments › Recreate Deployment.

use super::workload::plain::Plain;
use crate::domain::release::StrategyKind;
use crate::domain::workload::UpdateStrategy;

/// The strategy of Deployments that end all pods first.
pub static RECREATE: Plain = Plain {
    kind: StrategyKind("recreate"),
    why: |update| (*update == UpdateStrategy::Recreate).then_some("strategy Recreate"),
};
