//! A plan's dialog: what will be done, what is known about it so far, and whether `y` may be taken.

use crate::app::arming::Arming;
use crate::app::field::TextField;
use crate::app::scroll::Scroll;
use crate::domain::intent::{PausedUndo, ReleaseId, UndoTo};
use crate::domain::management::Management;
use crate::domain::plan::{PlanId, Refusal};
use crate::domain::{Direction, Intent, ObjectKey, Plan, Release, Revision, Str};
use std::sync::Arc;
use std::time::Duration;

/// How long a plan waits for its objects before it does without them.
pub const READ_LIMIT: Duration = Duration::from_secs(2);

/// How long it waits for a controller that is taking in an earlier change.
pub const READ_AGAIN_LIMIT: Duration = Duration::from_secs(4);

/// How long after such a read the next one is made.
pub const AGAIN_AFTER: Duration = Duration::from_millis(250);

/// A plan's dialog.
#[derive(Debug)]
pub struct PlanDialog {
    /// The release, fixed when the key was pressed.
    pub release: ReleaseId,
    /// What was asked for.
    pub intent: Intent,
    /// Which of the plans of this console it shows; answers to earlier ones are dropped.
    pub number: u32,
    /// How far it is.
    pub stage: Stage,
    /// When it was opened or planned anew.
    pub opened: Duration,
    /// When the objects are read again, because they were read in the middle of a change.
    pub again: Option<Duration>,
    /// The revisions that `←/→` goes through, newest first.
    pub choices: Vec<Revision>,
    /// The revision shown.
    pub chosen: Option<Revision>,
    /// When `y` may be taken.
    pub arming: Arming,
    /// The fingerprint word, where it must be typed.
    pub word: Option<Word>,
    /// Why, for the journal.
    pub reason: TextField,
    /// Whether the reason is being typed.
    pub typing_reason: bool,
    /// The gate that the person overrides.
    pub overridden: bool,
    /// Whether the offered second call is sent.
    pub optional: bool,
    /// The server's dry run.
    pub preview: Preview,
    /// What the new template needs, as far as it was looked up.
    pub needs: Vec<(ObjectKey, Existence)>,
    /// Who manages the release, by their own policies; `None` until those were read.
    pub managers: Option<Vec<Management>>,
    /// How far it is scrolled.
    pub scroll: Scroll,
}

/// How far a dialog is.
#[derive(Debug, Clone)]
pub enum Stage {
    /// The objects are being read.
    Reading,
    /// There is no plan.
    Refused(Refusal),
    /// It waits for a person.
    Ready(Arc<Plan>),
    /// It was confirmed; how it goes is in the Model's writes.
    Confirmed(PlanId),
}

/// The server's dry run, which is advice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Preview {
    /// It was not asked.
    #[default]
    NotAsked,
    /// It was asked.
    Asked,
    /// It would take the write.
    Accepted {
        /// What it said beside.
        warnings: Vec<Str>,
    },
    /// It would refuse.
    Refused(Str),
    /// It can't tell: a webhook has no dry run.
    CannotTell(Str),
    /// It has not answered within 3 s.
    NoAnswerYet,
}

/// Whether an object exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Existence {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It could not be looked up.
    Unknown(Str),
}

/// The fingerprint word being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word itself.
    pub wanted: Str,
    /// What was typed of it.
    pub typed: String,
}

impl Word {
    /// Whether it was typed in full.
    pub fn matches(&self) -> bool {
        *self.typed == *self.wanted
    }
}

impl PlanDialog {
    /// A dialog for `intent` on `release`, without a plan yet.
    pub fn new(release: &Release, intent: Intent, number: u32, tick: Duration) -> Self {
        let choices = match intent {
            Intent::Undo { .. } => {
                release.history.iter().filter(|entry| !entry.current).map(|entry| entry.revision).collect()
            }
            _ => Vec::new(),
        };
        let chosen = match intent {
            Intent::Undo { to: UndoTo::Number(revision), .. } => Some(revision),
            Intent::Undo { .. } => release.back_to,
            _ => None,
        };
        Self {
            release: ReleaseId { key: release.key.clone(), uid: release.uid.clone() },
            intent,
            number,
            stage: Stage::Reading,
            opened: tick,
            again: None,
            choices,
            chosen,
            arming: Arming::default(),
            word: None,
            reason: TextField::default(),
            typing_reason: false,
            overridden: false,
            optional: false,
            preview: Preview::NotAsked,
            needs: Vec::new(),
            managers: None,
            scroll: Scroll::default(),
        }
    }

    /// The plan, while it waits for a person.
    pub fn plan(&self) -> Option<&Arc<Plan>> {
        match &self.stage {
            Stage::Ready(plan) => Some(plan),
            _ => None,
        }
    }

    /// Whether letters go into a text field now. The fingerprint word is no such field: it takes letters only, and
    /// leaves every other key its meaning.
    pub const fn typing(&self) -> bool {
        self.typing_reason
    }

    /// Whether the fingerprint word is still missing.
    pub fn locked(&self) -> bool {
        self.word.as_ref().is_some_and(|word| !word.matches())
    }

    /// The revision `by` places on in the list, from the one shown.
    pub fn other(&self, by: isize) -> Option<Revision> {
        let at = self.chosen.and_then(|chosen| self.choices.iter().position(|revision| *revision == chosen));
        let place = match at {
            Some(at) => at.checked_add_signed(by)?,
            None => 0,
        };
        self.choices.get(place).copied()
    }

    /// The intent for `revision`, what is chosen beside it kept.
    pub fn towards(&self, revision: Revision) -> Intent {
        let paused = match self.intent {
            Intent::Undo { paused, .. } => paused,
            _ => PausedUndo::StayPaused,
        };
        Intent::Undo { to: UndoTo::Number(revision), paused }
    }

    /// Whether the plan goes forward; unknown while there is none.
    pub fn direction(&self) -> Option<Direction> {
        self.plan().map(|plan| plan.direction)
    }
}
