//! Just enough of Rust's grammar to see which paths a file names, and which of its lines are tests.

use std::collections::BTreeSet;

/// One token and the line that it starts on, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    /// Of a literal, whose text is only a quote: as it is written.
    pub literal: String,
    pub line: usize,
}

/// A path as it is named in a file, group imports taken apart: `use a::{b, c::d}` is `a::b` and `a::c::d`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPath {
    pub segments: Vec<String>,
    pub line: usize,
    /// Inside `#[cfg(test)]`.
    pub test: bool,
    /// How many `mod name { … }` of this file it stands in.
    pub depth: usize,
}

/// What one file says.
#[derive(Debug, Default)]
pub struct Source {
    pub tokens: Vec<Token>,
    pub paths: Vec<NamedPath>,
    /// Lines inside `#[cfg(test)]`.
    pub test_lines: BTreeSet<usize>,
    /// Modules declared as `#[cfg(test)] mod name;`.
    pub test_modules: Vec<String>,
}

impl Source {
    pub fn read(text: &str) -> Self {
        let tokens = tokens(text);
        let mut source = Self::default();
        let tests = test_ranges(&tokens, &mut source.test_modules);
        for range in &tests {
            source.test_lines.extend(tokens[range.0].line..=tokens[range.1].line);
        }
        let in_test = |at: usize| tests.iter().any(|(from, to)| (*from..=*to).contains(&at));
        let modules = module_ranges(&tokens);
        let depth = |at: usize| modules.iter().filter(|(from, to)| (*from..=*to).contains(&at)).count();
        let mut at = 0;
        while at < tokens.len() {
            let start = at;
            let mut found = Vec::new();
            // `use<'a>` in a type is no import.
            if tokens[at].text == "use" && tokens.get(at + 1).is_some_and(|next| next.text != "<") {
                at = use_tree(&tokens, at + 1, &[], &mut found);
            } else if is_ident(&tokens[at].text) && (at == 0 || !matches!(tokens[at - 1].text.as_str(), "::" | ".")) {
                let (segments, next) = path(&tokens, at);
                at = next;
                found.push((segments, tokens[start].line));
            } else if tokens[at].text == "::" && tokens.get(at + 1).is_some_and(|next| is_ident(&next.text)) {
                let (segments, next) = path(&tokens, at + 1);
                at = next;
                found.push((segments, tokens[start].line));
            } else {
                at += 1;
            }
            for (segments, line) in found {
                source.paths.push(NamedPath { segments, line, test: in_test(start), depth: depth(start) });
            }
        }
        source.tokens = tokens;
        source
    }
}

fn is_ident(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The path that starts at `at`, and the token after it.
fn path(tokens: &[Token], at: usize) -> (Vec<String>, usize) {
    let mut segments = vec![tokens[at].text.clone()];
    let mut next = at + 1;
    while next + 1 < tokens.len() && tokens[next].text == "::" && is_ident(&tokens[next + 1].text) {
        segments.push(tokens[next + 1].text.clone());
        next += 2;
    }
    (segments, next)
}

/// Takes the tree of a `use` apart; answers the token after it.
fn use_tree(tokens: &[Token], mut at: usize, prefix: &[String], found: &mut Vec<(Vec<String>, usize)>) -> usize {
    let mut segments = prefix.to_vec();
    let line = tokens.get(at).map_or(0, |token| token.line);
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token.text != "}") {
                    let next = use_tree(tokens, at, &segments, found);
                    let comma = tokens.get(next).is_some_and(|token| token.text == ",");
                    // What is no tree after all must not hold us up.
                    at = if comma || next == at { next + 1 } else { next };
                }
                return at + 1;
            }
            "::" => at += 1,
            "as" => at += 2,
            "," | "}" | ";" => break,
            _ => {
                segments.push(token.text.clone());
                at += 1;
            }
        }
    }
    found.push((segments, line));
    at
}

/// The token ranges of items under `#[cfg(test)]`.
fn test_ranges(tokens: &[Token], modules: &mut Vec<String>) -> Vec<(usize, usize)> {
    let mark = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut ranges = Vec::new();
    for start in 0..tokens.len().saturating_sub(mark.len()) {
        if !mark.iter().enumerate().all(|(offset, text)| tokens[start + offset].text == *text) {
            continue;
        }
        let item = start + mark.len();
        let end = item_end(tokens, item);
        if let Some(at) = (item..end).find(|at| tokens[*at].text == "mod")
            && tokens[end].text == ";"
        {
            modules.push(tokens[at + 1].text.clone());
        }
        ranges.push((start, end));
    }
    ranges
}

/// The token ranges of `mod name { … }`.
fn module_ranges(tokens: &[Token]) -> Vec<(usize, usize)> {
    (0..tokens.len().saturating_sub(2))
        .filter(|at| tokens[*at].text == "mod" && is_ident(&tokens[at + 1].text) && tokens[at + 2].text == "{")
        .map(|at| (at + 3, item_end(tokens, at)))
        .collect()
}

/// The last token of the item that starts at `at`: its `;`, or the brace that closes its body.
fn item_end(tokens: &[Token], mut at: usize) -> usize {
    let mut open = 0_i32;
    while at + 1 < tokens.len() {
        match tokens[at].text.as_str() {
            "{" | "(" | "[" => open += 1,
            "}" if open == 1 => return at,
            ")" | "]" | "}" => open -= 1,
            ";" if open == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    at.min(tokens.len() - 1)
}

/// The tokens of a file without comments; texts and numbers are one token `"`, lifetimes `'`.
pub fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let start = at;
        let token = match chars[at] {
            '/' if chars.get(at + 1) == Some(&'/') => {
                at += chars[at..].iter().take_while(|c| **c != '\n').count();
                None
            }
            '/' if chars.get(at + 1) == Some(&'*') => {
                at = after_block_comment(&chars, at);
                None
            }
            '"' => {
                at = after_text(&chars, at);
                Some("\"".to_owned())
            }
            '\'' => {
                let (next, token) = quote(&chars, at);
                at = next;
                Some(token.to_owned())
            }
            c if c.is_alphabetic() || c == '_' => {
                at += chars[at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').count();
                let word: String = chars[start..at].iter().collect();
                match raw_text_end(&chars, at, &word) {
                    Some(end) => {
                        at = end;
                        Some("\"".to_owned())
                    }
                    None if matches!(word.as_str(), "b" | "c") && chars.get(at) == Some(&'"') => {
                        at = after_text(&chars, at);
                        Some("\"".to_owned())
                    }
                    None if word == "b" && chars.get(at) == Some(&'\'') => {
                        at = quote(&chars, at).0;
                        Some("\"".to_owned())
                    }
                    None => Some(word),
                }
            }
            c if c.is_ascii_digit() => {
                at += chars[at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').count();
                Some("\"".to_owned())
            }
            ':' if chars.get(at + 1) == Some(&':') => {
                at += 2;
                Some("::".to_owned())
            }
            c => {
                at += 1;
                (!c.is_whitespace()).then(|| c.to_string())
            }
        };
        let is_literal = token.as_deref() == Some("\"");
        let literal = if is_literal { chars[start..at].iter().collect() } else { String::new() };
        tokens.extend(token.map(|text| Token { text, literal, line }));
        line += chars[start..at].iter().filter(|c| **c == '\n').count();
    }
    tokens
}

fn after_block_comment(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// After the closing quote of the text that opens at `at`.
fn after_text(chars: &[char], mut at: usize) -> usize {
    at += 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

/// After a character literal or a lifetime.
fn quote(chars: &[char], at: usize) -> (usize, &'static str) {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), _) => {
            let mut end = at + 3;
            while end < chars.len() && chars[end] != '\'' {
                end += 1;
            }
            (end + 1, "\"")
        }
        (Some(_), Some('\'')) => (at + 3, "\""),
        _ => (at + 1 + chars[at + 1..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').count(), "'"),
    }
}

/// The end of `r#"…"#` and its like, if `word` before `at` opens one.
fn raw_text_end(chars: &[char], at: usize, word: &str) -> Option<usize> {
    if !matches!(word, "r" | "br" | "cr") {
        return None;
    }
    let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
    if chars.get(at + hashes) != Some(&'"') {
        return None;
    }
    let mut end = at + hashes + 1;
    while end < chars.len() {
        if chars[end] == '"' && chars[end + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes {
            return Some(end + 1 + hashes);
        }
        end += 1;
    }
    Some(end)
}
