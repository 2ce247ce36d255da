//! Stable against candidate: errors, latency, requests. Without a source that is said, and never 0 %.

use super::{Content, Drawn};
use crate::ui::widgets::put_wrapped;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn title(_: Drawn<'_>) -> Content {
    Content { title: "no source configured".to_owned(), detail: String::new() }
}

pub(super) fn draw(buffer: &mut Buffer, area: Rect, drawn: Drawn<'_>) {
    let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let muted = drawn.look.theme.style("text.muted");
    let text = "No source of measurements is configured, so errors, latency and requests of the versions are not known. \
                Not known is not 0 %: look at Health, Events and the logs (l).";
    put_wrapped(buffer, inside, text, muted, drawn.look);
}
