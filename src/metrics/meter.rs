//! What asks the sources: for the releases in focus at their own pace, for the board by one query a namespace.

use crate::cluster::{Clock, Cluster};
use crate::config::Config;
use crate::domain::{Measurements, Snapshot, Uid};
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
    /// Whether the board is seen: one grouped query a namespace.
    pub board: bool,
    /// The time that charts and sparklines show; `None`: the configured one.
    pub span: Option<SignedDuration>,
}

/// A running measurement; dropping it ends it.
#[derive(Debug)]
pub struct Meter {
    /// What was measured, always the newest.
    pub measurements: watch::Receiver<Arc<Measurements>>,
    focus: watch::Sender<Focus>,
    _published: watch::Sender<Arc<Measurements>>,
}

impl Meter {
    /// Starts measuring; asks nothing before something is in focus.
    pub fn start(_options: MeterOptions) -> Self {
        let (published, measurements) = watch::channel(Arc::default());
        let (focus, _) = watch::channel(Focus::default());
        Self { measurements, focus, _published: published }
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
