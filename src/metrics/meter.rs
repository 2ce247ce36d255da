//! What asks the sources: for the releases in focus at their own pace, for the board by one query a namespace.

mod driver;
mod targets;
#[cfg(test)]
pub(super) mod tests;

use super::source::{MetricSource, registry};
use crate::cluster::{Clock, Cluster};
use crate::config::{Config, HealthSettings};
use crate::domain::{Measurements, Release, Snapshot, Uid};
use driver::Driver;
use jiff::SignedDuration;
use std::sync::Arc;
use tokio::sync::watch;

/// What a meter works with.
#[derive(Debug, Clone)]
pub struct MeterOptions {
    /// The cluster, for what is reached through its API server.
    pub cluster: Cluster,
    /// What there is to measure, always the newest.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// The settings: sources, queries, health endpoints.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Clock,
}

/// What is looked at, and so worth asking for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Focus {
    /// Releases that are open, stepped or guarded: asked in full.
    pub releases: Vec<Uid>,
    /// Releases that the board alone shows, and that no query of their namespace tells of: asked in full as well, but of
    /// nothing that costs Prometheus a query.
    pub followed: Vec<Uid>,
    /// Whether the board is seen: one grouped query a namespace.
    pub board: bool,
    /// The time that charts and sparklines show; `None`: the configured one.
    pub span: Option<SignedDuration>,
    /// How far back rules and gates look, where that is further than is shown.
    pub judged: Option<SignedDuration>,
    /// Health endpoints that are asked instead of those of the settings.
    pub endpoints: Vec<(Uid, HealthSettings)>,
}

impl Focus {
    /// The health endpoint of `release` that is asked now.
    fn endpoint(&self, release: &Release, config: &Config) -> Option<HealthSettings> {
        let own = self.endpoints.iter().find(|(uid, _)| *uid == release.uid).map(|(_, own)| own.clone());
        own.or_else(|| config.release(&release.key.namespace, &release.key.name).metrics.health)
    }

    /// Whether it is asked for by itself.
    fn asks(&self, release: &Uid) -> bool {
        self.releases.contains(release) || self.followed.contains(release)
    }

    fn is_nothing(&self) -> bool {
        self.releases.is_empty() && self.followed.is_empty() && !self.board
    }
}

/// A running measurement; dropping it ends it.
#[derive(Debug)]
pub struct Meter {
    /// What was measured, always the newest.
    pub measurements: watch::Receiver<Arc<Measurements>>,
    focus: watch::Sender<Focus>,
}

impl Meter {
    /// Starts measuring; asks nothing before something is in focus.
    pub fn start(options: MeterOptions) -> Self {
        let sources = registry(&options);
        Self::over(options, sources)
    }

    /// The same with these sources.
    pub(super) fn over(options: MeterOptions, sources: Vec<Arc<dyn MetricSource>>) -> Self {
        let (published, measurements) = watch::channel(Arc::default());
        let (focus, looked_at) = watch::channel(Focus::default());
        // Ends with the sender of the focus, which this meter holds.
        tokio::spawn(Driver::new(options, sources, published, looked_at).run());
        Self { measurements, focus }
    }

    /// Says what is looked at now.
    pub fn look_at(&self, focus: Focus) {
        self.focus.send_if_modified(|now| {
            let changed = *now != focus;
            *now = focus;
            changed
        });
    }
}
