//! A strategy for tests of the screen and the keys: it has every verb, owns no object, and plans one patch for each.

use super::workload::plan::{Draft, Part, finish, same_object};
use super::{Claim, Context, Derive, Override, Settled, Strategy};
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::journal::Sides;
use crate::domain::objects::Objects;
use crate::domain::plan::{Change, Inverse, InverseSteps, Patch, PlannedCall, Refusal, Wait, json};
use crate::domain::release::{Action, StrategyKind};
use crate::domain::{Details, Direction, Intent, ObjectKey, Plan, Release, Verb};

/// Its name.
pub const SAMPLE: StrategyKind = StrategyKind("sample");

/// The strategy itself.
pub struct Sampled;

impl Strategy for Sampled {
    fn kind(&self) -> StrategyKind {
        SAMPLE
    }

    fn claims(&self, _: &ObjectKey, _: &dyn Objects) -> Option<Claim> {
        None
    }

    fn derive(&self, _: &ObjectKey, _: &dyn Objects, _: &Derive<'_>) -> Option<Release> {
        None
    }

    fn actions(&self, _: &Release, _: &Context) -> Vec<Action> {
        let action = |verb: Verb| match verb {
            Verb::Retry => Action::disabled(verb, Direction::Forward, "it was not aborted"),
            Verb::Resume => Action::disabled(verb, Direction::Forward, "it is not paused"),
            verb => Action::enabled(verb, verb.direction().unwrap_or(Direction::Forward), "as the sample says"),
        };
        Verb::ALL.into_iter().map(action).collect()
    }

    fn plan(&self, release: &Release, details: &Details, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
        same_object(release, details)?;
        let title = match intent {
            Intent::Switch { .. } if !context.overrides.contains(&Override::FewerPods) => {
                return Err(Refusal::because("green has 1 ready pod, and blue has 3").unless(Override::FewerPods));
            }
            Intent::Switch { to } => to.as_deref().unwrap_or("the other side").to_owned(),
            Intent::Advance { rule, .. } => format!("50 % of {}", rule.as_ref().map_or("all", |rule| &rule.pointer)),
            Intent::SetWeight { weight, rule } => {
                format!("{weight} % of {}", rule.as_ref().map_or("all", |rule| &rule.pointer))
            }
            Intent::Promote { winner } => winner.as_deref().unwrap_or("the candidate").to_owned(),
            Intent::ScaleSide { side, replicas } => format!("{side} to {replicas}"),
            Intent::Undo { .. } => "revision 1".to_owned(),
            _ => String::new(),
        };
        let value = json(&50).ok_or_else(|| Refusal::because("no JSON"))?;
        let path = "/spec/http/0/route/1/weight";
        let draft = Draft {
            title,
            direction: intent.verb().direction().unwrap_or(Direction::Forward),
            calls: vec![PlannedCall {
                call: Patch::of(&details.root).test("/spec/http/0").add(path, value).call(),
                what: "PATCH networking.istio.io/v1 virtualservices/checkout".into(),
                fence: "only if rule 1 is as shown".into(),
                optional: false,
                closes: false,
                then: None,
            }],
            until: Wait::Accepted,
            inverse: Inverse::Exact(InverseSteps {
                target: release.key.clone(),
                operations: vec![],
                fenced_on: vec!["/spec/http/0".into()],
                subresource: None,
                also: vec![],
                words: "back to 20 % while the rule is untouched".into(),
                direction: Direction::Back,
            }),
            forecast: Forecast { then: "at once, by Istio".into(), ..Forecast::default() },
            risk: Risk::Low,
            diff: vec![Change {
                place: "rule 1  candidate".into(),
                old: Some("20 %".into()),
                new: Some("50 %".into()),
            }],
            needs: vec![],
            kubectl: vec!["kubectl patch vs checkout".into()],
        };
        let mut plan = finish(release, details, intent, context, Part::Neither, draft);
        if let Intent::Switch { to: Some(to) } = intent {
            plan.before.switch = Some(Sides { from: "green".into(), to: to.clone() });
        }
        Ok(plan)
    }

    fn settled(&self, _: &Release) -> Settled {
        Settled::Yes
    }
}

/// A workload of some release.
pub fn workload() -> crate::domain::workload::Workload {
    (*super::testing::World::rolling(3).workload).clone()
}
