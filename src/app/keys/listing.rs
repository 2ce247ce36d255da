//! The table as text: for the help, `windlass keys` and the README.

use super::remap::KeyTable;
use super::table::Scope;

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
    fn the_keys_of_the_product_are_there() {
        let text = markdown();
        for key in ["`U`", "`P`", "`R`", "`I`", "`N`", "`Z`", "`Ctrl-c`", "`Space`", "`:journal`", "`y`"] {
            assert!(text.contains(key), "{key}");
        }
    }
}
