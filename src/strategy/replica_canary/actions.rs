//! Which verbs a replica canary offers now, with what follows or why not.

use super::counts::rounding;
use super::weight::{Two, version_of};
use crate::domain::release::Action;
use crate::domain::said::{ABORT, ADVANCE, PROMOTE, SCALE};
use crate::domain::{Direction, Release, Verb};
use crate::strategy::workload::actions as workload_actions;
use crate::strategy::workload::words::count;

/// Every verb.
pub fn actions(release: &Release) -> Vec<Action> {
    let Ok(two) = Two::of(release) else { return Vec::new() };
    let mut actions = vec![advance(release, &two), set_weight(&two), abort(&two), promote(&two)];
    actions.push(undo(&two));
    for verb in [Verb::Pause, Verb::Resume, Verb::Restart, Verb::SetImage, Verb::Scale] {
        actions.push(on_side(verb, &two));
    }
    let why = format!("its Service selects both sides at once; {PROMOTE} promotes the candidate, {ABORT} goes back");
    actions.push(Action::disabled(Verb::Switch, Direction::Forward, why));
    for verb in [Verb::Continue, Verb::Skip, Verb::Retry] {
        actions.push(Action::disabled(
            verb,
            Direction::Forward,
            format!("no controller steps it; {ADVANCE} goes one rung further"),
        ));
    }
    actions
}

fn forward(two: &Two<'_>) -> Result<(), String> {
    two.coming()?;
    match two.autoscaler() {
        Some(owner) => Err(format!("{owner}, and would set them again")),
        None if two.total() == 0 => Err(format!("it has no pods at all: scale it up first ({SCALE})")),
        None => Ok(()),
    }
}

fn advance(release: &Release, two: &Two<'_>) -> Action {
    if let Err(why) = forward(two) {
        return Action::disabled(Verb::Advance, Direction::Forward, why);
    }
    let ladder = release.step.as_ref().map(|step| step.weights.clone()).unwrap_or_default();
    let Some((rung, pods)) = two.next(&ladder) else {
        let why = format!("there is no next step: {} takes everything", two.stable.name);
        return Action::disabled(Verb::Advance, Direction::Forward, why);
    };
    Action::enabled(Verb::Advance, Direction::Forward, step(two, rung, pods))
}

/// `web-canary 25 → 50 %: 2 of 4 pods`.
pub fn step(two: &Two<'_>, rung: u8, pods: i32) -> String {
    let (name, total) = (&two.candidate.name, two.total());
    let now = two.asked().unwrap_or(0);
    let rounded = rounding(rung, pods, total).map(|why| format!(" ({why})")).unwrap_or_default();
    let of = count(i64::from(total), "pod");
    format!("{name} {now} → {rung} %: {pods} of {of} by replicas{rounded}")
}

fn set_weight(two: &Two<'_>) -> Action {
    let now = two.asked().unwrap_or(0);
    let consequence = format!("from {now} % of {} to {}", count(i64::from(two.total()), "pod"), two.candidate.name);
    match forward(two) {
        Ok(()) => Action::enabled(Verb::SetWeight, Direction::Forward, consequence),
        // What an autoscaler owns is not weighted up; down is the way back.
        Err(why) if two.coming().is_ok() && now > 0 => {
            let mut action = Action::enabled(Verb::SetWeight, Direction::Back, consequence);
            action.why = format!("only down: {why}").into();
            action
        }
        Err(why) => Action::disabled(Verb::SetWeight, Direction::Forward, why),
    }
}

fn abort(two: &Two<'_>) -> Action {
    if two.candidate.workload.replicas.desired == 0 {
        let why = format!("{} takes everything already", two.stable.name);
        return Action::disabled(Verb::Abort, Direction::Back, why);
    }
    let consequence = format!("all traffic back to {} {}", two.stable.name, version_of(two.stable));
    Action::enabled(Verb::Abort, Direction::Back, consequence)
}

fn promote(two: &Two<'_>) -> Action {
    if let Err(why) = forward(two) {
        return Action::disabled(Verb::Promote, Direction::Forward, why);
    }
    let consequence = format!("all {} to {} {}", two.total(), two.candidate.name, version_of(two.candidate));
    Action::enabled(Verb::Promote, Direction::Forward, consequence)
}

/// Back to the older version where the other side keeps it, else to the candidate's earlier template.
fn undo(two: &Two<'_>) -> Action {
    if two.coming().is_ok() || two.total() == 0 {
        return on_side(Verb::Undo, two);
    }
    let consequence = format!("all traffic back to {} {}", two.candidate.name, version_of(two.candidate));
    let mut action = Action::enabled(Verb::Undo, Direction::Back, consequence);
    if let Some(owner) = two.autoscaler() {
        action.why = format!("{owner}, and may set them again").into();
    }
    action
}

/// A verb of a plain workload: on the candidate, and the number of pods on the stable side.
fn on_side(verb: Verb, two: &Two<'_>) -> Action {
    let direction = verb.direction().unwrap_or(Direction::Forward);
    let side = if verb == Verb::Scale { two.stable } else { two.candidate };
    let Some(own) = &side.own else {
        return Action::disabled(verb, direction, "the workload can't be read");
    };
    let found = workload_actions::actions(own).into_iter().find(|action| action.verb == verb);
    let mut action = found.unwrap_or_else(|| Action::disabled(verb, direction, "a plain workload does not offer it"));
    if action.enabled {
        action.consequence = format!("{}: {}", side.workload.key.name, action.consequence).into();
    }
    action
}
