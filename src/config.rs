//! Configuration: values, their file, how they are merged, and where each one came from.
//!
//! ```text
//! flag  >  WINDLASS_* variable  >  config.toml  >  built in
//! ```
//! Merging is pure: [`Config::resolve`] gets the text of the file, the variables and the flags, and returns either a
//! whole configuration or every fault there is, each with its place.

mod freeze;
mod guard;
mod kind;
mod layers;
mod metrics;
mod origin;
mod paths;
mod pattern;
mod problem;
mod sample;
mod schema;
mod settings;
mod traffic;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

pub use freeze::{Freeze, Held, Window};
pub use guard::{CommandSettings, NotifySettings, SlackSettings, WebhookSettings};
pub use kind::{Kind, Value};
pub use layers::{Binding, Entry, Path, dotted};
pub use metrics::{Access, Business, HealthSettings, MetricSettings, Queries, ReleaseMetrics, Written, no_address};
pub use origin::Origin;
pub use paths::{NoHome, Paths, read};
pub use problem::{Problem, Problems};
pub use sample::sample;
pub use schema::{Effect, SETTINGS, Setting};
pub use settings::{ColorMode, ContextSettings, ReleaseSettings, Ui};

use crate::domain::guarding::GuardSettings;
use layers::Layers;
use settings::Reader;

/// What a configuration is made of.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file's path and text, if there is one.
    pub file: Option<(PathBuf, String)>,
    /// The environment; what does not concern windlass is left alone.
    pub variables: BTreeMap<String, String>,
    /// Flags of the command line that are settings, too.
    pub flags: Vec<FlagValue>,
}

/// A setting given on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagValue {
    /// The setting's path, such as `ui.theme`.
    pub path: &'static str,
    /// The flag as it is typed, such as `--theme`.
    pub flag: &'static str,
    /// The value as it was typed.
    pub text: String,
}

/// A whole configuration, merged and checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The name for journal and field manager; `None`: the cluster's own word for the user.
    pub who: Option<String>,
    /// No write is sent, in no context.
    pub read_only: bool,
    /// Every write is a dry run of the server.
    pub rehearse: bool,
    /// How the screen is drawn.
    pub ui: Ui,
    /// The default ladder, in percent.
    pub ladder: Vec<u8>,
    /// How long the old side of a switch is kept; `None` where it could not be read.
    pub keep_old: Option<Duration>,
    /// Where measurements come from.
    pub metrics: MetricSettings,
    /// Gates and rules.
    pub guard: GuardSettings,
    /// Who is told of what a guard does.
    pub notify: NotifySettings,
    /// The change freezes.
    pub freeze: Freeze,
    /// The keys that the user wants for actions.
    pub bindings: Vec<Binding>,
    /// What looks wrong but stops nothing.
    pub warnings: Vec<Problem>,
    contexts: Vec<(String, ContextSettings)>,
    releases: Vec<(String, ReleaseSettings)>,
    entries: BTreeMap<Path, Entry>,
}

impl Default for Config {
    /// What is built in.
    fn default() -> Self {
        Self::build(Layers::built_in()).0
    }
}

impl Config {
    /// Merges and checks `sources`. The error holds every fault, in the order of the file's lines.
    pub fn resolve(sources: &Sources) -> Result<Self, Problems> {
        let mut layers = Layers::built_in();
        if let Some((path, text)) = &sources.file {
            layers.file(path.clone(), text);
        }
        layers.variables(&sources.variables);
        for flag in &sources.flags {
            layers.flag(flag.path, &flag.text, flag.flag);
        }
        let mut problems = std::mem::take(&mut layers.problems);
        let (config, more) = Self::build(layers);
        problems.extend(more);
        if problems.is_empty() {
            return Ok(config);
        }
        problems.sort_by_key(|problem| match problem.origin {
            Origin::File { line, column, .. } => (line, column),
            _ => (usize::MAX, 0),
        });
        Err(Problems(problems))
    }

    fn build(layers: Layers) -> (Self, Vec<Problem>) {
        let reader = Reader(&layers);
        let mut problems = Vec::new();
        let config = Self {
            who: reader.text(&["who"]).filter(|who| !who.is_empty()),
            read_only: reader.flag(&["read_only"]),
            rehearse: reader.flag(&["rehearse"]),
            ui: reader.ui(),
            ladder: reader.ladder(&["ladder", "steps"]).unwrap_or_default(),
            keep_old: reader.span(&["ladder", "keep_old"]),
            metrics: reader.metrics(&mut problems),
            guard: reader.guard(&mut problems),
            notify: reader.notify(&mut problems),
            freeze: reader.freeze(&mut problems),
            contexts: reader.contexts(),
            releases: reader.releases(&mut problems),
            bindings: layers.bindings,
            warnings: layers.warnings,
            entries: layers.entries,
        };
        (config, problems)
    }

    /// What is set for the kubeconfig's context `name`: of several patterns that match, the most exact one's.
    pub fn context(&self, name: &str) -> ContextSettings {
        let matching = self.contexts.iter().rev().find(|(pattern, _)| pattern::matches(pattern, name));
        matching.map(|(_, settings)| settings.clone()).unwrap_or_default()
    }

    /// What is set for the release `namespace`/`name`.
    pub fn release(&self, namespace: &str, name: &str) -> ReleaseSettings {
        let wanted = |key: &str| key.split_once('/') == Some((namespace, name));
        self.releases.iter().find(|(key, _)| wanted(key)).map(|(_, settings)| settings.clone()).unwrap_or_default()
    }

    /// Has the health endpoint of the release `namespace`/`name` asked, whatever the file says.
    pub fn ask_health(&mut self, qualified: &str, health: HealthSettings) {
        let place = self.releases.iter().position(|(name, _)| name == qualified);
        let place = place.unwrap_or_else(|| {
            self.releases.push((qualified.to_owned(), ReleaseSettings::default()));
            self.releases.len() - 1
        });
        self.releases[place].1.metrics.health = Some(health);
    }

    /// Every value there is with its origin, by path.
    pub fn entries(&self) -> impl Iterator<Item = (&Path, &Entry)> {
        self.entries.iter()
    }

    /// Where the value at `path` (such as `ui.theme`) comes from; names chosen by the user have no place here.
    pub fn origin(&self, path: &str) -> Origin {
        let path: Path = path.split('.').map(str::to_owned).collect();
        self.entries.get(&path).map_or(Origin::Default, |entry| entry.origin.clone())
    }
}

#[cfg(test)]
mod tests;
