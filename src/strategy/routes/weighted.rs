//! A route with weights that a person moves, whatever kind of route it is.

use super::claim::{Wanted, claim};
use super::reading::Reading;
use super::{actions, plan, release, settled};
use crate::domain::objects::Objects;
use crate::domain::plan::Refusal;
use crate::domain::release::{Action, StrategyKind};
use crate::domain::{Details, Intent, ObjectKey, Plan, Release};
use crate::strategy::{Claim, Context, Derive, Settled, Strategy};

/// The strategy of routes of some kinds whose rules divide requests.
#[derive(Debug)]
pub struct Weighted {
    /// Its name.
    pub kind: StrategyKind,
    /// Which routes.
    pub wanted: Wanted,
}

impl Strategy for Weighted {
    fn kind(&self) -> StrategyKind {
        self.kind
    }

    fn claims(&self, key: &ObjectKey, objects: &dyn Objects) -> Option<Claim> {
        claim(self.wanted, key, objects)
    }

    fn derive(&self, root: &ObjectKey, objects: &dyn Objects, context: &Derive<'_>) -> Option<Release> {
        let why = self.claims(root, objects)?.why;
        let reading = Reading::of(root, objects, context, false)?;
        Some(release::derive(self.kind, &why, reading, objects, context))
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
