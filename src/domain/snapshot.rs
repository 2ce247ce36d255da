//! What is: the value that the read side publishes.

use super::identity::ClusterIdentity;
use super::{Age, Kind, ObjectKey, Release, Str, Uid};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything that is shown of a cluster at one moment. Cheap to clone: releases are shared between snapshots.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Rises with every publication.
    pub version: u64,
    /// Which cluster.
    pub cluster: Arc<ClusterIdentity>,
    /// The releases, by namespace, name and kind.
    pub releases: Vec<Arc<Release>>,
    /// How each kind's watch is doing.
    pub kinds: BTreeMap<Kind, KindStatus>,
    /// Whether the server answers.
    pub connection: Connection,
    /// The namespaces looked at; empty: all.
    pub namespaces: Vec<Str>,
    /// Every namespace that may be listed; empty when they may not.
    pub known_namespaces: Vec<Str>,
    /// When it was published.
    pub published: Timestamp,
}

impl Snapshot {
    /// The snapshot before anything was read.
    pub fn empty(cluster: Arc<ClusterIdentity>, now: Timestamp) -> Self {
        Self {
            version: 0,
            cluster,
            releases: Vec::new(),
            kinds: BTreeMap::new(),
            connection: Connection::Connecting { since: now },
            namespaces: Vec::new(),
            known_namespaces: Vec::new(),
            published: now,
        }
    }

    /// The release with this root identity.
    pub fn by_uid(&self, uid: &Uid) -> Option<&Arc<Release>> {
        self.releases.iter().find(|release| release.uid == *uid)
    }

    /// The release rooted at `key`.
    pub fn by_key(&self, key: &ObjectKey) -> Option<&Arc<Release>> {
        self.releases.iter().find(|release| release.key == *key)
    }

    /// The release that `key` belongs to, as root, member or pod.
    pub fn owning(&self, key: &ObjectKey) -> Option<&Arc<Release>> {
        self.by_key(key).or_else(|| self.releases.iter().find(|release| release.holds(key)))
    }

    /// How old the shown data of `kind` is: zero while the probe answers and its watch is live.
    pub fn age_of(&self, kind: Kind, now: Timestamp) -> Age {
        let kind_age = match self.kinds.get(&kind).map(|status| &status.watch) {
            Some(Watch::Failing { since, .. }) => Age::between(*since, now),
            Some(Watch::Live | Watch::Listing | Watch::Absent | Watch::Forbidden { .. }) | None => Age::seconds(0),
        };
        kind_age.max(self.connection.age(now))
    }

    /// The age of the oldest data on the screen.
    pub fn age(&self, now: Timestamp) -> Age {
        self.kinds.keys().map(|kind| self.age_of(*kind, now)).max().unwrap_or(self.connection.age(now))
    }

    /// Whether anything shown is older than `LIVE_LIMIT`.
    pub fn stale(&self, now: Timestamp) -> bool {
        self.age(now) > LIVE_LIMIT
    }

    /// Whether there is no namespace of this name; `false` where that is not known.
    pub fn lacks_namespace(&self, name: &str) -> bool {
        let listing = self.kinds.get(&Kind::Namespace).is_some_and(|status| matches!(status.watch, Watch::Listing));
        !listing && !self.known_namespaces.is_empty() && !self.known_namespaces.iter().any(|known| **known == *name)
    }

    /// Whether the first lists of everything that roots releases are complete, or will not come.
    pub fn complete(&self) -> bool {
        let listing = |kind: &Kind| self.kinds.get(kind).map(|status| matches!(status.watch, Watch::Listing));
        let workloads = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet];
        let above =
            [Kind::Service, Kind::Rollout, Kind::Canary, Kind::VirtualService, Kind::HttpRoute, Kind::GrpcRoute];
        workloads.iter().all(|kind| listing(kind) == Some(false))
            && above.iter().all(|kind| listing(kind) != Some(true))
    }
}

/// Data older than this is shown with its age.
pub const LIVE_LIMIT: Age = Age(SignedDuration::from_secs(2));

/// Data older than this is read again before a plan is opened.
pub const FRESH_LIMIT: Age = Age(SignedDuration::from_secs(10));

/// How one kind is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindStatus {
    /// The watch.
    pub watch: Watch,
    /// Objects held.
    pub count: usize,
    /// Namespaces that may not be listed, while others may.
    pub denied: Vec<Str>,
}

/// The state of a watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watch {
    /// The first list is under way.
    Listing,
    /// Events flow, or would if there were any.
    Live,
    /// It ended and is tried again; rows stay.
    Failing {
        /// When it last was live.
        since: Timestamp,
        /// One sentence.
        reason: Str,
        /// When the next attempt is due.
        retry_at: Timestamp,
    },
    /// We may not list it anywhere.
    Forbidden {
        /// The server's sentence.
        reason: Str,
    },
    /// The server does not know this kind.
    Absent,
}

/// Whether the server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// Not yet.
    Connecting {
        /// Since when we try.
        since: Timestamp,
    },
    /// The probe answers.
    Live,
    /// It does not.
    Away {
        /// The last answer.
        since: Timestamp,
        /// One sentence: refused, timed out, certificate, credentials…
        reason: Str,
        /// When the next probe is due.
        retry_at: Timestamp,
    },
}

impl Connection {
    /// How long the server has not answered.
    pub fn age(&self, now: Timestamp) -> Age {
        match self {
            Self::Live => Age::seconds(0),
            Self::Connecting { since } | Self::Away { since, .. } => Age::between(*since, now),
        }
    }
}
