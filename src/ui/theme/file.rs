//! A theme file as it is written: which theme it builds on, its palette and its styles, each with its place.
//!
//! ```toml
//! inherits = "default"
//!
//! [palette]
//! rose = "#f7768e"
//!
//! [styles]
//! "state.failed" = "rose bold"
//! "row.selected" = "on #283457"
//! ```

use std::{collections::BTreeMap, ops::Range, path::PathBuf, sync::Arc};

use toml::de::{DeTable, DeValue};

use super::scopes::{self, SCOPES};
use crate::config::{Origin, Problem};
use crate::domain::nearest::suggestion;

/// A text of the file, and where it stands.
pub(super) type Placed = (String, Origin);

/// What a theme file says.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) inherits: Option<Placed>,
    pub(super) palette: BTreeMap<String, Placed>,
    pub(super) styles: BTreeMap<String, Placed>,
    /// What is wrong with it; whatever is right counts.
    pub(super) problems: Vec<Problem>,
}

/// Reads `text`, which came from `path`. Any text gives a file; what can't be meant is among its problems.
pub(super) fn read(path: PathBuf, text: &str) -> File {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { path: Arc::new(path), text, file: File::default() };
    for error in errors {
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        reader.fault(error.span().unwrap_or_default(), format!("not valid TOML: {message}"));
    }
    for (name, value) in table.get_ref() {
        match (name.get_ref().as_ref(), value.get_ref()) {
            ("inherits", DeValue::String(parent)) => {
                let place = reader.place(value.span());
                reader.file.inherits = Some((parent.to_string(), place));
            }
            ("inherits", _) => reader.fault(value.span(), "'inherits' must be a theme's name in quotes".to_owned()),
            ("palette", DeValue::Table(colors)) => reader.palette(colors),
            ("styles", DeValue::Table(styles)) => reader.styles(styles, ""),
            (section @ ("palette" | "styles"), _) => {
                reader.fault(value.span(), format!("'{section}' must be a table, as in [{section}]"));
            }
            (other, _) => {
                let allowed = ["inherits", "palette", "styles"];
                let near = suggestion(other, allowed);
                let message = format!("unknown key '{other}'{near}; allowed: {}", allowed.join(", "));
                reader.fault(name.span(), message);
            }
        }
    }
    reader.file
}

struct Reader<'a> {
    path: Arc<PathBuf>,
    text: &'a str,
    file: File,
}

impl Reader<'_> {
    fn place(&self, span: Range<usize>) -> Origin {
        Origin::in_file(&self.path, self.text, span.start)
    }

    fn fault(&mut self, span: Range<usize>, message: String) {
        let origin = self.place(span);
        self.file.problems.push(Problem::new(origin, message));
    }

    fn palette(&mut self, colors: &DeTable<'_>) {
        for (name, value) in colors {
            let text = match value.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Integer(number) => number.to_string(),
                _ => {
                    self.fault(value.span(), format!("colour '{}' must be a text such as \"#rrggbb\"", name.get_ref()));
                    continue;
                }
            };
            let place = self.place(value.span());
            self.file.palette.insert(name.get_ref().to_string(), (text, place));
        }
    }

    /// Takes scopes at `above`: flat (`"state.failed" = …`) or nested (`state.failed = …`, `[styles.state]`).
    fn styles(&mut self, styles: &DeTable<'_>, above: &str) {
        for (name, value) in styles {
            let scope =
                if above.is_empty() { name.get_ref().to_string() } else { format!("{above}.{}", name.get_ref()) };
            match value.get_ref() {
                DeValue::String(_) | DeValue::Table(_) if !scopes::known(&scope) => {
                    let near = suggestion(&scope, SCOPES.iter().map(|(name, ..)| *name));
                    let message = format!("unknown style '{scope}'{near}; `windlass themes --styles` lists them");
                    self.fault(name.span(), message);
                }
                DeValue::String(text) => {
                    let place = self.place(value.span());
                    self.file.styles.insert(scope, (text.to_string(), place));
                }
                DeValue::Table(inner) => self.styles(inner, &scope),
                _ => {
                    let message = format!("style '{scope}' must be a text such as \"red on black bold\"");
                    self.fault(value.span(), message);
                }
            }
        }
    }
}
