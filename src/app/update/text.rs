//! Keys in a text: YAML, or a diff.

use crate::app::effect::Effect;
use crate::app::field::TextField;
use crate::app::keypress::KeyPress;
use crate::app::keys::Command;
use crate::app::layers::Layer;
use crate::app::layers::text::Body;
use crate::app::layout;
use crate::app::model::Model;

/// A key while a text is on top.
pub fn pressed(model: &mut Model, key: KeyPress, command: Option<Command>) -> Vec<Effect> {
    let page = layout::overlay_lines(model.size);
    let Some(Layer::Text(view)) = model.layers.last_mut() else { return Vec::new() };
    if let Some(find) = &mut view.find {
        match command {
            Some(Command::Open) => view.find = None,
            Some(Command::Back) => {
                view.find = None;
                view.word.clear();
            }
            _ => {
                if find.key(key) {
                    find.text().clone_into(&mut view.word);
                    view.scroll.at = 0;
                }
            }
        }
        return Vec::new();
    }
    match command {
        Some(Command::Back) => {
            // A word looked for is left first.
            if view.word.is_empty() {
                return super::close(model);
            }
            view.word.clear();
        }
        Some(Command::Move(step)) => {
            // The text scrolls as a whole, so its last place is the one that shows its end.
            let places = view.lines().saturating_sub(page) + 1;
            view.scroll.step(step, places, page);
        }
        Some(Command::Filter) if matches!(view.body, Body::Yaml(_)) => {
            view.find = Some(TextField::new(view.word.clone()));
        }
        Some(Command::Wrap) => view.wrap = !view.wrap,
        Some(Command::Copy) => {
            let text = view.plain();
            model.note("copied");
            return vec![Effect::Copy(text)];
        }
        _ => {}
    }
    Vec::new()
}
