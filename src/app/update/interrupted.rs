//! Keys on interrupted plans. Going on sends what is still missing, so it is armed as a plan is.

use super::propose;
use crate::action::journal::Unfinished;
use crate::app::effect::Effect;
use crate::app::gates;
use crate::app::keypress::KeyPress;
use crate::app::keys::Command;
use crate::app::layers::Layer;
use crate::app::layout;
use crate::app::messages::Level;
use crate::app::model::Model;
use crate::domain::plan::PlanId;
use crate::domain::said::{CONFIRM, REPLAN, UNDO};
use crate::domain::{Direction, Intent};

/// Interrupted plans were found.
pub fn found(model: &mut Model, plans: Vec<Unfinished>) {
    // Found for the cluster that was shown before.
    let here = &model.session.cluster.fingerprint.id;
    let plans: Vec<Unfinished> = plans.into_iter().filter(|plan| plan.record.fingerprint == *here).collect();
    let text = match plans.as_slice() {
        [] => return,
        [plan] => format!("interrupted: {}; decide with :interrupted", plan.record.title),
        plans => format!("{} plans were interrupted; decide with :interrupted", plans.len()),
    };
    model.say(Level::Warning, text);
    model.interrupted = plans;
}

/// A key while the list is on top.
pub fn pressed(model: &mut Model, key: KeyPress, command: Option<Command>) -> Vec<Effect> {
    let (tick, revision) = (model.tick, model.revision);
    let page = layout::overlay_lines(model.size);
    let count = model.interrupted.len();
    let Some(Layer::Interrupted(list)) = model.layers.last_mut() else { return Vec::new() };
    let armed = list.arming.armed(tick);
    let seen = list.arming.key(tick);
    if command == Some(Command::Back) && key.text().is_none() {
        return super::close(model);
    }
    if !seen {
        return Vec::new();
    }
    let at = list.scroll.within(count);
    match command {
        Some(Command::Move(step)) => {
            list.scroll.step(step, count, page);
            // Another one is selected now: it is to be seen first.
            if list.scroll.within(count) != at {
                list.arming.changed(revision);
            }
        }
        Some(Command::Confirm) => return go_on(model, at, armed),
        Some(Command::Replan) => return take_back(model, at),
        // 'n' leaves the plan as it was found, and says so in the journal.
        Some(Command::Back) => return leave(model, at),
        _ => {}
    }
    Vec::new()
}

fn go_on(model: &mut Model, at: usize, armed: bool) -> Vec<Effect> {
    let Some(plan) = model.interrupted.get(at) else { return Vec::new() };
    if !armed {
        model.note(format!("it takes '{CONFIRM}' once it was shown and no key came for 0.3 s"));
        return Vec::new();
    }
    if let Some(Layer::Interrupted(list)) = model.layers.last()
        && !list.sight.whole()
    {
        model.note(format!(
            "the window is too small to show what '{CONFIRM}' would send: make it larger; '{REPLAN}' works as it is"
        ));
        return Vec::new();
    }
    let policy = gates::policy(model);
    if policy.read_only {
        model.note("read-only: nothing is sent");
        return Vec::new();
    }
    if let Some(why) = model.elsewhere.clone() {
        model.note(why);
        return Vec::new();
    }
    if policy.protected && plan.record.direction == Direction::Forward {
        model.note("this context is protected: plan it anew, with its word");
        return Vec::new();
    }
    let plan = model.interrupted.remove(at);
    close_when_empty(model);
    model.note(format!("going on with {}", plan.record.title));
    model.writes.resume(&plan.plan, &plan.record.release.uid, &plan.record.title);
    vec![Effect::GoOn(Box::new(plan))]
}

fn take_back(model: &mut Model, at: usize) -> Vec<Effect> {
    let Some(plan) = model.interrupted.get(at) else { return Vec::new() };
    let inverse = plan.inverse.clone().filter(|inverse| !inverse.operations.is_empty());
    let Some(inverse) = inverse else {
        model.note(format!("no way back was kept for it; open the release and go back by revision ({UNDO})"));
        return Vec::new();
    };
    let uid = plan.record.release.uid.clone();
    let key = plan.record.release.key.clone();
    let Some(release) = model.release(&uid).cloned() else {
        let shown = &model.live.namespaces;
        let hidden = !shown.is_empty() && !shown.contains(&key.namespace);
        model.note(if hidden {
            format!("{key} is not shown; ':ns {}' shows it, and then it can be taken back", key.namespace)
        } else {
            format!("{key} is gone")
        });
        return Vec::new();
    };
    propose::open(model, &release, Intent::Revert(Box::new(inverse)))
}

/// The way back of a plan was applied: where that plan was an interrupted one, it is no more.
pub fn taken_back(model: &mut Model, plan: &PlanId, by: &PlanId) -> Option<Effect> {
    let at = model.interrupted.iter().position(|interrupted| interrupted.plan == *plan)?;
    let plan = model.interrupted.remove(at);
    let revision = model.revision;
    if model.interrupted.is_empty() {
        model.layers.retain(|layer| !matches!(layer, Layer::Interrupted(_)));
    }
    for layer in &mut model.layers {
        if let Layer::Interrupted(list) = layer {
            // Another one may stand where this one stood: it is to be seen first.
            list.arming.changed(revision);
        }
    }
    Some(Effect::CloseInterrupted(Box::new(plan), by.clone()))
}

fn leave(model: &mut Model, at: usize) -> Vec<Effect> {
    if at >= model.interrupted.len() {
        return Vec::new();
    }
    let plan = model.interrupted.remove(at);
    close_when_empty(model);
    vec![Effect::LeaveInterrupted(Box::new(plan))]
}

fn close_when_empty(model: &mut Model) {
    let revision = model.revision;
    if model.interrupted.is_empty() {
        model.layers.pop();
    } else if let Some(Layer::Interrupted(list)) = model.layers.last_mut() {
        // Another one is selected now: it is to be seen first.
        list.arming.changed(revision);
    }
}
