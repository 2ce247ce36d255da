//! What a person asks for.

use super::workload::Image;
use super::{ObjectKey, Revision, Uid, Verb};
use serde::{Deserialize, Serialize};

/// A wish on one release; a strategy turns it into a plan or refuses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// Back to an earlier template.
    Undo {
        /// Which one.
        to: UndoTo,
        /// What happens to a paused workload.
        paused: PausedUndo,
    },
    /// Stop the rollout.
    Pause,
    /// Let it go on.
    Resume,
    /// New pods of the same template.
    Restart,
    /// Other images; at least one.
    SetImage(Vec<Image>),
    /// Another number of replicas.
    Scale(i32),
    /// Apply the ready inverse of an earlier plan.
    Revert(Box<super::plan::ReadyInverse>),
}

impl Intent {
    /// The verb of this intent.
    pub const fn verb(&self) -> Verb {
        match self {
            Self::Undo { .. } => Verb::Undo,
            Self::Pause => Verb::Pause,
            Self::Resume => Verb::Resume,
            Self::Restart => Verb::Restart,
            Self::SetImage(_) => Verb::SetImage,
            Self::Scale(_) => Verb::Scale,
            Self::Revert(_) => Verb::Revert,
        }
    }

    /// An undo to the best-founded revision, a paused workload staying paused.
    pub const fn undo() -> Self {
        Self::Undo { to: UndoTo::Best, paused: PausedUndo::StayPaused }
    }
}

/// Which revision an undo goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UndoTo {
    /// The one with the best evidence, else the previous one.
    Best,
    /// The highest below the current one.
    Previous,
    /// The one that our journal recorded as good; refused when there is none.
    LastGood,
    /// This one.
    Number(Revision),
}

/// What an undo does to a paused workload; it never resumes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PausedUndo {
    /// The template goes back; pods change once somebody resumes.
    StayPaused,
    /// The same patch also sets `spec.paused` to false.
    Resume,
}

/// The identity of the release that an intent is for, fixed at the key press.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ReleaseId {
    /// The root object.
    pub key: ObjectKey,
    /// Its identity.
    pub uid: Uid,
}
