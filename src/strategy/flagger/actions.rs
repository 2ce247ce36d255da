//! Which verbs a release under Flagger offers now, with what follows or why not.

use super::phase::{Phase, Run, interval};
use super::verbs::{Seen, lower, not_ours, open_back};
use super::{abort, break_glass, forecast, pass, skip, suspend, target};
use crate::domain::history::Evidence;
use crate::domain::release::Action;
use crate::domain::{Age, Direction, Release, Str, Verb};
use crate::strategy::workload::version::version;
use crate::strategy::workload::words::clip;
use crate::strategy::{Context, Override};

/// Every verb.
pub fn actions(release: &Release, context: &Context) -> Vec<Action> {
    let Some(seen) = Seen::of(release) else { return Vec::new() };
    let all = vec![
        advance(&seen, Verb::Advance),
        advance(&seen, Verb::Continue),
        promote(&seen),
        skip(&seen),
        abort(&seen, context),
        pause(&seen),
        resume(&seen),
        undo(&seen),
        retry(&seen),
        new_run(&seen, Verb::Restart),
        new_run(&seen, Verb::SetImage),
        never(Verb::Switch),
        never(Verb::SetWeight),
        never(Verb::Scale),
    ];
    match &seen.traffic.blocked {
        Some(why) => all.into_iter().map(|action| blocked(&seen, action, why)).collect(),
        None => all,
    }
}

/// An action where the ways forward are blocked: one that goes back is open with a warning, or tells both reasons while
/// breaking the glass is left.
fn blocked(seen: &Seen<'_>, action: Action, why: &Str) -> Action {
    let open = open_back(seen, action.verb);
    let why = match (action.enabled, action.verb) {
        (false, Verb::Abort) if open && break_glass::possible(seen).is_ok() => {
            format!("{} ({})", action.why, lower(why)).into()
        }
        _ => why.clone(),
    };
    if open && action.enabled { Action { why, ..action } } else { Action::disabled(action.verb, action.direction, why) }
}

fn action(verb: Verb, direction: Direction, possible: Result<String, Str>) -> Action {
    match possible {
        Ok(consequence) => Action::enabled(verb, direction, consequence),
        Err(why) => Action::disabled(verb, direction, why),
    }
}

fn never(verb: Verb) -> Action {
    Action::disabled(verb, Direction::Forward, not_ours(verb))
}

fn advance(seen: &Seen<'_>, verb: Verb) -> Action {
    action(
        verb,
        Direction::Forward,
        pass::possible(seen).map(|pass| format!("{}, by opening its gate", pass.what(seen))),
    )
}

fn promote(seen: &Seen<'_>) -> Action {
    let new = seen.new_version();
    let consequence = if skip::by_gate(seen) {
        Ok(format!("{new} is promoted, by opening its gate"))
    } else {
        skip::possible(seen).map(|()| format!("{new} is promoted, the rest of the analysis left out"))
    };
    action(Verb::Promote, Direction::Forward, consequence)
}

fn skip(seen: &Seen<'_>) -> Action {
    let consequence = skip::possible(seen)
        .map(|()| format!("not one step but the rest of the analysis is left out: {} is promoted", seen.new_version()));
    action(Verb::Skip, Direction::Forward, consequence)
}

fn abort(seen: &Seen<'_>, context: &Context) -> Action {
    let consequence = match abort::possible(seen) {
        Ok(_) => Ok(format!("all traffic to {}, by the rollback hook", seen.users_are_on())),
        Err(_) if context.overrides.contains(&Override::BreakGlass) && break_glass::possible(seen).is_ok() => {
            Ok(format!("all traffic to {}, past Flagger", seen.users_are_on()))
        }
        Err(why) if break_glass::possible(seen).is_ok() => {
            Err(format!("{why}; as the last resort: windlass abort --override break-glass --reason …").into())
        }
        Err(why) => Err(why),
    };
    action(Verb::Abort, Direction::Back, consequence)
}

fn pause(seen: &Seen<'_>) -> Action {
    action(Verb::Pause, Direction::Back, suspend::possible(seen).map(|hold| suspend::consequence(seen, &hold)))
}

fn resume(seen: &Seen<'_>) -> Action {
    let possible = if seen.canary.suspend {
        Ok(format!("Flagger goes on within {}", Age(interval(seen.canary)).words()))
    } else {
        Err("it is not suspended".into())
    };
    action(Verb::Resume, Direction::Forward, possible)
}

fn undo(seen: &Seen<'_>) -> Action {
    let release = seen.release;
    let entry = release.back_to.and_then(|revision| release.entry(revision));
    let possible = match entry {
        None if release.history.is_empty() => {
            Err("the target's revisions are not read yet, or may not be listed".into())
        }
        None => Err("the target has no earlier revision".into()),
        Some(entry) => {
            let known = match &entry.evidence {
                Evidence::Recorded { .. } => ", last good",
                Evidence::Serving { .. } => ", which users are on",
                Evidence::Likely { .. } => ", served before",
                Evidence::GivenUp { .. } => ", which never settled",
                Evidence::None => "",
            };
            let version = clip(&version(&entry.images), 40);
            let what = match (target::template(seen, &entry.images), seen.phase) {
                (forecast::Template::Promoted, Phase::Progressing | Phase::WaitingPromotion) => {
                    "; the run goes on with it"
                }
                (forecast::Template::Promoted, _) => "",
                (forecast::Template::New, _) => ", through a new analysis",
            };
            Ok(format!("the target back to revision {}, {version}{known}{what}", entry.revision))
        }
    };
    action(Verb::Undo, Direction::Back, possible)
}

fn retry(seen: &Seen<'_>) -> Action {
    let consequence =
        target::can_retry(seen).map(|()| format!("a new analysis of {}, from its start", seen.new_version()));
    action(Verb::Retry, Direction::Forward, consequence)
}

fn new_run(seen: &Seen<'_>, verb: Verb) -> Action {
    let what = if verb == Verb::Restart { "the same image" } else { "another image" };
    let how = match seen.phase.run() {
        Some(Run::Progressing | Run::WaitingPromotion) => "the run starts again at 0 %, with",
        Some(Run::Promotion) => "after this promotion a new analysis of",
        Some(Run::Waiting) | None => "a new analysis of",
    };
    let paused = seen.target.is_some_and(|side| side.workload.paused) && verb == Verb::Restart;
    let possible = if seen.target.is_none() {
        Err("its target is not there".into())
    } else if paused {
        Err("its target is a paused Deployment: resume that first".into())
    } else {
        Ok(format!("{how} {what}"))
    };
    action(verb, Direction::Forward, possible)
}
