//! Arming a guard, and what comes of it.

use super::propose;
use crate::action::guard::GuardNews;
use crate::app::effect::Effect;
use crate::app::gates;
use crate::app::guards::Acts;
use crate::app::keypress::{KeyCode, KeyPress};
use crate::app::keys::{Command, Step};
use crate::app::layers::guard::Line;
use crate::app::layers::{GuardDialog, Layer};
use crate::app::messages::Level;
use crate::app::model::Model;
use crate::domain::Uid;
use crate::domain::outcome::OutcomeKind;
use crate::domain::plan::RefusalKind;
use crate::domain::said::{CONFIRM, GUARD};

/// `B`: the dialog for the release in focus.
pub fn open(model: &mut Model) -> Vec<Effect> {
    let Some(release) = model.focus().cloned() else {
        model.note("no release is selected");
        return Vec::new();
    };
    let switched = model.journal.switched.get(&release.uid);
    let dialog = GuardDialog::new(&release, switched, &model.session.config, model.revision);
    model.layers.push(Layer::Guard(Box::new(dialog)));
    // A guard that may not go back can only tell, and says so before it is armed.
    vec![Effect::AskRights(release)]
}

/// A key while the dialog is on top.
pub fn pressed(model: &mut Model, key: KeyPress, command: Option<Command>) -> Vec<Effect> {
    let (tick, revision) = (model.tick, model.revision);
    let automatic = !gates::policy(model).read_only;
    let guards = &model.guards;
    let Some(Layer::Guard(dialog)) = model.layers.last_mut() else { return Vec::new() };
    let guarded = guards.of(&dialog.release.uid).is_some();
    let armed = dialog.arming.armed(tick);
    let seen = dialog.arming.key(tick);
    if command == Some(Command::Back) && (seen || key.text().is_none()) {
        return super::close(model);
    }
    if !seen {
        return Vec::new();
    }
    if dialog.at.is_some() {
        typed(model, key, command);
        return Vec::new();
    }
    match command {
        Some(Command::Reason) if !guarded => {
            dialog.at = Some(Line::Errors);
        }
        Some(Command::TogglePaused | Command::ToggleOptional | Command::Reason) if guarded => {}
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
            model.note(format!("it takes '{CONFIRM}' once it was shown and no key came for 0.3 s"));
        }
        Some(Command::Confirm) => match dialog.sight.refuses() {
            Some(why) => model.note(why),
            None => return confirm(model),
        },
        Some(Command::Move(step)) => dialog.sight.step(&mut dialog.scroll, step),
        _ => {}
    }
    Vec::new()
}

/// A key while a line of the dialog is changed. What was typed is taken when it makes sense, and refused with the reason
/// where it stands when it does not.
fn typed(model: &mut Model, key: KeyPress, command: Option<Command>) {
    let automatic = !gates::policy(model).read_only;
    let (revision, settings) = (model.revision, &model.session.config.guard);
    let Some(Layer::Guard(dialog)) = model.layers.last_mut() else { return };
    match command {
        Some(Command::Open) => match dialog.terms(settings) {
            Ok(_) => {
                (dialog.at, dialog.problem) = (None, None);
                dialog.arming.changed(revision);
            }
            Err((line, why)) => (dialog.at, dialog.problem) = (Some(line), Some(why)),
        },
        Some(Command::NextPane | Command::Move(Step::Down)) => dialog.move_on(true),
        Some(Command::PreviousPane | Command::Move(Step::Up)) => dialog.move_on(false),
        _ => match dialog.field() {
            Some(field) => {
                if field.key(key) {
                    dialog.problem = None;
                }
            }
            None => match key.code {
                KeyCode::Left => dialog.turn(false, automatic),
                KeyCode::Right | KeyCode::Char(' ') => dialog.turn(true, automatic),
                _ => {}
            },
        },
    }
}

fn confirm(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Guard(dialog)) = model.layers.last_mut() else { return Vec::new() };
    let (release, name) = (dialog.release.clone(), dialog.release.key.qualified());
    if model.guards.remove(&release.uid).is_some() {
        model.layers.pop();
        model.note(format!("{name} is guarded no more"));
        return vec![Effect::Disarm(release.uid)];
    }
    match dialog.terms(&model.session.config.guard) {
        Ok(terms) => {
            model.layers.pop();
            model.guards.arm(release.clone(), terms.clone());
            model.note(format!("{name} is guarded; {GUARD} ends it"));
            vec![Effect::Arm(release, Box::new(terms))]
        }
        Err((line, why)) => {
            (dialog.at, dialog.problem) = (Some(line), Some(why));
            Vec::new()
        }
    }
}

/// News of a guard.
pub fn heard(model: &mut Model, uid: &Uid, news: GuardNews) -> Vec<Effect> {
    let Some(name) = model.guards.of(uid).map(|guard| guard.release.key.qualified()) else { return Vec::new() };
    let ask = model.guards.take(uid, &news);
    let revision = model.revision;
    if let (GuardNews::Ended(_), Some(Layer::Guard(dialog))) = (&news, model.layers.last_mut())
        && dialog.release.uid == *uid
    {
        // Its 'y' ended that guard, and would arm another one now: that is to be seen first.
        dialog.arming.changed(revision);
    }
    match news {
        GuardNews::Looked(look) if ask => {
            let nowhere = match &look.back {
                Some(Err(refusal)) => match refusal.kind {
                    // The look after this one asks again.
                    RefusalKind::Moved | RefusalKind::ReadAgain => {
                        format!("; the way back is proposed as soon as it is open: {}", refusal.reason)
                    }
                    RefusalKind::Refused | RefusalKind::Unchanged => {
                        format!("; there is no way back to propose: {}", refusal.reason)
                    }
                },
                Some(Ok(_)) | None => String::new(),
            };
            model.say(Level::Error, format!("guard of {name}: {}{nowhere}", look.reason));
            return match (look.back, model.release(uid).cloned()) {
                (Some(Ok(intent)), Some(release))
                    if model.layers.last().is_none_or(|layer| matches!(layer, Layer::Release(_))) =>
                {
                    propose::open_promised(model, &release, intent)
                }
                // A dialog is open: its keys are not taken away from it.
                _ => Vec::new(),
            };
        }
        GuardNews::StandingBy(by) => {
            model.say(Level::Warning, format!("{name} is guarded by {by}; this guard stands by"));
        }
        GuardNews::Acting(what) => {
            model.say(Level::Warning, format!("guard of {name}: {what}"));
        }
        GuardNews::Said(what) => model.note(format!("guard of {name}: {what}")),
        GuardNews::Ended(ending) => {
            let level = if ending.kind == OutcomeKind::Applied { Level::Note } else { Level::Error };
            model.say(level, format!("guard of {name} ended: {}", ending.reason));
            return vec![Effect::ReadJournal];
        }
        GuardNews::Armed(_) | GuardNews::Looked(_) => {}
    }
    Vec::new()
}
