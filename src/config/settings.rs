//! The settings as the other rooms read them.

use jiff::tz::TimeZone;

use super::{
    freeze::{Freeze, Window},
    kind::Value,
    layers::{Entry, Layers, dotted},
    metrics::ReleaseMetrics,
    origin::Origin,
    pattern,
    problem::Problem,
};

/// How the screen is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ui {
    /// The name of the theme.
    pub theme: String,
    /// How many colours may be used.
    pub color: ColorMode,
    /// ASCII characters only.
    pub ascii: bool,
    /// How wide the terminal draws characters of ambiguous width, in cells: 1 or 2.
    pub ambiguous_width: u8,
    /// Whether the mouse is taken.
    pub mouse: bool,
    /// Line-oriented text instead of a screen.
    pub plain: bool,
}

/// How many colours may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorMode {
    /// As many as the terminal says it has.
    Auto,
    /// None.
    Never,
    /// The sixteen of the terminal's own palette.
    Sixteen,
    /// 256.
    Palette,
    /// 24 bits.
    True,
}

/// What is set for one context of the kubeconfig.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContextSettings {
    /// A short name for the header.
    pub alias: Option<String>,
    /// Forward verbs ask for the fingerprint word.
    pub protected: bool,
    /// No write is sent.
    pub read_only: bool,
    /// The colour of the fingerprint word: a terminal colour's name or `#rrggbb`.
    pub color: Option<String>,
    /// The namespaces to show; empty: the kubeconfig's.
    pub namespaces: Vec<String>,
}

/// What is set for one release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReleaseSettings {
    /// Which strategy steers it.
    pub strategy: Option<String>,
    /// The label that its sides differ in.
    pub switch_key: Option<String>,
    /// The name of the stable side.
    pub stable: Option<String>,
    /// Its own ladder, in percent.
    pub ladder: Option<Vec<u8>>,
    /// What must answer well before its traffic is switched forward.
    pub preview_check: Option<String>,
    /// Where its measurements come from.
    pub metrics: ReleaseMetrics,
}

/// Reads typed values out of the merged entries.
pub(super) struct Reader<'a>(pub(super) &'a Layers);

impl Reader<'_> {
    pub(super) fn entry(&self, path: &[&str]) -> Option<&Entry> {
        let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
        self.0.entries.get(&path)
    }

    pub(super) fn text(&self, path: &[&str]) -> Option<String> {
        match &self.entry(path)?.value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    pub(super) fn flag(&self, path: &[&str]) -> bool {
        matches!(self.entry(path), Some(Entry { value: Value::Flag(true), .. }))
    }

    pub(super) fn texts(&self, path: &[&str]) -> Vec<String> {
        match self.entry(path).map(|entry| &entry.value) {
            Some(Value::Texts(texts)) => texts.clone(),
            _ => Vec::new(),
        }
    }

    pub(super) fn span(&self, path: &[&str]) -> Option<std::time::Duration> {
        match &self.entry(path)?.value {
            Value::Span(span) => Some(*span),
            _ => None,
        }
    }

    pub(super) fn integer(&self, path: &[&str]) -> Option<i64> {
        match self.entry(path)?.value {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }

    pub(super) fn ladder(&self, path: &[&str]) -> Option<Vec<u8>> {
        match &self.entry(path)?.value {
            Value::Ladder(rungs) => Some(rungs.clone()),
            _ => None,
        }
    }

    /// The names that the user chose under `section`, each once, in order.
    pub(super) fn names(&self, section: &[&str]) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for path in self.0.entries.keys() {
            let under = path.len() > section.len() && path.iter().zip(section).all(|(name, wanted)| name == wanted);
            if under && !names.contains(&path[section.len()]) {
                names.push(path[section.len()].clone());
            }
        }
        names
    }

    pub(super) fn ui(&self) -> Ui {
        let color = match self.text(&["ui", "color"]).as_deref() {
            Some("never") => ColorMode::Never,
            Some("16") => ColorMode::Sixteen,
            Some("256") => ColorMode::Palette,
            Some("true") => ColorMode::True,
            _ => ColorMode::Auto,
        };
        let wide = matches!(self.entry(&["ui", "ambiguous_width"]), Some(Entry { value: Value::Integer(2), .. }));
        Ui {
            theme: self.text(&["ui", "theme"]).unwrap_or_default(),
            color,
            ascii: self.flag(&["ui", "ascii"]),
            ambiguous_width: if wide { 2 } else { 1 },
            mouse: self.flag(&["ui", "mouse"]),
            plain: self.flag(&["ui", "plain"]),
        }
    }

    /// The contexts by pattern, the least exact first.
    pub(super) fn contexts(&self) -> Vec<(String, ContextSettings)> {
        let mut contexts: Vec<_> = self
            .names(&["contexts"])
            .into_iter()
            .map(|name| {
                let at = |key| ["contexts", name.as_str(), key];
                let settings = ContextSettings {
                    alias: self.text(&at("alias")),
                    protected: self.flag(&at("protected")),
                    read_only: self.flag(&at("read_only")),
                    color: self.text(&at("color")),
                    namespaces: self.texts(&at("namespaces")),
                };
                (name, settings)
            })
            .collect();
        contexts.sort_by_key(|(name, _)| pattern::exactness(name));
        contexts
    }

    /// The releases by `namespace/name`; another form is a fault.
    pub(super) fn releases(&self, problems: &mut Vec<Problem>) -> Vec<(String, ReleaseSettings)> {
        let mut releases = Vec::new();
        for name in self.names(&["releases"]) {
            let written_right = name.split('/').count() == 2 && name.split('/').all(|part| !part.is_empty());
            if !written_right {
                let message = format!("'{name}' must be written as [releases.\"namespace/name\"]");
                problems.push(Problem::new(self.origin(&["releases", &name]), message));
                continue;
            }
            let settings = ReleaseSettings {
                strategy: self.text(&["releases", &name, "strategy"]),
                switch_key: self.text(&["releases", &name, "switch_key"]),
                stable: self.text(&["releases", &name, "stable"]),
                ladder: self.ladder(&["releases", &name, "ladder"]),
                preview_check: self.text(&["releases", &name, "preview_check"]),
                metrics: self.release_metrics(&name, problems),
            };
            releases.push((name, settings));
        }
        releases
    }

    /// The windows of `[freeze]`; one that cannot be meant is a fault and is left out.
    pub(super) fn freeze(&self, problems: &mut Vec<Problem>) -> Freeze {
        let zone = match self.text(&["freeze", "zone"]) {
            None => TimeZone::system(),
            Some(name) => TimeZone::get(&name).unwrap_or_else(|_| {
                let message =
                    format!("'{name}' is no time zone that this machine knows; write one such as Europe/Berlin");
                problems.push(Problem::new(self.origin(&["freeze", "zone"]), message));
                TimeZone::UTC
            }),
        };
        let mut windows = Vec::new();
        for name in self.names(&["freeze", "windows"]) {
            let at = |key| ["freeze", "windows", name.as_str(), key];
            let window = match (self.text(&at("from")), self.text(&at("to"))) {
                (Some(from), Some(to)) => Window::parse(&name, &from, &to, &self.texts(&at("days"))),
                _ => Err("it needs both 'from' and 'to'".to_owned()),
            };
            match window {
                Ok(mut window) => {
                    window.reason = self.text(&at("reason"));
                    window.contexts = self.texts(&at("contexts"));
                    windows.push(window);
                }
                Err(wrong) => {
                    let section = dotted(&["freeze".into(), "windows".into(), name.clone()]);
                    let origin = self.origin(&["freeze", "windows", &name]);
                    problems.push(Problem::new(origin, format!("[{section}]: {wrong}")));
                }
            }
        }
        Freeze::new(zone, windows)
    }

    /// Where the first entry at or under `path` comes from.
    pub(super) fn origin(&self, path: &[&str]) -> Origin {
        let under =
            |own: &[String]| own.len() >= path.len() && own.iter().zip(path).all(|(name, wanted)| name == wanted);
        self.0.entries.iter().find(|(own, _)| under(own)).map_or(Origin::Default, |(_, entry)| entry.origin.clone())
    }
}
