//! Abort, and beginning again after one.

use super::blocked::{LONG, unseen_since};
use super::fence::{ABORT, STATUS, of_run};
use super::path::listed;
use super::plan::{Asked, finish};
use super::steps::least;
use super::{kubectl, weight};
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::plan::{Act, Inverse, InverseSteps, Operation, Refusal, RefusalKind, Wait};
use crate::domain::said::{RETRY, UNDO};
use crate::domain::traffic::rollout::RolloutStrategy;
use crate::domain::{Age, Direction, Plan, Role, Str, Verb};
use crate::strategy::workload::diff;
use crate::strategy::workload::plan::{Draft, patch};
use crate::strategy::workload::undo::truth;
use crate::strategy::workload::words::count;

/// Everything back to the stable version; the template stays.
pub fn aborts(asked: &Asked<'_>) -> Result<Plan, Refusal> {
    let unseen = unseen_for(asked);
    match asked.gate().allows(Verb::Abort) {
        // A controller that is away is no reason to hold a way back up: it finds the abort when it comes again.
        Err(refusal) if refusal.kind == RefusalKind::ReadAgain && unseen.is_some() && asked.stand.in_flight() => {}
        other => other?,
    }
    let (new, stable) = (&asked.new, &asked.stable);
    let call = of_run(&asked.details.root).add(ABORT, truth(true)).call_on(STATUS);
    let now = weight::asked(&asked.rollout, &asked.stand).unwrap_or(0);
    let then = format!("{stable} gets everything at once{}; {}", stable_pods(asked), kept(asked));
    let change = match now {
        // No traffic moves.
        0 => diff::value("aborted", Some("false"), Some("true")),
        _ => diff::value(&format!("weight of {new}"), Some(&format!("{now} %")), Some("0 %")),
    };
    let mut warnings: Vec<Str> = vec![
        format!(
            "the template stays at {new}, so it shows as degraded until {UNDO} takes it back or {RETRY} tries it again"
        )
        .into(),
    ];
    warnings.extend(unseen.map(|age| {
        format!(
            "no controller has looked at its last change for {}: nothing follows until one does, and with a new template \
             it begins at the first step and leaves the abort out",
            age.words()
        )
        .into()
    }));
    finish(
        asked,
        Draft {
            title: format!("{new}, back to {stable}"),
            direction: Direction::Back,
            calls: vec![patch(call, "only for this version, and only while it is not aborted")],
            until: Wait::Acted(Act::Abort),
            inverse: Inverse::Compensating {
                steps: steps(asked, false, format!("try {new} again from the first step"), Direction::Forward),
                differs: "the steps and analyses begin again".into(),
            },
            forecast: Forecast { then: then.into(), warnings, ..Forecast::default() },
            risk: Risk::Low,
            diff: vec![change],
            needs: Vec::new(),
            kubectl: vec![kubectl::rollouts(asked.key(), "abort", "")],
        },
    )
}

/// How long its last change has waited for a controller, where that is more than a moment.
fn unseen_for(asked: &Asked<'_>) -> Option<Age> {
    let since = unseen_since(&asked.rollout)?;
    (asked.context.now.duration_since(since) >= LONG).then(|| Age::between(since, asked.context.now))
}

/// Tries the aborted version again, from the first step.
pub fn retries(asked: &Asked<'_>) -> Result<Plan, Refusal> {
    asked.gate().allows(Verb::Retry)?;
    let new = &asked.new;
    let call = of_run(&asked.details.root).add(ABORT, truth(false)).call_on(STATUS);
    let left = least(&asked.rollout, 0);
    let then = match &asked.rollout.strategy {
        RolloutStrategy::BlueGreen(sides) => {
            format!("{new} is brought up beside {} again, {}", asked.stable, super::split::how_it_switches(sides))
        }
        RolloutStrategy::Canary(_) | RolloutStrategy::Unclear if left.steps == 0 => {
            format!("{new} takes over as fast as its pods come")
        }
        RolloutStrategy::Canary(_) | RolloutStrategy::Unclear => {
            let steps = count(i64::try_from(left.steps).unwrap_or(i64::MAX), "step");
            format!("{new} from the first step: all {steps} again{}", listed(&left))
        }
    };
    let warnings = if left.analyses > 0 { vec!["its analyses are measured anew".into()] } else { Vec::new() };
    finish(
        asked,
        Draft {
            title: format!("{new} from the first step"),
            direction: Direction::Forward,
            calls: vec![patch(call, "only for this version, and only while it is aborted")],
            until: Wait::Acted(Act::Retry),
            inverse: Inverse::Compensating {
                steps: steps(asked, true, format!("abort {new} again"), Direction::Back),
                differs: "the steps taken by then are taken".into(),
            },
            forecast: Forecast { then: then.into(), takes: left.takes(), warnings, ..Forecast::default() },
            risk: Risk::Medium,
            diff: vec![diff::value("aborted", Some("true"), Some("false"))],
            needs: Vec::new(),
            kubectl: vec![kubectl::rollouts(asked.key(), "retry rollout", "")],
        },
    )
}

fn steps(asked: &Asked<'_>, abort: bool, words: String, direction: Direction) -> InverseSteps {
    InverseSteps {
        target: asked.key().clone(),
        operations: vec![Operation::Add { path: ABORT.into(), value: truth(abort) }],
        fenced_on: vec!["/status/currentPodHash".into(), ABORT.into()],
        subresource: Some(STATUS),
        also: Vec::new(),
        words: words.into(),
        direction,
    }
}

/// Where the stable side gave pods up, they must come again first.
fn stable_pods(asked: &Asked<'_>) -> String {
    let desired = asked.rollout.workload.replicas.desired;
    let ready = asked.release.track(Role::Stable).map_or(0, |track| track.replicas.ready);
    let missing = desired.saturating_sub(ready);
    let blue_green = matches!(asked.rollout.strategy, RolloutStrategy::BlueGreen(_));
    if blue_green || missing <= 0 {
        return String::new();
    }
    format!(", {} of it come again", count(missing, "pod"))
}

/// How long the pods of the aborted version stay.
fn kept(asked: &Asked<'_>) -> String {
    let delay = match &asked.rollout.strategy {
        RolloutStrategy::Canary(canary) if canary.routing.is_some() => {
            canary.abort_scale_down_delay.map_or(30, |delay| delay.as_secs())
        }
        RolloutStrategy::BlueGreen(sides) => sides.abort_scale_down_delay.map_or(30, |delay| delay.as_secs()),
        RolloutStrategy::Canary(_) | RolloutStrategy::Unclear => return format!("the pods of {} end", asked.new),
    };
    match delay {
        0 => format!("the pods of {} stay", asked.new),
        seconds => format!("the pods of {} end after {}", asked.new, Age::seconds(seconds).words()),
    }
}
