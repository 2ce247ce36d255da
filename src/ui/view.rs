//! The whole screen, drawn from the Model and nothing else.
//!
//! ```text
//! header
//! board, or an open release, or a list or text that fills the screen; a dialog over it
//! message, in as many lines as it needs, while there is one
//! footer: the keys that are possible now
//! ```

mod board;
mod footer;
mod gone;
mod header;
mod message;
pub(super) mod numbers;
pub(super) mod presence;
mod release;
pub(super) mod said;
pub(super) mod unread;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

use crate::app::layers::Layer;
use crate::app::sight::InSight;
use crate::app::{Model, layout};
use crate::ui::overlays;
use crate::ui::widgets::{Look, Slot, fill};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// What of the topmost dialog the screen shows, when it is one that takes `y`.
pub fn in_sight(model: &Model, look: Look<'_>) -> Option<InSight> {
    let look = Look { keys: Some(model.keys.as_ref()), ..look };
    let area = Rect::new(0, 0, model.size.width, model.size.height);
    overlays::in_sight(body(area, model).0, model, look)
}

/// The room between header and footer, and the message below it.
fn body(area: Rect, model: &Model) -> (Rect, Vec<String>) {
    let said = if area.height > 3 { layout::message_lines(model) } else { Vec::new() };
    let around = 2 + said.len() as u16;
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(around), ..area };
    (if area.height == 0 { area } else { body }, said)
}

/// Draws the screen; gives where the cursor stands, while something is typed.
pub fn draw(buffer: &mut Buffer, area: Rect, model: &Model, look: Look<'_>) -> Option<Position> {
    let area = area.intersection(buffer.area);
    let look = Look { keys: Some(model.keys.as_ref()), ..look };
    fill(buffer, area, look.theme.style("screen"));
    header::draw(buffer, Slot::row(area, 0), model, look);
    let (body, said) = body(area, model);
    let below = 1 + said.len() as u16;
    let mut cursor = None;
    let filling = model.layers.iter().rposition(|layer| !layer.is_dialog());
    match filling.map(|place| &model.layers[place]) {
        None => board::draw(buffer, body, model, look),
        Some(Layer::Release(view)) => release::draw(buffer, body, model, view, look),
        Some(layer) => cursor = overlays::draw(buffer, body, model, layer, look),
    }
    let dialogs = filling.map_or(0, |place| place + 1);
    for layer in &model.layers[dialogs..] {
        cursor = overlays::draw(buffer, body, model, layer, look);
    }
    if !said.is_empty() {
        let place = Rect { y: area.y + area.height.saturating_sub(below), height: said.len() as u16, ..area };
        cursor = message::draw(buffer, place, model, &said, look).or(cursor);
    }
    if area.height > 1 {
        footer::draw(buffer, Slot::row(area, area.height - 1), model, look);
    }
    cursor
}
