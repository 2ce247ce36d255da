//! Rows of things that were looked at, each with how it came out.
//!
//! ```text
//! dry run  ✔ accepted
//! needs    ✔ config map search-config   ✖ secret search-tls is gone
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{Look, Slot, put, put_wrapped};
use crate::ui::text;

/// How a thing came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    /// Well.
    Ok,
    /// It deserves a look.
    Warn,
    /// Bad.
    Bad,
    /// It is under way.
    Pending,
    /// It could not be found out.
    Unknown,
    /// It is only said: no sign.
    Plain,
}

impl Tick {
    /// Its sign and its style.
    pub fn sign(self, look: Look<'_>) -> (&str, Style) {
        let (glyphs, theme) = (look.glyphs, look.theme);
        match self {
            Self::Ok => (glyphs.healthy, theme.style("verdict.ok")),
            Self::Warn => (glyphs.failed, theme.style("verdict.warn")),
            Self::Bad => (glyphs.down, theme.style("verdict.bad")),
            Self::Pending => (glyphs.progressing, theme.style("state.progressing")),
            Self::Unknown => (glyphs.unknown, theme.style("verdict.unknown")),
            Self::Plain => ("", Style::new()),
        }
    }
}

/// A label and what was looked at.
#[derive(Debug, Clone, Copy)]
pub struct TickRow<'a> {
    /// What the row is about.
    pub label: &'a str,
    /// How many cells the label has, the same in all rows that stand below each other.
    pub label_cells: u16,
    /// The things: how each came out, and its words.
    pub items: &'a [(Tick, &'a str)],
}

impl TickRow<'_> {
    /// Draws into the upper part of `area`; gives how many lines it took. Items stand beside each other as long as they
    /// fit; one that is longer than a line is wrapped.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect, look: Look<'_>) -> u16 {
        const GAP: usize = 3;
        let label = Slot::row(area, 0).first(usize::from(self.label_cells));
        put(buffer, label, self.label, look.theme.style("text.muted"));
        let indent = (self.label_cells + 1).min(area.width);
        let area = Rect { x: area.x + indent, width: area.width - indent, ..area };
        let (mut row, mut used) = (0u16, 0usize);
        for (tick, words) in self.items {
            let (sign, style) = tick.sign(look);
            let sign_cells = if sign.is_empty() { 0 } else { text::width(sign) + 1 };
            let needed = sign_cells + text::width(words);
            let gap = if used > 0 { GAP } else { 0 };
            if used > 0 && used + gap + needed > usize::from(area.width) {
                (row, used) = (row + 1, 0);
            } else {
                used += gap;
            }
            if row >= area.height {
                break;
            }
            let slot = Slot::row(area, row).after(used);
            put(buffer, slot, sign, style);
            let rest = slot.after(sign_cells);
            let below = Rect { x: rest.x, y: rest.y, width: rest.cells, height: area.height - row };
            let lines = put_wrapped(buffer, below, words, Style::new(), look);
            used += needed;
            if lines > 1 {
                // A wrapped item stands alone: the next one begins below it.
                (row, used) = (row + lines - 1, usize::from(area.width));
            }
        }
        (row + 1).min(area.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::widgets::testing::{at_every_size, drawn};

    #[test]
    fn items_stand_beside_each_other_as_long_as_they_fit() {
        let items = [(Tick::Ok, "config map search-config"), (Tick::Bad, "secret search-tls is gone")];
        let row = TickRow { label: "needs", label_cells: 8, items: &items };
        let mut taken = 0;
        let lines = drawn(80, 3, |buffer, area, look| taken = row.draw(buffer, area, look));
        assert_eq!(lines[0], "needs    ✔ config map search-config   ✖ secret search-tls is gone");
        assert_eq!(taken, 1);
        let lines = drawn(42, 3, |buffer, area, look| taken = row.draw(buffer, area, look));
        assert_eq!(lines[..2], ["needs    ✔ config map search-config", "         ✖ secret search-tls is gone"]);
        assert_eq!(taken, 2);
    }

    #[test]
    fn a_long_item_is_wrapped_beneath_itself() {
        let items = [(Tick::Warn, "Argo CD will put v42 back, within 5 s to 5 min"), (Tick::Plain, "then")];
        let row = TickRow { label: "reverts", label_cells: 8, items: &items };
        let lines = drawn(40, 4, |buffer, area, look| row.draw(buffer, area, look));
        assert_eq!(
            lines[..3],
            ["reverts  ▲ Argo CD will put v42 back,", "           within 5 s to 5 min", "         then"]
        );
    }

    #[test]
    fn every_size_is_survived() {
        at_every_size(|buffer, area, look| {
            let ticks = [Tick::Ok, Tick::Warn, Tick::Bad, Tick::Pending, Tick::Unknown, Tick::Plain];
            let items = ticks.map(|tick| (tick, "some words that wrap in a narrow place"));
            let taken = TickRow { label: "a label", label_cells: 8, items: &items }.draw(buffer, area, look);
            assert!(taken <= area.height);
        });
    }
}
