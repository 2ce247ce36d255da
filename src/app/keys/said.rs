//! Keys in sentences. Sentences name them as they are built in (`U undoes`, `'b' overrides it`, `press r to plan again`);
//! who has set other keys is told those.

use super::remap::KeyTable;
use super::table::{BINDINGS, Binding, Scope};
use crate::app::keypress::KeyPress;
use std::borrow::Cow;

/// A letter that sentences use, and what stands for it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moved {
    letter: char,
    /// In a dialog: written in quotes, or after "press".
    dialog: bool,
    now: String,
}

/// The letters whose actions have other keys than the built-in ones.
pub(super) fn moved(keys: &[Vec<KeyPress>]) -> Vec<Moved> {
    let all = BINDINGS.iter().zip(keys);
    all.flat_map(|(binding, own)| {
        let gone = move |key: &KeyPress| !own.contains(key);
        letters(binding).filter(move |letter| gone(letter)).filter_map(|key| {
            let letter = key.text()?;
            // Without a key it can still be had by its name, from the palette.
            let now = own.first().map_or_else(|| format!(":{}", binding.name), ToString::to_string);
            Some(Moved { letter, dialog: binding.scope == Scope::Plan, now })
        })
    })
    .collect()
}

/// The built-in letters of what sentences speak of: the dialog's keys, and those of the board and a release.
fn letters(binding: &Binding) -> impl Iterator<Item = KeyPress> {
    let spoken = matches!(binding.scope, Scope::Plan | Scope::Console | Scope::Board | Scope::Release);
    let keys = binding.keys.iter().filter(move |key| spoken && key.chars().all(char::is_alphabetic) && key.len() == 1);
    keys.filter_map(|key| key.parse().ok())
}

impl KeyTable {
    /// `sentence` with the keys that are set. Borrowed where no letter has moved.
    pub fn said<'a>(&self, sentence: &'a str) -> Cow<'a, str> {
        if self.moved.is_empty() {
            return Cow::Borrowed(sentence);
        }
        let mut told = String::with_capacity(sentence.len());
        for (at, letter) in sentence.char_indices() {
            let (before, after) = (&sentence[..at], &sentence[at + letter.len_utf8()..]);
            let spoken = if is_dialogs(before, after) { Some(true) } else { is_boards(before, after).then_some(false) };
            let moved =
                spoken.and_then(|dialog| self.moved.iter().find(|it| it.letter == letter && it.dialog == dialog));
            match moved {
                Some(moved) => told.push_str(&moved.now),
                None => told.push(letter),
            }
        }
        Cow::Owned(told)
    }
}

/// `'b'`, or `press r to`.
fn is_dialogs(before: &str, after: &str) -> bool {
    let pressed = before.ends_with("press ") && after.chars().next().is_none_or(|next| !next.is_alphanumeric());
    pressed || (before.ends_with('\'') && after.starts_with('\''))
}

/// A letter alone before what it does: `U goes back`, `e the events`, `d against what runs`.
fn is_boards(before: &str, after: &str) -> bool {
    let alone = before.is_empty() || before.ends_with([' ', '(']);
    let Some(rest) = after.strip_prefix(' ').filter(|_| alone) else { return false };
    let word = rest.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    let does = word.len() > 2 && word.ends_with('s') && word.chars().all(char::is_lowercase);
    does || matches!(word, "the" | "against")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn with(wishes: &[(&str, &[&str])]) -> KeyTable {
        let wish = |(action, keys): &(&str, &[&str])| config::Binding {
            action: (*action).to_owned(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            origin: config::Origin::Default,
        };
        KeyTable::with(&wishes.iter().map(wish).collect::<Vec<_>>()).expect("no clash")
    }

    #[test]
    fn sentences_tell_the_keys_that_are_set() {
        let keys = with(&[("undo", &["H"]), ("override", &["v"]), ("replan", &["F5"]), ("logs", &[])]);
        let told = [
            ("Back to: revision 41. U undoes.", "Back to: revision 41. H undoes."),
            ("it is held; 'b' overrides it with a reason", "it is held; 'v' overrides it with a reason"),
            (
                "web changed since you looked; press r to plan again",
                "web changed since you looked; press F5 to plan again",
            ),
            ("l shows the logs, e the events.", ":logs shows the logs, e the events."),
            ("d against what runs, U goes to it", "d against what runs, H goes to it"),
            ("K goes past it, X aborts.", "K goes past it, X aborts."),
            ("an env U and 'text' stay, and so does URL", "an env U and 'text' stay, and so does URL"),
        ];
        for (sentence, wanted) in told {
            assert_eq!(keys.said(sentence), wanted);
        }
    }

    #[test]
    fn with_the_built_in_keys_every_sentence_stays_as_it_is() {
        assert!(matches!(KeyTable::default().said("U undoes, 'b' overrides"), Cow::Borrowed(_)));
    }
}
