//! The states of a release, from worst to best.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a release is doing. The order is the board's: the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Pods are wanted and none is ready.
    Down,
    /// Deadline exceeded, aborted, or stuck: a new pod in image pull, crash loop or unschedulable for 60 s.
    Failed,
    /// Serving with less than wanted, quota exceeded, crash loops.
    Degraded,
    /// A controller or a rung waits for a person.
    Waiting,
    /// Moving by itself: timed pauses, an announced recreate gap, and "not observed yet" too.
    Progressing,
    /// Stale or unreadable.
    Unknown,
    /// All that is wanted is ready and nothing is pending.
    Healthy,
    /// Scaled to 0.
    Idle,
}

impl State {
    /// Every state, worst first.
    pub const ALL: [Self; 8] = [
        Self::Down,
        Self::Failed,
        Self::Degraded,
        Self::Waiting,
        Self::Progressing,
        Self::Unknown,
        Self::Healthy,
        Self::Idle,
    ];

    /// Its place in [`State::ALL`].
    pub const fn place(self) -> usize {
        self as usize
    }

    /// The word on the screen and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Failed => "failed",
            Self::Degraded => "degraded",
            Self::Waiting => "waiting",
            Self::Progressing => "progressing",
            Self::Unknown => "unknown",
            Self::Healthy => "healthy",
            Self::Idle => "idle",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The health verdict of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing speaks against it.
    Ok,
    /// Something deserves a look.
    Warn,
    /// It does not serve as it should.
    Bad,
    /// Not readable, or too old to tell.
    Unknown,
}

impl Verdict {
    /// Its place among others, the one that matters most first.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Bad => 0,
            Self::Warn => 1,
            Self::Unknown => 2,
            Self::Ok => 3,
        }
    }
}
