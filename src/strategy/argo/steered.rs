//! A Rollout that Argo steers, by whichever of its strategies.

use super::{actions, claim, plan, release, settled};
use crate::domain::objects::Objects;
use crate::domain::plan::{Act, Refusal};
use crate::domain::release::{Action, StrategyKind};
use crate::domain::traffic::rollout::RolloutStrategy;
use crate::domain::{Details, Intent, ObjectKey, Plan, Release};
use crate::strategy::{Claim, Context, Derive, Settled, Strategy};

/// The strategy of Rollouts with some of Argo's strategies.
#[derive(Debug)]
pub struct Steered {
    /// Its name.
    pub kind: StrategyKind,
    /// Whether a Rollout's strategy is one of them.
    pub ours: fn(&RolloutStrategy) -> bool,
}

impl Strategy for Steered {
    fn kind(&self) -> StrategyKind {
        self.kind
    }

    fn claims(&self, key: &ObjectKey, objects: &dyn Objects) -> Option<Claim> {
        claim::claim(key, objects, self.ours)
    }

    fn derive(&self, root: &ObjectKey, objects: &dyn Objects, context: &Derive<'_>) -> Option<Release> {
        release::derive(self.kind, root, objects, context)
    }

    fn actions(&self, release: &Release, context: &Context) -> Vec<Action> {
        actions::actions(release, context)
    }

    fn plan(&self, release: &Release, details: &Details, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
        plan::plan(release, details, intent, context)
    }

    fn settled(&self, release: &Release) -> Settled {
        settled::settled(release)
    }

    fn acted(&self, release: &Release, act: Act) -> Settled {
        settled::acted(release, act)
    }
}
