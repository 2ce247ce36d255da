//! Widgets: plain data in, cells out. Each draws into a buffer within its area and survives any size.

pub mod bar;
pub mod hints;
pub mod input;
pub mod ladder;
pub mod pane;
pub mod scroll;
pub mod sparkline;
pub mod table;
pub mod tabs;
pub mod ticks;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::glyphs::Glyphs;
use super::text::{self, Elide};
use super::theme::Theme;
use crate::app::keys::KeyTable;
use crate::ui::view::said::{longest, shown};
use std::borrow::Cow;

/// What everything is drawn with.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// The styles.
    pub theme: &'a Theme,
    /// The signs.
    pub glyphs: &'a Glyphs,
    /// The keys that sentences tell; `None`: the built-in ones.
    pub keys: Option<&'a KeyTable>,
}

impl Look<'_> {
    /// `sentence` with the keys that are set, as [`shown`] shows it. What was left out at its end ends it: no full stop follows.
    pub fn said<'t>(&self, sentence: &'t str) -> Cow<'t, str> {
        let sentence = longest(sentence);
        let sentence = if sentence.ends_with("….") { &sentence[..sentence.len() - 1] } else { sentence };
        let told = self.keys.map_or_else(|| KeyTable::default().said(sentence), |keys| keys.said(sentence));
        match told {
            Cow::Borrowed(sentence) => shown(sentence),
            Cow::Owned(sentence) => Cow::Owned(shown(&sentence).into_owned()),
        }
    }

    /// `text` in at most `most` lines of `cells`. Where it needs more, long names of images and objects go without their
    /// middle before the sentence goes without its end: what is said of them comes last.
    pub fn fitted(&self, text: &str, cells: usize, most: usize) -> Vec<String> {
        let mut lines = text::wrap(text, cells);
        for longest in [cells / 2, 32, 24, 16] {
            if lines.len() <= most {
                return lines;
            }
            // Only names have a slash, and only of them both ends tell enough.
            let room = |word: &str| if word.contains('/') { longest } else { usize::MAX };
            let words: Vec<_> = text.split(' ').map(|word| self.elide(word, room(word), Elide::Middle)).collect();
            lines = text::wrap(&words.join(" "), cells);
        }
        if lines.len() > most {
            let rest = lines.split_off(most.saturating_sub(1)).join(" ");
            if most > 0 {
                lines.push(self.elide(&rest, cells, Elide::End).into_owned());
            } else {
                lines.clear();
            }
        }
        lines
    }

    /// `text` in at most `cells`, with this look's sign for what was left out.
    pub fn elide<'t>(&self, text: &'t str, cells: usize, how: Elide) -> Cow<'t, str> {
        text::elide(text, cells, how, self.glyphs.ellipsis)
    }
}

/// A piece of an area: one line of it, from the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// The first column.
    pub x: u16,
    /// The row.
    pub y: u16,
    /// How many cells there are.
    pub cells: u16,
}

impl Slot {
    /// Line `row` of `area`; one without cells when the area has no such line.
    pub const fn row(area: Rect, row: u16) -> Self {
        let cells = if row < area.height { area.width } else { 0 };
        Self { x: area.x, y: area.y.saturating_add(row), cells }
    }

    /// What is left after the first `cells` cells.
    #[must_use]
    pub fn after(self, cells: usize) -> Self {
        let gone = u16::try_from(cells).unwrap_or(u16::MAX).min(self.cells);
        Self { x: self.x + gone, cells: self.cells - gone, ..self }
    }

    /// The first `cells` cells.
    #[must_use]
    pub fn first(self, cells: usize) -> Self {
        Self { cells: u16::try_from(cells).unwrap_or(u16::MAX).min(self.cells), ..self }
    }

    /// The last `cells` cells.
    #[must_use]
    pub fn last(self, cells: usize) -> Self {
        self.after(usize::from(self.cells).saturating_sub(cells))
    }

    /// As an area of one line.
    pub const fn area(self) -> Rect {
        Rect { x: self.x, y: self.y, width: self.cells, height: if self.cells == 0 { 0 } else { 1 } }
    }

    /// The part that lies within `area`.
    fn within(self, area: Rect) -> Self {
        let inside = self.area().intersection(area);
        Self { x: inside.x, y: inside.y, cells: if inside.height == 0 { 0 } else { inside.width } }
    }
}

/// Writes `text` into `slot`, cut where the slot ends; gives what is left of the slot.
pub fn put(buffer: &mut Buffer, slot: Slot, text: &str, style: Style) -> Slot {
    let inside = slot.within(buffer.area);
    if inside.cells == 0 {
        return slot.first(0);
    }
    // Nearly all text is plain: one character a cell, and nothing to look up in tables.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        let shown = text::head(text, usize::from(inside.cells));
        for (x, letter) in (inside.x..).zip(shown.chars()) {
            if let Some(cell) = buffer.cell_mut((x, inside.y)) {
                cell.set_char(letter).set_style(style);
            }
        }
        return inside.after(shown.len());
    }
    let (x, _) = buffer.set_stringn(inside.x, inside.y, text, usize::from(inside.cells), style);
    inside.after(usize::from(x - inside.x))
}

/// Writes a line of several styles into `slot`; what does not fit gives way to the sign of elision at the end.
pub fn put_line(buffer: &mut Buffer, slot: Slot, line: &Line<'_>, look: Look<'_>) -> Slot {
    let mut left = slot;
    let whole: usize = line.spans.iter().map(|span| text::width(&span.content)).sum();
    let cut = whole > usize::from(slot.cells);
    let mut room = usize::from(slot.cells);
    if cut {
        room = room.saturating_sub(text::width(look.glyphs.ellipsis));
    }
    for span in &line.spans {
        let style = line.style.patch(span.style);
        let shown = text::head(&span.content, room);
        left = put(buffer, left, shown, style);
        room -= text::width(shown);
        if cut && shown.len() < span.content.len() {
            return put(buffer, left, look.glyphs.ellipsis, style);
        }
    }
    left
}

/// Writes `text` in as many lines of `area` as it takes; gives how many.
pub fn put_wrapped(buffer: &mut Buffer, area: Rect, text: &str, style: Style, look: Look<'_>) -> u16 {
    let lines = text::wrap(text, usize::from(area.width));
    let shown = lines.len().min(usize::from(area.height));
    for (row, line) in (0u16..).zip(&lines[..shown]) {
        let last = usize::from(row) + 1 == shown && shown < lines.len();
        let slot = put(buffer, Slot::row(area, row), line, style);
        if last {
            // More text than lines: the sign of elision goes into the last cells of the last one.
            let sign = text::width(look.glyphs.ellipsis);
            let slot = if usize::from(slot.cells) < sign { Slot::row(area, row).last(sign) } else { slot };
            put(buffer, slot, look.glyphs.ellipsis, style);
        }
    }
    shown as u16
}

/// Fills `area` with a style, and with spaces.
pub fn fill(buffer: &mut Buffer, area: Rect, style: Style) {
    let area = area.intersection(buffer.area);
    let mut blank = Cell::default();
    blank.set_style(style);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.clone_from(&blank);
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! What the tests of widgets share.

    use super::{Glyphs, Look};
    use crate::ui::glyphs;
    pub use crate::ui::text::lines;
    use crate::ui::theme::{ColorLevel, Theme};
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    /// Draws in the default theme and gives the lines as text, spaces at their ends cut off.
    pub fn drawn<T>(width: u16, height: u16, draw: impl FnOnce(&mut Buffer, Rect, Look<'_>) -> T) -> Vec<String> {
        lines(&buffer(width, height, &glyphs::UNICODE, draw))
    }

    /// The same with ASCII signs.
    pub fn drawn_in_ascii<T>(
        width: u16,
        height: u16,
        draw: impl FnOnce(&mut Buffer, Rect, Look<'_>) -> T,
    ) -> Vec<String> {
        lines(&buffer(width, height, &glyphs::ASCII, draw))
    }

    /// Draws in the default theme and gives the cells.
    pub fn buffer<T>(
        width: u16,
        height: u16,
        glyphs: &Glyphs,
        draw: impl FnOnce(&mut Buffer, Rect, Look<'_>) -> T,
    ) -> Buffer {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        let theme = Theme::bundled(ColorLevel::True);
        draw(&mut buffer, area, Look { theme: &theme, glyphs, keys: None });
        buffer
    }

    /// Draws at every small size: nothing may panic.
    pub fn at_every_size<T>(mut draw: impl FnMut(&mut Buffer, Rect, Look<'_>) -> T) {
        for width in [0, 1, 2, 3, 5, 9, 20, 80] {
            for height in [0, 1, 2, 3, 10] {
                buffer(width, height, &glyphs::UNICODE, &mut draw);
                buffer(width, height, &glyphs::ASCII, &mut draw);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{at_every_size, drawn};
    use super::*;
    use ratatui::text::Span;

    #[test]
    fn a_line_that_is_too_long_ends_in_an_ellipsis_whatever_its_spans() {
        let line = Line::from(vec![Span::raw("v41"), Span::raw("→v42"), Span::raw(" !pull")]);
        assert_eq!(drawn(8, 1, |buffer, area, look| put_line(buffer, Slot::row(area, 0), &line, look)), ["v41→v42…"]);
        assert_eq!(
            drawn(20, 1, |buffer, area, look| put_line(buffer, Slot::row(area, 0), &line, look)),
            ["v41→v42 !pull"]
        );
    }

    #[test]
    fn wrapped_text_says_that_there_was_more() {
        let text = "a new pod can't pull its image";
        assert_eq!(
            drawn(12, 2, |buffer, area, look| put_wrapped(buffer, area, text, Style::new(), look)),
            ["a new pod", "can't pull…"]
        );
    }

    #[test]
    fn text_outside_the_buffer_is_left_out() {
        at_every_size(|buffer, area, look| {
            put(buffer, Slot { x: area.width + 3, y: area.height + 3, cells: 9 }, "x", Style::new());
            put(buffer, Slot { x: 0, y: 0, cells: 500 }, &"漢".repeat(300), Style::new());
            put_line(buffer, Slot { x: 1, y: 0, cells: 500 }, &Line::from("x".repeat(300)), look);
            put_wrapped(buffer, area, "some text that wraps", Style::new(), look);
            fill(buffer, Rect::new(0, 0, 300, 300), Style::new());
        });
    }
}
