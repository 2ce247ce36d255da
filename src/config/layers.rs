//! The layers of a configuration laid over each other: built in < file < variables < flags.

use std::{collections::BTreeMap, ops::Range, path::PathBuf, sync::Arc};

use toml::de::{DeTable, DeValue};

use crate::domain::nearest::{nearest, suggestion};

use super::{
    kind::Value,
    origin::Origin,
    problem::Problem,
    schema::{self, KEYS, Node, SETTINGS},
};

/// A path in the file, name by name (a name may hold dots: `contexts` › `prod.eu` › `alias`).
pub type Path = Vec<String>;

/// A value, and who set it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The value.
    pub value: Value,
    /// Who set it.
    pub origin: Origin,
}

/// One line of `[keys]`: an action's name and the keys that the user wants for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The action's name, as the key table spells it. Whether it exists is for the owner of that table to say.
    pub action: String,
    /// The keys, as written (`U`, `Ctrl-d`); empty unbinds the action.
    pub keys: Vec<String>,
    /// Where it stands.
    pub origin: Origin,
}

const PREFIX: &str = "WINDLASS_";

/// Variables that are no settings: where files are, and what tests and their kit use.
const NO_SETTINGS: &[&str] = &["CONFIG_DIR", "STATE_DIR", "CACHE_DIR", "TEST_", "CONTROLPLANE"];

/// The values as merged so far, and what was wrong.
#[derive(Debug, Default)]
pub(super) struct Layers {
    pub(super) entries: BTreeMap<Path, Entry>,
    pub(super) bindings: Vec<Binding>,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
}

impl Layers {
    /// The built-in values.
    pub(super) fn built_in() -> Self {
        let mut layers = Self::default();
        for setting in SETTINGS.iter().filter(|setting| !setting.path.contains('*')) {
            let Some(written) = setting.default else { continue };
            let value = DeValue::parse(written).ok().and_then(|value| setting.kind.read_toml(value.get_ref()).ok());
            if let Some(value) = value {
                let path = setting.path.split('.').map(str::to_owned).collect();
                layers.entries.insert(path, Entry { value, origin: Origin::Default });
            }
        }
        layers
    }

    /// Lays the text of a file over what is there. Every fault is kept, and whatever is right counts.
    pub(super) fn file(&mut self, path: PathBuf, text: &str) {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut walk = Walk { path: Arc::new(path), text, layers: self, broken_lines: Vec::new() };
        for error in errors {
            let origin = walk.place(error.span().unwrap_or_default());
            if let Origin::File { line, .. } = origin {
                // One slip can upset the parser more than once in a line; the first word on it is the useful one.
                if walk.broken_lines.contains(&line) {
                    continue;
                }
                walk.broken_lines.push(line);
            }
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            walk.layers.problems.push(Problem::new(origin, format!("not valid TOML: {message}")));
        }
        walk.table(table.get_ref(), &mut Vec::new());
    }

    /// Lays environment variables over what is there; those that are no setting are left alone.
    pub(super) fn variables(&mut self, variables: &BTreeMap<String, String>) {
        let known: Vec<_> = SETTINGS.iter().filter_map(|setting| Some((setting.variable()?, setting))).collect();
        for (name, text) in variables {
            match known.iter().find(|(variable, _)| variable == name) {
                Some((_, setting)) => self.text(setting, text, Origin::Environment(name.clone())),
                None if name == "NO_COLOR" && !text.is_empty() && !variables.contains_key("WINDLASS_UI_COLOR") => {
                    let never = Value::Text("never".to_owned());
                    let origin = Origin::Environment(name.clone());
                    self.entries.insert(vec!["ui".into(), "color".into()], Entry { value: never, origin });
                }
                None => {
                    let own =
                        name.strip_prefix(PREFIX).filter(|rest| !NO_SETTINGS.iter().any(|no| rest.starts_with(no)));
                    let names = known.iter().filter_map(|(variable, _)| variable.strip_prefix(PREFIX));
                    if let Some(near) = own.and_then(|own| nearest(own, names)) {
                        let message = format!("is not a variable of windlass; did you mean '{PREFIX}{near}'?");
                        self.warnings.push(Problem::new(Origin::Environment(name.clone()), message));
                    }
                }
            }
        }
    }

    /// Lays one flag over what is there.
    pub(super) fn flag(&mut self, path: &str, text: &str, flag: &str) {
        if let Some(setting) = SETTINGS.iter().find(|setting| setting.path == path) {
            self.text(setting, text, Origin::Flag(flag.to_owned()));
        }
    }

    fn text(&mut self, setting: &schema::Setting, text: &str, origin: Origin) {
        match setting.kind.read_text(text) {
            Ok(value) => {
                let path = setting.path.split('.').map(str::to_owned).collect();
                self.entries.insert(path, Entry { value, origin });
            }
            Err(()) => self.problems.push(Problem::new(origin, format!("'{text}' must be {}", setting.kind))),
        }
    }
}

/// One walk over a parsed file.
struct Walk<'a> {
    path: Arc<PathBuf>,
    text: &'a str,
    layers: &'a mut Layers,
    broken_lines: Vec<usize>,
}

impl Walk<'_> {
    fn place(&self, span: Range<usize>) -> Origin {
        Origin::in_file(&self.path, self.text, span.start)
    }

    /// Notes a fault, unless the parser already complained about that line.
    fn fault(&mut self, span: Range<usize>, message: String) {
        let origin = self.place(span);
        let known = matches!(origin, Origin::File { line, .. } if self.broken_lines.contains(&line));
        if !known {
            self.layers.problems.push(Problem::new(origin, message));
        }
    }

    fn table(&mut self, table: &DeTable<'_>, at: &mut Path) {
        for (name, value) in table {
            at.push(name.get_ref().to_string());
            let value_span = value.span();
            if at.len() == 1 && at[0] == KEYS {
                self.keys(value.get_ref(), value_span);
            } else {
                match schema::node(at) {
                    Node::Leaf(setting) => match setting.kind.read_toml(value.get_ref()) {
                        Ok(value) => {
                            let origin = self.place(name.span());
                            self.layers.entries.insert(at.clone(), Entry { value, origin });
                        }
                        Err(wrong) => self.fault(value_span, format!("'{}' {wrong}", dotted(at))),
                    },
                    Node::Table | Node::Named => match value.get_ref().as_table() {
                        Some(inner) => self.table(inner, at),
                        None => self.fault(value_span, format!("'{0}' must be a table, as in [{0}]", dotted(at))),
                    },
                    Node::Unknown => self.unknown(name.span(), at),
                }
            }
            at.pop();
        }
    }

    fn unknown(&mut self, span: Range<usize>, at: &[String]) {
        let Some((name, parent)) = at.split_last() else { return };
        let allowed = schema::names_under(parent);
        let place = if parent.is_empty() { String::new() } else { format!(" in [{}]", dotted(parent)) };
        let near = suggestion(name, allowed.iter().copied());
        let stop = if near.is_empty() { "; " } else { " " };
        let message = format!("unknown key '{name}'{place}{near}{stop}allowed there: {}", allowed.join(", "));
        self.fault(span, message);
    }

    fn keys(&mut self, value: &DeValue<'_>, span: Range<usize>) {
        let Some(table) = value.as_table() else {
            self.fault(span, "'keys' must be a table, as in [keys]".to_owned());
            return;
        };
        for (action, keys) in table {
            let list = match keys.get_ref() {
                DeValue::String(key) => Some(vec![key.to_string()]),
                DeValue::Array(items) => {
                    items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
                }
                _ => None,
            };
            let Some(list) = list else {
                let message = format!("'keys.{}' must be a key or a list of keys, each in quotes", action.get_ref());
                self.fault(keys.span(), message);
                continue;
            };
            let action = action.get_ref().to_string();
            for key in &list {
                let taken =
                    self.layers.bindings.iter().find(|other| other.keys.iter().any(|theirs| same_key(theirs, key)));
                if let Some(taken) = taken {
                    let message = format!(
                        "key '{key}' is bound to '{action}' here and to '{}' at {}; a key can do one thing",
                        taken.action, taken.origin
                    );
                    self.fault(keys.span(), message);
                }
            }
            let origin = self.place(keys.span());
            self.layers.bindings.push(Binding { action, keys: list, origin });
        }
    }
}

/// Letters differ by case (`u` and `U` are two keys); the names of keys and modifiers do not.
fn same_key(one: &str, other: &str) -> bool {
    let spelled = |key: &str| {
        let key = key.trim();
        match key.rsplit_once('-') {
            _ if key.chars().count() == 1 => key.to_owned(),
            Some((modifiers, last)) if !modifiers.is_empty() => format!("{}-{last}", modifiers.to_lowercase()),
            _ => key.to_lowercase(),
        }
    };
    spelled(one) == spelled(other)
}

/// A path as a file writes it, names quoted where they must be.
pub fn dotted(path: &[String]) -> String {
    let bare = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    path.iter()
        .map(|name| if bare(name) { name.clone() } else { super::kind::quoted(name) })
        .collect::<Vec<_>>()
        .join(".")
}
