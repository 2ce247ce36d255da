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

impl Direction {
    /// The other way.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Back => Self::Forward,
            Self::Forward => Self::Back,
        }
    }
}

/// A write that the console offers.
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
    /// One step further: the next rung of the ladder.
    Advance,
    /// The live side and the other one change places.
    Switch,
    /// Another weight.
    SetWeight,
    /// Traffic back to what served before; an A/B test ends.
    Abort,
    /// The candidate takes everything; of an A/B test the winner does.
    Promote,
    /// Go on from the pause that it stands at.
    Continue,
    /// Leave out the step that it stands at.
    Skip,
    /// Begin again after an abort or a failure.
    Retry,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 15] = [
        Self::Undo,
        Self::Pause,
        Self::Resume,
        Self::Restart,
        Self::SetImage,
        Self::Scale,
        Self::Revert,
        Self::Advance,
        Self::Switch,
        Self::SetWeight,
        Self::Abort,
        Self::Promote,
        Self::Continue,
        Self::Skip,
        Self::Retry,
    ];

    /// The verb's own direction; `None` where it depends on what is reverted, on which side was live before, or on
    /// whether the weight goes towards stable.
    pub const fn direction(self) -> Option<Direction> {
        match self {
            Self::Undo | Self::Pause | Self::Abort => Some(Direction::Back),
            Self::Resume
            | Self::Restart
            | Self::SetImage
            | Self::Scale
            | Self::Advance
            | Self::Promote
            | Self::Continue
            | Self::Skip
            | Self::Retry => Some(Direction::Forward),
            Self::Revert | Self::Switch | Self::SetWeight => None,
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
            Self::Advance => "advance",
            Self::Switch => "switch",
            Self::SetWeight => "set-weight",
            Self::Abort => "abort",
            Self::Promote => "promote",
            Self::Continue => "continue",
            Self::Skip => "skip",
            Self::Retry => "retry",
        }
    }

    /// The verb at the head of a plan's title: `SET IMAGE`.
    pub fn heading(self) -> String {
        self.word().to_uppercase().replace('-', " ")
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
