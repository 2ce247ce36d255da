//! On-delete: a StatefulSet or DaemonSet that updates a pod when somebody deletes it. A new template changes nothing by
//! itself, so the release waits for a person while old pods live.
//!
//! Source of the rule: the Kubernetes documentation, StatefulSets › On Delete, DaemonSets › OnDelete.

use super::workload::{actions, plan, release, settled};
use super::{Claim, Context, Derive, Settled, Strategy};
use crate::domain::objects::Objects;
use crate::domain::plan::Refusal;
use crate::domain::release::{Action, StrategyKind};
use crate::domain::workload::UpdateStrategy;
use crate::domain::{Details, Intent, ObjectKey, Plan, Release};

/// The strategy of workloads whose pods a person replaces by deleting them.
#[derive(Debug)]
pub struct OnDelete;

const KIND: StrategyKind = StrategyKind("on-delete");
const WHY: &str = "updateStrategy OnDelete";

impl Strategy for OnDelete {
    fn kind(&self) -> StrategyKind {
        KIND
    }

    fn claims(&self, key: &ObjectKey, objects: &dyn Objects) -> Option<Claim> {
        (objects.workload(key)?.update == UpdateStrategy::OnDelete).then(|| release::claim(key, objects, WHY))?
    }

    fn derive(&self, root: &ObjectKey, objects: &dyn Objects, context: &Derive<'_>) -> Option<Release> {
        release::derive(KIND, root, objects, context, WHY)
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
