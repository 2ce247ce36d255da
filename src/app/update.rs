//! The one place where the Model changes: one file a layer. Synchronous, no IO; what must be done outside is returned.

mod answers;
pub mod board;
mod chart;
mod choice;
mod console;
mod form;
mod guard;
pub mod help;
mod interrupted;
mod logs;
mod palette;
pub mod plan;
pub mod propose;
mod release;
pub mod rest;
mod snapshot;
mod text;
mod write;

#[cfg(test)]
mod tests;

use super::effect::Effect;
use super::keypress::KeyPress;
use super::keys::Command;
use super::layers::{Layer, Leave};
use super::measuring;
use super::model::Model;
use super::msg::Msg;
use super::sight::{InSight, Of};
use std::time::Duration;

/// Within this time a second `Ctrl-c` ends the console.
const TWICE: Duration = Duration::from_secs(2);

/// Takes one thing that happened. The Model's `now` and `tick` were set before.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let effects = take(model, msg);
    rest::look(model);
    effects
}

fn take(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let msg = match msg {
        Msg::Flushed(revision, shown) => {
            flushed(model, revision, shown.as_deref());
            return Vec::new();
        }
        Msg::Tick => {
            if model.held.is_none() && model.board.next_order().is_some_and(|at| at <= model.tick) {
                model.revision += 1;
                snapshot::show(model);
            }
            return plan::tick(model).into_iter().chain(rest::tick(model)).collect();
        }
        // Numbers that would be drawn as those that are there are no reason to draw.
        Msg::Measured(new) => {
            model.revision += u64::from(measuring::changes_the_screen(model, &new));
            model.measurements = new;
            return Vec::new();
        }
        other => {
            model.revision += 1;
            other
        }
    };
    match msg {
        Msg::Key(key) => answering(model, |model| pressed(model, key)),
        Msg::Paste(text) => answering(model, |model| pasted(model, &text)),
        Msg::Resize(size) => {
            model.size = size;
            Vec::new()
        }
        Msg::Snapshot(snapshot) => snapshot::take(model, snapshot),
        Msg::Flushed(..) | Msg::Tick | Msg::Measured(_) => Vec::new(),
        other => answers::take(model, other),
    }
}

/// A frame reached the terminal: the dialogs that it showed begin to arm, and what it showed of them was seen.
fn flushed(model: &mut Model, revision: u64, shown: Option<&InSight>) {
    let tick = model.tick;
    let mut told_anew = false;
    for layer in &mut model.layers {
        let (arming, sight, of) = match layer {
            Layer::Plan(dialog) => (&mut dialog.arming, &mut dialog.sight, Of::Plan(dialog.number)),
            Layer::Interrupted(list) => (&mut list.arming, &mut list.sight, Of::Interrupted),
            Layer::Guard(dialog) => (&mut dialog.arming, &mut dialog.sight, Of::Guard),
            _ => continue,
        };
        let before = arming.is_seen();
        arming.flushed(revision, tick);
        if arming.is_seen() {
            if !before {
                sight.forget();
            }
            if let Some(frame) = shown.filter(|frame| frame.of == of) {
                let missing = (sight.missing(), sight.whole());
                if sight.take(frame, revision) {
                    arming.told_more(tick);
                }
                // The footer says how much is missing.
                told_anew |= (sight.missing(), sight.whole()) != missing;
            }
        }
    }
    model.revision += u64::from(told_anew);
}

/// Takes what was pressed; what is said meanwhile answers it, and is shown whatever else stands in the message line.
fn answering(model: &mut Model, take: impl FnOnce(&mut Model) -> Vec<Effect>) -> Vec<Effect> {
    model.messages.key_pressed();
    let effects = take(model);
    model.messages.key_taken();
    effects
}

fn pressed(model: &mut Model, key: KeyPress) -> Vec<Effect> {
    let command = model.keys.find(model.chain(), key);
    // These work everywhere, also before a dialog was seen.
    match command {
        Some(Command::Cancel) => return cancel(model),
        Some(Command::Redraw) => return vec![Effect::Redraw],
        Some(Command::Suspend) => return vec![Effect::Suspend],
        Some(Command::SaveScreen) => return vec![Effect::SaveScreen],
        _ => {}
    }
    match model.layers.last() {
        None if model.board.typing => board::typed(model, key, command),
        None => command.map_or_else(Vec::new, |command| board::command(model, command)),
        Some(Layer::Release(_)) => command.map_or_else(Vec::new, |command| release::command(model, command)),
        Some(Layer::Plan(_)) => plan::pressed(model, key, command),
        Some(Layer::Guard(_)) => guard::pressed(model, key, command),
        Some(Layer::Form(_)) => form::pressed(model, key, command),
        Some(Layer::Palette(_)) => palette::pressed(model, key, command),
        Some(Layer::Choice(_)) => choice::pressed(model, key, command),
        Some(Layer::Logs(_)) => logs::command(model, command),
        Some(Layer::Chart(_)) => command.map_or_else(Vec::new, |command| chart::command(model, command)),
        Some(Layer::Text(_)) => text::pressed(model, key, command),
        Some(Layer::Help(_) | Layer::Journal(_) | Layer::Messages(_)) => help::command(model, command),
        Some(Layer::Interrupted(_)) => interrupted::pressed(model, key, command),
        Some(Layer::Leaving { .. }) => leaving(model, command),
    }
}

/// Pasted text goes into a field that takes text, and is never a command.
fn pasted(model: &mut Model, text: &str) -> Vec<Effect> {
    if model.layers.is_empty() && model.board.typing {
        model.board.filter.insert(text);
        board::refilter(model);
        model.board.choose_named();
        return Vec::new();
    }
    match model.layers.last_mut() {
        Some(Layer::Plan(dialog)) if dialog.typing_reason => dialog.reason.insert(text),
        Some(Layer::Form(form)) => {
            let at = form.at;
            if let Some(field) = form.fields.get_mut(at) {
                field.input.insert(text.trim());
            }
        }
        Some(Layer::Guard(dialog)) if dialog.at.is_some() => {
            if let Some(field) = dialog.field() {
                field.insert(text.trim());
            }
        }
        Some(Layer::Palette(palette)) => palette.input.insert(text),
        Some(Layer::Choice(choice)) if choice.typing => choice.find.insert(text),
        Some(Layer::Text(view)) => {
            if let Some(find) = &mut view.find {
                find.insert(text);
            }
        }
        _ => model.note("pasted text is no command here; it was dropped"),
    }
    Vec::new()
}

/// `Ctrl-c`: leaves what is open; twice within 2 s ends the console.
fn cancel(model: &mut Model) -> Vec<Effect> {
    let twice = model.cancelled.is_some_and(|last| model.tick.saturating_sub(last) < TWICE);
    model.cancelled = Some(model.tick);
    if twice {
        return vec![Effect::Quit];
    }
    let effects = if model.layers.is_empty() {
        model.board.typing = false;
        Vec::new()
    } else {
        close(model)
    };
    model.note("Ctrl-c again within 2 s ends the console");
    effects
}

/// Closes the topmost layer, and stops what ran for it.
fn close(model: &mut Model) -> Vec<Effect> {
    use super::effect::Purpose;
    let Some(layer) = model.layers.pop() else { return Vec::new() };
    let stop = |purposes: &[Purpose]| purposes.iter().copied().map(Effect::Stop).collect();
    match layer {
        Layer::Release(_) => stop(&[Purpose::Events]),
        Layer::Plan(_) => stop(&[Purpose::Preview, Purpose::Needs, Purpose::Managers, Purpose::Check]),
        Layer::Logs(_) => stop(&[Purpose::Logs]),
        Layer::Text(_) => stop(&[Purpose::Yaml]),
        Layer::Choice(choice) => {
            choice::left(model, &choice);
            stop(&[Purpose::Contexts])
        }
        Layer::Form(_)
        | Layer::Guard(_)
        | Layer::Chart(_)
        | Layer::Palette(_)
        | Layer::Help(_)
        | Layer::Journal(_)
        | Layer::Messages(_)
        | Layer::Interrupted(_)
        | Layer::Leaving { .. } => Vec::new(),
    }
}

/// Ends the console; asks once while a write is not answered or a guard is armed.
fn quit(model: &mut Model) -> Vec<Effect> {
    let unanswered: Vec<String> = model.writes.unanswered().map(ToString::to_string).collect();
    let mut because = Vec::new();
    if !unanswered.is_empty() {
        because.push(format!(
            "{} was sent and has no answer yet. The write is in the journal; on the next start it is offered again.",
            unanswered.join(", ")
        ));
    }
    because.extend(guarded(model));
    if because.is_empty() {
        return vec![Effect::Quit];
    }
    model.layers.push(Layer::Leaving { because: because.join("\n\n"), to: Leave::Out });
    Vec::new()
}

/// Whose guards would end, if any.
fn guarded(model: &Model) -> Option<String> {
    let guarded: Vec<String> = model.guards.all().iter().map(|guard| guard.release.key.qualified()).collect();
    (!guarded.is_empty()).then(|| {
        format!(
            "{} is guarded by this console, and would not be any more; `windlass guard` goes on without one.",
            guarded.join(", ")
        )
    })
}

fn leaving(model: &mut Model, command: Option<Command>) -> Vec<Effect> {
    match command {
        Some(Command::Confirm) => match model.layers.pop() {
            Some(Layer::Leaving { to: Leave::Context(name), .. }) => palette::connect(model, &name),
            _ => vec![Effect::Quit],
        },
        Some(Command::Back) => close(model),
        _ => Vec::new(),
    }
}
