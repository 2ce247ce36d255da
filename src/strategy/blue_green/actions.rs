//! Which verbs a blue-green release offers now, with what follows or why not.

use super::switch::{Held, Wish, ready};
use super::verbs::{live_side, next_side};
use crate::domain::release::{Action, Role};
use crate::domain::said::SWITCH;
use crate::domain::traffic::view::Side;
use crate::domain::{Direction, Release, Verb};
use crate::strategy::workload::actions as workload_actions;
use crate::strategy::workload::words::count;
use crate::strategy::{Context, Override};

/// Every verb.
pub fn actions(release: &Release, context: &Context) -> Vec<Action> {
    let mut actions = vec![switch(release, context), abort(release, context)];
    let of_live = [Verb::Undo, Verb::Pause, Verb::Resume, Verb::Restart];
    actions.extend(of_live.into_iter().map(|verb| on_side(verb, live_side(release).ok())));
    actions.push(on_side(Verb::SetImage, next_side(release).ok()));
    actions.push(scale(release));
    for verb in [Verb::Advance, Verb::SetWeight, Verb::Promote] {
        let why = format!("all of its traffic goes to one side; {SWITCH} switches it to the other");
        actions.push(Action::disabled(verb, Direction::Forward, why));
    }
    for verb in [Verb::Continue, Verb::Skip, Verb::Retry] {
        actions.push(Action::disabled(
            verb,
            Direction::Forward,
            format!("no controller steps it; {SWITCH} switches it"),
        ));
    }
    actions
}

fn switch(release: &Release, context: &Context) -> Action {
    let wish = match Wish::of(release, None, context) {
        Ok(wish) => wish,
        Err(refusal) => return Action::disabled(Verb::Switch, Direction::Forward, refusal.reason),
    };
    let mut action = Action::enabled(Verb::Switch, wish.direction, wish.consequence());
    let overridden = context.overrides.contains(&Override::FewerPods);
    match (wish.direction, wish.held()) {
        (_, None) => {}
        (Direction::Back, Some(_)) => action.why = format!("warned: {}", wish.shortage()).into(),
        (Direction::Forward, Some(Held::FewerPods)) if overridden => action.why = wish.shortage().into(),
        (Direction::Forward, Some(Held::FewerPods)) => {
            let why = format!("{}: scale it up, or override fewer-pods with a reason", wish.shortage());
            return Action::disabled(Verb::Switch, Direction::Forward, why);
        }
        (Direction::Forward, Some(Held::NoReadyPod)) => {
            return Action::disabled(Verb::Switch, Direction::Forward, wish.shortage());
        }
    }
    action
}

fn abort(release: &Release, context: &Context) -> Action {
    match Wish::of(release, None, context) {
        Ok(wish) if wish.direction == Direction::Back => Action::enabled(
            Verb::Abort,
            Direction::Back,
            format!("back to {}: {}", wish.target.name, wish.consequence()),
        ),
        Ok(_) => Action::disabled(Verb::Abort, Direction::Back, "nothing was switched that could be taken back"),
        Err(refusal) => Action::disabled(Verb::Abort, Direction::Back, refusal.reason),
    }
}

/// A verb of a plain workload, on one side.
fn on_side(verb: Verb, side: Option<&Side>) -> Action {
    let direction = verb.direction().unwrap_or(Direction::Forward);
    let own = side.and_then(|side| Some((side, side.own.as_ref()?)));
    let Some((side, own)) = own else {
        return Action::disabled(verb, direction, "there is not exactly one side that it would be for");
    };
    let found = workload_actions::actions(own).into_iter().find(|action| action.verb == verb);
    let mut action = found.unwrap_or_else(|| Action::disabled(verb, direction, "a plain workload does not offer it"));
    if action.enabled {
        action.consequence = format!("{}: {}", side.workload.key.name, action.consequence).into();
    }
    action
}

fn scale(release: &Release) -> Action {
    let traffic = release.traffic.as_deref();
    let idle = traffic.and_then(|traffic| {
        let mut idle = traffic.rows.sides.iter().filter(|side| side.role != Role::Stable && ready(side) > 0);
        idle.next().filter(|_| idle.next().is_none())
    });
    let consequence = idle.map_or_else(
        || format!("from {}", count(i64::from(release.replicas.desired), "replica")),
        |side| {
            let pods = count(i64::from(side.workload.replicas.desired), "pod");
            format!("scale down the idle side {} ({pods}), or scale a side", side.name)
        },
    );
    Action::enabled(Verb::Scale, Direction::Forward, consequence)
}
