//! How a confirmed plan goes: sent, accepted, observed, settled, or what stands in the way.

use super::sections::labelled;
use crate::app::Model;
use crate::app::writes::{Phase, Write};
use crate::domain::outcome::OutcomeKind;
use crate::domain::plan::{PlanId, Wait};
use crate::domain::said::{LEAVE, REPLAN, REVERT};
use crate::domain::{Age, Plan};
use crate::ui::widgets::Look;
use crate::ui::widgets::ticks::Tick;
use ratatui::text::Line;

/// Every line of the dialog, `cells` wide at most.
pub(super) fn lines(model: &Model, id: &PlanId, plan: &Plan, cells: usize, look: Look<'_>) -> Vec<Line<'static>> {
    let Some(write) = model.writes.of_plan(id) else {
        return labelled("plan", Tick::Unknown, "another plan took its place", cells, look);
    };
    let mut lines = Vec::new();
    if let Some(by) = &write.reverted_by {
        let text = format!("{by} put the template back: what was written is gone again");
        lines.extend(labelled("ALARM", Tick::Bad, &text, cells, look));
        lines.push(Line::default());
    }
    for (phase, label) in [(Phase::Accepted, "accepted"), (Phase::Observed, "observed"), (Phase::Ended, "settled")] {
        // A dry run changed nothing that a controller could see.
        let rehearsed = write.outcome.as_ref().is_some_and(|outcome| outcome.kind == OutcomeKind::Planned);
        if phase == Phase::Observed && (matches!(plan.until, Wait::Accepted | Wait::Acted(_)) || rehearsed) {
            continue;
        }
        let (tick, text) = step(model, write, plan, phase);
        lines.extend(labelled(label, tick, &text, cells, look));
    }
    if let Some(why) = &write.not_journalled {
        lines.extend(labelled("journal", Tick::Warn, &format!("not journalled: {why}"), cells, look));
    }
    lines.extend(in_the_way(model, write, cells, look));
    if !write.steps.is_empty() {
        lines.push(Line::default());
    }
    for (at, text) in write.steps.iter().rev().take(6).rev() {
        let time = at.to_zoned(model.zone.clone()).strftime("%H:%M:%S").to_string();
        lines.extend(labelled(&time, Tick::Plain, text, cells, look));
    }
    lines.push(Line::default());
    let last = match (&write.outcome, plan.inverse.steps()) {
        (Some(outcome), Some(steps)) if outcome.kind == OutcomeKind::Applied => {
            format!("{REVERT} takes it back: {}", steps.words)
        }
        (Some(_), _) => format!("{LEAVE} leaves, '{REPLAN}' plans again"),
        (None, _) => format!("{LEAVE} leaves this dialog; the console goes on watching"),
    };
    lines.push(Line::styled(look.said(&last).into_owned(), look.theme.style("text.muted")));
    lines
}

fn step(model: &Model, write: &Write, plan: &Plan, phase: Phase) -> (Tick, String) {
    let since = Age::between(write.since, model.now).words();
    if let (Phase::Ended, Some(outcome)) = (phase, &write.outcome) {
        let tick = match outcome.kind {
            OutcomeKind::Applied | OutcomeKind::Unchanged | OutcomeKind::Planned => Tick::Ok,
            OutcomeKind::Timeout | OutcomeKind::Refused | OutcomeKind::Partial => Tick::Warn,
            OutcomeKind::Failed | OutcomeKind::Conflict | OutcomeKind::Forbidden | OutcomeKind::Unreachable => {
                Tick::Bad
            }
            OutcomeKind::Unknown => Tick::Unknown,
        };
        let (kind, reason) = (outcome.kind.word(), &*outcome.reason);
        let text = if reason.starts_with(kind) { reason.to_owned() } else { format!("{kind}: {reason}") };
        return (tick, text);
    }
    if write.phase >= phase && phase != Phase::Ended {
        // An outcome may come before a phase was reached: a refusal was never accepted, and of a lost answer nobody knows.
        let kind = write.outcome.as_ref().map(|outcome| outcome.kind);
        let done = matches!(kind, None | Some(OutcomeKind::Applied | OutcomeKind::Timeout | OutcomeKind::Planned));
        return if done || write.reached >= phase {
            (Tick::Ok, "yes".to_owned())
        } else if kind == Some(OutcomeKind::Unknown) {
            (Tick::Unknown, "not known".to_owned())
        } else {
            (Tick::Bad, "no".to_owned())
        };
    }
    let next = match phase {
        Phase::Accepted if write.answered > 0 => {
            let (first, last) = (write.answered, write.answered + 1);
            let answered = if first == 1 { "call 1 was".to_owned() } else { format!("calls 1 to {first} were") };
            format!("{answered} answered; call {last}: {}, {since}", write.phase.word())
        }
        Phase::Accepted => format!("{}, {since}", write.phase.word()),
        Phase::Observed => "the controller has not seen it yet".to_owned(),
        Phase::Ended | Phase::Journalling | Phase::Unanswered => match plan.until {
            Wait::Accepted => "once the server takes it".to_owned(),
            Wait::Observed => "once the controller has seen it".to_owned(),
            Wait::Acted(_) => format!("once the controller has acted, {since}"),
            Wait::Settled => progress(model, plan).unwrap_or_else(|| format!("not yet, {since}")),
        },
    };
    (Tick::Pending, next)
}

/// How far the rollout is that the plan began.
fn progress(model: &Model, plan: &Plan) -> Option<String> {
    let release = model.release(&plan.release.uid)?;
    let progress = release.progress.as_ref()?;
    let left = progress.estimate.map(|left| format!(", about {} left", left.words())).unwrap_or_default();
    Some(format!("{} of {} pods{left}", progress.done, progress.total))
}

/// The pods that stand in the way.
fn in_the_way(model: &Model, write: &Write, cells: usize, look: Look<'_>) -> Vec<Line<'static>> {
    if write.outcome.as_ref().is_some_and(|outcome| outcome.kind == OutcomeKind::Applied) {
        return Vec::new();
    }
    let Some(progress) = model.release(&write.plan.release.uid).and_then(|release| release.progress.as_ref()) else {
        return Vec::new();
    };
    // Pods of one revision mostly fail for one reason: it is told once, with their names.
    let mut causes: Vec<(String, Vec<&str>)> = Vec::new();
    for blocker in &progress.blockers {
        let (reason, message) = (&*blocker.reason, &*blocker.message);
        let cause = if message.is_empty() { reason.to_owned() } else { format!("{reason}: {message}") };
        match causes.iter_mut().find(|(known, _)| *known == cause) {
            Some((_, pods)) => pods.push(&blocker.pod),
            None => causes.push((cause, vec![&blocker.pod])),
        }
    }
    let lines = causes.iter().take(4).flat_map(|(cause, pods)| {
        let more = if pods.len() > 2 { format!(" and {} more", pods.len() - 2) } else { String::new() };
        let text = format!("{}{more}: {cause}", pods.iter().take(2).copied().collect::<Vec<_>>().join(", "));
        labelled("in way", Tick::Warn, &text, cells, look)
    });
    lines.collect()
}
