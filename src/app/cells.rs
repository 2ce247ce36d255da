//! Texts as they are drawn: how wide they are, and in how many lines they go. One account for moving and for drawing.

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

/// `text` in lines of at most `cells`, broken at spaces where it can be. Line breaks in the text are kept. A word that
/// is longer than a line is broken where the line ends. No cells, no lines.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let mut lines = Vec::new();
    if cells == 0 {
        return lines;
    }
    for paragraph in text.split('\n') {
        let mut line = String::new();
        let mut used = 0;
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            let mut word = word;
            let gap = usize::from(used > 0);
            let wide = width(word);
            if used + gap + wide <= cells {
                if gap == 1 {
                    line.push(' ');
                }
                line.push_str(word);
                used += gap + wide;
                continue;
            }
            if used > 0 {
                lines.push(std::mem::take(&mut line));
            }
            while width(word) > cells {
                let part = head(word, cells);
                // One grapheme wider than the whole line: it is left out, or this would never end.
                if part.is_empty() {
                    word = word.graphemes(true).next().map_or("", |first| &word[first.len()..]);
                    continue;
                }
                lines.push(part.to_owned());
                word = &word[part.len()..];
            }
            used = width(word);
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(wrap("漢字", 1), [""]);
        assert!(wrap("anything", 0).is_empty());
    }
}
