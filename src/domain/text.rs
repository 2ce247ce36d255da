//! Text from the cluster, made safe to draw and print.

use std::borrow::Cow;

/// Strips what could steer a terminal or mislead a reader: control characters (C0, C1, DEL), escape sequences' lead-in,
/// and the Unicode characters that reorder or hide text (bidi controls, zero-width space/joiner marks, BOM, line and
/// paragraph separators), and characters that are none outside a program (`said::MARK` is one). Tabs and line breaks become
/// one space. Borrows when there is nothing to strip.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .filter_map(|c| match c {
                '\t' | '\n' | '\r' => Some(' '),
                c if is_unsafe(c) => None,
                c => Some(c),
            })
            .collect(),
    )
}

/// The same for text of several lines: line breaks stay, tabs become spaces.
pub fn sanitize_lines(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c != '\n' && is_unsafe(c)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .filter_map(|c| match c {
                '\n' => Some('\n'),
                '\t' => Some(' '),
                c if is_unsafe(c) => None,
                c => Some(c),
            })
            .collect(),
    )
}

/// How a document writes a character by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escapes {
    /// `\uXXXX`, in two halves beyond U+FFFF.
    Json,
    /// `\uXXXX`, and `\UXXXXXXXX` beyond U+FFFF: halves mean nothing there.
    Yaml,
}

/// A JSON document, or one in YAML's flow form, with every character of its strings that must not reach a terminal written
/// by its number: it still means the same. Line breaks stay: they stand between the strings alone.
pub fn escape_document(document: &str, escapes: Escapes) -> Cow<'_, str> {
    if !document.chars().any(|c| c != '\n' && is_unsafe(c)) {
        return Cow::Borrowed(document);
    }
    let mut written = String::with_capacity(document.len() + 16);
    for c in document.chars() {
        if c == '\n' || !is_unsafe(c) {
            written.push(c);
            continue;
        }
        if escapes == Escapes::Yaml && u32::from(c) > 0xffff {
            written.push_str(&format!("\\U{:08x}", u32::from(c)));
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            written.push_str(&format!("\\u{unit:04x}"));
        }
    }
    Cow::Owned(written)
}

/// Whether a character must not reach a terminal.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{061c}')
        || matches!(c, '\u{fdd0}'..='\u{fdef}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A number with its noun: `1 pod`, `2 pods`, `0 requests`.
pub fn count<N: PartialEq + From<u8> + std::fmt::Display>(number: N, noun: &str) -> String {
    if number == N::from(1) { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_bidi_controls_are_stripped_and_plain_text_is_borrowed() {
        assert_eq!(sanitize("\u{1b}[31mred\u{1b}[0m"), "[31mred[0m");
        assert_eq!(sanitize("a\u{202e}b\u{200b}c\u{9b}d\u{7}e"), "abcde");
        assert_eq!(sanitize("two\nlines\tand tab"), "two lines and tab");
        assert!(matches!(sanitize("plain 漢字 é"), Cow::Borrowed(_)));
        assert_eq!(sanitize_lines("a\nb\u{1b}c"), "a\nbc");
    }
}
