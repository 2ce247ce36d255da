//! Hold a Rollout where it is, or let it go on: `spec.paused`.

use super::fence::of_run;
use super::kubectl;
use super::plan::{Asked, finish};
use super::steps::{after, least};
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::plan::{Inverse, InverseSteps, Operation, Refusal, Wait};
use crate::domain::said::CONTINUE;
use crate::domain::traffic::rollout::RolloutStrategy;
use crate::domain::{Direction, Plan, Verb};
use crate::strategy::taking_back::PAUSED;
use crate::strategy::workload::diff;
use crate::strategy::workload::plan::{Draft, patch};
use crate::strategy::workload::undo::truth;

/// The plan of a pause or a resume.
pub fn plan(asked: &Asked<'_>, pause: bool) -> Result<Plan, Refusal> {
    asked.gate().allows(if pause { Verb::Pause } else { Verb::Resume })?;
    let call = of_run(&asked.details.root).test(PAUSED).add(PAUSED, truth(pause)).call();
    let steps = InverseSteps {
        subresource: None,
        also: Vec::new(),
        target: asked.key().clone(),
        operations: vec![Operation::Add { path: PAUSED.into(), value: truth(!pause) }],
        fenced_on: vec![PAUSED.into()],
        words: if pause { "resume it" } else { "hold it again; what it did by then stays" }.into(),
        direction: if pause { Direction::Forward } else { Direction::Back },
    };
    let inverse = if pause {
        Inverse::Exact(steps)
    } else {
        Inverse::Compensating { steps, differs: "steps taken and pods replaced by then stay".into() }
    };
    let shown = |paused: bool| if paused { "true" } else { "false" };
    let warnings = if pause {
        vec!["held, it follows no scaling of an autoscaler either, and its progress deadline does not run".into()]
    } else {
        Vec::new()
    };
    finish(
        asked,
        Draft {
            title: String::new(),
            direction: if pause { Direction::Back } else { Direction::Forward },
            calls: vec![patch(call, if pause { "only if it is not held" } else { "only if it is held" })],
            until: Wait::Observed,
            inverse,
            forecast: Forecast {
                then: if pause { stays(asked) } else { goes_on(asked) }.into(),
                warnings,
                ..Forecast::default()
            },
            risk: Risk::Low,
            diff: vec![diff::value("paused", Some(shown(!pause)), Some(shown(pause)))],
            needs: Vec::new(),
            kubectl: vec![if pause {
                kubectl::rollouts(asked.key(), "pause", "")
            } else {
                kubectl::patch(asked.key(), r#"{"spec":{"paused":false}}"#)
            }],
        },
    )
}

fn stays(asked: &Asked<'_>) -> String {
    if !asked.stand.in_flight() {
        return "nothing is on its way; the next change waits until it is resumed".into();
    }
    if let RolloutStrategy::BlueGreen(_) = asked.rollout.strategy {
        return format!("it stays where it is: neither pods nor Services move, so nothing switches to {}", asked.new);
    }
    let weight = super::weight::asked(&asked.rollout, &asked.stand).unwrap_or(0);
    format!("it stays where it is: {} at {weight} %, pods and Services as they are", asked.new)
}

/// A pause that was on before the hold is still on after it: resume is no continue.
fn goes_on(asked: &Asked<'_>) -> String {
    if !asked.stand.in_flight() {
        return "nothing is on its way; the next change rolls out at once".into();
    }
    let Some(index) = asked.stand.index else {
        return format!("{} goes on", asked.new);
    };
    if asked.stand.at_a_pause() {
        let timed = least(&asked.rollout, index).time > jiff::SignedDuration::ZERO;
        let own = if timed { "or its time is over" } else { "" };
        return format!("it still stands at its pause, step {index}: {CONTINUE} continues it {own}")
            .trim_end()
            .to_owned();
    }
    format!("it goes on at step {index}: {}", after(&asked.rollout, &asked.stand, index))
}
