//! Argo Rollouts, canary: the new version takes weight step by step, as `spec.strategy.canary.steps` says.

use super::argo::{actions, claim, plan, release, settled};
use super::{Claim, Context, Derive, Settled, Strategy};
use crate::domain::objects::Objects;
use crate::domain::plan::{Act, Refusal};
use crate::domain::release::{Action, StrategyKind};
use crate::domain::traffic::rollout::RolloutStrategy;
use crate::domain::{Details, Intent, ObjectKey, Plan, Release};

/// The strategy of Rollouts with `canary`, and of those that say neither.
#[derive(Debug)]
pub struct ArgoCanary;

/// Its name.
pub const KIND: StrategyKind = StrategyKind("argo-canary");

const fn ours(strategy: &RolloutStrategy) -> bool {
    matches!(strategy, RolloutStrategy::Canary(_) | RolloutStrategy::Unclear)
}

impl Strategy for ArgoCanary {
    fn kind(&self) -> StrategyKind {
        KIND
    }

    fn claims(&self, key: &ObjectKey, objects: &dyn Objects) -> Option<Claim> {
        claim::claim(key, objects, ours)
    }

    fn derive(&self, root: &ObjectKey, objects: &dyn Objects, context: &Derive<'_>) -> Option<Release> {
        release::derive(KIND, root, objects, context)
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
