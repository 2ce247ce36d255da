//! Rolling updates: a Deployment, StatefulSet or DaemonSet that replaces its pods a few at a time.
//!
//! Source of the rules: the Kubernetes documentation, Deployments › Strategy, StatefulSets › Update strategies (ordinals
//! from the highest down to `partition`), DaemonSets › Rolling update.

use super::workload::{actions, plan, release, settled};
use super::{Claim, Context, Derive, Settled, Strategy};
use crate::domain::objects::Objects;
use crate::domain::plan::Refusal;
use crate::domain::release::{Action, StrategyKind};
use crate::domain::workload::UpdateStrategy;
use crate::domain::{Details, Intent, ObjectKey, Plan, Release};

/// The strategy of workloads that replace pods a few at a time.
#[derive(Debug)]
pub struct Rolling;

const KIND: StrategyKind = StrategyKind("rolling");

impl Strategy for Rolling {
    fn kind(&self) -> StrategyKind {
        KIND
    }

    fn claims(&self, key: &ObjectKey, objects: &dyn Objects) -> Option<Claim> {
        let update = &objects.workload(key)?.update;
        matches!(update, UpdateStrategy::Rolling { .. } | UpdateStrategy::Ordered { .. })
            .then(|| release::claim(key, objects, why(update)))?
    }

    fn derive(&self, root: &ObjectKey, objects: &dyn Objects, context: &Derive<'_>) -> Option<Release> {
        let why = why(&objects.workload(root)?.update);
        release::derive(KIND, root, objects, context, why)
    }

    fn actions(&self, release: &Release, _: &Context) -> Vec<Action> {
        actions::actions(release)
    }

    fn plan(&self, release: &Release, details: &Details, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
        plan::plan(release, details, intent, context)
    }

    fn settled(&self, release: &Release) -> Settled {
        settled::settled(release)
    }
}

const fn why(update: &UpdateStrategy) -> &'static str {
    match update {
        UpdateStrategy::Ordered { .. } => "updateStrategy RollingUpdate, pods in order",
        UpdateStrategy::Rolling { .. } | UpdateStrategy::Recreate | UpdateStrategy::OnDelete => {
            "strategy RollingUpdate"
        }
    }
}
