//! An open release: its panes, and what is selected in them.

use super::console;
use crate::app::effect::Effect;
use crate::app::keys::{Command, Step};
use crate::app::layers::release::version_rows;
use crate::app::layers::{Layer, ReleaseView};
use crate::app::layout;
use crate::app::model::{Model, Pane};
use crate::app::scroll::Scroll;
use crate::app::timeline::timeline;
use crate::domain::Release;
use crate::domain::measurement::Measured;
use std::sync::Arc;

/// Opens a release, and reads what its plans are made from.
pub fn open(model: &mut Model, release: Arc<Release>) -> Vec<Effect> {
    model.board.choose(release.uid.clone());
    model.layers.push(Layer::Release(Box::new(ReleaseView::new(release.clone()))));
    vec![Effect::ReadDetails(release.clone()), Effect::AskRights(release.clone()), Effect::Events(release)]
}

/// A command while a release is open.
pub fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    match command {
        Command::Move(step) => step_in_pane(model, step),
        Command::Back => return super::close(model),
        Command::NextPane => turn(model, |pane| pane.turned(1)),
        Command::PreviousPane => turn(model, |pane| pane.turned(-1)),
        Command::Pane(pane) => turn(model, |_| pane),
        Command::Shorter | Command::Longer => console::span(model, command == Command::Longer),
        Command::Open => return details(model),
        other => return console::command(model, other),
    }
    Vec::new()
}

fn turn(model: &mut Model, to: impl Fn(Pane) -> Pane) {
    if let Some(Layer::Release(view)) = model.layers.last_mut() {
        view.pane = to(view.pane);
    }
}

/// Enter: logs of the pod, or the diff of the revision.
fn details(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Release(view)) = model.layers.last() else { return Vec::new() };
    match view.pane {
        Pane::Versions => console::command(model, Command::Logs),
        Pane::History => console::command(model, Command::Diff),
        Pane::Traffic | Pane::Health | Pane::Errors | Pane::Events => Vec::new(),
    }
}

fn step_in_pane(model: &mut Model, step: Step) {
    let height = layout::pane_lines(model);
    let measured = model.focus().and_then(|release| model.measured(&release.uid)).cloned();
    let Some(Layer::Release(view)) = model.layers.last_mut() else { return };
    match view.pane {
        Pane::Versions => {
            let release = view.release.clone();
            let rows = version_rows(&release);
            let mut scroll = Scroll { at: view.version_place(&rows) };
            scroll.step(step, rows.len(), height);
            view.select_version(scroll.at);
        }
        Pane::History => {
            let mut scroll = Scroll { at: view.revision_place() };
            scroll.step(step, view.release.history.len(), height);
            view.revision = view.release.history.get(scroll.at).map(|entry| entry.revision);
        }
        pane => {
            let count = match pane {
                Pane::Events => timeline(view, &model.journal.entries).len(),
                _ => lines_of(&view.release, measured.as_deref(), pane),
            };
            view.scrolls[pane.place()].step(step, count, height);
        }
    }
}

/// About how many lines a pane that only scrolls has.
fn lines_of(release: &Release, measured: Option<&Measured>, pane: Pane) -> usize {
    match pane {
        Pane::Health => release.health.reasons.len() + release.management.len() + release.unreadable.len() + 9 + 7 * 3,
        Pane::Traffic => {
            let of_traffic = release.traffic.as_ref().map_or(0, |traffic| {
                let rules = traffic.rules.iter().map(|rule| 3 + rule.mirrors.len()).sum::<usize>();
                let checks = traffic.checks.len() * 2 + traffic.countdowns.len();
                rules
                    + checks
                    + traffic.groups.len() * (5 + measured.map_or(0, |measured| measured.named.len()))
                    + traffic.notices.len() * 2
                    + 10
            });
            let rungs = release.step.as_ref().map_or(0, |step| step.rungs.len().min(9) + 2);
            release.tracks.len() + release.services.len() + 4 + of_traffic + rungs
        }
        Pane::Errors => measured.map_or(0, |measured| 6 + measured.tracks.len() * 5 + measured.named.len() + 8),
        Pane::Versions | Pane::History | Pane::Events => 0,
    }
}
