//! Keys in a list of contexts, namespaces or themes.

use super::palette::{switch_context, switch_namespaces};
use super::propose;
use crate::app::effect::Effect;
use crate::app::keypress::KeyPress;
use crate::app::keys::Command;
use crate::app::layers::choice::Subject;
use crate::app::layers::{Choice, Layer};
use crate::app::layout;
use crate::app::model::Model;
use crate::domain::Intent;

/// A key while a list to choose from is on top.
pub fn pressed(model: &mut Model, key: KeyPress, command: Option<Command>) -> Vec<Effect> {
    let page = layout::overlay_lines(model.size);
    let Some(Layer::Choice(choice)) = model.layers.last_mut() else { return Vec::new() };
    if choice.typing {
        match command {
            Some(Command::Open) => choice.typing = false,
            Some(Command::Back) => {
                choice.typing = false;
                choice.find.clear();
            }
            Some(Command::Move(step)) => {
                let count = choice.matching().len();
                choice.scroll.step(step, count, page);
            }
            _ => {
                if choice.find.key(key) {
                    choice.scroll.at = 0;
                }
            }
        }
        return preview(model);
    }
    match command {
        Some(Command::Back) => return super::close(model),
        Some(Command::Open) => return accept(model),
        Some(Command::Filter) => choice.typing = true,
        Some(Command::Move(step)) => {
            let count = choice.matching().len();
            choice.scroll.step(step, count, page);
        }
        Some(Command::Mark) => mark(choice),
        Some(Command::All) => {
            model.layers.pop();
            return switch_namespaces(model, Vec::new());
        }
        _ => {}
    }
    preview(model)
}

fn mark(choice: &mut Choice) {
    let Some((place, _)) = choice.selected() else { return };
    if let Some(item) = choice.items.as_mut().and_then(|items| items.get_mut(place)) {
        item.marked = !item.marked;
    }
}

/// A theme is tried while it is selected.
fn preview(model: &mut Model) -> Vec<Effect> {
    if let Some(Layer::Choice(choice)) = model.layers.last()
        && choice.subject == Subject::Themes
        && let Some((_, item)) = choice.selected()
    {
        model.theme = item.name.clone();
    }
    Vec::new()
}

/// The list was left without choosing.
pub fn left(model: &mut Model, choice: &Choice) {
    if choice.subject == Subject::Themes {
        model.theme = choice.before.clone();
    }
}

fn accept(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Choice(choice)) = model.layers.pop() else { return Vec::new() };
    let chosen = choice.chosen();
    let Some(first) = chosen.first() else { return Vec::new() };
    match choice.subject {
        Subject::Contexts => switch_context(model, first),
        Subject::Namespaces => switch_namespaces(model, chosen),
        Subject::Sides => {
            let uid = choice.release.as_ref();
            let Some(release) = uid.and_then(|uid| model.release(uid)).cloned() else {
                model.note("the release is gone: there is nothing to switch");
                return Vec::new();
            };
            propose::open(model, &release, Intent::Switch { to: Some(first.clone()) })
        }
        Subject::Themes => {
            model.theme = first.clone();
            model.note(format!("theme {first}; to keep it: theme = \"{first}\" under [ui]"));
            Vec::new()
        }
    }
}
