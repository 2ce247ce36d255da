//! What a person can ask for, and which way it goes.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Which way a verb goes. Guards, gates and freezes hold what goes forward; they never block what goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Towards what served before, or a stop.
    Back,
    /// Towards something new.
    Forward,
}

/// A write that the console offers. Verbs of traffic (advance, switch, weight…) join with their strategies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// Back to the template of an earlier revision.
    Undo,
    /// Stop the rollout where it is.
    Pause,
    /// Let the rollout go on.
    Resume,
    /// Replace every pod by a new one of the same template.
    Restart,
    /// Change the image of one or more containers.
    SetImage,
    /// Change the number of replicas.
    Scale,
    /// Take back my last write on this release.
    Revert,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 7] =
        [Self::Undo, Self::Pause, Self::Resume, Self::Restart, Self::SetImage, Self::Scale, Self::Revert];

    /// The verb's own direction; `None` where it depends on what is reverted.
    pub const fn direction(self) -> Option<Direction> {
        match self {
            Self::Undo | Self::Pause => Some(Direction::Back),
            Self::Resume | Self::Restart | Self::SetImage | Self::Scale => Some(Direction::Forward),
            Self::Revert => None,
        }
    }

    /// The word on the screen, on the command line and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Undo => "undo",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Restart => "restart",
            Self::SetImage => "set-image",
            Self::Scale => "scale",
            Self::Revert => "revert",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
