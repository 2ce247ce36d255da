//! A canary by replicas: one Service over a stable and a candidate Deployment, which share its traffic by their pods.
//!
//! Source of the rule: the Kubernetes documentation, Deployments › Canary deployments. A Service spreads connections over
//! its ready endpoints, so the number of pods is the only weight there is, and it comes in whole pods.

mod actions;
mod counts;
mod pair;
mod release;
mod standing;
#[cfg(test)]
pub(in crate::strategy) mod tests;
mod verbs;
mod weight;

use super::{Claim, Context, Derive, Rank, Settled, Strategy};
use crate::domain::objects::Objects;
use crate::domain::plan::Refusal;
use crate::domain::release::{Action, StrategyKind};
use crate::domain::{Details, Intent, ObjectKey, Plan, Release};

/// The strategy of two Deployments behind one Service.
#[derive(Debug)]
pub struct ReplicaCanary;

const KIND: StrategyKind = StrategyKind("replica-canary");

impl Strategy for ReplicaCanary {
    fn kind(&self) -> StrategyKind {
        KIND
    }

    fn claims(&self, key: &ObjectKey, objects: &dyn Objects) -> Option<Claim> {
        let pair = pair::of(key, objects)?;
        let workloads = pair.workloads.iter().map(|workload| workload.key.clone());
        let members = std::iter::once(pair.service.key.clone()).chain(workloads).collect();
        Some(Claim { root: pair.service.key.clone(), members, rank: Rank::ReplicaCanary, why: pair.why().into() })
    }

    fn derive(&self, root: &ObjectKey, objects: &dyn Objects, context: &Derive<'_>) -> Option<Release> {
        release::derive(KIND, root, objects, context)
    }

    fn actions(&self, release: &Release, _: &Context) -> Vec<Action> {
        actions::actions(release)
    }

    fn plan(&self, release: &Release, details: &Details, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
        verbs::plan(release, details, intent, context)
    }

    fn settled(&self, release: &Release) -> Settled {
        standing::settled(release)
    }
}
