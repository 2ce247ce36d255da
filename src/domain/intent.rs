//! What a person asks for.

use super::workload::Image;
use super::{ObjectKey, Revision, Str, Uid, Verb};
use serde::{Deserialize, Serialize};
use std::fmt;

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
    /// Another number of replicas of one side of a release (`scale down the old side`).
    ScaleSide {
        /// The side: a track's name, or the workload's.
        side: Str,
        /// So many.
        replicas: i32,
    },
    /// The next rung of the ladder.
    Advance {
        /// Where the person saw it stand: elsewhere it is a conflict, never a skip. `None`: where it stands now.
        from: Option<Standing>,
        /// Only this rule; `None`: all of the release's.
        rule: Option<RuleRef>,
    },
    /// Traffic to another side.
    Switch {
        /// Its name (a track's name, or the value of the switch key); `None`: the other one.
        to: Option<Str>,
    },
    /// So many per cent to the candidate.
    SetWeight {
        /// 0 to 100.
        weight: u8,
        /// Only this rule; `None`: all of the release's.
        rule: Option<RuleRef>,
    },
    /// Back to what served before; of an A/B test: remove its rule.
    Abort,
    /// Everything to the candidate, whatever steps are left.
    Promote {
        /// A/B: the group or version that wins; `None`: the candidate.
        winner: Option<Str>,
    },
    /// Go on from a pause.
    Continue,
    /// Leave out a step.
    Skip,
    /// Begin again.
    Retry,
}

/// Where a release stood when the person looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// At this `step.index`.
    Step(u32),
    /// At this asked weight of the candidate, in per cent.
    Weight(u8),
}

/// A refusal that a person may override, with a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Override {
    /// The rung has not baked long enough.
    Bake,
    /// A change freeze.
    Freeze,
    /// The side to switch to has fewer ready pods than the live one.
    FewerPods,
    /// The preview check failed.
    PreviewCheck,
    /// A write to what a controller owns.
    BreakGlass,
}

impl Override {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Bake, Self::Freeze, Self::FewerPods, Self::PreviewCheck, Self::BreakGlass];

    /// As `--override` takes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bake => "bake",
            Self::Freeze => "freeze",
            Self::FewerPods => "fewer-pods",
            Self::PreviewCheck => "preview-check",
            Self::BreakGlass => "break-glass",
        }
    }
}

impl fmt::Display for Standing {
    /// `step 2`, `20 %`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(index) => write!(f, "step {index}"),
            Self::Weight(weight) => write!(f, "{weight} %"),
        }
    }
}

/// One rule of one route.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RuleRef {
    /// The route.
    pub route: ObjectKey,
    /// The rule's JSON pointer: `/spec/http/0`.
    pub pointer: Str,
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
            Self::Scale(_) | Self::ScaleSide { .. } => Verb::Scale,
            Self::Revert(_) => Verb::Revert,
            Self::Advance { .. } => Verb::Advance,
            Self::Switch { .. } => Verb::Switch,
            Self::SetWeight { .. } => Verb::SetWeight,
            Self::Abort => Verb::Abort,
            Self::Promote { .. } => Verb::Promote,
            Self::Continue => Verb::Continue,
            Self::Skip => Verb::Skip,
            Self::Retry => Verb::Retry,
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
