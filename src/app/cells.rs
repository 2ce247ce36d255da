//! Texts as they are drawn: how wide they are, and in how many lines they go. One account for moving and for drawing.

use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How wide `text` is drawn, in cells.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.graphemes(true).map(grapheme_width).sum() }
}

/// How wide one grapheme is drawn, in cells: 0, 1 or 2.
pub fn grapheme_width(grapheme: &str) -> usize {
    grapheme.width().min(2)
}

/// As much of the start as goes into `cells`.
pub fn head(text: &str, cells: usize) -> &str {
    if text.is_ascii() {
        return &text[..cells.min(text.len())];
    }
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += grapheme_width(grapheme);
        if used > cells {
            return &text[..at];
        }
    }
    text
}

/// `word` in at most `cells`: without its middle where it is longer.
pub fn without_middle(word: &str, cells: usize) -> Cow<'_, str> {
    const LEFT_OUT: &str = "...";
    if width(word) <= cells || cells <= LEFT_OUT.len() {
        return Cow::Borrowed(word);
    }
    let room = cells - LEFT_OUT.len();
    let start = head(word, room.div_ceil(2));
    let mut used = width(start);
    let end = word.grapheme_indices(true).rev().take_while(|(_, grapheme)| {
        used += grapheme_width(grapheme);
        used <= room
    });
    let end = end.last().map_or("", |(at, _)| &word[at..]);
    Cow::Owned([start, LEFT_OUT, end].concat())
}

/// `text` in lines of at most `cells`, broken at blanks where it can be. Line breaks in the text are kept, and so are blanks
/// within a line: what is indented stays so, on the lines that it goes on to as well. A word that is longer than a line is
/// broken where the line ends. No cells, no lines.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    if cells == 0 { Vec::new() } else { text.split('\n').flat_map(|paragraph| folded(paragraph, cells)).collect() }
}

/// One paragraph of it.
fn folded(paragraph: &str, cells: usize) -> Vec<String> {
    let inside = paragraph.trim_start_matches(' ');
    let indent = paragraph.len() - inside.len();
    // Half of a line at least is for the words.
    let indent = " ".repeat(if inside.is_empty() { 0 } else { indent.min(cells / 2) });
    let cells = cells - indent.len();
    let mut lines = Vec::new();
    let mut line = String::new();
    let (mut used, mut gap) = (0, 0);
    for (place, word) in inside.split(' ').enumerate() {
        gap += usize::from(place > 0);
        if word.is_empty() {
            continue;
        }
        let mut word = word;
        if used > 0 && used + gap + width(word) > cells {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used == 0 {
            gap = 0;
        }
        line.extend(std::iter::repeat_n(' ', gap));
        used += gap;
        gap = 0;
        while used + width(word) > cells {
            let part = head(word, cells - used);
            // One grapheme wider than the whole line: it is left out, or this would never end.
            if part.is_empty() {
                word = word.graphemes(true).next().map_or("", |first| &word[first.len()..]);
                continue;
            }
            line.push_str(part);
            lines.push(std::mem::take(&mut line));
            used = 0;
            word = &word[part.len()..];
        }
        used += width(word);
        line.push_str(word);
    }
    lines.push(line);
    lines.into_iter().map(|line| format!("{indent}{line}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_word_keeps_its_ends() {
        assert_eq!(without_middle("deployment/web", 11), "depl.../web");
        assert_eq!(without_middle("web", 3), "web");
        for cells in 0..12 {
            assert!(width(&without_middle("漢字漢字漢字漢字漢字", cells.max(4))) <= cells.max(4));
        }
    }

    #[test]
    fn wide_and_zero_width_characters_count_as_they_are_drawn() {
        assert_eq!(width("abc"), 3);
        assert_eq!(width("漢字"), 4);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(width("👩\u{200d}🚀"), 2);
    }

    #[test]
    fn wrapping_breaks_at_spaces_and_long_words_at_the_edge() {
        assert_eq!(wrap("2 new pods can't pull", 10), ["2 new pods", "can't pull"]);
        assert_eq!(wrap("reg/search:v42 x", 6), ["reg/se", "arch:v", "42 x"]);
        assert_eq!(wrap("a\n\nb", 5), ["a", "", "b"]);
        assert_eq!(wrap("a b", 1), ["a", "b"]);
        assert_eq!(wrap("漢字", 1), [""]);
        assert!(wrap("anything", 0).is_empty());
    }
    #[test]
    fn blanks_that_mean_something_are_kept() {
        assert_eq!(wrap("spec:\n  containers:\n    - name: web", 40), ["spec:", "  containers:", "    - name: web"]);
        assert_eq!(wrap("  - name: web server", 14), ["  - name: web", "  server"]);
        assert_eq!(wrap("a  b   c", 20), ["a  b   c"]);
        assert_eq!(wrap("a  b   c", 5), ["a  b", "c"]);
        assert_eq!(wrap("      x", 4), ["  x"]);
        assert_eq!(wrap("   ", 4), [""]);
    }
}
