//! A workload with one way to update, and nothing of its own beside it.

use super::{actions, plan, release, settled};
use crate::domain::objects::Objects;
use crate::domain::plan::Refusal;
use crate::domain::release::{Action, StrategyKind};
use crate::domain::workload::UpdateStrategy;
use crate::domain::{Details, Intent, ObjectKey, Plan, Release};
use crate::strategy::{Claim, Context, Derive, Settled, Strategy};

/// The strategy of workloads that update in this way.
#[derive(Debug)]
pub struct Plain {
    /// Its name.
    pub kind: StrategyKind,
    /// The field that says so.
    pub why: &'static str,
    /// The way.
    pub update: UpdateStrategy,
}

impl Strategy for Plain {
    fn kind(&self) -> StrategyKind {
        self.kind
    }

    fn claims(&self, key: &ObjectKey, objects: &dyn Objects) -> Option<Claim> {
        (objects.workload(key)?.update == self.update).then(|| release::claim(key, objects, self.why))?
    }

    fn derive(&self, root: &ObjectKey, objects: &dyn Objects, context: &Derive<'_>) -> Option<Release> {
        release::derive(self.kind, root, objects, context, self.why)
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
