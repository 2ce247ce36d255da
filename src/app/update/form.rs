//! Keys in a form. Enter makes the plan; the plan's own dialog still asks.

use super::propose;
use crate::app::effect::Effect;
use crate::app::keypress::KeyPress;
use crate::app::keys::{Command, Step};
use crate::app::layers::Layer;
use crate::app::model::Model;

/// A key while a form is on top.
pub fn pressed(model: &mut Model, key: KeyPress, command: Option<Command>) -> Vec<Effect> {
    let Some(Layer::Form(form)) = model.layers.last_mut() else { return Vec::new() };
    let last = form.fields.len().saturating_sub(1);
    match command {
        Some(Command::Back) => return super::close(model),
        Some(Command::Open) => return submit(model),
        Some(Command::NextPane | Command::Move(Step::Down)) => form.at = (form.at + 1).min(last),
        Some(Command::PreviousPane | Command::Move(Step::Up)) => form.at = form.at.saturating_sub(1),
        _ => {
            let at = form.at;
            if let Some(field) = form.fields.get_mut(at)
                && field.input.key(key)
            {
                form.problem = None;
            }
        }
    }
    Vec::new()
}

fn submit(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Form(form)) = model.layers.last_mut() else { return Vec::new() };
    match form.intent() {
        Err(problem) => {
            form.problem = Some(problem.into());
            Vec::new()
        }
        Ok(intent) => {
            let uid = form.release.uid.clone();
            let name = form.release.key.qualified();
            model.layers.pop();
            if let Some(release) = model.release(&uid).cloned() {
                propose::open(model, &release, intent)
            } else {
                model.note(format!("{name} is gone: there is nothing to write to"));
                Vec::new()
            }
        }
    }
}
