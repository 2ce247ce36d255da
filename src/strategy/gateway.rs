//! Gateway API: an HTTPRoute or `GRPCRoute` whose rules divide requests between backends.
//!
//! Source of the rules: Gateway API › HTTPRoute (`backendRefs[].weight` is a proportion of the rule's sum, an absent one is
//! 1, and filters stay with their rule). The Gateway's controller says in each parent's condition `Accepted`, with
//! `observedGeneration`, whether it took the route; a write waits for that where a controller reports.

use super::routes::claim::{Wanted, claim};
use super::routes::reading::Reading;
use super::routes::shape::Shape;
use super::routes::{actions, plan, release, settled};
use super::{Claim, Context, Derive, Settled, Strategy};
use crate::domain::objects::Objects;
use crate::domain::plan::Refusal;
use crate::domain::release::{Action, StrategyKind};
use crate::domain::{Details, Intent, Kind, ObjectKey, Plan, Release};

/// The strategy of `HTTPRoutes` and `GRPCRoutes` with weights.
#[derive(Debug)]
pub struct Gateway;

const KIND: StrategyKind = StrategyKind("gateway");
const WANTED: Wanted =
    Wanted { kinds: &[Kind::HttpRoute, Kind::GrpcRoute], shape: |shape| matches!(shape, Shape::Weights { .. }) };

impl Strategy for Gateway {
    fn kind(&self) -> StrategyKind {
        KIND
    }

    fn claims(&self, key: &ObjectKey, objects: &dyn Objects) -> Option<Claim> {
        claim(WANTED, key, objects)
    }

    fn derive(&self, root: &ObjectKey, objects: &dyn Objects, context: &Derive<'_>) -> Option<Release> {
        let why = self.claims(root, objects)?.why;
        let reading = Reading::of(root, objects, context, false)?;
        Some(release::derive(KIND, &why, reading, objects, context))
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
