//! What became of a plan.

use super::Str;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What became of a plan, with its reason in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The word.
    pub kind: OutcomeKind,
    /// One sentence: what, to whom, what next.
    pub reason: Str,
}

impl Outcome {
    /// An outcome with its reason.
    pub fn new(kind: OutcomeKind, reason: impl Into<Str>) -> Self {
        Self { kind, reason: reason.into() }
    }
}

/// The word of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutcomeKind {
    /// It was done (and settled, where that was waited for).
    Applied,
    /// It was so already.
    Unchanged,
    /// A dry run or a rehearsal: accepted, not persisted.
    Planned,
    /// The server or the controller refused it, or it did not hold.
    Failed,
    /// Some calls were done and some were not.
    Partial,
    /// We did not send it: read-only, gate, not confirmed, nothing to do.
    Refused,
    /// The fence held: somebody changed it since it was looked at.
    Conflict,
    /// It was done, and did not settle in time.
    Timeout,
    /// The server says that we may not.
    Forbidden,
    /// Nothing was sent: the server is away.
    Unreachable,
    /// It was sent and the result is not known.
    Unknown,
}

impl OutcomeKind {
    /// Every kind of outcome.
    pub const ALL: [Self; 11] = [
        Self::Applied,
        Self::Unchanged,
        Self::Planned,
        Self::Failed,
        Self::Partial,
        Self::Refused,
        Self::Conflict,
        Self::Timeout,
        Self::Forbidden,
        Self::Unreachable,
        Self::Unknown,
    ];

    /// The word on the screen and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
            Self::Planned => "planned",
            Self::Failed => "failed",
            Self::Partial => "partial",
            Self::Refused => "refused",
            Self::Conflict => "conflict",
            Self::Timeout => "timeout",
            Self::Forbidden => "forbidden",
            Self::Unreachable => "unreachable",
            Self::Unknown => "unknown",
        }
    }

    /// The process's exit code.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Applied | Self::Unchanged | Self::Planned => 0,
            Self::Failed | Self::Partial => 1,
            Self::Refused | Self::Conflict => 3,
            Self::Timeout => 4,
            Self::Forbidden => 5,
            Self::Unreachable => 6,
            Self::Unknown => 7,
        }
    }
}

impl fmt::Display for OutcomeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
