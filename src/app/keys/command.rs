//! What a key can ask for.

use crate::app::model::Pane;
use crate::domain::Verb;

/// A way through a list or a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// One line down.
    Down,
    /// One line up.
    Up,
    /// To the first line.
    Top,
    /// To the last line.
    Bottom,
    /// Half a screen down.
    HalfDown,
    /// Half a screen up.
    HalfUp,
    /// A screen down.
    PageDown,
    /// A screen up.
    PageUp,
}

/// What a key asks for, apart from what it stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// Moves the selection or the text.
    Move(Step),
    /// Opens what is selected.
    Open,
    /// One layer back.
    Back,
    /// One layer back; at the board, the end.
    Quit,
    /// Cancels what runs; twice ends the console.
    Cancel,
    /// The next pane, or the next field.
    NextPane,
    /// The pane before, or the field before.
    PreviousPane,
    /// This pane.
    Pane(Pane),
    /// Types a filter.
    Filter,
    /// The next order of rows.
    Sort,
    /// All actions by name.
    Palette,
    /// The keys.
    Help,
    /// What changed between two revisions.
    Diff,
    /// The object as YAML.
    Yaml,
    /// Logs.
    Logs,
    /// Events.
    Events,
    /// One measurement, large.
    Chart,
    /// Charts and sparklines over a shorter time.
    Shorter,
    /// Charts and sparklines over a longer time.
    Longer,
    /// Copies what is shown or selected.
    Copy,
    /// Holds the screen still.
    Hold,
    /// Draws everything anew.
    Redraw,
    /// Gives the terminal back to the shell.
    Suspend,
    /// Writes the screen to a file.
    SaveScreen,
    /// The journal.
    Journal,
    /// The messages.
    Messages,
    /// Plans that were interrupted.
    Interrupted,
    /// The kubeconfig's contexts.
    Contexts,
    /// The cluster's namespaces.
    Namespaces,
    /// The themes.
    Themes,
    /// Back to an earlier revision.
    Undo,
    /// One step further on the ladder.
    Advance,
    /// Traffic to the other side.
    Switch,
    /// Another weight for the candidate.
    SetWeight,
    /// Everything to the candidate.
    Promote,
    /// Traffic back to what served before.
    Abort,
    /// On from a pause.
    Continue,
    /// A step left out.
    Skip,
    /// Once more after an abort.
    Retry,
    /// Stops the rollout, or lets it go on.
    PauseResume,
    /// New pods of the same template.
    Restart,
    /// Other images.
    SetImage,
    /// Another number of replicas.
    Scale,
    /// Takes back my last write.
    Revert,
    /// Rules that watch a release.
    Guard,
    /// Applies the plan.
    Confirm,
    /// Plans again from what is there now.
    Replan,
    /// Another revision: the one before in the list.
    OtherBefore,
    /// Another revision: the next in the list.
    OtherNext,
    /// Whether the same write also resumes a paused workload.
    TogglePaused,
    /// Whether the offered second call is sent.
    ToggleOptional,
    /// Types a reason for the journal.
    Reason,
    /// Overrides a gate that may be overridden.
    Override,
    /// Logs: follow or stand still.
    Follow,
    /// Logs: the container before its last restart.
    PreviousRun,
    /// Logs: more of the past.
    More,
    /// Logs: the pod or the whole track.
    Widen,
    /// Text: wrap long lines.
    Wrap,
    /// Messages: acknowledges all.
    Acknowledge,
    /// Namespaces: marks or unmarks.
    Mark,
    /// Namespaces: all of them.
    All,
}

impl Command {
    /// The verbs that a write key stands for; the first possible one is meant.
    pub const fn verbs(self) -> &'static [Verb] {
        match self {
            Self::Undo => &[Verb::Undo],
            Self::Advance => &[Verb::Advance],
            Self::Switch => &[Verb::Switch],
            Self::SetWeight => &[Verb::SetWeight],
            Self::Promote => &[Verb::Promote],
            Self::Abort => &[Verb::Abort],
            Self::Continue => &[Verb::Continue],
            Self::Skip => &[Verb::Skip],
            Self::Retry => &[Verb::Retry],
            Self::PauseResume => &[Verb::Resume, Verb::Pause],
            Self::Restart => &[Verb::Restart],
            Self::SetImage => &[Verb::SetImage],
            Self::Scale => &[Verb::Scale],
            Self::Revert => &[Verb::Revert],
            _ => &[],
        }
    }

    /// What a release must have for a key that its strategy has no verb for.
    pub const fn needs(self) -> &'static str {
        match self {
            Self::Advance | Self::SetWeight => "a release with weights",
            Self::Switch => "a release with two sides",
            Self::Promote | Self::Abort => "a release that splits traffic",
            Self::Continue | Self::Skip => "a release with steps",
            Self::Retry => "a rollout that was aborted",
            _ => "another kind of release",
        }
    }

    /// Whether it opens a plan.
    pub const fn writes(self) -> bool {
        !self.verbs().is_empty()
    }
}
