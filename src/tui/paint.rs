//! From one screen to the next in as few bytes as can be.
//!
//! Only cells that differ are written; the cursor goes the shortest way, by writing over a few equal cells where that
//! is shorter than a jump; colours and attributes stay as they are from one frame to the next, and blanks take what is
//! set. A frame that is more than
//! a few cells is wrapped in a synchronized update (DEC private mode 2026), so that no half of it is ever seen.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect, Size};

use super::pen::Pen;
use crate::ui::text;

const SYNC_BEGIN: &[u8] = b"\x1b[?2026h";
const SYNC_END: &[u8] = b"\x1b[?2026l";

/// A frame of fewer bytes is one small write that no terminal tears; the wrapping would double it.
const SYNC_FROM: usize = 128;

/// A picture of the screen, and where the cursor is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The cells.
    pub buffer: Buffer,
    /// The cursor; `None`: it is hidden.
    pub cursor: Option<Position>,
}

impl Picture {
    /// What `draw` draws on an empty screen of this size; it gives where the cursor stands. Ratatui's own terminal would
    /// compare it with the last one, for nothing: the painter compares with what was really written.
    pub fn of(size: Size, draw: impl FnOnce(&mut Buffer) -> Option<Position>) -> Self {
        let mut buffer = Buffer::empty(Rect::from(size));
        let cursor = draw(&mut buffer).filter(|at| buffer.area.contains(*at));
        Self { buffer, cursor }
    }
}

/// What the terminal shows and where its cursor and pen are, as far as they are known.
#[derive(Debug, Default)]
pub struct Painter {
    shown: Option<Picture>,
    /// `None` after a character in the last column or one of doubtful width.
    at: Option<Position>,
    /// The row in whose last column the last character was written, if one was.
    edge: Option<u16>,
    pen: Pen,
}

impl Painter {
    /// Forgets what the terminal shows: the next frame is painted whole.
    pub fn forget(&mut self) {
        self.shown = None;
    }

    /// The bytes that turn what the terminal shows into `next`, all to be written; empty when nothing differs. `next`
    /// counts as shown from then on.
    pub fn paint(&mut self, mut next: Picture) -> Vec<u8> {
        let mut out = Vec::new();
        settle(&mut next.buffer);
        let before = match self.shown.take() {
            Some(shown) if shown.buffer.area == next.buffer.area => shown,
            _ => self.wipe(&next, &mut out),
        };
        let width = next.buffer.area.width;
        for (index, cell) in next.buffer.content.iter().enumerate() {
            let differs = |index: usize| differ(before.buffer.content.get(index), next.buffer.content.get(index));
            let wide = next.buffer.content.get(index + 1).is_some_and(is_covered);
            if !is_covered(cell) && (differs(index) || wide && differs(index + 1)) {
                let place = Position { x: (index % usize::from(width)) as u16, y: (index / usize::from(width)) as u16 };
                self.go(place, &next.buffer, &mut out);
                self.write(cell, width, place, &mut out);
            }
        }
        self.show_cursor(before.cursor, next.cursor, &next.buffer, &mut out);
        if out.len() > SYNC_FROM {
            out.splice(0..0, SYNC_BEGIN.iter().copied());
            out.extend_from_slice(SYNC_END);
        }
        self.shown = Some(next);
        out
    }

    /// Clears the terminal; gives the empty picture that it then shows.
    fn wipe(&mut self, next: &Picture, out: &mut Vec<u8>) -> Picture {
        self.pen = Pen::default();
        self.at = Some(Position::ORIGIN);
        out.extend_from_slice(b"\x1b[m\x1b[?25l\x1b[H\x1b[2J");
        Picture { buffer: Buffer::empty(next.buffer.area), cursor: None }
    }

    /// Brings the cursor to `to`. Every cell before `to` is shown as `cells` has it by now: equal ones were, others have
    /// been written, since they come in order.
    fn go(&mut self, to: Position, cells: &Buffer, out: &mut Vec<u8>) {
        if self.at == Some(to) {
            return;
        }
        let mut best = absolute(to);
        if let Some(at) = self.at {
            for way in [relative(at, to), relative(Position { x: 0, ..at }, to).map(|way| format!("\r{way}"))] {
                best = way.filter(|way| way.len() < best.len()).unwrap_or(best);
            }
            if at.y == to.y
                && to.x > at.x
                && let Some(over) = self.equal_cells(at, to.x, cells, best.len())
            {
                best = over;
            }
        } else if let Some(y) = self.edge
            && let Some(way) = relative(Position { x: 0, y }, to)
            && way.len() + 1 < best.len()
        {
            // Terminals differ in where the cursor is after the last column, but not in where the line begins.
            best = format!("\r{way}");
        }
        out.extend_from_slice(best.as_bytes());
        (self.at, self.edge) = (Some(to), None);
    }

    /// The cells from the cursor to column `end` as text, if they can be written with this pen in fewer bytes than
    /// `limit`.
    fn equal_cells(&self, from: Position, end: u16, cells: &Buffer, limit: usize) -> Option<String> {
        let mut over = String::new();
        for x in from.x..end {
            let cell = cells.cell((x, from.y))?;
            if self.pen.fit(cell) != self.pen || cell.symbol().len() != 1 {
                return None;
            }
            over.push_str(cell.symbol());
            if over.len() >= limit {
                return None;
            }
        }
        Some(over)
    }

    fn write(&mut self, cell: &Cell, width: u16, at: Position, out: &mut Vec<u8>) {
        let pen = self.pen.fit(cell);
        self.pen.turn(pen, out);
        self.pen = pen;
        out.extend_from_slice(cell.symbol().as_bytes());
        let next = at.x + text::grapheme_width(cell.symbol()) as u16;
        let certain = width_is_certain(cell.symbol());
        self.at = (next < width && certain).then_some(Position { x: next, y: at.y });
        self.edge = (next == width && certain).then_some(at.y);
    }

    fn show_cursor(&mut self, before: Option<Position>, next: Option<Position>, cells: &Buffer, out: &mut Vec<u8>) {
        match next {
            Some(place) => {
                self.go(place, cells, out);
                if before.is_none() {
                    out.extend_from_slice(b"\x1b[?25h");
                }
            }
            None if before.is_some() => out.extend_from_slice(b"\x1b[?25l"),
            None => {}
        }
    }
}

/// Brings a buffer into the one form in which it can be compared: what a terminal would show of it. The second half of a
/// wide character is empty; a wide character whose second half was drawn over (by the frame of a dialog) or does not
/// exist is a space; control characters are spaces.
fn settle(buffer: &mut Buffer) {
    let width = usize::from(buffer.area.width);
    for index in 0..buffer.content.len() {
        let symbol = buffer.content[index].symbol();
        // Most cells: one printable character of ASCII.
        if let [b' '..=b'~'] = symbol.as_bytes() {
            continue;
        }
        if symbol.is_empty() && index % width > 0 && text::grapheme_width(buffer.content[index - 1].symbol()) == 2 {
            continue;
        }
        let harmless = !symbol.chars().any(char::is_control);
        match text::grapheme_width(symbol) {
            1 if harmless => {}
            2 if harmless && (index + 1) % width > 0 && buffer.content[index + 1].symbol() == " " => {
                let style = buffer.content[index].style();
                buffer.content[index + 1].set_symbol("").set_style(style);
            }
            _ => {
                buffer.content[index].set_symbol(" ");
            }
        }
    }
}

/// Whether a cell is the second half of a wide character.
fn is_covered(cell: &Cell) -> bool {
    cell.symbol().is_empty()
}

fn differ(one: Option<&Cell>, other: Option<&Cell>) -> bool {
    if one == other {
        return false;
    }
    one.map(Cell::symbol) != other.map(Cell::symbol) || one.map(Pen::seen) != other.map(Pen::seen)
}

/// Whether every terminal draws `symbol` as wide as we think: the cursor's place is known afterwards.
fn width_is_certain(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else { return false };
    matches!(c, ' '..='~' | '\u{a0}'..='\u{2ff}' | '\u{370}'..='\u{482}' | '\u{2500}'..='\u{259f}')
}

fn absolute(to: Position) -> String {
    match (to.x, to.y) {
        (0, 0) => "\x1b[H".to_owned(),
        (0, y) => format!("\x1b[{}H", y + 1),
        (x, 0) => format!("\x1b[;{}H", x + 1),
        (x, y) => format!("\x1b[{};{}H", y + 1, x + 1),
    }
}

/// From one place to one that is not above it; `None` when it is.
fn relative(from: Position, to: Position) -> Option<String> {
    let rows = to.y.checked_sub(from.y)?;
    // A line feed goes straight down: the terminal is in raw mode, and the last row is never left.
    let down = if rows < 4 { "\n".repeat(usize::from(rows)) } else { steps(rows, 'B') };
    Some(down + &along(from.x, to.x))
}

/// From one column to another in the same row.
fn along(from: u16, to: u16) -> String {
    if to >= from {
        return if to == from { String::new() } else { steps(to - from, 'C') };
    }
    let back = from - to;
    if back < 4 { "\x08".repeat(usize::from(back)) } else { steps(back, 'D') }
}

fn steps(count: u16, direction: char) -> String {
    if count == 1 { format!("\x1b[{direction}") } else { format!("\x1b[{count}{direction}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::style::{Color, Modifier, Style};

    #[test]
    fn a_picture_has_the_size_asked_for_and_the_cursor_only_within_it() {
        let drawn = |size, cursor| {
            Picture::of(size, |buffer| {
                buffer.set_stringn(0, 0, "hello", 5, Style::new());
                cursor
            })
        };
        let at = Position { x: 4, y: 1 };
        let inside = drawn(Size::new(5, 2), Some(at));
        assert_eq!((inside.buffer[(4, 0)].symbol(), inside.cursor), ("o", Some(at)));
        assert_eq!(drawn(Size::new(4, 2), Some(at)).cursor, None);
        assert_eq!(drawn(Size::new(300, 100), None).buffer.area.as_size(), Size::new(300, 100));
    }

    fn picture(lines: &[&str]) -> Picture {
        Picture { buffer: Buffer::with_lines(lines.iter().copied()), cursor: None }
    }

    fn bytes(painter: &mut Painter, next: Picture) -> String {
        String::from_utf8(painter.paint(next)).unwrap().replace('\u{1b}', "^")
    }

    #[test]
    fn the_first_frame_is_whole_and_an_equal_one_is_nothing() {
        let mut painter = Painter::default();
        assert_eq!(bytes(&mut painter, picture(&["ab", "cd"])), "^[m^[?25l^[H^[2Jab\r\ncd");
        assert_eq!(bytes(&mut painter, picture(&["ab", "cd"])), "");
        painter.forget();
        assert_ne!(bytes(&mut painter, picture(&["ab", "cd"])), "");
    }

    #[test]
    fn one_changed_cell_is_a_jump_and_a_character() {
        let mut painter = Painter::default();
        painter.paint(picture(&["clock 03:12", "something"]));
        assert_eq!(bytes(&mut painter, picture(&["clock 03:13", "something"])), "^[;11H3");
    }

    #[test]
    fn a_column_is_gone_down_by_the_shortest_way() {
        let mut painter = Painter::default();
        painter.paint(picture(&["cart   4/5  ", "search 6/8  ", "agent  1/9  "]));
        let next = bytes(&mut painter, picture(&["cart   5/5  ", "search 7/8  ", "agent  2/9  "]));
        assert_eq!(next, "^[;8H5\n\u{8}7\n\u{8}2");
    }

    #[test]
    fn a_short_gap_is_written_over() {
        let mut painter = Painter::default();
        painter.paint(picture(&["1.0 2.0 of 100"]));
        assert_eq!(bytes(&mut painter, picture(&["1.1 2.1 of 200"])), "^[;3H1 2.1^[4C2");
    }

    #[test]
    fn blanks_take_the_colour_that_is_set_but_never_its_background_or_line() {
        let line = |styles: [Style; 3]| {
            let mut picture = picture(&["a  b"]);
            for (x, style) in [0, 1, 3].into_iter().zip(styles) {
                picture.buffer[(x, 0)].set_style(style);
            }
            picture.buffer[(2, 0)].set_style(styles[1]);
            bytes(&mut Painter::default(), picture)
        };
        let (red, dim, plain) = (Style::reset().red(), Style::reset().dim(), Style::reset());
        assert!(line([red, dim, red]).ends_with("^[31ma  b"));
        assert!(line([red, dim.on_blue(), red]).ends_with("^[31ma^[44m  ^[49mb"));
        assert!(line([red.underlined(), plain, red]).ends_with("^[4;31ma^[2C^[24mb"));
        assert!(line([plain, plain.underlined(), plain]).ends_with("a^[4m  ^[mb"));
        let mut painter = Painter::default();
        painter.paint(picture(&["a  b"]));
        let mut recoloured = picture(&["a  b"]);
        recoloured.buffer[(1, 0)].set_style(red);
        assert_eq!(bytes(&mut painter, recoloured.clone()), "", "nothing that could be seen changed");
        recoloured.buffer[(1, 0)].set_style(red.reversed());
        assert_eq!(bytes(&mut painter, recoloured), "\r^[C^[7;31m ");
    }

    #[test]
    fn the_cursor_is_shown_where_the_picture_has_it_and_hidden_again() {
        let mut painter = Painter::default();
        painter.paint(picture(&["ab", "cd"]));
        let with = Picture { cursor: Some(Position { x: 1, y: 1 }), ..picture(&["ab", "cd"]) };
        assert_eq!(bytes(&mut painter, with.clone()), "\r^[C^[?25h");
        assert_eq!(bytes(&mut painter, with), "");
        assert_eq!(bytes(&mut painter, picture(&["ab", "cd"])), "^[?25l");
    }

    #[test]
    fn a_large_frame_is_one_synchronized_update_and_a_small_one_is_not() {
        let mut painter = Painter::default();
        let whole = bytes(&mut painter, picture(&["x".repeat(300).as_str()]));
        assert!(whole.starts_with("^[?2026h") && whole.ends_with("^[?2026l"), "{whole}");
        assert_eq!(whole.matches("2026").count(), 2);
    }

    #[test]
    fn after_a_character_of_doubtful_width_the_place_is_said_anew() {
        let mut painter = Painter::default();
        painter.paint(picture(&["      "]));
        assert_eq!(bytes(&mut painter, picture(&["✔a漢b "])), "✔^[;2Ha漢^[;5Hb");
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 3, 1));
        buffer[(0, 0)].set_symbol("\u{1b}]0;x\u{7}");
        let out = Painter::default().paint(Picture { buffer, cursor: None });
        assert!(!String::from_utf8(out).unwrap().contains("]0;"));
    }

    #[test]
    fn a_wide_character_that_a_frame_cuts_in_two_gives_way_to_the_frame() {
        let mut buffer = Buffer::with_lines(["漢字漢"]);
        buffer[(1, 0)].set_symbol("│");
        buffer[(2, 0)].set_symbol("─");
        settle(&mut buffer);
        let symbols: Vec<_> = buffer.content.iter().map(Cell::symbol).collect();
        assert_eq!(symbols, [" ", "│", "─", " ", "漢", ""]);
    }

    /// Draws the painter's bytes with an independent terminal and compares it with the picture, cell by cell.
    fn shows(terminal: &vt100::Parser, picture: &Picture) {
        let area = picture.buffer.area;
        for y in 0..area.height {
            for x in 0..area.width {
                if is_covered(&picture.buffer[(x, y)]) {
                    continue;
                }
                let (want, have) = (&picture.buffer[(x, y)], terminal.screen().cell(y, x).unwrap());
                let shown = if have.contents().is_empty() { " " } else { have.contents() };
                assert_eq!(shown, want.symbol(), "at {x},{y}");
                assert_eq!(have.underline(), want.modifier.contains(Modifier::UNDERLINED), "at {x},{y}");
                assert_eq!(have.inverse(), want.modifier.contains(Modifier::REVERSED), "at {x},{y}");
                let color = |color| match color {
                    Color::Reset => vt100::Color::Default,
                    Color::Red => vt100::Color::Idx(1),
                    Color::LightBlue => vt100::Color::Idx(12),
                    Color::Indexed(index) => vt100::Color::Idx(index),
                    Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
                    other => panic!("{other}"),
                };
                assert_eq!(have.bgcolor(), color(want.bg), "at {x},{y}");
                // A blank has no other colour and no weight, unless it is reversed or underlined.
                if shown != " " || have.inverse() || have.underline() {
                    assert_eq!(have.fgcolor(), color(want.fg), "at {x},{y}");
                    assert_eq!(have.bold(), want.modifier.contains(Modifier::BOLD), "at {x},{y}");
                }
            }
        }
    }

    fn frames() -> impl Strategy<Value = Vec<Vec<(u16, u16, usize, usize)>>> {
        let change = (0..12u16, 0..5u16, 0..8usize, 0..8usize);
        proptest::collection::vec(proptest::collection::vec(change, 0..20), 1..8)
    }

    proptest! {
        #[test]
        fn whatever_changes_the_terminal_shows_the_picture(frames in frames()) {
            let styles = [
                Style::reset(),
                Style::reset().bold(),
                Style::reset().reversed(),
                Style::reset().fg(Color::Red).bg(Color::LightBlue),
                Style::reset().fg(Color::Rgb(1, 2, 3)).bold().reversed(),
                Style::reset().dim().bg(Color::Indexed(200)),
                Style::reset().dim(),
                Style::reset().underlined(),
            ];
            let texts = ["a", "bc", "漢字", "✔", "──", "   ", "e\u{301}", "1234567"];
            let area = Rect::new(0, 0, 12, 5);
            let (mut painter, mut terminal) = (Painter::default(), vt100::Parser::new(5.try_into().unwrap(), 12.try_into().unwrap(), 0));
            let mut buffer = Buffer::empty(area);
            for frame in frames {
                for (x, y, text, style) in frame {
                    buffer.set_stringn(x, y, texts[text], usize::from(12 - x), styles[style]);
                }
                let mut picture = Picture { buffer: buffer.clone(), cursor: None };
                terminal.process(&painter.paint(picture.clone()));
                settle(&mut picture.buffer);
                shows(&terminal, &picture);
            }
        }
    }
}
