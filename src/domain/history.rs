//! The rollout history of a release, and the evidence for where to go back to.

use super::workload::Image;
use super::{Age, ObjectKey, Revision, Str};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One revision of a release.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEntry {
    /// The number; ReplicaSets without one are left out of the history.
    pub revision: Revision,
    /// Earlier numbers of the same template.
    pub aliases: Vec<Revision>,
    /// The object that holds the template.
    pub object: ObjectKey,
    /// The pods' hash label of this revision.
    pub hash: Option<Str>,
    /// The images.
    pub images: Vec<Image>,
    /// `kubernetes.io/change-cause`.
    pub change_cause: Option<Str>,
    /// When the object was made.
    pub created: Option<Timestamp>,
    /// Pods of it: wanted and ready.
    pub replicas: RevisionReplicas,
    /// Whether the spec stands for it now.
    pub current: bool,
    /// Whether ready pods of it serve now.
    pub serving: bool,
    /// What speaks for going back to it.
    pub evidence: Evidence,
}

/// Pods of one revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RevisionReplicas {
    /// Existing.
    pub current: i32,
    /// Ready.
    pub ready: i32,
}

/// What speaks for a revision as the one to go back to; the best last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// Our journal saw it come, never settle, and be undone: the last place to go back to.
    GivenUp {
        /// When it was undone.
        at: Timestamp,
    },
    /// Nothing is known.
    None,
    /// Its ReplicaSet lived long before the next one came.
    Likely {
        /// How long it was the newest.
        served: Age,
    },
    /// It has ready pods in mid-rollout.
    Serving {
        /// How many.
        ready: i32,
    },
    /// Our journal saw it settle.
    Recorded {
        /// When.
        at: Timestamp,
    },
}

impl Evidence {
    /// The word in JSON.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::GivenUp { .. } | Self::None => "none",
            Self::Likely { .. } => "likely",
            Self::Serving { .. } => "serving",
            Self::Recorded { .. } => "recorded",
        }
    }
}
