//! Istio: a VirtualService whose rules divide requests between versions, told apart by subsets or by hosts of their own.
//!
//! Source of the rules: Istio › Virtual Service (the first rule that matches wins; weights of a rule sum to 100, and an
//! only destination may leave its weight out) and Destination Rule (a subset is the Service's pods with more labels). A
//! weight takes effect as soon as the proxies have it, in about a second; nothing reports when.

use super::routes::claim::{Wanted, claim};
use super::routes::reading::Reading;
use super::routes::shape::Shape;
use super::routes::{actions, plan, release, settled};
use super::{Claim, Context, Derive, Settled, Strategy};
use crate::domain::objects::Objects;
use crate::domain::plan::Refusal;
use crate::domain::release::{Action, StrategyKind};
use crate::domain::{Details, Intent, Kind, ObjectKey, Plan, Release};

/// The strategy of VirtualServices with weights.
#[derive(Debug)]
pub struct Istio;

const KIND: StrategyKind = StrategyKind("istio");
const WANTED: Wanted = Wanted { kinds: &[Kind::VirtualService], shape: |shape| matches!(shape, Shape::Weights { .. }) };

impl Strategy for Istio {
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
