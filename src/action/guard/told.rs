//! What a guard tells.

use crate::domain::outcome::OutcomeKind;
use crate::domain::plan::Refusal;
use crate::domain::{Intent, Str, Timestamp};
use crate::guard::{Finding, Verdict};
use crate::notify::Happened;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// News of a guard, in order; [`GuardNews::Ended`] is the last.
pub type News = mpsc::UnboundedReceiver<GuardNews>;

/// One piece of news.
#[derive(Debug, Clone, PartialEq)]
pub enum GuardNews {
    /// It watches: what, under which rules, for how long.
    Armed(Str),
    /// Another guard watches this release; it waits.
    StandingBy(Str),
    /// It looked.
    Looked(Evaluation),
    /// It is about to write: what, and the plan's name.
    Acting(Str),
    /// Something a person should know.
    Said(Str),
    /// The end.
    Ended(Ending),
}

/// One look.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// When.
    pub at: Timestamp,
    /// What the rules make of it.
    pub verdict: Verdict,
    /// Why, with numbers.
    pub reason: Str,
    /// Every rule's own word.
    pub findings: Vec<Finding>,
    /// What was asked for the candidate, in per cent; `None` where there is no weight.
    pub weight: Option<u8>,
    /// How the rung bakes: `gate: 4 min to go`; empty where nothing is to bake.
    pub gate: Str,
    /// When the time is over.
    pub until: Option<Timestamp>,
    /// The next write on the way back that a guard which asks would take in this breach, or why there is none.
    pub back: Option<Result<Intent, Refusal>>,
}

/// How a guard ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// In a word that an exit code is made of: applied is kept, failed is rolled back and settled, timeout is rolled back
    /// and not settled, forbidden is not rolled back for want of a right, unreachable and unknown are a way back that got no
    /// answer (nothing of it was sent, or nobody knows what came of it), refused is neither known to be well nor rolled
    /// back.
    pub kind: OutcomeKind,
    /// What happened; `None`: an older version wrote it, which did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub happened: Option<Happened>,
    /// One sentence.
    pub reason: Str,
}

impl Ending {
    /// The ending after `happened`.
    pub(super) fn of(happened: Happened, reason: impl Into<Str>) -> Self {
        let kind = match happened {
            Happened::Kept | Happened::Stepped => OutcomeKind::Applied,
            Happened::RolledBack => OutcomeKind::Failed,
            Happened::NotSettled => OutcomeKind::Timeout,
            Happened::Breach | Happened::Undecided | Happened::NotRolledBack => OutcomeKind::Refused,
        };
        Self { kind, happened: Some(happened), reason: reason.into() }
    }

    /// It was not rolled back, and `kind` says why: it is not allowed, or the server was not to be reached.
    pub(super) fn not_back(kind: OutcomeKind, reason: impl Into<Str>) -> Self {
        Self { kind, ..Self::of(Happened::NotRolledBack, reason) }
    }

    /// How it ended, in a word: `kept`, `rolled-back`, `not-settled`, `not-rolled-back`, `breach`, `undecided`.
    pub const fn word(&self) -> &'static str {
        match (self.happened, self.kind) {
            (Some(happened), _) => happened.word(),
            (None, OutcomeKind::Applied) => Happened::Kept.word(),
            (None, OutcomeKind::Failed) => Happened::RolledBack.word(),
            (None, OutcomeKind::Timeout) => Happened::NotSettled.word(),
            (None, _) => Happened::Undecided.word(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_has_its_word_and_one_from_an_older_version_the_nearest() {
        let word = |happened| Ending::of(happened, "").word();
        let all = [Happened::NotRolledBack, Happened::Breach, Happened::Undecided, Happened::NotSettled];
        assert_eq!(all.map(word), ["not-rolled-back", "breach", "undecided", "not-settled"]);
        let codes = [OutcomeKind::Forbidden, OutcomeKind::Unreachable, OutcomeKind::Unknown];
        assert_eq!(codes.map(|kind| Ending::not_back(kind, "").kind.exit_code()), [5, 6, 7]);
        let older: Ending = serde_json::from_str(r#"{"kind":"failed","reason":"r"}"#).unwrap();
        assert_eq!(older.word(), "rolled-back");
    }
}
