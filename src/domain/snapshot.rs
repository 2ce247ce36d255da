//! What is: the value that the read side publishes.

use super::identity::ClusterIdentity;
use super::presence::Presences;
use super::{Age, Kind, ObjectKey, Release, Str, Uid};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::fmt;
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
    /// Who steps which release.
    pub presence: Presences,
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
            presence: Presences::default(),
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
            Some(Watch::Failing { since, .. } | Watch::Forbidden { since: Some(since), .. }) => {
                Age::between(*since, now)
            }
            Some(Watch::Live | Watch::Listing | Watch::Absent | Watch::Forbidden { since: None, .. }) | None => {
                Age::seconds(0)
            }
        };
        kind_age.max(self.connection.age(now))
    }

    /// The same of what is shown of `namespace`: it may not be read any more while others may.
    pub fn age_in(&self, kind: Kind, namespace: &str, now: Timestamp) -> Age {
        let lost = self.denied(kind, namespace).and_then(|denied| denied.since);
        lost.map_or(Age::seconds(0), |since| Age::between(since, now)).max(self.age_of(kind, now))
    }

    /// The age of the oldest data on the screen.
    pub fn age(&self, now: Timestamp) -> Age {
        let denied = self.kinds.values().flat_map(|status| &status.denied).filter_map(|denied| denied.since);
        let of_denied = denied.min().map_or(Age::seconds(0), |since| Age::between(since, now));
        let of_kinds = self.kinds.keys().map(|kind| self.age_of(*kind, now)).max();
        of_kinds.unwrap_or(self.connection.age(now)).max(of_denied)
    }

    /// Whether `kind` in `namespace` was read once and may not be read any more: what is shown of it may be anything now.
    pub fn out_of_sight(&self, kind: Kind, namespace: &str) -> bool {
        let all =
            self.kinds.get(&kind).is_some_and(|status| matches!(status.watch, Watch::Forbidden { since: Some(_), .. }));
        all || self.denied(kind, namespace).is_some_and(|denied| denied.since.is_some())
    }

    /// The refusal to list `kind` in `namespace`, while it may be listed elsewhere.
    pub fn denied(&self, kind: Kind, namespace: &str) -> Option<&Denied> {
        self.kinds.get(&kind)?.denied.iter().find(|denied| *denied.namespace == *namespace)
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
    pub denied: Vec<Denied>,
}

/// A namespace that may not be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// Its name.
    pub namespace: Str,
    /// The server's sentence.
    pub reason: Str,
    /// When it was last read; `None` where it never was, and nothing of it is shown.
    pub since: Option<Timestamp>,
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
        /// When it was last live: a right that ended leaves rows behind. `None` where it never was.
        since: Option<Timestamp>,
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
        /// What keeps it away, in a word.
        cause: Absence,
        /// One sentence: refused, timed out, certificate, credentials…
        reason: Str,
        /// When the next probe is due.
        retry_at: Timestamp,
    },
}

/// What keeps a server away, for where there is no room for the sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// It does not accept our credentials, or there are none.
    Login,
    /// There is no trust between it and us: its certificate or ours.
    Certificate,
    /// Nothing listens there.
    Refused,
    /// No answer came in time, or the connection was cut.
    NoAnswer,
    /// It answers that it can't: this HTTP status.
    Status(u16),
    /// The context points to another cluster now.
    Elsewhere,
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Login => f.write_str("not logged in"),
            Self::Certificate => f.write_str("certificate"),
            Self::Refused => f.write_str("refused"),
            Self::NoAnswer => f.write_str("no answer"),
            Self::Status(status) => write!(f, "answers {status}"),
            Self::Elsewhere => f.write_str("another cluster"),
        }
    }
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
