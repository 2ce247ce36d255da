//! Sentences name actions by the constants of `domain::said` and never by a key: keys can be set, and who reads a command's
//! answer has none.

use crate::source::Source;

/// The built-in keys that sentences could mean: those of the board, of a release, and of a dialog.
const KEYS: &str = "UASXWFCKTPRINBZdlemycqobrpn";

/// The literals of a file that name a key.
pub fn named(file: &str, text: &str, tests_only: bool) -> Vec<String> {
    let source = Source::read(text);
    // A letter by itself is no sentence.
    let sentences = source.tokens.iter().filter(|token| token.literal.contains('"'));
    let sentences = sentences.filter(|token| !tests_only && !source.test_lines.contains(&token.line));
    sentences
        .filter(|token| names_a_key(&token.literal))
        .map(|token| format!("{file}:{}: {} names a key; name the action (domain::said)", token.line, token.literal))
        .collect()
}

fn names_a_key(literal: &str) -> bool {
    let words = literal.trim_matches('"');
    words.char_indices().filter(|(_, letter)| KEYS.contains(*letter)).any(|(at, letter)| {
        let (before, after) = (&words[..at], &words[at + 1..]);
        let quoted = before.ends_with('\'') && after.starts_with('\'');
        let pressed = before.ends_with("press ") && !after.starts_with(char::is_alphanumeric);
        let bracketed = letter.is_uppercase() && before.ends_with('(') && after.starts_with(')');
        quoted || pressed || bracketed || does(before, after)
    })
}

/// A letter alone before what it does: `U goes back`, `e the events`.
fn does(before: &str, after: &str) -> bool {
    let alone = before.is_empty() || before.ends_with([' ', '(']) || before.ends_with("\\n");
    let Some(rest) = after.strip_prefix(' ').filter(|_| alone) else { return false };
    let word = rest.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    matches!(word, "the" | "against")
        || (word.len() > 2 && word.ends_with('s') && word.chars().all(|c| c.is_ascii_lowercase()))
}
