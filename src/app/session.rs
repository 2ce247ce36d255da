//! What stays the same while the console is connected to one cluster.

use crate::config::{Config, ContextSettings};
use crate::domain::identity::ClusterIdentity;
use crate::domain::traffic::TrafficSettings;
use crate::domain::{ObjectKey, Str};
use std::sync::Arc;

/// Who works on which cluster, and what they may do by their own settings.
#[derive(Debug, Clone)]
pub struct Session {
    /// The configuration.
    pub config: Arc<Config>,
    /// What it says of traffic.
    pub traffic: Arc<TrafficSettings>,
    /// The cluster as it was when the client was built.
    pub cluster: Arc<ClusterIdentity>,
    /// What is configured for its context.
    pub context: ContextSettings,
    /// The cluster is the embedded, simulated one.
    pub simulated: bool,
    /// Who writes: the name in the journal.
    pub who: Str,
    /// Told apart from other consoles in plan names.
    pub salt: Str,
    /// The name of this console in what it says of presence.
    pub console: Str,
    /// Opens on this release as soon as it is there.
    pub start: Option<ObjectKey>,
    /// The names of the themes there are.
    pub themes: Vec<Str>,
}

impl Session {
    /// A session of `who` on `cluster`.
    pub fn new(config: Arc<Config>, cluster: Arc<ClusterIdentity>, who: impl Into<Str>) -> Self {
        let context = config.context(&cluster.context);
        Self {
            traffic: Arc::new(config.traffic()),
            config,
            cluster,
            context,
            simulated: false,
            who: who.into(),
            salt: "0".into(),
            console: "".into(),
            start: None,
            themes: Vec::new(),
        }
    }

    /// The same session on another cluster.
    #[must_use]
    pub fn on(&self, cluster: Arc<ClusterIdentity>) -> Self {
        let context = self.config.context(&cluster.context);
        Self { cluster, context, start: None, ..self.clone() }
    }

    /// Whether it is in this context of the same server. The fingerprint comes later than the connection.
    pub fn is_at(&self, cluster: &ClusterIdentity) -> bool {
        self.cluster.context == cluster.context && self.cluster.server == cluster.server
    }

    /// No write is sent.
    pub fn read_only(&self) -> bool {
        self.config.read_only || self.context.read_only
    }

    /// Every write is a dry run of the server.
    pub fn rehearse(&self) -> bool {
        self.config.rehearse
    }

    /// Forward verbs ask for the fingerprint word.
    pub fn protected(&self) -> bool {
        self.context.protected
    }

    /// The context's name for the header.
    pub fn context_name(&self) -> &str {
        self.context.alias.as_deref().unwrap_or(&self.cluster.context)
    }
}
