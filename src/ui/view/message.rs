//! The lines above the footer: the filter being typed, what the last key was answered, or the gravest message that nobody
//! acknowledged.

use super::said::age;
use crate::app::Model;
use crate::app::messages::Level;
use crate::ui::text::{Elide, width};
use crate::ui::widgets::input::Input;
use crate::ui::widgets::{Look, Slot, fill, put};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Draws `lines` of the message into `area`; gives where the cursor stands, while the filter is typed.
pub fn draw(buffer: &mut Buffer, area: Rect, model: &Model, lines: &[String], look: Look<'_>) -> Option<Position> {
    if model.layers.is_empty() && model.board.typing {
        let input = Input {
            prompt: " /",
            field: &model.board.filter,
            placeholder: "name, ns:shop, state:waiting, how:rolling",
            accepted: false,
        };
        return input.draw(buffer, Slot::row(area, 0), look);
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
        fill(buffer, area, look.theme.style("screen").patch(look.theme.style(surface)));
        style = if message.level == Level::Alarm { look.theme.style(surface) } else { style };
    }
    let more = model.messages.behind();
    let mut tail = String::new();
    if message.level > Level::Note {
        tail = format!("  {}", age(Some(message.at), model.now));
    }
    if more > 0 {
        tail = format!("{tail}  +{more} :messages");
    }
    put(buffer, Slot::row(area, 0).after(1), sign, style);
    for (row, line) in (0u16..).zip(lines) {
        let last = usize::from(row) + 1 == lines.len();
        let slot = Slot::row(area, row).after(2 + width(sign));
        let aside = if last { width(&tail) } else { 0 };
        let room = usize::from(slot.cells).saturating_sub(aside + 1);
        let rest = put(buffer, slot, &look.elide(line, room, Elide::End), style);
        if last {
            put(buffer, rest, &tail, look.theme.style("text.muted"));
        }
    }
    None
}
