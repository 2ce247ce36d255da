//! Answers of the cluster and the engine in the words of the Model.

use crate::action::{Consent, Preview as Asked, Progress, presence, rights as needed};
use crate::app::effect::Terms;
use crate::app::layers::plan::{Existence, Preview};
use crate::app::layers::release::Event;
use crate::app::msg::WriteNews;
use crate::app::rights::Rights;
use crate::app::writes::Phase;
use crate::cluster::{Allowed, ClusterEvent, Rights as Told};
use crate::domain::{ObjectKey, Timestamp, Verb};

/// Which verbs are forbidden, and whether that could not be told.
pub(super) fn rights(told: &Told, release: &ObjectKey) -> Rights {
    let denied = Verb::ALL.into_iter().filter_map(|verb| Some((verb, needed::lacks(told, release, verb)?))).collect();
    let unknown = match told.may("patch", release.kind, None) {
        Allowed::Unknown(why) => Some(why),
        Allowed::Yes | Allowed::No(_) => None,
    };
    Rights { denied, unknown, presence: presence::lacks(told) }
}

/// The events, the newest first.
pub(super) fn events(events: &[ClusterEvent]) -> Vec<Event> {
    let mut events: Vec<Event> = events
        .iter()
        .map(|event| Event {
            at: event.at.unwrap_or(Timestamp::UNIX_EPOCH),
            warning: event.warning,
            about: format!("{}/{}", event.kind.to_lowercase(), event.object).into(),
            reason: event.reason.clone(),
            message: event.message.clone(),
            count: event.count,
            source: event.source.clone(),
        })
        .collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.at));
    events
}

/// The dry run.
pub(super) fn preview(preview: Asked) -> Preview {
    match preview {
        Asked::Accepted { warnings } => Preview::Accepted { warnings },
        Asked::Refused(why) => Preview::Refused(why),
        Asked::CannotBePreviewed(why) => Preview::CannotTell(why),
        Asked::NoAnswerYet => Preview::NoAnswerYet,
    }
}

/// Whether an object is there.
pub(super) fn need((key, found): (ObjectKey, crate::cluster::Existence)) -> (ObjectKey, Existence) {
    let existence = match found {
        crate::cluster::Existence::Yes => Existence::Yes,
        crate::cluster::Existence::No => Existence::No,
        crate::cluster::Existence::Unknown(why) => Existence::Unknown(why),
    };
    (key, existence)
}

/// The terms on which a plan was confirmed.
pub(super) fn consent(terms: Terms) -> Consent {
    Consent {
        reason: terms.reason,
        optional: terms.optional,
        word: terms.word,
        overrides: terms.overrides,
        preview: terms.preview,
        ..Consent::default()
    }
}

/// How a plan goes.
pub(super) fn write(progress: Progress) -> WriteNews {
    let reached = |phase, words: &str| WriteNews::Reached(phase, words.into());
    match progress {
        Progress::Journalled => reached(Phase::Journalling, "in the journal"),
        Progress::NotJournalled(why) => WriteNews::NotJournalled(why),
        Progress::Sent(index) => WriteNews::Reached(Phase::Unanswered, format!("sending call {}", index + 1).into()),
        Progress::LookingAfterLostAnswer(index) => {
            let words = format!("the answer to call {} was lost: looking whether it was done", index + 1);
            WriteNews::Reached(Phase::Unanswered, words.into())
        }
        Progress::Answered { index, warnings } if warnings.is_empty() => {
            WriteNews::Answered(index, format!("call {} answered", index + 1).into())
        }
        Progress::Answered { index, warnings } => {
            let words = format!("call {} answered, with a warning: {}", index + 1, warnings.join("; "));
            WriteNews::Answered(index, words.into())
        }
        Progress::Accepted => reached(Phase::Accepted, "the server took it"),
        Progress::Observed => reached(Phase::Observed, "the controller saw it"),
        Progress::Waiting(what) => WriteNews::Said(what),
        Progress::Done(outcome) => WriteNews::Ended(outcome),
        Progress::RevertedBy(who) => WriteNews::Reverted(who),
    }
}
