//! Bars: one share of a whole, several shares beside each other, and progress.
//!
//! ```text
//! ████████████████████▓███████████░░░░░░░░     a share (80 %), with a mark where it really is
//! ████████████████████████████████▒▒▒▒▒▒▒▒     shares of several tracks
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

/// A part of a split bar.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Its weight, set against the others'.
    pub weight: u32,
    /// Its style.
    pub style: Style,
}

/// The shares of several tracks beside each other. They differ by sign, not by colour alone: full, light, half.
#[derive(Debug, Clone, Copy)]
pub struct SplitBar<'a> {
    /// The parts, from the left.
    pub parts: &'a [Part],
}

impl SplitBar<'_> {
    /// Draws over the whole slot; without any weight it is the unlit bar.
    pub fn draw(&self, buffer: &mut Buffer, slot: Slot, look: Look<'_>) {
        let signs = [look.glyphs.bar_full, look.glyphs.bar_part, look.glyphs.bar_mark];
        let weights: Vec<u32> = self.parts.iter().map(|part| part.weight).collect();
        let mut left = slot;
        for (index, (part, cells)) in self.parts.iter().zip(apportion(&weights, slot.cells)).enumerate() {
            let cells = usize::from(cells);
            put(buffer, left.first(cells), &signs[index % signs.len()].repeat(cells), part.style);
            left = left.after(cells);
        }
        let empty = look.glyphs.bar_empty.repeat(usize::from(left.cells));
        put(buffer, left, &empty, look.theme.style("weight.empty"));
    }
}

/// Shares `cells` among `weights` by largest remainder; whoever has a weight gets a cell as long as there are enough.
fn apportion(weights: &[u32], cells: u16) -> Vec<u16> {
    let sum: u64 = weights.iter().copied().map(u64::from).sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let exact = |weight: u32| u64::from(weight) * u64::from(cells);
    let mut shares: Vec<u16> = weights.iter().map(|weight| (exact(*weight) / sum) as u16).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(exact(weights[*index]) % sum));
    let given: u16 = shares.iter().sum();
    for index in order.into_iter().take(usize::from(cells - given)) {
        shares[index] += 1;
    }
    for index in 0..shares.len() {
        if weights[index] > 0
            && shares[index] == 0
            && let Some(most) = (0..shares.len()).max_by_key(|other| shares[*other])
            && shares[most] > 1
        {
            shares[most] -= 1;
            shares[index] += 1;
        }
    }
    shares
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
    use proptest::prelude::*;

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

    fn split(weights: &[u32]) -> String {
        let parts: Vec<_> = weights.iter().map(|weight| Part { weight: *weight, style: Style::new() }).collect();
        drawn(10, 1, |buffer, area, look| SplitBar { parts: &parts }.draw(buffer, Slot::row(area, 0), look)).remove(0)
    }

    #[test]
    fn tracks_share_a_bar_and_the_smallest_is_still_seen() {
        assert_eq!(split(&[80, 20]), "████████▒▒");
        assert_eq!(split(&[99, 1]), "█████████▒");
        assert_eq!(split(&[100, 0]), "██████████");
        assert_eq!(split(&[1, 1, 1]), "████▒▒▒▓▓▓");
        assert_eq!(split(&[0, 0]), "░░░░░░░░░░");
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
            let parts = [1, 0, u32::MAX, u32::MAX].map(|weight| Part { weight, style: Style::new() });
            SplitBar { parts: &parts }.draw(buffer, Slot::row(area, 0), look);
            ProgressBar { done: u32::MAX, total: 0 }.draw(buffer, Slot::row(area, 0), look);
        });
    }

    proptest! {
        #[test]
        fn the_parts_of_a_bar_fill_it_exactly(weights in proptest::collection::vec(any::<u32>(), 1..6), cells in 0..300u16) {
            let shares = apportion(&weights, cells);
            let sum: u32 = shares.iter().copied().map(u32::from).sum();
            let all_zero = weights.iter().all(|weight| *weight == 0);
            prop_assert_eq!(sum, if all_zero { 0 } else { u32::from(cells) });
        }
    }
}
