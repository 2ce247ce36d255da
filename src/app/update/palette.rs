//! Keys in the palette.

use super::{board, console, release};
use crate::app::effect::Effect;
use crate::app::keypress::KeyPress;
use crate::app::keys::Command;
use crate::app::layers::palette::Line;
use crate::app::layers::{Layer, Leave, Palette};
use crate::app::layout;
use crate::app::model::Model;
use crate::domain::Str;
use crate::domain::nearest::suggestion;

/// A key while the palette is on top.
pub fn pressed(model: &mut Model, key: KeyPress, command: Option<Command>) -> Vec<Effect> {
    let page = layout::overlay_lines(model.size);
    let Some(Layer::Palette(palette)) = model.layers.last_mut() else { return Vec::new() };
    match command {
        Some(Command::Back) => super::close(model),
        Some(Command::Open) => accept(model),
        Some(Command::Move(step)) => {
            let count = palette.matching().len();
            palette.scroll.step(step, count, page);
            Vec::new()
        }
        Some(Command::NextPane) => {
            if let Some(name) = palette.selected().map(|item| item.name) {
                palette.input = crate::app::field::TextField::new(name);
            }
            Vec::new()
        }
        _ => {
            // Backspace in an empty palette leaves it, as in an editor's command line.
            if palette.input.text().is_empty() && key.code == crate::app::keypress::KeyCode::Backspace {
                return super::close(model);
            }
            if palette.input.key(key) {
                palette.scroll.at = 0;
            }
            Vec::new()
        }
    }
}

fn accept(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Palette(palette)) = model.layers.pop() else { return Vec::new() };
    match palette.line() {
        Line::Quit => super::quit(model),
        Line::Context(name) => switch_context(model, name),
        Line::Namespaces(names) => switch_namespaces(model, names.into_iter().map(Str::from).collect()),
        Line::Theme(name) => {
            if let Some(theme) = model.session.themes.iter().find(|theme| ***theme == *name).cloned() {
                model.theme = theme;
            } else {
                let names = model.session.themes.join(", ");
                model.note(format!("there is no theme '{name}'; there are {names}"));
            }
            Vec::new()
        }
        Line::Name => run(model, &palette),
    }
}

fn run(model: &mut Model, palette: &Palette) -> Vec<Effect> {
    let Some(item) = palette.selected() else {
        model.note(format!("there is no action '{}'", palette.input.text()));
        return Vec::new();
    };
    if let Some(why) = &item.why_not {
        model.note(format!("{}: {why}", item.name));
        return Vec::new();
    }
    act(model, item.command)
}

/// Does what `command` asks for where one is.
fn act(model: &mut Model, command: Command) -> Vec<Effect> {
    match (command, model.layers.last()) {
        (Command::Redraw, _) => vec![Effect::Redraw],
        (Command::Suspend, _) => vec![Effect::Suspend],
        (Command::SaveScreen, _) => vec![Effect::SaveScreen],
        (Command::Quit, _) => super::quit(model),
        (_, None) => board::command(model, command),
        (_, Some(Layer::Release(_))) => release::command(model, command),
        _ => console::command(model, command),
    }
}

/// Asks for another context.
pub fn switch_context(model: &mut Model, name: &str) -> Vec<Effect> {
    if *name == *model.session.cluster.context {
        model.note(format!("{name} is the context already"));
        return Vec::new();
    }
    let unanswered = model.writes.unanswered().next().cloned();
    if let Some(title) = unanswered {
        model.note(format!("{title} has no answer yet; switch once it has"));
        return Vec::new();
    }
    if let Some(because) = super::guarded(model) {
        model.layers.push(Layer::Leaving { because, to: Leave::Context(name.into()) });
        return Vec::new();
    }
    connect(model, name)
}

/// Connects to another context.
pub fn connect(model: &mut Model, name: &str) -> Vec<Effect> {
    model.note(format!("connecting to {name}…"));
    vec![Effect::SwitchContext(name.into())]
}

/// Asks for other namespaces; none: all. What is shown stays when one of them does not exist.
pub fn switch_namespaces(model: &mut Model, names: Vec<Str>) -> Vec<Effect> {
    if let Some(name) = names.iter().find(|name| model.live.lacks_namespace(name)) {
        let known = &model.live.known_namespaces;
        let near = suggestion(name, known.iter().map(|known| &**known));
        let near = if near.is_empty() { "; :namespaces lists those that there are".to_owned() } else { near };
        model.note(format!("there is no namespace '{name}' in {}{near}", model.session.cluster.context));
        return Vec::new();
    }
    let what = if names.is_empty() { "all namespaces".to_owned() } else { names.join(", ") };
    model.note(format!("reading {what}…"));
    vec![Effect::SwitchNamespaces(names)]
}
