//! The line above the footer: the filter being typed, or the gravest message that nobody acknowledged.

use super::said::{age, shown};
use crate::app::Model;
use crate::app::messages::Level;
use crate::ui::text::Elide;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::{Look, Slot, fill, put};
use ratatui::buffer::Buffer;
use ratatui::layout::Position;

/// Draws the line; gives where the cursor stands, while the filter is typed.
pub fn draw(buffer: &mut Buffer, slot: Slot, model: &Model, look: Look<'_>) -> Option<Position> {
    if model.layers.is_empty() && model.board.typing {
        let input = Input {
            prompt: " /",
            field: &model.board.filter,
            placeholder: "name, ns:shop, state:waiting, how:rolling",
            accepted: false,
        };
        return input.draw(buffer, slot, look);
    }
    let message = model.messages.shown()?;
    let (sign, scope, surface) = match message.level {
        Level::Note => (look.glyphs.dot, "message.info", None),
        Level::Warning => (look.glyphs.failed, "message.warning", Some("banner")),
        Level::Error => (look.glyphs.down, "message.error", Some("banner")),
        Level::Alarm => (look.glyphs.down, "message.error", Some("banner.alarm")),
    };
    let mut style = look.theme.style(scope);
    if let Some(surface) = surface {
        fill(buffer, slot.area(), look.theme.style("screen").patch(look.theme.style(surface)));
        style = if message.level == Level::Alarm { look.theme.style(surface) } else { style };
    }
    let more = model.messages.open().saturating_sub(1);
    let mut tail = String::new();
    if message.level > Level::Note {
        tail = format!("  {}", age(Some(message.at), model.now));
        if more > 0 {
            tail = format!("{tail}  +{more} :messages");
        }
    }
    let times = if message.times > 1 { format!(" ({}x)", message.times) } else { String::new() };
    let text = format!("{}{times}", shown(&message.text));
    let rest = put(buffer, slot.after(1), sign, style).after(1);
    let room = usize::from(rest.cells).saturating_sub(crate::ui::text::width(&tail) + 1);
    let rest = put(buffer, rest, &look.elide(&text, room, Elide::End), style);
    put(buffer, rest, &tail, look.theme.style("text.muted"));
    None
}
