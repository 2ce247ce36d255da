//! A ladder of weights and the rung one stands on.
//!
//! ```text
//! 5 ── [20] ── 50 ── 100
//! ```
//! The brackets say where one stands, so that no colour is needed for it.

use ratatui::buffer::Buffer;
use ratatui::text::{Line, Span};

use super::{Look, Slot, put_line};
use crate::ui::text;

/// A ladder.
#[derive(Debug, Clone, Copy)]
pub struct Ladder<'a> {
    /// The rungs, in percent.
    pub rungs: &'a [u8],
    /// The index of the rung one stands on; `None` before the first.
    pub at: Option<usize>,
}

impl Ladder<'_> {
    /// Draws as many rungs as fit, always the one stood on; gives what is left of the slot.
    pub fn draw(&self, buffer: &mut Buffer, slot: Slot, look: Look<'_>) -> Slot {
        let names: Vec<String> = self.rungs.iter().enumerate().map(|(index, rung)| self.name(index, *rung)).collect();
        let widths: Vec<usize> = names.iter().map(|name| text::width(name)).collect();
        let joint = text::width(look.glyphs.rung) + 2;
        let (from, to) = window(&widths, joint, self.at.unwrap_or(0), usize::from(slot.cells));
        let theme = look.theme;
        let mut spans = Vec::new();
        if from > 0 {
            spans.push(Span::styled(format!("{} ", look.glyphs.ellipsis), theme.style("ladder.line")));
        }
        for (index, name) in names.iter().enumerate().take(to).skip(from) {
            if index > from {
                spans.push(Span::styled(format!(" {} ", look.glyphs.rung), theme.style("ladder.line")));
            }
            let style = match self.at {
                Some(at) if index < at => theme.style("ladder.done"),
                Some(at) if index == at => theme.style("ladder.current"),
                _ => theme.style("ladder.ahead"),
            };
            spans.push(Span::styled(name.as_str(), style));
        }
        if to < names.len() {
            spans.push(Span::styled(format!(" {}", look.glyphs.ellipsis), theme.style("ladder.line")));
        }
        put_line(buffer, slot, &Line::from(spans), look)
    }

    fn name(&self, index: usize, rung: u8) -> String {
        if self.at == Some(index) { format!("[{rung}]") } else { rung.to_string() }
    }
}

/// The rungs around `at` that fit into `cells`: what is ahead matters more than what is behind.
fn window(widths: &[usize], joint: usize, at: usize, cells: usize) -> (usize, usize) {
    let needed = |from: usize, to: usize| {
        let own: usize = widths[from..to].iter().sum();
        let signs = 2 * (usize::from(from > 0) + usize::from(to < widths.len()));
        own + joint * (to - from).saturating_sub(1) + signs
    };
    let at = at.min(widths.len().saturating_sub(1));
    let (mut from, mut to) = (at, (at + 1).min(widths.len()));
    loop {
        if to < widths.len() && needed(from, to + 1) <= cells {
            to += 1;
        } else if from > 0 && needed(from - 1, to) <= cells {
            from -= 1;
        } else if from > 0 && to < widths.len() && needed(0, widths.len()) <= cells {
            // Without signs of elision at either end all of it may fit where one rung more does not.
            return (0, widths.len());
        } else {
            return (from, to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::widgets::testing::{at_every_size, drawn, drawn_in_ascii};

    fn ladder(width: u16, at: Option<usize>) -> String {
        let ladder = Ladder { rungs: &[5, 20, 50, 100], at };
        drawn(width, 1, |buffer, area, look| ladder.draw(buffer, Slot::row(area, 0), look)).remove(0)
    }

    #[test]
    fn the_rung_one_stands_on_is_in_brackets() {
        assert_eq!(ladder(40, Some(1)), "5 ── [20] ── 50 ── 100");
        assert_eq!(ladder(40, None), "5 ── 20 ── 50 ── 100");
        let ladder = Ladder { rungs: &[5, 100], at: Some(9) };
        let lines = drawn_in_ascii(40, 1, |buffer, area, look| ladder.draw(buffer, Slot::row(area, 0), look));
        assert_eq!(lines, ["5 -- 100"]);
    }

    #[test]
    fn a_narrow_ladder_shows_the_rungs_around_one_s_own() {
        assert_eq!(ladder(22, Some(1)), "5 ── [20] ── 50 ── 100");
        assert_eq!(ladder(18, Some(1)), "5 ── [20] ── 50 …");
        assert_eq!(ladder(14, Some(1)), "… [20] ── 50 …");
        assert_eq!(ladder(9, Some(3)), "… [100]");
        assert_eq!(ladder(3, Some(3)), "… …");
    }

    #[test]
    fn every_size_is_survived() {
        at_every_size(|buffer, area, look| {
            for rungs in [&[][..], &[100], &[5, 20, 50, 100]] {
                for at in [None, Some(0), Some(2), Some(99)] {
                    Ladder { rungs, at }.draw(buffer, Slot::row(area, 0), look);
                }
            }
        });
    }
}
