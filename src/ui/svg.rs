//! A drawn screen as an SVG picture, for the README: the same cells and colours as in a terminal, always the same text for
//! the same screen.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::text;
use super::theme::{Theme, color};

/// A cell's size, in the picture's units: what common monospace fonts have at this font size.
const CELL: (f64, f64) = (8.4, 18.0);
const FONT_SIZE: u16 = 14;
/// From the top of a cell to the line that letters stand on.
const BASELINE: f64 = 13.5;
const MARGIN: f64 = 10.0;

/// The colours of what has none of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paper {
    /// Of text.
    pub foreground: [u8; 3],
    /// Of the background.
    pub background: [u8; 3],
}

impl Default for Paper {
    fn default() -> Self {
        Self { foreground: [0xd5, 0xda, 0xe3], background: [0x16, 0x18, 0x1d] }
    }
}

impl Paper {
    /// The colours of a theme's screen, where it names them.
    pub fn of(theme: &Theme) -> Self {
        let (screen, plain) = (theme.style("screen"), Self::default());
        Self {
            foreground: screen.fg.and_then(color::rgb).unwrap_or(plain.foreground),
            background: screen.bg.and_then(color::rgb).unwrap_or(plain.background),
        }
    }
}

/// How a cell looks, reverse and dim resolved.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ink {
    foreground: [u8; 3],
    background: [u8; 3],
    modifiers: Modifier,
}

impl Ink {
    fn of(cell: &Cell, paper: Paper) -> Self {
        let plain = |color: Color, instead| color::rgb(color).unwrap_or(instead);
        let mut ink = Self {
            foreground: plain(cell.fg, paper.foreground),
            background: plain(cell.bg, paper.background),
            modifiers: cell.modifier & (Modifier::BOLD | Modifier::ITALIC | Modifier::UNDERLINED),
        };
        if cell.modifier.contains(Modifier::REVERSED) {
            std::mem::swap(&mut ink.foreground, &mut ink.background);
        }
        if cell.modifier.contains(Modifier::DIM) {
            ink.foreground = std::array::from_fn(|i| u8::midpoint(ink.foreground[i], ink.background[i]));
        }
        ink
    }
}

/// Cells of one row that look alike.
struct Run {
    column: u16,
    cells: u16,
    text: String,
    ink: Ink,
}

/// The picture of `buffer`. `title` is what a reader who can't see it is told.
pub fn picture(buffer: &Buffer, title: &str, paper: Paper) -> String {
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let (width, height) = (f64::from(columns) * CELL.0 + 2.0 * MARGIN, f64::from(rows) * CELL.1 + 2.0 * MARGIN);
    let mut svg = String::new();
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing into a string can't fail.
        let _ = svg.write_fmt(text);
        svg.push('\n');
    };
    line(format_args!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1} {height:.1}" width="{width:.1}" height="{height:.1}" role="img" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="{FONT_SIZE}">"#
    ));
    line(format_args!("<title>{}</title>", escaped(title)));
    line(format_args!(r#"<rect width="100%" height="100%" rx="8" fill="{}"/>"#, hex(paper.background)));
    for row in 0..rows {
        let y = MARGIN + f64::from(row) * CELL.1;
        let runs = runs(buffer, row, paper);
        for run in runs.iter().filter(|run| run.ink.background != paper.background) {
            // A hair wider and higher than the cells, or renderers show seams between them.
            let (x, w) = span(run);
            let (w, h, fill) = (w + 0.3, CELL.1 + 0.3, hex(run.ink.background));
            line(format_args!(r#"<rect x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}" fill="{fill}"/>"#));
        }
        for run in runs.iter().filter(|run| !run.text.trim().is_empty()) {
            let (x, w) = span(run);
            let (baseline, fill) = (y + BASELINE, hex(run.ink.foreground));
            let (style, text) = (attributes(run.ink.modifiers), escaped(&run.text));
            line(format_args!(
                r#"<text x="{x:.1}" y="{baseline:.1}" textLength="{w:.1}" fill="{fill}"{style} xml:space="preserve">{text}</text>"#
            ));
        }
    }
    line(format_args!("</svg>"));
    svg
}

fn span(run: &Run) -> (f64, f64) {
    (MARGIN + f64::from(run.column) * CELL.0, f64::from(run.cells) * CELL.0)
}

/// One row in runs.
fn runs(buffer: &Buffer, row: u16, paper: Paper) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut column = 0;
    while column < buffer.area.width {
        let cell = &buffer[(buffer.area.x + column, buffer.area.y + row)];
        let ink = Ink::of(cell, paper);
        let cells = (text::grapheme_width(cell.symbol()) as u16).max(1).min(buffer.area.width - column);
        match runs.last_mut() {
            Some(run) if run.ink == ink => {
                run.text.push_str(cell.symbol());
                run.cells += cells;
            }
            _ => runs.push(Run { column, cells, text: cell.symbol().to_owned(), ink }),
        }
        column += cells;
    }
    runs
}

fn attributes(modifiers: Modifier) -> String {
    let known = [
        (Modifier::BOLD, r#" font-weight="bold""#),
        (Modifier::ITALIC, r#" font-style="italic""#),
        (Modifier::UNDERLINED, r#" text-decoration="underline""#),
    ];
    known.iter().filter(|(modifier, _)| modifiers.contains(*modifier)).map(|(_, attribute)| *attribute).collect()
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Text as XML holds it; what XML can't hold becomes a space.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    fn drawn(write: impl FnOnce(&mut Buffer)) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        write(&mut buffer);
        picture(&buffer, "a & b", Paper::default())
    }

    #[test]
    fn texts_of_one_look_are_one_element_on_the_grid() {
        let svg = drawn(|buffer| {
            buffer.set_string(0, 0, "ab", Style::new().fg(Color::Rgb(1, 2, 3)).bold());
            buffer.set_string(2, 0, "<漢>", Style::new().bg(Color::Rgb(9, 9, 9)));
        });
        assert!(svg.contains(r##"<text x="10.0" y="23.5" textLength="16.8" fill="#010203" font-weight="bold" xml:space="preserve">ab</text>"##), "{svg}");
        assert!(svg.contains(r##"<rect x="26.8" y="10.0" width="33.9" height="18.3" fill="#090909"/>"##), "{svg}");
        assert!(svg.contains(">&lt;漢&gt;</text>") && svg.contains("<title>a &amp; b</title>"), "{svg}");
    }

    #[test]
    fn reverse_swaps_the_colours_and_empty_cells_are_no_elements() {
        let paper = Paper::default();
        let svg = drawn(|buffer| {
            buffer.set_string(0, 0, "x", Style::new().reversed());
        });
        assert!(svg.contains(&format!(r#"fill="{}" xml:space"#, hex(paper.background))), "{svg}");
        assert_eq!(svg.matches("<text").count(), 1);
        assert_eq!(drawn(|_| {}).matches("<text").count(), 0);
    }

    #[test]
    fn the_same_screen_gives_the_same_text_and_hostile_cells_stay_xml() {
        let hostile = |buffer: &mut Buffer| {
            buffer[(0, 0)].set_symbol("\u{1b}\u{0}&");
        };
        assert_eq!(drawn(hostile), drawn(hostile));
        assert!(drawn(hostile).contains(">  &amp;"));
    }
}
