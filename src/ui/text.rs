//! Text in cells: how wide it is, and how it is cut, filled and wrapped. Nothing here splits a grapheme.

use ratatui::buffer::{Buffer, Cell};
use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

pub use crate::app::cells::{grapheme_width, head, width, wrap};

/// Where a text goes in the room that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// Against the left side.
    #[default]
    Left,
    /// Against the right side, as numbers are.
    Right,
}

/// Which part of a text is left out when there is too little room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Elide {
    /// The end.
    #[default]
    End,
    /// The middle: names differ at both ends.
    Middle,
    /// The start: paths and image references differ at the end.
    Start,
    /// Nothing: a text that does not fit is not shown at all (a cut number would be another number).
    Never,
}

/// `text` in at most `cells`, with `ellipsis` for what was left out.
pub fn elide<'a>(text: &'a str, cells: usize, how: Elide, ellipsis: &str) -> Cow<'a, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    let sign = width(ellipsis);
    if matches!(how, Elide::Never) || cells < sign {
        return Cow::Borrowed("");
    }
    let room = cells - sign;
    Cow::Owned(match how {
        Elide::End | Elide::Never => format!("{}{ellipsis}", head(text, room)),
        Elide::Start => format!("{ellipsis}{}", tail(text, room)),
        // The start gets the odd cell: it is what the eye looks for first.
        Elide::Middle => format!("{}{ellipsis}{}", head(text, room.div_ceil(2)), tail(text, room / 2)),
    })
}

/// As much of the end as goes into `cells`.
pub fn tail(text: &str, cells: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        used += grapheme_width(grapheme);
        if used > cells {
            return &text[at + grapheme.len()..];
        }
    }
    text
}

/// What is left after the first `cells` cells; a wide character that is cut in two leaves a space.
pub fn skip(text: &str, cells: usize) -> Cow<'_, str> {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        if used == cells {
            return Cow::Borrowed(&text[at..]);
        }
        used += grapheme_width(grapheme);
        if used > cells {
            return Cow::Owned(format!(" {}", &text[at + grapheme.len()..]));
        }
    }
    Cow::Borrowed("")
}

/// `text` in exactly `cells`: elided or filled with spaces.
pub fn fit(text: &str, cells: usize, align: Align, how: Elide, ellipsis: &str) -> String {
    let text = elide(text, cells, how, ellipsis);
    let fill = " ".repeat(cells.saturating_sub(width(&text)));
    match align {
        Align::Left => format!("{text}{fill}"),
        Align::Right => format!("{fill}{text}"),
    }
}

/// The text of what was drawn, line by line, spaces at the ends cut off. A wide character stands in two cells, once.
pub fn lines(drawn: &Buffer) -> Vec<String> {
    let rows = drawn.content.chunks(usize::from(drawn.area.width).max(1));
    let line = |row: &[Cell]| {
        let mut line = String::new();
        let mut covered = 0;
        for cell in row {
            if covered == 0 {
                line.push_str(cell.symbol());
                covered = width(cell.symbol()).saturating_sub(1);
            } else {
                covered -= 1;
            }
        }
        line.trim_end().to_owned()
    };
    rows.map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_left_out_part_is_where_it_was_asked_for() {
        assert_eq!(elide("checkout-frontend", 9, Elide::End, "…"), "checkout…");
        assert_eq!(elide("checkout-frontend", 9, Elide::Middle, "…"), "chec…tend");
        assert_eq!(elide("checkout-frontend", 9, Elide::Start, "…"), "…frontend");
        assert_eq!(elide("checkout-frontend", 9, Elide::Never, "…"), "");
        assert_eq!(elide("short", 9, Elide::Never, "…"), "short");
        assert_eq!(elide("漢字漢字", 5, Elide::End, "…"), "漢字…");
        assert_eq!(elide("abc", 0, Elide::End, "…"), "");
    }

    #[test]
    fn fitting_fills_to_the_exact_width() {
        assert_eq!(fit("7", 4, Align::Right, Elide::End, "…"), "   7");
        assert_eq!(fit("漢字漢", 4, Align::Left, Elide::End, "…"), "漢… ");
    }

    #[test]
    fn skipping_into_a_wide_character_leaves_a_space() {
        assert_eq!(skip("abcdef", 2), "cdef");
        assert_eq!(skip("漢字", 1), " 字");
        assert_eq!(skip("ab", 5), "");
    }

    proptest! {
        #[test]
        fn nothing_is_ever_wider_than_its_room(text in "\\PC{0,40}", cells in 0..30usize) {
            for how in [Elide::End, Elide::Middle, Elide::Start, Elide::Never] {
                prop_assert!(width(&elide(&text, cells, how, "…")) <= cells);
            }
            for line in wrap(&text, cells) {
                prop_assert!(width(&line) <= cells);
            }
        }
    }
}
