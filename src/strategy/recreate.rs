//! Recreate: a Deployment that ends every old pod before it starts a new one. The gap between is announced in the plan,
//! measured while it lasts, and shown afterwards.
//!
//! Source of the rule: the Kubernetes documentation, Deployments › Recreate Deployment.

use super::workload::{actions, plan, release, settled};
use super::{Claim, Context, Derive, Settled, Strategy};
use crate::domain::objects::Objects;
use crate::domain::plan::Refusal;
use crate::domain::release::{Action, StrategyKind};
use crate::domain::workload::UpdateStrategy;
use crate::domain::{Details, Intent, ObjectKey, Plan, Release};

/// The strategy of Deployments that end all pods first.
#[derive(Debug)]
pub struct Recreate;

const KIND: StrategyKind = StrategyKind("recreate");
const WHY: &str = "strategy Recreate";

impl Strategy for Recreate {
    fn kind(&self) -> StrategyKind {
        KIND
    }

    fn claims(&self, key: &ObjectKey, objects: &dyn Objects) -> Option<Claim> {
        (objects.workload(key)?.update == UpdateStrategy::Recreate).then(|| release::claim(key, objects, WHY))?
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
