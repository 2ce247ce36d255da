//! The palette: every action by name, what it does or why it is not possible now, and a few commands with a word.

use crate::app::field::TextField;
use crate::app::filter;
use crate::app::keys::Command;
use crate::app::scroll::Scroll;
use crate::domain::Str;

/// An open palette.
#[derive(Debug)]
pub struct Palette {
    /// What was typed.
    pub input: TextField,
    /// The actions, as they were when it was opened.
    pub items: Vec<Item>,
    /// The selected line among those that match.
    pub scroll: Scroll,
}

/// One action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it does.
    pub command: Command,
    /// Its name.
    pub name: &'static str,
    /// Its key, where it has one.
    pub key: String,
    /// What it does, or would do to the release in focus.
    pub about: Str,
    /// Why it is not possible now.
    pub why_not: Option<Str>,
}

/// What a typed line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line<'a> {
    /// The best match of a name.
    Name,
    /// `:ctx NAME`.
    Context(&'a str),
    /// `:ns NAME…`; no name: all namespaces.
    Namespaces(Vec<&'a str>),
    /// `:theme NAME`.
    Theme(&'a str),
    /// `:q`.
    Quit,
}

impl Palette {
    /// A palette over `items`.
    pub fn new(items: Vec<Item>) -> Self {
        Self { input: TextField::default(), items, scroll: Scroll::default() }
    }

    /// What the typed line asks for.
    pub fn line(&self) -> Line<'_> {
        let text = self.input.text().trim();
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        match word {
            "ctx" | "context" if !rest.is_empty() => Line::Context(rest),
            "ns" if rest == "all" || rest == "*" => Line::Namespaces(Vec::new()),
            "ns" | "namespace" if !rest.is_empty() => {
                Line::Namespaces(rest.split([' ', ',']).filter(|name| !name.is_empty()).collect())
            }
            "theme" if !rest.is_empty() => Line::Theme(rest),
            "q" | "q!" | "quit" | "exit" => Line::Quit,
            _ => Line::Name,
        }
    }

    /// The actions that match what was typed, the best first.
    pub fn matching(&self) -> Vec<&Item> {
        let text = self.input.text().trim();
        // Short forms that people bring along from other consoles.
        let text = match text {
            "ctx" => "contexts",
            "ns" => "namespaces",
            "theme" => "themes",
            text => text,
        };
        filter::best(text, &self.items, |item| item.name)
    }

    /// The selected action.
    pub fn selected(&self) -> Option<&Item> {
        let matching = self.matching();
        matching.get(self.scroll.within(matching.len())).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Palette {
        let mut palette = Palette::new(vec![]);
        palette.input = TextField::new(text);
        palette
    }

    #[test]
    fn a_command_with_a_word_is_understood_and_anything_else_is_a_name() {
        assert_eq!(typed("ctx prod-eu").line(), Line::Context("prod-eu"));
        assert_eq!(typed("ns shop pay").line(), Line::Namespaces(vec!["shop", "pay"]));
        assert_eq!(typed("ns all").line(), Line::Namespaces(vec![]));
        assert_eq!(typed(" q ").line(), Line::Quit);
        assert_eq!(typed("ctx").line(), Line::Name);
        assert_eq!(typed("undo").line(), Line::Name);
    }
}
