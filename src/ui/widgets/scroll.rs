//! A long text of which only the visible lines are asked for: logs, YAML, diffs, help.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Look, Slot, put_line};
use crate::ui::text;

/// A text of `len` lines, seen from line `top` and column `left` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScrollText {
    /// How many lines there are.
    pub len: usize,
    /// The first visible line.
    pub top: usize,
    /// How many cells are hidden on the left.
    pub left: usize,
}

impl ScrollText {
    /// Draws; `line` is asked for the visible lines only.
    pub fn draw<'l>(&self, buffer: &mut Buffer, area: Rect, look: Look<'_>, mut line: impl FnMut(usize) -> Line<'l>) {
        let area = area.intersection(buffer.area);
        for (row, index) in (0..area.height).zip(self.top..self.len) {
            let whole = line(index);
            let shown = if self.left == 0 { whole } else { skipped(&whole, self.left) };
            put_line(buffer, Slot::row(area, row), &shown, look);
        }
    }

    /// Where one is, for the title: `12–34 of 400`, `all 7 lines` or `empty`.
    pub fn position(&self, height: u16, look: Look<'_>) -> String {
        let last = self.top.saturating_add(usize::from(height)).min(self.len);
        match self.len {
            0 => "empty".to_owned(),
            1 => "1 line".to_owned(),
            len if self.top == 0 && last == len => format!("all {len} lines"),
            len => format!("{}{}{last} of {len}", (self.top + 1).min(last), look.glyphs.range),
        }
    }

    /// The same text with `top` where it can be: no empty lines below while there are lines above.
    #[must_use]
    pub fn clamped(self, height: u16) -> Self {
        Self { top: self.top.min(self.len.saturating_sub(usize::from(height))), ..self }
    }
}

/// `line` without its first `cells` cells.
fn skipped<'l>(line: &Line<'l>, cells: usize) -> Line<'l> {
    let mut hidden = cells;
    let mut spans = Vec::with_capacity(line.spans.len());
    for span in &line.spans {
        let wide = text::width(&span.content);
        if wide <= hidden {
            hidden -= wide;
            continue;
        }
        let content: Cow<'l, str> =
            if hidden == 0 { span.content.clone() } else { text::skip(&span.content, hidden).into_owned().into() };
        hidden = 0;
        spans.push(Span::styled(content, span.style));
    }
    Line { spans, ..line.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::widgets::testing::{at_every_size, drawn};

    fn line(index: usize) -> Line<'static> {
        Line::from(vec![Span::raw(format!("{index}: ")), Span::raw("漢字 and more")])
    }

    #[test]
    fn only_the_visible_lines_are_asked_for() {
        let mut asked = Vec::new();
        let text = ScrollText { len: 1_000_000, top: 998, left: 0 };
        let lines = drawn(10, 3, |buffer, area, look| {
            text.draw(buffer, area, look, |index| {
                asked.push(index);
                line(index)
            });
        });
        assert_eq!(asked, [998, 999, 1000]);
        assert_eq!(lines, ["998: 漢字…", "999: 漢字…", "1000: 漢…"]);
    }

    #[test]
    fn hidden_cells_on_the_left_go_over_spans_and_through_wide_characters() {
        let text = ScrollText { len: 8, top: 7, left: 4 };
        assert_eq!(drawn(12, 1, |buffer, area, look| text.draw(buffer, area, look, line)), [" 字 and more"]);
    }

    #[test]
    fn the_position_is_told_in_words() {
        let told = |len, top| {
            let mut told = String::new();
            drawn(1, 1, |_, _, look| told = ScrollText { len, top, left: 0 }.position(10, look));
            told
        };
        assert_eq!(told(400, 11), "12–21 of 400");
        assert_eq!(told(7, 0), "all 7 lines");
        assert_eq!(told(0, 5), "empty");
        assert_eq!(ScrollText { len: 20, top: 99, left: 0 }.clamped(10).top, 10);
    }

    #[test]
    fn every_size_is_survived() {
        at_every_size(|buffer, area, look| {
            for (len, top, left) in [(0, 0, 0), (5, 9, 9), (usize::MAX, usize::MAX - 1, usize::MAX)] {
                let text = ScrollText { len, top, left };
                text.draw(buffer, area, look, line);
                text.position(area.height, look);
            }
        });
    }
}
