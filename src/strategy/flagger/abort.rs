//! Rolling back a run: through its rollback hook. Flagger has no other way; without a hook there is only breaking the
//! glass.

use super::break_glass;
use super::gate::{kubectl, of_rollback, shut, turn};
use super::phase::{Phase, Run, interval};
use super::suspend::SUSPEND;
use super::verbs::{Seen, refused};
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::milestone::{Midway, Milestone};
use crate::domain::plan::{Inverse, Patch, Refusal, Wait};
use crate::domain::said::{PAUSE, UNDO};
use crate::domain::traffic::Canary;
use crate::domain::traffic::hook::Gate;
use crate::domain::{Age, Details, Direction, Intent, Plan, Str, Verb};
use crate::strategy::workload::diff;
use crate::strategy::workload::plan::{Draft, Part, finish, patch};
use crate::strategy::workload::undo::truth;
use crate::strategy::{Context, Override};

/// The gate that rolls back now, or why none does.
pub fn possible(seen: &Seen<'_>) -> Result<Gate, Str> {
    match seen.phase.run() {
        Some(Run::Progressing | Run::WaitingPromotion) => {}
        Some(Run::Waiting) => {
            let new = seen.new_version();
            return Err(
                format!("nothing of {new} runs, and no traffic goes to it; {UNDO} takes its template back").into()
            );
        }
        Some(Run::Promotion) => {
            return Err(format!(
                "it is being promoted, and no rollback hook is asked any more; {UNDO} starts the way back"
            )
            .into());
        }
        None if seen.phase == Phase::Failed && seen.weight().is_some_and(|weight| weight > 0) => {
            return Err(
                "the run has ended, and Flagger does nothing about the traffic that is left on the canary".into()
            );
        }
        None => return Err(format!("nothing is on its way; {UNDO} goes back to an earlier version").into()),
    }
    let gate = hook(seen.canary)?;
    if !seen.candidate_is_ready() {
        let limit = Age(seen.canary.progress_deadline).words();
        return Err(format!(
            "the canary's pods are not all ready, and Flagger asks its rollback hook only when they are; it rolls back by \
             itself when nothing moves for {limit}"
        )
        .into());
    }
    Ok(gate)
}

/// The gate that rolls a run of `canary` back once its pods are ready; or why there is none.
pub fn hook(canary: &Canary) -> Result<Gate, Str> {
    let Some(gate) = of_rollback(canary) else {
        return Err(format!(
            "this Canary has no rollback hook that the console can open, and Flagger knows no other way; {PAUSE} \
                 suspends it"
        )
        .into());
    };
    if canary.skip_analysis {
        return Err("skipAnalysis is set, so Flagger asks no rollback hook".into());
    }
    Ok(gate)
}

/// The plan that takes the traffic back.
pub fn plan(seen: &Seen<'_>, details: &Details, context: &Context) -> Result<Plan, Refusal> {
    match possible(seen) {
        Ok(gate) => Ok(by_hook(seen, details, &gate, context)),
        Err(_) if context.overrides.contains(&Override::BreakGlass) && break_glass::possible(seen).is_ok() => {
            break_glass::plan(seen, details, context)
        }
        Err(why) => match break_glass::possible(seen) {
            Ok(()) => {
                let why = format!("{why}; breaking the glass suspends it and sends all traffic to the primary");
                Err(refused(seen, Verb::Abort, &why).unless(Override::BreakGlass))
            }
            Err(_) => Err(refused(seen, Verb::Abort, &why)),
        },
    }
}

fn by_hook(seen: &Seen<'_>, details: &Details, gate: &Gate, context: &Context) -> Plan {
    let canary = seen.canary;
    let rolled_back = Midway {
        what: "until Flagger has rolled back".into(),
        until: Milestone::Phase(["Failed", "Succeeded"].map(Str::from).to_vec()),
        limit: seen.patience(),
        go_on: true,
    };
    let mut calls = vec![turn(canary, gate, true)];
    if canary.suspend {
        let resume = Patch::of(&details.root).test(SUSPEND).add(SUSPEND, truth(false)).call();
        calls.push(patch(resume, "only if it is suspended as shown"));
    }
    if let Some(last) = calls.last_mut() {
        last.then = Some(rolled_back);
    }
    calls.push(shut(canary, gate));
    let (old, within) = (seen.users_are_on(), Age(interval(canary)).words());
    let mut warnings: Vec<Str> = Vec::new();
    if canary.suspend {
        warnings.push("it is suspended: it is resumed for this, with its rollback gate open".into());
    }
    let new = seen.new_version();
    warnings.push(format!("the target keeps {new}: {UNDO} puts the old template back afterwards").into());
    warnings.push("a rollback gate that stays open fails every later run: an interrupted plan closes it first".into());
    let draft = Draft {
        title: format!("all traffic to {old}"),
        direction: Direction::Back,
        calls,
        until: Wait::Accepted,
        inverse: Inverse::None { why: "a run that was rolled back is tried again with T, from its start".into() },
        forecast: Forecast {
            then: format!(
                "within {within} Flagger sends all traffic to {old} and ends the canary's pods; then the gate is closed"
            )
            .into(),
            takes: Some(interval(canary)),
            warnings,
            ..Forecast::default()
        },
        risk: Risk::Low,
        diff: vec![diff::value("rollback gate", Some("closed"), Some("open until the run has failed, then closed"))],
        needs: Vec::new(),
        kubectl: vec![kubectl(canary, gate, true), kubectl(canary, gate, false)],
    };
    finish(seen.release, details, &Intent::Abort, context, Part::Neither, draft)
}
