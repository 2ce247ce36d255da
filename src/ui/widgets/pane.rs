//! A frame with a title on its left and a detail on its right.
//!
//! ```text
//! ┌ VirtualService checkout ────────── moved by ana 12 min ago ┐
//! │                                                            │
//! └────────────────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::bar::ProgressBar;
use super::{Look, Slot, fill, put};
use crate::domain::Direction;
use crate::ui::text::{self, Elide};

/// What a frame is around.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Frame {
    /// A pane.
    #[default]
    Pane,
    /// The pane that has the keys.
    Focused,
    /// A dialog over the screen: its area is cleared.
    Dialog,
    /// The dialog of a plan, in the colour of its direction.
    Plan(Direction),
}

/// A framed area.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pane<'a> {
    /// On the left of the upper line.
    pub title: &'a str,
    /// On the right of the upper line; gives way to the title.
    pub detail: &'a str,
    /// What it is around.
    pub frame: Frame,
}

impl Pane<'_> {
    /// Draws the frame and gives the area within.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect, look: Look<'_>) -> Rect {
        self.draw_moving(buffer, area, None, look)
    }

    /// The same with how far something is, at the right end of the upper line. The detail gives way to it, and both to the
    /// title.
    pub fn draw_moving(&self, buffer: &mut Buffer, area: Rect, progress: Option<ProgressBar>, look: Look<'_>) -> Rect {
        let area = area.intersection(buffer.area);
        let theme = look.theme;
        let (border, title) = match self.frame {
            Frame::Pane => (theme.style("border"), theme.style("title")),
            Frame::Focused => (theme.style("border.focused"), theme.style("title")),
            Frame::Dialog | Frame::Plan(Direction::Back) => (theme.style("dialog.border"), theme.style("dialog.title")),
            Frame::Plan(Direction::Forward) => (theme.style("dialog.border.forward"), theme.style("dialog.title")),
        };
        if matches!(self.frame, Frame::Dialog | Frame::Plan(_)) {
            fill(buffer, area, theme.style("screen").patch(theme.style("dialog")));
        }
        if area.width < 2 || area.height < 2 {
            return Rect { width: 0, height: 0, ..area };
        }
        let lines = look.glyphs.border;
        let inner = area.width - 2;
        let across = lines.horizontal.repeat(usize::from(inner));
        for (row, left, right) in
            [(0, lines.top_left, lines.top_right), (area.height - 1, lines.bottom_left, lines.bottom_right)]
        {
            let slot = put(buffer, Slot::row(area, row), left, border);
            let slot = put(buffer, slot, &across, border);
            put(buffer, slot, right, border);
        }
        for row in 1..area.height - 1 {
            put(buffer, Slot::row(area, row), lines.vertical, border);
            put(buffer, Slot::row(area, row).last(1), lines.vertical, border);
        }
        let top = Slot::row(area, 0).after(1).first(usize::from(inner));
        let left = label(buffer, top, self.title, title, look);
        let left = progress.map_or(left, |progress| moving(buffer, left, progress, look));
        let detail = text::width(self.detail);
        // The detail keeps a bit of line between itself and the title, or it is not shown.
        if detail > 0 && detail + 3 <= usize::from(left.cells) {
            label(buffer, left.last(detail + 2), self.detail, theme.style("title.detail"), look);
        }
        Rect { x: area.x + 1, y: area.y + 1, width: inner, height: area.height - 2 }
    }
}

/// Draws the bar with a space on either side at the end of `slot`, where it has room; gives what is left before it.
fn moving(buffer: &mut Buffer, slot: Slot, progress: ProgressBar, look: Look<'_>) -> Slot {
    let all = usize::from(slot.cells);
    // As the detail, it keeps a bit of line between itself and the title.
    let Some(cells) = progress.cells(all.saturating_sub(3)) else { return slot };
    put(buffer, slot.last(cells + 2), &" ".repeat(cells + 2), Style::new());
    progress.draw(buffer, slot.last(cells + 1).first(cells), look);
    slot.first(all - cells - 2)
}

/// Writes ` text ` into `slot`, elided in its middle where it must be; gives what is left.
fn label(buffer: &mut Buffer, slot: Slot, text: &str, style: Style, look: Look<'_>) -> Slot {
    if text.is_empty() || slot.cells < 3 {
        return slot;
    }
    let text = look.elide(text, usize::from(slot.cells) - 2, Elide::Middle);
    let slot = put(buffer, slot, " ", style);
    let slot = put(buffer, slot, &text, style);
    put(buffer, slot, " ", style)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::widgets::testing::{at_every_size, buffer, drawn, drawn_in_ascii};

    const PANE: Pane<'static> = Pane { title: "VirtualService checkout", detail: "moved by ana", frame: Frame::Pane };

    #[test]
    fn the_title_is_left_the_detail_right_and_the_inside_is_given_back() {
        let mut inside = Rect::default();
        let lines = drawn(44, 3, |buffer, area, look| inside = PANE.draw(buffer, area, look));
        assert_eq!(
            lines,
            [
                "┌ VirtualService checkout ─── moved by ana ┐".to_owned(),
                format!("│{}│", " ".repeat(42)),
                format!("└{}┘", "─".repeat(42)),
            ]
        );
        assert_eq!(inside, Rect::new(1, 1, 42, 1));
    }

    #[test]
    fn a_narrow_frame_keeps_the_title_before_the_detail() {
        assert_eq!(
            drawn(30, 2, |buffer, area, look| PANE.draw(buffer, area, look))[0],
            "┌ VirtualService checkout ───┐"
        );
        assert_eq!(drawn(16, 2, |buffer, area, look| PANE.draw(buffer, area, look))[0], "┌ Virtua…ckout ┐");
        assert_eq!(
            drawn_in_ascii(30, 2, |buffer, area, look| PANE.draw(buffer, area, look))[1],
            format!("+{}+", "-".repeat(28))
        );
    }

    #[test]
    fn how_far_something_is_stands_right_of_the_detail_and_gives_way_to_the_title() {
        let at = |width: u16| {
            let progress = Some(ProgressBar { done: 2, total: 8 });
            let lines = drawn(width, 2, |buffer, area, look| {
                PANE.draw_moving(buffer, area, progress, look);
            });
            lines[0].clone()
        };
        assert_eq!(at(62), "┌ VirtualService checkout ─── moved by ana  ███░░░░░░░░░ 2/8 ┐");
        assert_eq!(at(50), "┌ VirtualService checkout ───── ███░░░░░░░░░ 2/8 ┐");
        assert_eq!(at(39), "┌ VirtualService checkout ─ █░░░░ 2/8 ┐");
        assert_eq!(at(38), "┌ VirtualService checkout ───────────┐");
    }

    #[test]
    fn a_dialog_covers_what_is_beneath() {
        let drawn = buffer(10, 4, &crate::ui::glyphs::UNICODE, |buffer, area, look| {
            put(buffer, Slot::row(area, 1), "beneath...", Style::new());
            Pane { title: "T", detail: "", frame: Frame::Dialog }.draw(buffer, area, look);
            assert_eq!(buffer[(3, 1)].bg, look.theme.style("dialog").bg.unwrap());
        });
        assert_eq!(drawn[(3, 1)].symbol(), " ");
    }

    #[test]
    fn every_size_is_survived() {
        at_every_size(|buffer, area, look| {
            for frame in [Frame::Pane, Frame::Focused, Frame::Dialog, Frame::Plan(Direction::Forward)] {
                let inside = Pane { frame, ..PANE }.draw(buffer, area, look);
                assert!(inside.right() <= area.right() && inside.bottom() <= area.bottom());
            }
        });
    }
}
