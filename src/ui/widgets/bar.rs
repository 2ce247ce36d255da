//! Bars: one share of a whole, and progress.
//!
//! ```text
//! ████████████████████▓███████████░░░░░░░░     a share (80 %), with a mark where it really is
//! ████████████████░░░░░░░░░░░░░░░░ 4/8         progress
//! ```

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::{Look, Slot, put};
use crate::ui::text;

/// One share of a whole.
#[derive(Debug, Clone, Copy)]
pub struct Bar {
    /// The share in percent; more than 100 counts as 100.
    pub percent: f64,
    /// Where it really is, in percent; marked where it falls on another cell.
    pub actual: Option<f64>,
    /// The style of the lit part.
    pub style: Style,
}

impl Bar {
    /// Draws over the whole slot.
    pub fn draw(&self, buffer: &mut Buffer, slot: Slot, look: Look<'_>) {
        let lit = cells(self.percent, slot.cells);
        draw_share(buffer, slot, lit, self.style, look);
        let Some(actual) = self.actual else { return };
        let at = cells(actual, slot.cells);
        if at == lit || slot.cells == 0 {
            return;
        }
        // The mark stands on the last cell that the actual share would light.
        let mark = slot.after(usize::from(at.saturating_sub(1))).first(1);
        put(buffer, mark, look.glyphs.bar_mark, look.theme.style("weight.mark"));
    }
}

fn draw_share(buffer: &mut Buffer, slot: Slot, lit: u16, style: Style, look: Look<'_>) {
    put(buffer, slot.first(usize::from(lit)), &look.glyphs.bar_full.repeat(usize::from(lit)), style);
    let dark = slot.after(usize::from(lit));
    let empty = look.glyphs.bar_empty.repeat(usize::from(dark.cells));
    put(buffer, dark, &empty, look.theme.style("weight.empty"));
}

/// How many of `all` cells a share lights: none only for nothing, all only for everything.
fn cells(percent: f64, all: u16) -> u16 {
    if percent.is_nan() || percent <= 0.0 || all == 0 {
        return 0;
    }
    if percent >= 100.0 {
        return all;
    }
    let exact = (percent / 100.0 * f64::from(all)).round() as u16;
    exact.clamp(1, all.saturating_sub(1).max(1))
}

/// How much of a number is done.
#[derive(Debug, Clone, Copy)]
pub struct ProgressBar {
    /// Done.
    pub done: u32,
    /// In all.
    pub total: u32,
}

impl ProgressBar {
    /// How many cells the bar itself has at least: fewer show nothing that the numbers don't.
    const LEAST: usize = 5;
    /// How many it needs not exceed.
    const USUAL: usize = 12;

    /// How many cells it takes of `room`; `None` where a bar has no room beside its numbers.
    pub fn cells(&self, room: usize) -> Option<usize> {
        let numbers = text::width(&format!("{}/{}", self.done, self.total)) + 1;
        let bar = room.checked_sub(numbers)?.min(Self::USUAL);
        (bar >= Self::LEAST).then_some(bar + numbers)
    }

    /// Draws the bar and, on its right, `done/total`; only the numbers where there is too little room for both.
    pub fn draw(&self, buffer: &mut Buffer, slot: Slot, look: Look<'_>) {
        let numbers = format!("{}/{}", self.done, self.total);
        let wide = text::width(&numbers) + 1;
        let bar = slot.first(usize::from(slot.cells).saturating_sub(wide));
        let after = if bar.cells < 3 {
            slot
        } else {
            let percent = f64::from(self.done) / f64::from(self.total.max(1)) * 100.0;
            let lit = cells(percent, bar.cells);
            put(buffer, bar, &look.glyphs.bar_full.repeat(usize::from(lit)), look.theme.style("progress.bar"));
            let dark = bar.after(usize::from(lit));
            let empty = look.glyphs.bar_empty.repeat(usize::from(dark.cells));
            put(buffer, dark, &empty, look.theme.style("progress.empty"));
            slot.after(usize::from(bar.cells) + 1)
        };
        put(buffer, after, &numbers, look.theme.style("text.number"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::widgets::testing::{at_every_size, drawn, drawn_in_ascii};

    fn bar(percent: f64, actual: Option<f64>) -> String {
        let bar = Bar { percent, actual, style: Style::new() };
        drawn(10, 1, |buffer, area, look| bar.draw(buffer, Slot::row(area, 0), look)).remove(0)
    }

    #[test]
    fn a_share_lights_its_part_and_never_looks_like_nothing_or_all_when_it_is_not() {
        assert_eq!(bar(80.0, None), "████████░░");
        assert_eq!(bar(1.0, None), "█░░░░░░░░░");
        assert_eq!(bar(99.9, None), "█████████░");
        assert_eq!(bar(0.0, None), "░░░░░░░░░░");
        assert_eq!(bar(250.0, None), "██████████");
        assert_eq!(bar(f64::NAN, None), "░░░░░░░░░░");
    }

    #[test]
    fn an_actual_share_is_marked_where_it_differs() {
        assert_eq!(bar(20.0, Some(50.0)), "██░░▓░░░░░");
        assert_eq!(bar(50.0, Some(20.0)), "█▓███░░░░░");
        assert_eq!(bar(20.0, Some(20.0)), "██░░░░░░░░");
    }

    #[test]
    fn progress_says_its_numbers_and_drops_the_bar_first() {
        let at = |width| {
            drawn_in_ascii(width, 1, |buffer, area, look| {
                ProgressBar { done: 4, total: 8 }.draw(buffer, Slot::row(area, 0), look);
            })
            .remove(0)
        };
        assert_eq!(at(12), "####.... 4/8");
        assert_eq!(at(5), "4/8");
    }

    #[test]
    fn every_size_is_survived() {
        at_every_size(|buffer, area, look| {
            for percent in [-1.0, 0.0, 0.1, 50.0, 100.0, f64::INFINITY] {
                Bar { percent, actual: Some(33.0), style: Style::new() }.draw(buffer, Slot::row(area, 0), look);
            }
            ProgressBar { done: u32::MAX, total: 0 }.draw(buffer, Slot::row(area, 0), look);
        });
    }
}
