//! The board: moving, filtering, sorting, opening.

use super::{console, release};
use crate::app::effect::Effect;
use crate::app::keypress::KeyPress;
use crate::app::keys::Command;
use crate::app::layers::Layer;
use crate::app::layout;
use crate::app::model::Model;

/// A command at the board.
pub fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    match command {
        Command::Move(step) => {
            let page = layout::board_rows(model);
            model.board.step(step, page);
            Vec::new()
        }
        Command::Open => match model.board.current().cloned() {
            Some(chosen) => release::open(model, chosen),
            None => Vec::new(),
        },
        Command::Filter => {
            // A new search begins empty, as everywhere else.
            model.board.filter.clear();
            refilter(model);
            model.board.typing = true;
            Vec::new()
        }
        Command::Sort => {
            model.board.sort = model.board.sort.next();
            refilter(model);
            Vec::new()
        }
        Command::Back => {
            if model.board.filter.text().is_empty() {
                model.messages.acknowledge_shown();
            } else {
                model.board.filter.clear();
                refilter(model);
            }
            Vec::new()
        }
        Command::Quit => super::quit(model),
        other => console::command(model, other),
    }
}

/// A key while the filter is typed.
pub fn typed(model: &mut Model, key: KeyPress, command: Option<Command>) -> Vec<Effect> {
    match command {
        Some(Command::Open) => model.board.typing = false,
        Some(Command::Back) => {
            model.board.typing = false;
            model.board.filter.clear();
            refilter(model);
        }
        Some(Command::Move(step)) => {
            let page = layout::board_rows(model);
            model.board.step(step, page);
        }
        _ => {
            if model.board.filter.key(key) {
                refilter(model);
                model.board.choose_named();
            }
        }
    }
    Vec::new()
}

/// Takes the shown snapshot again after the filter or the order changed.
pub fn refilter(model: &mut Model) {
    let snapshot = model.shown().clone();
    model.board.reorder();
    model.board.take(&snapshot, model.tick);
    // Whoever filters or sorts looks where the cursor is then.
    model.board.went = None;
}

/// Whether the selected release went by itself and another stands in its place: told once, and nothing is asked of that
/// one by a key that was meant for the other. What is open over the board was chosen, whatever happens below it; and where
/// a write of ours ended the release, taking that back means the same from what it became.
pub fn went(model: &mut Model, command: Command) -> bool {
    let chosen = model.layers.iter().any(|layer| matches!(layer, Layer::Release(_) | Layer::Chart(_)));
    if chosen {
        return false;
    }
    let Some(went) = model.board.went.take() else { return false };
    let taken_back = model.board.current().and_then(|release| model.to_take_back(release).ok());
    if command == Command::Revert && taken_back.is_some_and(|(written, _)| written.key.qualified() == went) {
        return false;
    }
    let now = match model.board.current() {
        Some(release) => format!("{} is selected now: look, and press the key again", release.key.qualified()),
        None => "nothing is selected now".to_owned(),
    };
    model.note(format!("{went}, which was selected, is not on the board any more; {now}"));
    true
}
