//! Keys in the help, the journal and the messages: lists that are read.

use crate::app::effect::Effect;
use crate::app::journal::chapters;
use crate::app::keys::{Command, Step, help};
use crate::app::layers::Layer;
use crate::app::layout;
use crate::app::model::Model;

/// A command while such a list is on top.
pub fn command(model: &mut Model, command: Option<Command>) -> Vec<Effect> {
    match command {
        Some(Command::Back | Command::Open)
            if !matches!((command, model.top()), (Some(Command::Open), Some(Layer::Messages(_)))) =>
        {
            return super::close(model);
        }
        Some(Command::Move(step)) => scroll(model, step),
        Some(Command::Open) => {
            if let Some(Layer::Messages(scroll)) = model.layers.last() {
                let at = scroll.at;
                model.messages.acknowledge(at);
            }
        }
        Some(Command::Acknowledge) => model.messages.acknowledge_all(),
        Some(Command::Copy) => return copy(model),
        _ => {}
    }
    Vec::new()
}

fn scroll(model: &mut Model, step: Step) {
    let page = layout::overlay_lines(model.size);
    let messages = model.messages.iter().len();
    let plans = chapters(&model.journal.entries).len();
    match model.layers.last_mut() {
        Some(Layer::Help(scroll)) => {
            // A frame at both sides.
            let lines = help(&model.keys, usize::from(model.size.width).saturating_sub(2)).len();
            scroll.step(step, lines.saturating_sub(page) + 1, page);
        }
        Some(Layer::Journal(scroll)) => scroll.step(step, plans, page),
        Some(Layer::Messages(scroll)) => scroll.step(step, messages, page),
        _ => {}
    }
}

fn copy(model: &mut Model) -> Vec<Effect> {
    let text = match model.layers.last() {
        Some(Layer::Messages(scroll)) => model.messages.iter().nth(scroll.at).map(|message| message.text.to_string()),
        Some(Layer::Journal(scroll)) => chapters(&model.journal.entries)
            .get(scroll.at)
            .and_then(|chapter| chapter.record)
            .map(|record| record.title.to_string()),
        _ => None,
    };
    match text {
        Some(text) => {
            model.note("copied");
            vec![Effect::Copy(text)]
        }
        None => Vec::new(),
    }
}
