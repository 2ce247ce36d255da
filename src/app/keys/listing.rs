//! The table as text: for the help, `windlass keys` and the README.

use super::remap::KeyTable;
use super::table::Scope;
use crate::app::cells::wrap;

/// The bindings of one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Where they count.
    pub scope: Scope,
    /// Name, keys and sentence of each.
    pub lines: Vec<Line>,
}

/// One binding in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The action's name, as `[keys]` spells it.
    pub name: &'static str,
    /// Its keys, separated by a space; empty: from the palette only.
    pub keys: String,
    /// What it does.
    pub about: &'static str,
}

/// Every binding with its keys, by place.
pub fn sections(table: &KeyTable) -> Vec<Section> {
    let lines = |scope: Scope| {
        let rows = table.rows().filter(move |(binding, _)| binding.scope == scope);
        rows.map(|(binding, keys)| {
            let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
            Line { name: binding.name, keys: keys.join(" "), about: binding.about }
        })
        .collect()
    };
    Scope::ALL.into_iter().map(|scope| Section { scope, lines: lines(scope) }).collect()
}

/// One line of the help as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HelpLine {
    /// The name of a place.
    Place(&'static str),
    /// A binding: its keys (or how the palette finds it), its name, and the first line of what it does.
    Binding {
        /// Its keys.
        keys: String,
        /// Its name.
        name: &'static str,
        /// What it does.
        about: String,
    },
    /// What it does goes on.
    More(String),
    /// Nothing, between two places.
    Empty,
}

/// Cells of the help before what a key does: margin, keys, name, and the gaps between them.
pub const HELP_COLUMNS: [usize; 3] = [3, 12, 16];

/// The help in lines of at most `cells`.
pub fn help(table: &KeyTable, cells: usize) -> Vec<HelpLine> {
    let before: usize = HELP_COLUMNS.iter().sum::<usize>() + 2;
    let mut lines = Vec::new();
    for section in sections(table) {
        lines.push(HelpLine::Place(section.scope.heading()));
        for line in section.lines {
            let keys = if line.keys.is_empty() { format!(":{}", line.name) } else { line.keys };
            let mut about = wrap(line.about, cells.saturating_sub(before).max(16)).into_iter();
            let first = about.next().unwrap_or_default();
            lines.push(HelpLine::Binding { keys, name: line.name, about: first });
            lines.extend(about.map(HelpLine::More));
        }
        lines.push(HelpLine::Empty);
    }
    lines.pop();
    lines
}

/// The built-in keys as the README's tables.
pub fn markdown() -> String {
    let mut text = String::new();
    for section in sections(&KeyTable::default()) {
        let heading = section.scope.heading();
        text = format!("{text}**{heading}**\n\n| key | name | what it does |\n|---|---|---|\n");
        for line in section.lines {
            let keys: Vec<String> = line.keys.split_whitespace().map(|key| format!("`{key}`")).collect();
            let keys = if keys.is_empty() { format!("`:{}`", line.name) } else { keys.join(" ") };
            text = format!("{text}| {keys} | {} | {} |\n", line.name, line.about);
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::keys::BINDINGS;

    #[test]
    fn every_binding_is_listed_once() {
        let listed: usize = sections(&KeyTable::default()).iter().map(|section| section.lines.len()).sum();
        assert_eq!(listed, BINDINGS.len());
        assert_eq!(markdown().lines().filter(|line| line.starts_with("| `")).count(), BINDINGS.len());
    }

    #[test]
    fn the_help_loses_no_word_however_narrow_it_is() {
        let words = |cells| {
            let mut text = String::new();
            for line in help(&KeyTable::default(), cells) {
                match line {
                    HelpLine::Binding { about, .. } | HelpLine::More(about) => text = format!("{text} {about}"),
                    HelpLine::Place(_) | HelpLine::Empty => {}
                }
            }
            text
        };
        assert_eq!(words(78), words(1000));
        assert!(help(&KeyTable::default(), 78).len() > help(&KeyTable::default(), 118).len());
    }

    #[test]
    fn the_keys_of_the_product_are_there() {
        let text = markdown();
        for key in ["`U`", "`P`", "`R`", "`I`", "`N`", "`Z`", "`Ctrl-c`", "`Space`", "`:journal`", "`y`"] {
            assert!(text.contains(key), "{key}");
        }
    }
}
