//! Which verbs a Rollout offers now, with what follows or why not.

use super::gate::Gate;
use super::path::{Target, listed, path};
use super::plan::versions;
use super::stand::Stand;
use super::steps::{after, least};
use crate::domain::history::Evidence;
use crate::domain::plan::{Refusal, RefusalKind};
use crate::domain::release::Action;
use crate::domain::said::{CONTINUE, RESUME};
use crate::domain::traffic::Rollout;
use crate::domain::traffic::rollout::RolloutStrategy;
use crate::domain::{Direction, Release, Role, Str, Verb};
use crate::strategy::Context;
use crate::strategy::workload::version::version;
use crate::strategy::workload::words::{clip, count};

/// The verbs, in the order of the footer.
const VERBS: [Verb; 14] = [
    Verb::Advance,
    Verb::Continue,
    Verb::Skip,
    Verb::Promote,
    Verb::Abort,
    Verb::Retry,
    Verb::Undo,
    Verb::Pause,
    Verb::Resume,
    Verb::Restart,
    Verb::SetImage,
    Verb::Scale,
    Verb::Switch,
    Verb::SetWeight,
];

/// Every verb of a Rollout.
pub fn actions(release: &Release, context: &Context) -> Vec<Action> {
    let traffic = release.traffic.as_ref();
    let rollout = traffic.and_then(|traffic| traffic.rows.rollout.as_ref());
    let blocked = traffic.and_then(|traffic| traffic.blocked.clone());
    let all = VERBS.iter().map(|verb| match (rollout, &blocked) {
        (None, _) => Action::disabled(*verb, direction(*verb), "it is not read yet"),
        (Some(rollout), None) => action(release, rollout, *verb, context),
        (Some(rollout), Some(why)) if verb.direction() == Some(Direction::Back) => {
            back(action(release, rollout, *verb, context), why)
        }
        (Some(_), Some(why)) => Action::disabled(*verb, direction(*verb), why.clone()),
    });
    all.collect()
}

/// A way back where the ways forward are blocked: open, with the reason as a warning.
fn back(mut action: Action, why: &Str) -> Action {
    if action.enabled || action.verb == Verb::Abort {
        action.why = why.clone();
    }
    action
}

fn direction(verb: Verb) -> Direction {
    verb.direction().unwrap_or(Direction::Forward)
}

fn action(release: &Release, rollout: &Rollout, verb: Verb, context: &Context) -> Action {
    let stand = Stand::of(rollout);
    let (new, stable) = versions(release);
    let gate = Gate { rollout, stand: &stand, new: &new, stable: &stable };
    let way = direction(verb);
    let seen = Seen { release, rollout, stand: &stand, new: &new, stable: &stable, context };
    match gate.allows(verb) {
        Err(refusal) if !reads_again(verb, &refusal) => Action::disabled(verb, way, refusal.reason),
        Ok(()) | Err(_) => seen.told(verb, way),
    }
}

/// A way back is never closed because of a moment in which the controller is at work: its plan reads again.
fn reads_again(verb: Verb, refusal: &Refusal) -> bool {
    refusal.kind == RefusalKind::ReadAgain && verb.direction() == Some(Direction::Back)
}

struct Seen<'a> {
    release: &'a Release,
    rollout: &'a Rollout,
    stand: &'a Stand,
    new: &'a str,
    stable: &'a str,
    context: &'a Context,
}

impl Seen<'_> {
    fn told(&self, verb: Verb, way: Direction) -> Action {
        let (new, stable) = (self.new, self.stable);
        let consequence = match verb {
            Verb::Undo => return self.undo(),
            Verb::Restart | Verb::SetImage | Verb::Scale => return self.pods(verb, way),
            Verb::Advance | Verb::Continue => self.goes_on(),
            Verb::Skip => {
                let step = self.stand.index.and_then(|index| self.rollout.steps().get(index));
                format!("leaves out {}", step.map(super::steps::words).unwrap_or_default())
            }
            Verb::Promote => format!("{new} gets everything, whatever is left"),
            Verb::Abort => format!("{stable} gets everything back at once"),
            Verb::Retry => {
                let left = least(self.rollout, 0);
                let steps = count(i64::try_from(left.steps).unwrap_or(i64::MAX), "step");
                if left.steps == 0 {
                    format!("{new} again")
                } else {
                    format!("{new} again, all {steps}{}", listed(&left))
                }
            }
            Verb::Pause => "it stays where it is until it is resumed".into(),
            Verb::Resume if self.stand.at_a_pause() => {
                format!("no longer held; it still stands at its pause ({CONTINUE})")
            }
            Verb::Resume => "it goes on where it was held".into(),
            Verb::Switch | Verb::SetWeight | Verb::Revert => String::new(),
        };
        Action::enabled(verb, way, consequence)
    }

    fn goes_on(&self) -> String {
        if self.stand.inconclusive() {
            return "measures again".into();
        }
        match (&self.rollout.strategy, self.stand.index) {
            (RolloutStrategy::BlueGreen(_), _) => format!("all traffic switches to {}", self.new),
            (_, Some(index)) => after(self.rollout, self.stand, index + 1),
            (_, None) => format!("{} takes over", self.new),
        }
    }

    fn undo(&self) -> Action {
        let (verb, back) = (Verb::Undo, Direction::Back);
        let entry = self.release.back_to.and_then(|revision| self.release.entry(revision));
        let Some(entry) = entry else {
            let why = if self.release.history.is_empty() {
                "its revisions are not read yet, or may not be listed"
            } else {
                "there is no earlier revision"
            };
            return Action::disabled(verb, back, why);
        };
        let known = match &entry.evidence {
            Evidence::Recorded { .. } => ", last good",
            Evidence::Serving { .. } => ", still serving",
            Evidence::Likely { .. } => ", likely good",
            Evidence::GivenUp { .. } => ", which never settled",
            Evidence::None => "",
        };
        let target = Target {
            hash: entry.hash.clone(),
            version: version(&entry.images),
            created: entry.created,
            pods: entry.replicas.ready,
            ends: None,
        };
        let way =
            path(self.release, &target, self.context.now).map(|way| format!("; {}", way.then)).unwrap_or_default();
        let to = clip(&target.version, 40);
        Action::enabled(verb, back, format!("back to revision {}, {to}{known}{way}", entry.revision))
    }

    fn pods(&self, verb: Verb, way: Direction) -> Action {
        let desired = self.release.replicas.desired;
        match verb {
            Verb::Restart if self.stand.held => {
                Action::disabled(verb, way, format!("it is held by hand: resume it first ({RESUME})"))
            }
            Verb::Restart if desired == 0 => Action::disabled(verb, way, "it is scaled to 0"),
            Verb::Restart => {
                let pods = count(self.release.replicas.current, "pod");
                Action::enabled(verb, way, format!("{pods} of the same templates, new, one by one"))
            }
            Verb::Scale => {
                let mut action = Action::enabled(verb, way, format!("from {}", count(desired, "replica")));
                if let Some(hpa) = &self.release.autoscaler {
                    action.why = format!("hpa/{} owns the replicas and sets them again", hpa.key.name).into();
                }
                action
            }
            Verb::Undo
            | Verb::Pause
            | Verb::Resume
            | Verb::SetImage
            | Verb::Revert
            | Verb::Advance
            | Verb::Switch
            | Verb::SetWeight
            | Verb::Abort
            | Verb::Promote
            | Verb::Continue
            | Verb::Skip
            | Verb::Retry => {
                let left = least(self.rollout, 0);
                let role = if self.stand.in_flight() { Role::Candidate } else { Role::Stable };
                let several = self.release.track(role).is_some_and(|track| track.images.len() > 1);
                let containers = if several { "one or more containers" } else { "the container" };
                let steps = count(i64::try_from(left.steps).unwrap_or(i64::MAX), "step");
                let all = if left.steps == 0 { String::new() } else { format!(", by all {steps}{}", listed(&left)) };
                Action::enabled(verb, way, format!("another image for {containers}{all}"))
            }
        }
    }
}
