//! Blue-green by a Service's selector: two or more workloads that differ in one label, and a Service that picks one.
//!
//! Source of the rule: the Kubernetes documentation, Services › Selectors. The switch is one write and reaches every
//! endpoint within seconds; the other side keeps running, so that switching back is as quick.

mod actions;
mod release;
mod sides;
mod standing;
mod switch;
#[cfg(test)]
pub(in crate::strategy) mod tests;
mod times;
mod verbs;

use super::{Claim, Context, Derive, Rank, Settled, Strategy};
use crate::domain::objects::Objects;
use crate::domain::plan::Refusal;
use crate::domain::release::{Action, StrategyKind};
use crate::domain::{Details, Intent, ObjectKey, Plan, Release};

/// The strategy of Services that switch between workloads.
#[derive(Debug)]
pub struct BlueGreen;

const KIND: StrategyKind = StrategyKind("blue-green");

impl Strategy for BlueGreen {
    fn kind(&self) -> StrategyKind {
        KIND
    }

    fn claims(&self, key: &ObjectKey, objects: &dyn Objects) -> Option<Claim> {
        let sides = sides::of(key, objects)?;
        let workloads = sides.workloads.iter().map(|(_, workload)| workload.key.clone());
        let members = std::iter::once(sides.service.key.clone()).chain(workloads).collect();
        Some(Claim { root: sides.service.key.clone(), members, rank: Rank::ServiceSwitch, why: sides.why().into() })
    }

    fn derive(&self, root: &ObjectKey, objects: &dyn Objects, context: &Derive<'_>) -> Option<Release> {
        release::derive(KIND, root, objects, context)
    }

    fn actions(&self, release: &Release, context: &Context) -> Vec<Action> {
        actions::actions(release, context)
    }

    fn plan(&self, release: &Release, details: &Details, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
        verbs::plan(release, details, intent, context)
    }

    fn settled(&self, release: &Release) -> Settled {
        standing::settled(release)
    }
}
