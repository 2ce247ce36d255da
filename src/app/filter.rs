//! The board's filter: words that match fuzzily, and `ns:`, `state:`, `how:` that match exactly or from the start.

use crate::domain::Release;
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// A filter as typed, taken apart.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    namespaces: Vec<String>,
    states: Vec<String>,
    strategies: Vec<String>,
    words: Option<Pattern>,
    /// The only word, where there is no other: it may be a name in full.
    name: Option<String>,
}

impl Filter {
    /// Takes `text` apart.
    pub fn parse(text: &str) -> Self {
        let mut filter = Self::default();
        let mut words = Vec::new();
        for token in text.split_whitespace() {
            match token.split_once(':') {
                Some(("ns" | "namespace", value)) => filter.namespaces.push(value.to_lowercase()),
                Some(("state", value)) => filter.states.push(value.to_lowercase()),
                Some(("how", value)) => filter.strategies.push(value.to_lowercase()),
                _ => words.push(token),
            }
        }
        if let [name] = words.as_slice() {
            filter.name = Some(name.to_lowercase());
        }
        if !words.is_empty() {
            let pattern = Pattern::new(&words.join(" "), CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
            filter.words = Some(pattern);
        }
        filter
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.words.is_none() && self.namespaces.is_empty() && self.states.is_empty() && self.strategies.is_empty()
    }

    /// Whether `release` is the one that is meant: its name was typed in full, with its namespace or without.
    pub fn names(&self, release: &Release) -> bool {
        let Some(name) = &self.name else { return false };
        release.key.name.to_lowercase() == *name || release.key.qualified().to_lowercase() == *name
    }

    /// A matcher for many releases, with its memory.
    pub fn matcher(&self) -> Matching<'_> {
        Matching { filter: self, matcher: Matcher::new(Config::DEFAULT), buffer: Vec::new() }
    }
}

/// A filter at work.
#[derive(Debug)]
pub struct Matching<'a> {
    filter: &'a Filter,
    matcher: Matcher,
    buffer: Vec<char>,
}

impl Matching<'_> {
    /// Whether `release` passes. A release held by a person also has the state `held`.
    pub fn passes(&mut self, release: &Release) -> bool {
        let filter = self.filter;
        let starts = |wanted: &[String], value: &str| {
            wanted.is_empty() || wanted.iter().any(|wanted| value.to_lowercase().starts_with(wanted.as_str()))
        };
        let state = starts(&filter.states, release.state.word()) || (release.held && starts(&filter.states, "held"));
        if !state
            || !starts(&filter.namespaces, &release.key.namespace)
            || !(starts(&filter.strategies, release.strategy.0) || starts(&filter.strategies, release.strategy.short()))
        {
            return false;
        }
        let Some(words) = &filter.words else { return true };
        let name = release.key.qualified();
        words.score(Utf32Str::new(&name, &mut self.buffer), &mut self.matcher).is_some()
    }
}

/// The names that match `text` fuzzily, the best first; all of them in their order when `text` is empty.
pub fn best<'a, T>(text: &str, items: impl IntoIterator<Item = T>, name: impl Fn(&T) -> &'a str) -> Vec<T> {
    let pattern = Pattern::new(text, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut scored: Vec<(u32, T)> = items
        .into_iter()
        .filter_map(|item| Some((pattern.score(Utf32Str::new(name(&item), &mut buffer), &mut matcher)?, item)))
        .collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, item)| item).collect()
}
