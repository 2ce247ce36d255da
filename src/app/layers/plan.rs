//! A plan's dialog: what will be done, what is known about it so far, and whether `y` may be taken.

use crate::app::arming::Arming;
use crate::app::field::TextField;
use crate::app::scroll::Scroll;
use crate::app::sight::Sight;
use crate::domain::intent::{Override, PausedUndo, ReleaseId, RuleRef, Standing, UndoTo};
use crate::domain::management::Management;
use crate::domain::plan::{PlanId, Refusal};
use crate::domain::{Direction, Intent, ObjectKey, Plan, Release, Revision, Role, Str};
use std::sync::Arc;
use std::time::Duration;

/// How long a plan waits for its objects before it does without them.
pub const READ_LIMIT: Duration = Duration::from_secs(2);

/// How long it waits for a controller that is taking in an earlier change.
pub const READ_AGAIN_LIMIT: Duration = Duration::from_secs(4);

/// How long after such a read the next one is made.
pub const AGAIN_AFTER: Duration = Duration::from_millis(250);

/// Who asks for a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// A person, with a key.
    Person,
    /// A guard, for the way back that it promised: that goes back, whatever the same wish of a person would be called.
    Guard,
}

/// A plan's dialog.
#[derive(Debug)]
pub struct PlanDialog {
    /// The release, fixed when the key was pressed.
    pub release: ReleaseId,
    /// What was asked for.
    pub intent: Intent,
    /// Who asks for it.
    pub by: Asker,
    /// Which of the plans of this console it shows; answers to earlier ones are dropped.
    pub number: u32,
    /// How far it is.
    pub stage: Stage,
    /// Whether the objects are late: they are read for longer than such a read may take.
    pub slow: bool,
    /// When it was opened or planned anew.
    pub opened: Duration,
    /// When the objects are read again, because they were read in the middle of a change.
    pub again: Option<Duration>,
    /// Where the release stood when the key was pressed.
    standing: Option<Standing>,
    /// What `←/→` goes through; revisions newest first.
    pub choices: Vec<Other>,
    /// The one shown.
    pub chosen: Option<Other>,
    /// When `y` may be taken.
    pub arming: Arming,
    /// What of it was on the terminal: `y` waits for all of it.
    pub sight: Sight,
    /// The fingerprint word, where it must be typed.
    pub word: Option<Word>,
    /// Why, for the journal.
    pub reason: TextField,
    /// Whether the reason is being typed.
    pub typing_reason: bool,
    /// The gates and refusals that the person overrides, for what is shown: another choice begins with none.
    pub overrides: Vec<Override>,
    /// Whether the offered second call is sent.
    pub optional: bool,
    /// The server's dry run.
    pub preview: Preview,
    /// The preview check of the side that gets the traffic.
    pub check: Check,
    /// What the new template needs, as far as it was looked up.
    pub needs: Vec<(ObjectKey, Existence)>,
    /// Who manages the release, by their own policies; `None` until those were read.
    pub managers: Option<Vec<Management>>,
    /// How far it is scrolled.
    pub scroll: Scroll,
}

/// What `←/→` goes through: what else the same key could have meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Other {
    /// Traffic back to what served before, ahead of any template.
    Stable,
    /// A revision to go back to.
    Revision(Revision),
    /// The side that gets the traffic.
    Side(Str),
    /// One rule of several; `None`: all of them.
    Rule(Option<RuleRef>),
    /// The group that wins an A/B test.
    Winner(Str),
}

impl Other {
    /// What it is called in the footer.
    pub const fn noun(&self) -> &'static str {
        match self {
            Self::Stable | Self::Revision(_) => "revision",
            Self::Side(_) => "side",
            Self::Rule(_) => "rule",
            Self::Winner(_) => "winner",
        }
    }

    /// All that `intent` could mean on `release`; empty where there is only one.
    fn of(release: &Release, intent: &Intent) -> Vec<Self> {
        let all: Vec<Self> = match (intent, &release.traffic) {
            (Intent::Undo { .. }, _) => {
                let others = release.history.iter().filter(|entry| !entry.current);
                return others.map(|entry| Self::Revision(entry.revision)).collect();
            }
            (Intent::Switch { .. }, Some(_)) => other_sides(release).into_iter().map(Self::Side).collect(),
            (Intent::Advance { .. } | Intent::SetWeight { .. }, Some(traffic)) => {
                let rules = traffic.steered().map(|(_, rule)| Self::Rule(Some(rule.reference())));
                let rules: Vec<Self> = rules.collect();
                if rules.len() < 2 { rules } else { std::iter::once(Self::Rule(None)).chain(rules).collect() }
            }
            (Intent::Promote { .. }, Some(traffic)) => {
                traffic.groups.iter().map(|group| Self::Winner(group.name.clone())).collect()
            }
            (
                Intent::Switch { .. }
                | Intent::Advance { .. }
                | Intent::SetWeight { .. }
                | Intent::Promote { .. }
                | Intent::Abort
                | Intent::Pause
                | Intent::Resume
                | Intent::Restart
                | Intent::SetImage(_)
                | Intent::Scale(_)
                | Intent::ScaleSide { .. }
                | Intent::Revert(_)
                | Intent::Continue
                | Intent::Skip
                | Intent::Retry,
                _,
            ) => Vec::new(),
        };
        if all.len() > 1 { all } else { Vec::new() }
    }

    /// The one that `intent` means; `None` where it leaves that to the strategy.
    fn meant(intent: &Intent) -> Option<Self> {
        match intent {
            Intent::Undo { to: UndoTo::Number(revision), .. } => Some(Self::Revision(*revision)),
            Intent::Abort => Some(Self::Stable),
            Intent::Switch { to } => to.clone().map(Self::Side),
            Intent::Advance { rule, .. } | Intent::SetWeight { rule, .. } => Some(Self::Rule(rule.clone())),
            Intent::Promote { winner } => winner.clone().map(Self::Winner),
            Intent::Undo { .. }
            | Intent::Pause
            | Intent::Resume
            | Intent::Restart
            | Intent::SetImage(_)
            | Intent::Scale(_)
            | Intent::ScaleSide { .. }
            | Intent::Revert(_)
            | Intent::Continue
            | Intent::Skip
            | Intent::Retry => None,
        }
    }
}

/// The sides of `release` that do not get its traffic now, by name.
pub fn other_sides(release: &Release) -> Vec<Str> {
    let sides = release.traffic.iter().flat_map(|traffic| &traffic.rows.sides);
    sides.filter(|side| side.role != Role::Stable).map(|side| side.name.clone()).collect()
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

/// A preview check, which holds a switch that goes forward.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Check {
    /// There is none.
    #[default]
    None,
    /// It runs.
    Running,
    /// It answered well: what it said.
    Passed(Str),
    /// It did not: why.
    Failed(Str),
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
        let choices = Other::of(release, &intent);
        let chosen = match intent {
            Intent::Undo { to: UndoTo::Number(revision), .. } => Some(Other::Revision(revision)),
            Intent::Undo { .. } => release.back_to.map(Other::Revision),
            _ => Other::meant(&intent),
        };
        Self {
            release: ReleaseId { key: release.key.clone(), uid: release.uid.clone() },
            intent,
            by: Asker::Person,
            number,
            stage: Stage::Reading,
            slow: false,
            opened: tick,
            again: None,
            standing: release.standing(),
            choices,
            chosen,
            arming: Arming::default(),
            sight: Sight::default(),
            word: None,
            reason: TextField::default(),
            typing_reason: false,
            overrides: Vec::new(),
            optional: false,
            preview: Preview::NotAsked,
            check: Check::None,
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

    /// Puts traffic back to stable before the revisions of an undo.
    pub fn stable_first(&mut self) {
        self.choices.insert(0, Other::Stable);
    }

    /// The one shown, once the plan for it was made; `resolved` is the revision that an undo goes to.
    pub fn choose(&mut self, resolved: Option<Revision>) {
        self.chosen = resolved.map(Other::Revision).or_else(|| Other::meant(&self.intent));
    }

    /// The choice `by` places on in the list, from the one shown.
    pub fn other(&self, by: isize) -> Option<Other> {
        let at = self.chosen.as_ref().and_then(|chosen| self.choices.iter().position(|choice| choice == chosen));
        let place = match at {
            Some(at) => at.checked_add_signed(by)?,
            None => 0,
        };
        self.choices.get(place).cloned()
    }

    /// The intent for `choice`, what is chosen beside it kept.
    pub fn towards(&self, choice: Other) -> Intent {
        match (choice, &self.intent) {
            (Other::Stable, _) => Intent::Abort,
            (Other::Revision(revision), intent) => {
                let paused = match intent {
                    Intent::Undo { paused, .. } => *paused,
                    _ => PausedUndo::StayPaused,
                };
                Intent::Undo { to: UndoTo::Number(revision), paused }
            }
            (Other::Side(side), _) => Intent::Switch { to: Some(side) },
            (Other::Rule(rule), Intent::SetWeight { weight, .. }) => Intent::SetWeight { weight: *weight, rule },
            // A rule by itself stands where its own weight is: the plan is made from what is there, and its fence holds.
            (Other::Rule(rule), Intent::Advance { .. }) if rule.is_some() => Intent::Advance { from: None, rule },
            (Other::Rule(rule), _) => Intent::Advance { from: self.standing, rule },
            (Other::Winner(winner), _) => Intent::Promote { winner: Some(winner) },
        }
    }

    /// Whether the plan goes forward; unknown while there is none.
    pub fn direction(&self) -> Option<Direction> {
        self.plan().map(|plan| plan.direction)
    }
}
