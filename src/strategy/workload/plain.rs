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
    /// The field that says so; `None` of a workload that updates in another way.
    pub why: fn(&UpdateStrategy) -> Option<&'static str>,
}

impl Strategy for Plain {
    fn kind(&self) -> StrategyKind {
        self.kind
    }

    fn claims(&self, key: &ObjectKey, objects: &dyn Objects) -> Option<Claim> {
        release::claim(key, objects, (self.why)(&objects.workload(key)?.update)?)
    }

    fn derive(&self, root: &ObjectKey, objects: &dyn Objects, context: &Derive<'_>) -> Option<Release> {
        let why = (self.why)(&objects.workload(root)?.update).unwrap_or_default();
        release::derive(self.kind, root, objects, context, why)
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
