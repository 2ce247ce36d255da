//! A line of text being typed: its state and its editing keys.

use super::keypress::{KeyCode, KeyPress};
use crate::domain::text::sanitize;
use unicode_segmentation::UnicodeSegmentation;

/// The longest text that a field takes, in bytes: a paste is cut there.
const LIMIT: usize = 4096;

/// A one-line text field. The cursor stands between graphemes, so that an accent is never torn from its letter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextField {
    text: String,
    /// In bytes, always on a grapheme's boundary.
    cursor: usize,
}

impl TextField {
    /// A field that holds `text`, the cursor after it.
    pub fn new(text: impl Into<String>) -> Self {
        let text: String = text.into();
        Self { cursor: text.len(), text }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The cursor's place in bytes.
    pub const fn cursor(&self) -> usize {
        self.cursor
    }

    /// Empties the field.
    pub fn clear(&mut self) {
        self.text.clear();
        self.cursor = 0;
    }

    /// Puts text at the cursor, without what could steer a terminal; line breaks become spaces.
    pub fn insert(&mut self, text: &str) {
        for grapheme in sanitize(text).graphemes(true) {
            if self.text.len() + grapheme.len() > LIMIT {
                break;
            }
            self.text.insert_str(self.cursor, grapheme);
            self.cursor += grapheme.len();
        }
        // An accent may have joined the letter before it: stand on a boundary again.
        self.cursor = self.boundary_at_or_after(self.cursor);
    }

    /// Takes an editing key; `false` when the key means nothing here and is for someone else.
    pub fn key(&mut self, key: KeyPress) -> bool {
        if let Some(c) = key.text() {
            self.insert(c.encode_utf8(&mut [0; 4]));
            return true;
        }
        match (key.code, key.ctrl, key.alt) {
            (KeyCode::Backspace, false, false) | (KeyCode::Char('h'), true, false) => {
                self.remove(self.before(), self.cursor);
            }
            (KeyCode::Char('w'), true, false) | (KeyCode::Backspace, ..) => {
                self.remove(self.word_before(), self.cursor);
            }
            (KeyCode::Char('u'), true, false) => self.remove(0, self.cursor),
            (KeyCode::Char('k'), true, false) => self.text.truncate(self.cursor),
            (KeyCode::Delete, ..) => self.remove(self.cursor, self.after()),
            (KeyCode::Left, true, _) | (KeyCode::Char('b'), false, true) => self.cursor = self.word_before(),
            (KeyCode::Left, ..) | (KeyCode::Char('b'), true, false) => self.cursor = self.before(),
            (KeyCode::Right, ..) | (KeyCode::Char('f'), true, false) => self.cursor = self.after(),
            (KeyCode::Home, ..) | (KeyCode::Char('a'), true, false) => self.cursor = 0,
            (KeyCode::End, ..) | (KeyCode::Char('e'), true, false) => self.cursor = self.text.len(),
            _ => return false,
        }
        true
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.text[self.cursor..].graphemes(true).next().map_or(self.cursor, |next| self.cursor + next.len())
    }

    fn word_before(&self) -> usize {
        let left = self.text[..self.cursor].trim_end();
        left.rfind(char::is_whitespace).map_or(0, |at| at + left[at..].chars().next().map_or(0, char::len_utf8))
    }

    fn boundary_at_or_after(&self, at: usize) -> usize {
        self.text.grapheme_indices(true).map(|(start, _)| start).find(|start| *start >= at).unwrap_or(self.text.len())
    }

    fn remove(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = self.boundary_at_or_after(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn after(keys: &str) -> TextField {
        let mut field = TextField::default();
        for key in KeyPress::sequence(keys).unwrap() {
            field.key(key);
        }
        field
    }

    #[test]
    fn editing_keys_do_what_a_shell_does() {
        assert_eq!(after("one two<Ctrl-w>three").text(), "one three");
        assert_eq!(after("abc<Left><Left>X<Del>").text(), "aXc");
        assert_eq!(after("abc<Home>x<End>y").text(), "xabcy");
        assert_eq!(after("abc<Left><Ctrl-u>").text(), "c");
        assert_eq!(after("abc<Left><Left><Ctrl-k>").text(), "a");
        assert_eq!(after("漢字<Backspace>").text(), "漢");
    }

    #[test]
    fn keys_without_a_meaning_here_are_left_to_others() {
        let mut field = TextField::new("x");
        assert!(!field.key(KeyPress::plain(KeyCode::Enter)));
        assert!(!field.key(KeyPress::plain(KeyCode::Esc)));
        assert!(!field.key(KeyPress::ctrl('c')));
        assert_eq!(field.text(), "x");
    }

    #[test]
    fn a_paste_is_one_line_of_harmless_text() {
        let mut field = TextField::default();
        field.insert("a\u{1b}[31m\nb\u{202e}c");
        assert_eq!(field.text(), "a[31m bc");
        field.insert(&"x".repeat(100_000));
        assert!(field.text().len() <= LIMIT);
    }

    #[test]
    fn an_accent_goes_with_its_letter() {
        let mut field = TextField::new("e\u{301}");
        field.key(KeyPress::plain(KeyCode::Backspace));
        assert_eq!(field.text(), "");
    }

    proptest! {
        #[test]
        fn any_typing_keeps_the_cursor_on_a_boundary(steps in proptest::collection::vec((0..9usize, any::<char>()), 0..60)) {
            let names = ["Left", "Right", "Backspace", "Del", "Home", "End", "Ctrl-w", "Ctrl-Left"];
            let mut field = TextField::default();
            for (step, c) in steps {
                match names.get(step) {
                    Some(name) => { field.key(name.parse().unwrap()); }
                    None => { field.key(KeyPress::char(c)); }
                }
                prop_assert!(field.text.grapheme_indices(true).any(|(at, _)| at == field.cursor) || field.cursor == field.text.len());
            }
        }
    }
}
