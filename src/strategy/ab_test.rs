//! A/B tests: rules send a group of users, told by header, cookie, query or caller, to one version and everyone else to
//! another. Matches choose the version; no rule has weights.
//!
//! Ending a test removes the group's rule, so that everyone is among the rest; promoting a winner points every rule of the
//! test to its version. Both are fenced on the whole list of rules, since removing one moves the others.

mod actions;
mod groups;
mod plan;
#[cfg(test)]
pub mod tests;

use super::routes::claim::{Wanted, claim};
use super::routes::reading::Reading;
use super::routes::shape::Shape;
use super::routes::{release, settled};
use super::{Claim, Context, Derive, Settled, Strategy};
use crate::domain::objects::Objects;
use crate::domain::plan::Refusal;
use crate::domain::release::{Action, StrategyKind};
use crate::domain::{Details, Intent, Kind, ObjectKey, Plan, Release};

/// The strategy of routes whose matches choose the version.
#[derive(Debug)]
pub struct AbTest;

/// Its name.
pub const NAME: &str = "ab-test";
const KIND: StrategyKind = StrategyKind(NAME);
const WANTED: Wanted = Wanted {
    kinds: &[Kind::VirtualService, Kind::HttpRoute, Kind::GrpcRoute],
    shape: |shape| matches!(shape, Shape::Test { .. }),
};

impl Strategy for AbTest {
    fn kind(&self) -> StrategyKind {
        KIND
    }

    fn claims(&self, key: &ObjectKey, objects: &dyn Objects) -> Option<Claim> {
        claim(WANTED, key, objects)
    }

    fn derive(&self, root: &ObjectKey, objects: &dyn Objects, context: &Derive<'_>) -> Option<Release> {
        let why = self.claims(root, objects)?.why;
        let reading = Reading::of(root, objects, context, true)?;
        let groups = groups::groups(&reading);
        let mut release = release::derive(KIND, &why, reading, objects, context);
        groups::tell(&mut release, groups);
        Some(release)
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
