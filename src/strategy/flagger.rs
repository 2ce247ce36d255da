//! Flagger: a Canary with its target, the `-primary` that it keeps the stable version in, and the Services and routes
//! that it makes. Only Flagger moves the traffic; the console opens and closes its gates, suspends and resumes it, skips
//! the analysis, and changes the target's template.
//!
//! Source of the rules: Flagger's documentation (Canary resource, Webhooks, Deployment strategies) and the order of one
//! check in its controller: suspended → Services and primary → has the target changed → is the primary ready →
//! confirm-rollout → restart on a new template → is the canary ready → skipAnalysis → rollback hooks → promotion → failed
//! checks → metrics → confirm-traffic-increase → the next weight, or confirm-promotion and the promotion.

mod abort;
mod actions;
mod break_glass;
mod checks;
mod claim;
mod forecast;
mod gate;
mod history;
mod leaving;
mod notices;
mod pass;
mod phase;
mod release;
mod revert;
mod route;
mod scene;
mod settled;
mod skip;
mod standing;
mod suspend;
mod target;
mod tracks;
mod verbs;

#[cfg(test)]
mod tests;

use super::{Claim, Context, Derive, Settled, Strategy};
use crate::domain::intent::Override;
use crate::domain::objects::Objects;
use crate::domain::plan::Refusal;
use crate::domain::release::{Action, StrategyKind};
use crate::domain::traffic::view::Rows;
use crate::domain::{Details, Intent, ObjectKey, Plan, Release, Str};

/// Whether a run of this Canary can be taken back by whoever asks for it: through its rollback hook or, where `glass` may
/// be broken, by its route. `None` where it is no Canary; the error says what is missing, and what lets it.
pub fn taken_back(rows: &Rows, glass: bool) -> Option<Result<(), Str>> {
    let canary = rows.canary.as_deref()?;
    let by_route = || rows.routes.iter().any(|route| break_glass::rule_of(canary, route).is_some());
    Some(match abort::hook(canary) {
        Ok(_) => Ok(()),
        Err(why) if !glass => {
            let gate = Override::BreakGlass.word();
            Err(format!("{why}; overriding '{gate}' with a reason lets it").into())
        }
        Err(_) if by_route() => Ok(()),
        Err(why) => Err(format!("{why}; and it has no route that the console reads, to write it past Flagger").into()),
    })
}

/// The strategy of releases that Flagger steers.
#[derive(Debug)]
pub struct Flagger;

const KIND: StrategyKind = StrategyKind("flagger");

impl Strategy for Flagger {
    fn kind(&self) -> StrategyKind {
        KIND
    }

    fn claims(&self, key: &ObjectKey, objects: &dyn Objects) -> Option<Claim> {
        claim::claim(key, objects)
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
        settled::settled(release)
    }
}
