//! Keys in a plan's dialog. Every key is weighed: those typed before the dialog was seen are dropped, `y` counts only
//! when the dialog is armed, Enter never confirms, and while the fingerprint word is missing letters go to it.

use super::propose;
use crate::app::arming::Arming;
use crate::app::effect::{Effect, Terms};
use crate::app::gates::{self, Gate};
use crate::app::keypress::{KeyCode, KeyPress};
use crate::app::keys::Command;
use crate::app::layers::plan::{Asker, Check, Other, Stage, Word};
use crate::app::layers::{Layer, PlanDialog};
use crate::app::model::Model;
use crate::domain::intent::{Override, PausedUndo, UndoTo};
use crate::domain::plan::ReadyInverse;
use crate::domain::said::CONFIRM;
use crate::domain::{Intent, Plan, Release};
use std::sync::Arc;

/// A key while a plan is on top.
pub fn pressed(model: &mut Model, key: KeyPress, command: Option<Command>) -> Vec<Effect> {
    let tick = model.tick;
    let takes_word = match model.layers.last() {
        Some(Layer::Plan(dialog)) => gates::takes_word(model, dialog),
        _ => false,
    };
    let Some(Layer::Plan(dialog)) = model.layers.last_mut() else { return Vec::new() };
    let armed = dialog.arming.armed(tick);
    let seen = dialog.arming.key(tick);
    if dialog.typing_reason {
        if seen {
            type_reason(dialog, key, command);
        }
        return Vec::new();
    }
    let letter = key.text().is_some();
    if command == Some(Command::Back) && (!letter || (seen && !takes_word)) {
        return super::close(model);
    }
    if !seen {
        return Vec::new();
    }
    if takes_word && (letter || key.code == KeyCode::Backspace) {
        type_word(dialog, key);
        return Vec::new();
    }
    match command {
        Some(Command::Confirm) => confirm(model, armed),
        Some(Command::Move(step)) => {
            dialog.sight.step(&mut dialog.scroll, step);
            Vec::new()
        }
        Some(Command::OtherBefore) => other(model, -1),
        Some(Command::OtherNext) => other(model, 1),
        Some(Command::TogglePaused) => toggle_paused(model),
        Some(Command::ToggleOptional) => toggle_optional(model),
        Some(Command::Override) => override_gate(model),
        Some(Command::Reason) => {
            dialog.typing_reason = matches!(dialog.stage, Stage::Ready(_));
            Vec::new()
        }
        Some(Command::Replan) => replan(model),
        Some(Command::Copy) => copy(model),
        Some(Command::Revert) => take_back(model),
        _ => Vec::new(),
    }
}

fn type_word(dialog: &mut PlanDialog, key: KeyPress) {
    let Some(word) = &mut dialog.word else { return };
    match key.text() {
        Some(c) if c.is_ascii_alphabetic() && word.typed.len() < 16 => word.typed.push(c.to_ascii_lowercase()),
        Some(_) => {}
        None => {
            word.typed.pop();
        }
    }
}

fn type_reason(dialog: &mut PlanDialog, key: KeyPress, command: Option<Command>) {
    match command {
        Some(Command::Open | Command::Back) => dialog.typing_reason = false,
        _ => {
            dialog.reason.key(key);
        }
    }
}

/// `y`.
fn confirm(model: &mut Model, armed: bool) -> Vec<Effect> {
    let Some(Layer::Plan(dialog)) = model.layers.last() else { return Vec::new() };
    let Some(plan) = dialog.plan().cloned() else { return Vec::new() };
    if !armed {
        model.note(format!("the plan takes '{CONFIRM}' once it was shown and no key came for 0.3 s"));
        return Vec::new();
    }
    // What holds it comes first: reading on would not let it through.
    if let Some(gate) = gates::gate(model, dialog, &plan) {
        model.note(gate.sentence());
        return propose::asks_again(model, &plan.release.uid, &[plan.intent.verb()]);
    }
    if let Some(why) = dialog.sight.refuses() {
        model.note(why);
        return Vec::new();
    }
    let terms = Terms {
        reason: dialog.reason.text().trim().into(),
        optional: dialog.optional,
        overrides: dialog.overrides.clone(),
        preview: gates::preview(dialog),
        word: dialog.word.as_ref().is_some_and(Word::matches),
    };
    if let Some(Layer::Plan(dialog)) = model.layers.last_mut() {
        dialog.stage = Stage::Confirmed(plan.id.clone());
        dialog.scroll.at = 0;
    }
    let release = model.planned_for(&plan.release.uid, &plan.intent).cloned();
    model.writes.begin(&plan, release, &model.session.cluster.context, model.now);
    vec![Effect::Apply(plan, terms)]
}

/// The way back of what the dialog shows the end of, once it is ready.
pub fn way_back<'a>(model: &'a Model, dialog: &PlanDialog) -> Option<(&'a Arc<Release>, &'a ReadyInverse)> {
    let Stage::Confirmed(plan) = &dialog.stage else { return None };
    let release = model.last_known(&dialog.release.uid)?;
    let inverse = model.journal.to_revert(&release.uid).ok().filter(|inverse| inverse.of == *plan)?;
    model.writes.of_plan(plan)?.outcome.as_ref()?;
    Some((release, inverse))
}

/// Takes back what the dialog shows the end of: the plan of that takes its place.
fn take_back(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Plan(dialog)) = model.layers.last() else { return Vec::new() };
    let Some((release, inverse)) = way_back(model, dialog) else { return Vec::new() };
    let (release, intent) = (release.clone(), Intent::Revert(Box::new(inverse.clone())));
    let mut effects = super::close(model);
    effects.extend(propose::open(model, &release, intent));
    effects
}

/// `←/→`: plans for another revision, side, rule or winner.
fn other(model: &mut Model, by: isize) -> Vec<Effect> {
    let Some(Layer::Plan(dialog)) = model.layers.last() else { return Vec::new() };
    if matches!(dialog.stage, Stage::Confirmed(_)) || dialog.choices.is_empty() {
        return Vec::new();
    }
    let Some(choice) = dialog.other(by) else {
        let words = match (dialog.choices.first(), by < 0) {
            (Some(Other::Revision(_)), true) => "this is the newest other revision".to_owned(),
            (Some(Other::Revision(_) | Other::Stable), false) => "this is the oldest revision kept".to_owned(),
            (Some(choice), first) => format!("this is the {} {}", if first { "first" } else { "last" }, choice.noun()),
            (None, _) => return Vec::new(),
        };
        model.note(words);
        return Vec::new();
    };
    let intent = dialog.towards(choice);
    instead(model, intent)
}

fn toggle_paused(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Plan(dialog)) = model.layers.last() else { return Vec::new() };
    let held = model.release(&dialog.release.uid).is_some_and(|release| release.resumes_with_an_undo());
    let (Intent::Undo { to, paused }, true) = (&dialog.intent, held) else { return Vec::new() };
    let paused = match paused {
        PausedUndo::StayPaused => PausedUndo::Resume,
        PausedUndo::Resume => PausedUndo::StayPaused,
    };
    let to = match dialog.chosen {
        Some(Other::Revision(revision)) => UndoTo::Number(revision),
        _ => *to,
    };
    instead(model, Intent::Undo { to, paused })
}

fn toggle_optional(model: &mut Model) -> Vec<Effect> {
    let revision = model.revision;
    if let Some(Layer::Plan(dialog)) = model.layers.last_mut()
        && dialog.plan().is_some_and(|plan| plan.calls.iter().any(|call| call.optional))
    {
        dialog.optional = !dialog.optional;
        // Another set of calls: it is to be seen first.
        dialog.arming.changed(revision);
    }
    Vec::new()
}

/// Overrides a gate or a refusal that may be overridden; that needs a reason.
fn override_gate(model: &mut Model) -> Vec<Effect> {
    if let Some(Layer::Plan(dialog)) = model.layers.last_mut()
        && let Stage::Refused(refusal) = &dialog.stage
    {
        let Some(overridden) = refusal.overridable else { return Vec::new() };
        dialog.overrides.push(overridden);
        dialog.typing_reason = true;
        let intent = dialog.intent.clone();
        return again(model, intent);
    }
    let Some(Layer::Plan(dialog)) = model.layers.last() else { return Vec::new() };
    let Some(plan) = dialog.plan().cloned() else { return Vec::new() };
    let Some(holds @ (Gate::Overridable(_) | Gate::ReasonMissing(_))) = gates::gate(model, dialog, &plan) else {
        return Vec::new();
    };
    let unbaked = gates::baking(model, &plan.release.uid).and_then(|baking| baking.holds());
    let revision = model.revision;
    if let Some(Layer::Plan(dialog)) = model.layers.last_mut() {
        match &holds {
            Gate::Overridable(_)
                if matches!(dialog.check, Check::Failed(_)) && !dialog.overrides.contains(&Override::PreviewCheck) =>
            {
                dialog.overrides.push(Override::PreviewCheck);
            }
            Gate::Overridable(why) if unbaked.as_ref() == Some(why) => dialog.overrides.push(Override::Bake),
            Gate::Overridable(_) => dialog.overrides.push(Override::Freeze),
            // What is overridden already lacks its reason only.
            _ => {}
        }
        dialog.typing_reason = true;
        dialog.arming.changed(revision);
    }
    Vec::new()
}

fn replan(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Plan(dialog)) = model.layers.last() else { return Vec::new() };
    if let Stage::Confirmed(plan) = &dialog.stage {
        // What runs is not planned again; what ended may be.
        let ended = model.writes.of_plan(plan).is_none_or(|write| write.outcome.is_some());
        if !ended {
            return Vec::new();
        }
    }
    let intent = dialog.intent.clone();
    let uid = dialog.release.uid.clone();
    super::rest::outdate(model, &uid);
    instead(model, intent)
}

/// The same for what has not been seen before: what was overridden was overridden for the plan that was shown.
fn instead(model: &mut Model, intent: Intent) -> Vec<Effect> {
    if let Some(Layer::Plan(dialog)) = model.layers.last_mut() {
        dialog.overrides.clear();
        if dialog.intent != intent {
            dialog.by = Asker::Person;
        }
    }
    again(model, intent)
}

/// Plans the open dialog anew for `intent`; answers to the earlier plan are dropped.
fn again(model: &mut Model, intent: Intent) -> Vec<Effect> {
    model.plans += 1;
    let (number, tick, revision) = (model.plans, model.tick, model.revision);
    let Some(Layer::Plan(dialog)) = model.layers.last_mut() else { return Vec::new() };
    dialog.number = number;
    dialog.opened = tick;
    dialog.intent = intent.clone();
    dialog.stage = Stage::Reading;
    dialog.slow = false;
    dialog.optional = false;
    dialog.scroll.at = 0;
    dialog.arming.changed(revision);
    let uid = dialog.release.uid.clone();
    match model.planned_for(&uid, &intent).cloned() {
        Some(release) => propose::plan_or_read(model, &release),
        None => super::close(model),
    }
}

/// `c`: the equivalent kubectl commands, also of a plan that was refused.
fn copy(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Plan(dialog)) = model.layers.last() else { return Vec::new() };
    let plan: Option<&Arc<Plan>> = match &dialog.stage {
        Stage::Ready(plan) => Some(plan),
        Stage::Confirmed(id) => model.writes.of_plan(id).map(|write| &write.plan),
        Stage::Reading | Stage::Refused(_) => None,
    };
    let commands = match (&dialog.stage, plan) {
        (_, Some(plan)) => plan.kubectl.join("\n"),
        (Stage::Refused(refusal), None) => refusal.kubectl.join("\n"),
        _ => String::new(),
    };
    if commands.is_empty() {
        model.note("there is no kubectl command for this");
        return Vec::new();
    }
    model.note("copied as kubectl");
    vec![Effect::Copy(commands)]
}

/// Time passed: objects that were read in the middle of a change are read again.
pub fn tick(model: &mut Model) -> Vec<Effect> {
    let tick = model.tick;
    let Some(Layer::Plan(dialog)) = model.layers.last_mut() else { return Vec::new() };
    if dialog.again.is_none_or(|again| again > tick) {
        return Vec::new();
    }
    dialog.again = None;
    let (uid, intent) = (dialog.release.uid.clone(), dialog.intent.clone());
    match model.planned_for(&uid, &intent).cloned() {
        Some(release) => vec![Effect::ReadDetails(release)],
        None => Vec::new(),
    }
}

/// When this dialog's picture changes by time alone.
pub fn wakes(dialog: &PlanDialog) -> Option<std::time::Duration> {
    let armed = match dialog.arming {
        Arming::Seen(_) => dialog.arming.armed_at(),
        Arming::Unseen | Arming::Awaiting(_) => None,
    };
    [armed, dialog.again].into_iter().flatten().min()
}
