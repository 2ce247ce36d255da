//! What the board and an open release share: reading keys on the release in focus, and the write keys.

use super::propose;
use crate::app::effect::Effect;
use crate::app::keys::Command;
use crate::app::layers::choice::{Item, Subject};
use crate::app::layers::text::Body;
use crate::app::layers::{Choice, Interrupted, Layer, Palette, TextView, palette};
use crate::app::model::{Held, Model, Pane};
use crate::app::scroll::Scroll;
use crate::domain::{Release, Str};
use std::sync::Arc;

/// A command that means the release in focus, or the console as a whole.
pub fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    match command {
        Command::Palette => {
            let items = palette_items(model);
            push(model, Layer::Palette(Palette::new(items)))
        }
        Command::Help => push(model, Layer::Help(Scroll::default())),
        Command::Journal => {
            model.layers.push(Layer::Journal(Scroll::default()));
            vec![Effect::ReadJournal]
        }
        Command::Messages => push(model, Layer::Messages(Scroll::default())),
        Command::Interrupted => {
            if model.interrupted.is_empty() {
                model.note("no plan was interrupted");
                return Vec::new();
            }
            let mut list = Interrupted::default();
            list.arming.changed(model.revision);
            push(model, Layer::Interrupted(list))
        }
        Command::Contexts => {
            let now = model.session.cluster.context.clone();
            model.layers.push(Layer::Choice(Choice::new(Subject::Contexts, None, now)));
            vec![Effect::ListContexts]
        }
        Command::Namespaces => {
            let items = namespace_items(model);
            push(model, Layer::Choice(Choice::new(Subject::Namespaces, Some(items), "")))
        }
        Command::Themes => {
            let now = model.theme.clone();
            let item = |name: &Str| Item::new(name.clone(), "", *name == now);
            let items = model.session.themes.iter().map(item).collect();
            push(model, Layer::Choice(Choice::new(Subject::Themes, Some(items), now.clone())))
        }
        Command::Hold => {
            hold(model);
            Vec::new()
        }
        Command::Chart => super::chart::open(model),
        Command::Guard if super::board::went(model, command) => Vec::new(),
        Command::Guard => super::guard::open(model),
        Command::Quit => super::close(model),
        command if command.writes() => {
            let_go(model);
            if super::board::went(model, command) {
                return Vec::new();
            }
            propose::key(model, command)
        }
        Command::Diff | Command::Yaml | Command::Logs | Command::Events | Command::Copy => {
            let Some(release) = model.focus().cloned() else {
                model.note("no release is selected");
                return Vec::new();
            };
            let reads = matches!(command, Command::Diff | Command::Yaml | Command::Logs);
            if reads && model.nothing_left(&release) {
                model.note(format!("{} is gone: there is nothing to read of it", release.key.qualified()));
                return Vec::new();
            }
            on_release(model, command, &release)
        }
        _ => Vec::new(),
    }
}

fn on_release(model: &mut Model, command: Command, release: &Arc<Release>) -> Vec<Effect> {
    match command {
        Command::Diff => propose::diff(model, release),
        Command::Yaml => {
            let title = format!("{} {}", release.key.kind, release.key.qualified());
            let body = Body::Reading(release.key.clone());
            model.layers.push(Layer::Text(Box::new(TextView::new(title, body))));
            vec![Effect::ReadYaml(release.key.clone())]
        }
        Command::Logs => super::logs::open(model, release),
        Command::Events => {
            let open = matches!(model.layers.last(), Some(Layer::Release(_)));
            let effects = if open { Vec::new() } else { super::release::open(model, release.clone()) };
            if let Some(Layer::Release(view)) = model.layers.last_mut() {
                view.pane = Pane::Events;
            }
            effects
        }
        _ => {
            let mut images: Vec<&str> =
                release.tracks.iter().flat_map(|track| &track.images).map(|image| &*image.reference).collect();
            images.dedup();
            let text = format!("{} -n {} {}", release.key.target(), release.key.namespace, images.join(" "));
            model.note(format!("copied: {}", text.trim()));
            vec![Effect::Copy(text.trim().to_owned())]
        }
    }
}

fn push(model: &mut Model, layer: Layer) -> Vec<Effect> {
    model.layers.push(layer);
    Vec::new()
}

/// Measurements over a shorter or a longer time from now on.
pub fn span(model: &mut Model, longer: bool) {
    model.span = model.span.turned(longer);
    let seen = model.size.shows_all_panes()
        || matches!(model.top(), Some(Layer::Chart(_)))
        || matches!(model.top(), Some(Layer::Release(view)) if view.pane == Pane::Errors);
    if !seen {
        model.note(format!("measurements over {}", model.span.words()));
    }
}

/// Holds the screen still, or lets it go on.
fn hold(model: &mut Model) {
    if model.held.is_some() {
        let_go(model);
        return;
    }
    model.held =
        Some(Held { snapshot: model.live.clone(), measurements: model.measurements.clone(), since: model.now });
}

/// Lets a held screen go on.
pub fn let_go(model: &mut Model) {
    if model.held.take().is_some() {
        super::snapshot::show(model);
    }
}

/// Every action by name, with what it would do or why it can't be done now.
fn palette_items(model: &Model) -> Vec<palette::Item> {
    let chain = model.chain();
    let offered = model.keys.rows().filter(|(binding, _)| {
        chain.contains(&binding.scope)
            && !matches!(binding.command, Command::Move(_) | Command::Palette | Command::Back)
    });
    offered
        .map(|(binding, keys)| {
            let (about, why_not) = match propose::possible(model, binding.command) {
                Some(Ok(consequence)) if !consequence.is_empty() => (consequence, None),
                Some(Err(why)) => (binding.about.into(), Some(why)),
                _ => (binding.about.into(), None),
            };
            palette::Item {
                command: binding.command,
                name: binding.name,
                key: keys.first().map(ToString::to_string).unwrap_or_default(),
                about,
                why_not,
            }
        })
        .collect()
}

/// The namespaces there are, those in use marked.
fn namespace_items(model: &Model) -> Vec<Item> {
    let snapshot = &model.live;
    let more = snapshot.namespaces.iter().filter(|name| !snapshot.known_namespaces.contains(name));
    let item = |name: &Str| {
        let count = snapshot.releases.iter().filter(|release| release.key.namespace == *name).count();
        let about = match count {
            0 => String::new(),
            1 => "1 release".to_owned(),
            _ => format!("{count} releases"),
        };
        let shown = snapshot.namespaces.contains(name);
        Item { marked: shown, ..Item::new(name.clone(), about, shown) }
    };
    snapshot.known_namespaces.iter().chain(more).map(item).collect()
}
