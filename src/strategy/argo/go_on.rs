//! Going on: from a pause, past a step, to the end.

use super::fence::{PAUSES, STATUS, of_promotion, of_step};
use super::kubectl;
use super::path::listed;
use super::plan::{Asked, finish};
use super::steps::{after, least, words};
use super::weight::asked_at;
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::intent::Standing;
use crate::domain::plan::{Act, Call, Change, Inverse, Patch, Refusal, RefusalKind, Wait, json, null};
use crate::domain::said::{ABORT, SKIP};
use crate::domain::traffic::rollout::RolloutStrategy;
use crate::domain::{Direction, Plan, Str, Verb};
use crate::strategy::workload::diff;
use crate::strategy::workload::plan::{Draft, patch};
use crate::strategy::workload::undo::truth;
use crate::strategy::workload::words::count;

/// Continue, and advance from where the person saw it stand.
pub fn continues(asked: &Asked<'_>, verb: Verb, from: Option<Standing>) -> Result<Plan, Refusal> {
    seen_at(asked, from)?;
    asked.gate().allows(verb).map_err(|refusal| match refusal.kind {
        // Who names the step that is left asks for this very move, and somebody else has made it.
        RefusalKind::Unchanged if from.is_some() => Refusal::moved(refusal.reason),
        _ => refusal,
    })?;
    let call = of_step(&asked.details.root).remove(PAUSES).call_on(STATUS);
    let (then, warnings) = if asked.stand.inconclusive() {
        let warning =
            format!("the analysis is measured again, and may stop at the same place; {SKIP} goes past it").into();
        ("a new analysis run begins".to_owned(), vec![warning])
    } else {
        (what_follows(asked, asked.stand.index.map(|index| index + 1)), Vec::new())
    };
    let change = match asked.stand.index.filter(|_| !blue_green(asked)) {
        Some(index) => moves(asked, index, index + 1),
        None => vec![diff::value("pause", Some(&reasons(asked)), None)],
    };
    let title = match asked.stand.index.filter(|_| !blue_green(asked)) {
        Some(index) => format!("step {index} → {} of {}", index + 1, asked.rollout.steps().len()),
        None => asked.new.clone(),
    };
    finish(asked, draft(asked, title, call, (then, warnings), change, "promote"))
}

/// Leaves out the step that it stands at. At a pause that is the same as going on; in any other step the index is set,
/// and what the step began is cancelled.
pub fn skips(asked: &Asked<'_>, from: Option<Standing>) -> Result<Plan, Refusal> {
    seen_at(asked, from)?;
    asked.gate().allows(Verb::Skip)?;
    let (stand, steps) = (&asked.stand, asked.rollout.steps());
    let Some((index, step)) = stand.index.and_then(|index| Some((index, steps.get(index)?))) else {
        return Err(Refusal::because(format!("{} stands at no step", asked.key().target())));
    };
    let root = &asked.details.root;
    let call = if stand.at_a_pause() {
        // With the index set as well, `controllerPause` without a condition would end a pause that follows at once too.
        of_step(root).remove(PAUSES)
    } else if stand.inconclusive() {
        set_index(of_step(root).remove(PAUSES).add("/status/controllerPause", truth(false)), index + 1)
    } else {
        set_index(of_step(root), index + 1)
    };
    let mut warnings: Vec<Str> = Vec::new();
    match step {
        crate::domain::traffic::rollout_steps::RolloutStep::Analysis(_) => {
            warnings.push("its analysis is cancelled: what it would have found stays unknown".into());
        }
        crate::domain::traffic::rollout_steps::RolloutStep::SetWeight(_) if !stand.at_a_pause() => {
            warnings.push("its weight is not waited for: the next step begins at once".into());
        }
        _ => {}
    }
    let then = format!("leaves out {}; {}", words(step), what_follows(asked, Some(index + 1)));
    let change = moves(asked, index, index + 1);
    let title = format!("step {index}/{}: {}", steps.len(), words(step));
    let mut draft = draft(asked, title, call.call_on(STATUS), (then, warnings), change, "promote");
    draft.until = Wait::Acted(Act::LeaveStep(u32::try_from(index).unwrap_or(u32::MAX)));
    finish(asked, draft)
}

fn set_index(patch: Patch<'_>, index: usize) -> Patch<'_> {
    patch.add("/status/currentStepIndex", json(&index).unwrap_or_else(null))
}

/// Promotes fully: whatever steps, pauses and analyses are left.
pub fn promotes(asked: &Asked<'_>) -> Result<Plan, Refusal> {
    asked.gate().allows(Verb::Promote)?;
    let call = of_promotion(&asked.details.root).add("/status/promoteFull", truth(true)).call_on(STATUS);
    let pods = count(asked.rollout.workload.replicas.desired, "pod");
    let left = asked.stand.index.map(|index| least(&asked.rollout, index)).filter(|_| !blue_green(asked));
    let (then, mut warnings): (String, Vec<Str>) = match left {
        Some(left) => {
            let steps = count(i64::try_from(left.steps).unwrap_or(i64::MAX), "step");
            let analyses = match left.analyses {
                0 => String::new(),
                _ => " and their analyses".into(),
            };
            (format!("skips {steps}{analyses}: {} gets 100 % once its {pods} are available", asked.new), Vec::new())
        }
        None if blue_green(asked) => (
            format!("all traffic switches to {} once its {pods} are available, without waiting", asked.new),
            Vec::new(),
        ),
        None => (format!("{} gets everything once its {pods} are available", asked.new), Vec::new()),
    };
    if let RolloutStrategy::BlueGreen(sides) = &asked.rollout.strategy
        && !(sides.pre_promotion.is_empty() && sides.post_promotion.is_empty())
    {
        warnings.push("its analyses before and after the switch are skipped".into());
    }
    let now = asked.release.track(crate::domain::Role::Candidate).and_then(|track| track.weight.asked).unwrap_or(0);
    let change = vec![diff::value(&format!("weight of {}", asked.new), Some(&format!("{now} %")), Some("100 %"))];
    let mut draft = draft(asked, format!("{} fully", asked.new), call, (then, warnings), change, "promote --full");
    draft.until = Wait::Settled;
    draft.risk = Risk::High;
    draft.calls[0].fence = "only for this version and template, and only while it is neither aborted nor held".into();
    finish(asked, draft)
}

/// What the controller is asked for. An analysis that could not decide is measured again at the same step.
fn act(asked: &Asked<'_>) -> Act {
    let index = asked.stand.index.filter(|_| !blue_green(asked)).and_then(|index| u32::try_from(index).ok());
    index.filter(|_| !asked.stand.inconclusive()).map_or(Act::GoOn, Act::LeaveStep)
}

fn blue_green(asked: &Asked<'_>) -> bool {
    matches!(asked.rollout.strategy, RolloutStrategy::BlueGreen(_))
}

fn reasons(asked: &Asked<'_>) -> String {
    asked.stand.pauses.join(", ")
}

/// Refuses when it stands elsewhere than where the person saw it.
fn seen_at(asked: &Asked<'_>, from: Option<Standing>) -> Result<(), Refusal> {
    let name = asked.key().target();
    match from {
        None => Ok(()),
        Some(Standing::Step(step)) => {
            let now = asked.stand.index.and_then(|index| u32::try_from(index).ok());
            match now {
                Some(now) if now == step => Ok(()),
                Some(now) => {
                    Err(Refusal::moved(format!("{name} stands at step {now}, not at {step}: somebody moved it")))
                }
                None => Err(Refusal::because(format!("{name} has no steps to stand at"))),
            }
        }
        Some(Standing::Weight(weight)) => {
            let now = super::weight::asked(&asked.rollout, &asked.stand).unwrap_or(0);
            if now == weight {
                return Ok(());
            }
            Err(Refusal::moved(format!(
                "{} of {name} is asked for {now} %, not for {weight} %: somebody moved it",
                asked.new
            )))
        }
    }
}

/// `20 % → 50 %, then a pause of 10 s; from there at least 20 s`.
fn what_follows(asked: &Asked<'_>, index: Option<usize>) -> String {
    if let RolloutStrategy::BlueGreen(sides) = &asked.rollout.strategy {
        let post = if sides.post_promotion.is_empty() { "" } else { ", then its analysis" };
        let pods = sides.scale_down_delay.map_or(30, |delay| delay.as_secs());
        let kept = crate::domain::Age::seconds(pods).words();
        return format!("all traffic switches to {} at once{post}; {} is kept for {kept}", asked.new, asked.stable);
    }
    let Some(index) = index else { return format!("{} takes over as fast as its pods come", asked.new) };
    let left = listed(&least(&asked.rollout, index));
    let left = if left.is_empty() { String::new() } else { format!("; to the end{left}") };
    format!("{}{left}", after(&asked.rollout, &asked.stand, index))
}

fn moves(asked: &Asked<'_>, from: usize, to: usize) -> Vec<Change> {
    let steps = asked.rollout.steps();
    let name = |index: usize| match steps.get(index) {
        Some(step) => format!("{index}/{}: {}", steps.len(), step.words()),
        None => "done".to_owned(),
    };
    let weight = |index: usize| format!("{} %", asked_at(&asked.rollout, index));
    let mut changes = vec![diff::value("step", Some(&name(from)), Some(&name(to)))];
    if weight(from) != weight(to) {
        let hosts: Vec<String> = split_hosts(asked);
        let of = if hosts.is_empty() { String::new() } else { format!(" of {}", hosts.join(", ")) };
        changes.push(diff::value(&format!("weight{of}"), Some(&weight(from)), Some(&weight(to))));
    }
    changes
}

fn split_hosts(asked: &Asked<'_>) -> Vec<String> {
    let rules = asked.release.traffic.as_ref().map(|traffic| traffic.rules.as_slice()).unwrap_or_default();
    let mut hosts: Vec<String> =
        rules.iter().filter(|rule| !rule.pointer.is_empty()).map(|rule| rule.host.to_string()).collect();
    hosts.dedup();
    hosts
}

fn draft(
    asked: &Asked<'_>,
    title: String,
    call: Call,
    follows: (String, Vec<Str>),
    change: Vec<Change>,
    command: &str,
) -> Draft {
    let (then, warnings) = follows;
    let (verb, after) = command.split_once(' ').unwrap_or((command, ""));
    Draft {
        title,
        direction: Direction::Forward,
        calls: vec![patch(call, "only while it stands at this step and this pause, not held, with this template")],
        until: Wait::Acted(act(asked)),
        inverse: Inverse::None {
            why: format!(
                "a step that was taken is not taken back; {ABORT} aborts and gives {} everything",
                asked.stable
            )
            .into(),
        },
        forecast: Forecast { then: then.into(), warnings, ..Forecast::default() },
        risk: Risk::Medium,
        diff: change,
        needs: Vec::new(),
        kubectl: vec![kubectl::rollouts(asked.key(), verb, after)],
    }
}
