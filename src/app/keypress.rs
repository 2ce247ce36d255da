//! Keys by name: what was pressed, how a key is written in the configuration and in the help, and macros of keys.

use std::{fmt, str::FromStr};

/// A key of the keyboard, without what is held down with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyCode {
    /// A character as typed: an upper-case letter is another character than its lower-case one.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Insert.
    Insert,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// A function key, from 1.
    F(u8),
}

/// One press of a key with its modifiers.
///
/// `shift` is never set on a character: what Shift makes of the key is the character itself (`A`, `?`). A letter
/// pressed with Ctrl is lower case, since a terminal can't tell the two apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyPress {
    /// The key.
    pub code: KeyCode,
    /// Ctrl is held.
    pub ctrl: bool,
    /// Alt (or Meta) is held.
    pub alt: bool,
    /// Shift is held.
    pub shift: bool,
}

/// Names of keys, the one that is printed first.
const NAMES: &[(&str, KeyCode)] = &[
    ("Enter", KeyCode::Enter),
    ("Return", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Escape", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Space", KeyCode::Char(' ')),
    ("Backspace", KeyCode::Backspace),
    ("Del", KeyCode::Delete),
    ("Delete", KeyCode::Delete),
    ("Ins", KeyCode::Insert),
    ("Insert", KeyCode::Insert),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PgUp", KeyCode::PageUp),
    ("PageUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("PgDown", KeyCode::PageDown),
    ("PageDown", KeyCode::PageDown),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("lt", KeyCode::Char('<')),
];

/// Text that names no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no key; write a character (U, /, ?), a name (Enter, Esc, Tab, Space, PgUp, F5, Up) or Ctrl-, Alt- or Shift- before one"
)]
pub struct UnknownKey(String);

impl KeyPress {
    /// A key by itself.
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    /// A character by itself.
    pub const fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    /// A character with Ctrl.
    pub const fn ctrl(c: char) -> Self {
        Self { ctrl: true, ..Self::char(c.to_ascii_lowercase()) }
    }

    /// The character that a text field takes from this press: none with Ctrl or Alt held.
    pub const fn text(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }

    /// The presses of a macro such as `jj<Enter>U<Ctrl-d>`: every character is a key, names stand in `<…>`, and `<lt>`
    /// is `<` itself.
    pub fn sequence(text: &str) -> Result<Vec<Self>, UnknownKey> {
        let mut keys = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if c != '<' {
                keys.push(Self::char(c));
                rest = &rest[c.len_utf8()..];
                continue;
            }
            let Some((name, after)) = rest[1..].split_once('>') else { return Err(UnknownKey(rest.to_owned())) };
            keys.push(name.parse()?);
            rest = after;
        }
        Ok(keys)
    }

    fn with(mut self, modifier: Modifier) -> Self {
        match (modifier, self.code) {
            (Modifier::Ctrl, _) => self.ctrl = true,
            (Modifier::Alt, _) => self.alt = true,
            (Modifier::Shift, KeyCode::Char(c)) if c.is_ascii_alphabetic() => {
                self.code = KeyCode::Char(c.to_ascii_uppercase());
            }
            (Modifier::Shift, KeyCode::Char(_)) => {}
            (Modifier::Shift, _) => self.shift = true,
        }
        if let (true, KeyCode::Char(c)) = (self.ctrl, self.code) {
            self.code = KeyCode::Char(c.to_ascii_lowercase());
        }
        self
    }
}

#[derive(Clone, Copy)]
enum Modifier {
    Ctrl,
    Alt,
    Shift,
}

impl Modifier {
    /// The modifier that `text` begins with (`Ctrl-d`, `C-d`), and what follows it.
    fn split(text: &str) -> Option<(Self, &str)> {
        let (name, rest) = text.split_once('-')?;
        if rest.is_empty() {
            return None;
        }
        let modifier = match name.to_ascii_lowercase().as_str() {
            "ctrl" | "control" | "c" => Self::Ctrl,
            "alt" | "meta" | "a" | "m" => Self::Alt,
            "shift" | "s" => Self::Shift,
            _ => return None,
        };
        Some((modifier, rest))
    }
}

impl FromStr for KeyPress {
    type Err = UnknownKey;

    /// Reads a name: `U`, `Ctrl-d`, `PgUp`, `Alt-Enter`. Case matters for single letters only.
    fn from_str(text: &str) -> Result<Self, UnknownKey> {
        let unknown = || UnknownKey(text.to_owned());
        if let Some((modifier, rest)) = Modifier::split(text) {
            return rest.parse::<Self>().map(|key| key.with(modifier)).map_err(|_| unknown());
        }
        let mut chars = text.chars();
        if let (Some(c), None) = (chars.next(), chars.next()) {
            return if c.is_control() { Err(unknown()) } else { Ok(Self::char(c)) };
        }
        if let Some((_, code)) = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
            return Ok(Self::plain(*code));
        }
        let number = text.strip_prefix(['F', 'f']).and_then(|number| number.parse::<u8>().ok());
        match number {
            Some(number @ 1..=24) => Ok(Self::plain(KeyCode::F(number))),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for KeyPress {
    /// Writes the name in the one form that the help shows; it reads back as the same press.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut name = String::new();
        for (held, prefix) in [(self.ctrl, "Ctrl-"), (self.alt, "Alt-"), (self.shift, "Shift-")] {
            if held {
                name.push_str(prefix);
            }
        }
        match self.code {
            KeyCode::F(number) => {
                name.push('F');
                name.push_str(&number.to_string());
            }
            KeyCode::Char(c) if c != ' ' => name.push(c),
            code => name.push_str(NAMES.iter().find(|(_, own)| *own == code).map_or("?", |(name, _)| name)),
        }
        f.pad(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_read_in_any_case_and_printed_in_one() {
        for (written, printed) in [
            ("ctrl-D", "Ctrl-d"),
            ("C-d", "Ctrl-d"),
            ("pgup", "PgUp"),
            ("PageDown", "PgDn"),
            ("A", "A"),
            ("shift-a", "A"),
            ("Shift-Tab", "Shift-Tab"),
            ("alt-ctrl-x", "Ctrl-Alt-x"),
            ("-", "-"),
            ("Ctrl--", "Ctrl--"),
            ("space", "Space"),
            (" ", "Space"),
            ("f12", "F12"),
            ("é", "é"),
            ("<", "<"),
        ] {
            assert_eq!(written.parse::<KeyPress>().unwrap().to_string(), printed, "{written}");
        }
    }

    #[test]
    fn what_is_no_key_is_named_and_the_forms_are_listed() {
        for wrong in ["", "Hyper-x", "F0", "F99", "Ctrl-", "ab", "Ctrl-Nope", "\u{1b}"] {
            let told = wrong.parse::<KeyPress>().unwrap_err().to_string();
            assert!(told.contains(&format!("'{wrong}' is no key")) && told.contains("PgUp"), "{told}");
        }
    }

    #[test]
    fn a_macro_mixes_characters_and_names() {
        let keys = KeyPress::sequence("jU<Enter><Ctrl-d><lt>x").unwrap();
        let names: Vec<_> = keys.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["j", "U", "Enter", "Ctrl-d", "<", "x"]);
        assert!(KeyPress::sequence("j<Enter").is_err());
        assert!(KeyPress::sequence("<Nope>").is_err());
    }

    #[test]
    fn only_plain_characters_are_text() {
        assert_eq!(KeyPress::char('x').text(), Some('x'));
        assert_eq!(KeyPress::ctrl('x').text(), None);
        assert_eq!(KeyPress::plain(KeyCode::Enter).text(), None);
    }

    proptest! {
        #[test]
        fn every_key_reads_back_from_its_name(c in any::<char>(), ctrl: bool, alt: bool) {
            prop_assume!(!c.is_control());
            let mut key = KeyPress { ctrl, alt, ..KeyPress::char(c) };
            if ctrl { key = key.with(Modifier::Ctrl); }
            prop_assert_eq!(key.to_string().parse::<KeyPress>(), Ok(key));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".*") {
            let _ = text.parse::<KeyPress>();
            let _ = KeyPress::sequence(&text);
        }
    }
}
