//! Arming a guard, and what comes of it.

use super::propose;
use crate::action::guard::GuardNews;
use crate::app::effect::Effect;
use crate::app::gates;
use crate::app::guards::Acts;
use crate::app::keypress::KeyPress;
use crate::app::keys::Command;
use crate::app::layers::{GuardDialog, Layer};
use crate::app::messages::Level;
use crate::app::model::Model;
use crate::domain::outcome::OutcomeKind;
use crate::domain::{Intent, Release, Role, Uid};

/// `B`: the dialog for the release in focus.
pub fn open(model: &mut Model) -> Vec<Effect> {
    let Some(release) = model.focus().cloned() else {
        model.note("no release is selected");
        return Vec::new();
    };
    let dialog = GuardDialog::new(&release, model.journal.switched.get(&release.uid), model.revision);
    model.layers.push(Layer::Guard(Box::new(dialog)));
    Vec::new()
}

/// A key while the dialog is on top.
pub fn pressed(model: &mut Model, key: KeyPress, command: Option<Command>) -> Vec<Effect> {
    let (tick, revision) = (model.tick, model.revision);
    let automatic = !gates::policy(model).read_only;
    let Some(Layer::Guard(dialog)) = model.layers.last_mut() else { return Vec::new() };
    let armed = dialog.arming.armed(tick);
    let seen = dialog.arming.key(tick);
    if command == Some(Command::Back) && (seen || key.text().is_none()) {
        return super::close(model);
    }
    if !seen {
        return Vec::new();
    }
    match command {
        Some(Command::TogglePaused) if automatic => {
            dialog.acts = if dialog.acts == Acts::Asks { Acts::GoesBack } else { Acts::Asks };
            dialog.arming.changed(revision);
        }
        Some(Command::ToggleOptional) if automatic && dialog.ladder => {
            dialog.acts = if dialog.acts == Acts::Steps { Acts::GoesBack } else { Acts::Steps };
            dialog.arming.changed(revision);
        }
        Some(Command::TogglePaused | Command::ToggleOptional) if !automatic => {
            model.note("read-only: a guard can only watch and say");
        }
        Some(Command::ToggleOptional) => model.note("this release has no ladder to walk"),
        Some(Command::Confirm) if !armed => {
            model.note("it takes 'y' once it was shown and no key came for 0.3 s");
        }
        Some(Command::Confirm) => return confirm(model),
        _ => {}
    }
    Vec::new()
}

fn confirm(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Guard(dialog)) = model.layers.pop() else { return Vec::new() };
    let (release, name) = (dialog.release.clone(), dialog.release.key.qualified());
    if model.guards.remove(&release.uid).is_some() {
        model.note(format!("{name} is guarded no more"));
        return vec![Effect::Disarm(release.uid)];
    }
    model.guards.arm(release.clone(), dialog.acts);
    model.note(format!("{name} is guarded; B ends it"));
    vec![Effect::Arm(release, dialog.acts)]
}

/// News of a guard.
pub fn heard(model: &mut Model, uid: &Uid, news: GuardNews) -> Vec<Effect> {
    let Some(name) = model.guards.of(uid).map(|guard| guard.release.key.qualified()) else { return Vec::new() };
    let ask = model.guards.take(uid, &news);
    match news {
        GuardNews::Looked(look) if ask => {
            let text = format!("guard of {name}: {}", look.reason);
            model.messages.say(Level::Error, text, model.now);
            return match model.release(uid).cloned() {
                Some(release) if model.layers.last().is_none_or(|layer| matches!(layer, Layer::Release(_))) => {
                    let intent = way_back(&release);
                    propose::open(model, &release, intent)
                }
                // A dialog is open: its keys are not taken away from it.
                _ => Vec::new(),
            };
        }
        GuardNews::StandingBy(by) => {
            model.messages.say(Level::Warning, format!("{name} is guarded by {by}; this guard stands by"), model.now);
        }
        GuardNews::Acting(what) => {
            model.messages.say(Level::Warning, format!("guard of {name}: {what}"), model.now);
        }
        GuardNews::Said(what) => model.note(format!("guard of {name}: {what}")),
        GuardNews::Ended(ending) => {
            let level = if ending.kind == OutcomeKind::Applied { Level::Note } else { Level::Error };
            model.messages.say(level, format!("guard of {name} ended: {}", ending.reason), model.now);
            return vec![Effect::ReadJournal];
        }
        GuardNews::Armed(_) | GuardNews::Looked(_) => {}
    }
    Vec::new()
}

/// The way back that a breach asks about.
fn way_back(release: &Release) -> Intent {
    let switches = release.traffic.as_ref().is_some_and(|traffic| traffic.switch.is_some());
    match (switches, release.track(Role::Candidate), &release.traffic) {
        (true, ..) => Intent::Switch { to: None },
        (false, Some(_), Some(_)) => Intent::Abort,
        _ => Intent::undo(),
    }
}
