//! The chart of one measurement.

use super::console;
use crate::app::effect::Effect;
use crate::app::keys::Command;
use crate::app::layers::Layer;
use crate::app::layers::chart::{ChartView, Shows};
use crate::app::model::Model;

/// Opens the chart of the release in focus.
pub fn open(model: &mut Model) -> Vec<Effect> {
    match model.focus().cloned() {
        Some(release) => {
            model.layers.push(Layer::Chart(ChartView { release, shows: Shows::Errors }));
        }
        None => model.note("no release is selected"),
    }
    Vec::new()
}

/// A command while a chart is open.
pub fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    let named = match model.top() {
        Some(Layer::Chart(chart)) => model.measured(&chart.release.uid).map_or(0, |measured| measured.named.len()),
        _ => 0,
    };
    match command {
        Command::NextPane | Command::PreviousPane => {
            if let Some(Layer::Chart(chart)) = model.layers.last_mut() {
                chart.turn(named, command == Command::NextPane);
            }
        }
        Command::Shorter | Command::Longer => console::span(model, command == Command::Longer),
        Command::Chart | Command::Back => return super::close(model),
        _ => {}
    }
    Vec::new()
}
