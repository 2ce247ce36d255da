//! Whether to leave although something is under way.

use crate::domain::text::sanitize_lines;
use crate::ui::widgets::pane::{Frame, Pane};
use crate::ui::widgets::{Look, put_wrapped};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, because: &str, look: Look<'_>) {
    let (whole, area) = (area, super::top(area, 64, 8));
    super::part(buffer, whole, area, look);
    let inside = Pane { title: "LEAVE?", detail: "", frame: Frame::Dialog }.draw(buffer, area, look);
    let inside = Rect { x: inside.x + 1.min(inside.width), width: inside.width.saturating_sub(2), ..inside };
    put_wrapped(buffer, inside, &sanitize_lines(because), Style::new(), look);
}
