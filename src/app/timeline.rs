//! Events of the cluster and lines of our journal about one release, in one time line.

use super::journal::chapters;
use super::layers::ReleaseView;
use super::layers::release::Events;
use crate::domain::journal::Entry;
use crate::domain::outcome::OutcomeKind;
use crate::domain::{Str, Timestamp};

/// Where a line of the time line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The cluster, all well.
    Normal,
    /// The cluster, a warning.
    Warning,
    /// Our journal.
    Journal,
    /// Our journal, something that went wrong.
    Alarm,
}

/// One line of the time line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// Where from.
    pub kind: Kind,
    /// Who or what it is about: `pod/web-1`, `ana`.
    pub who: Str,
    /// One word: Kubernetes' reason, or the outcome.
    pub what: Str,
    /// The sentence.
    pub text: Str,
    /// How often.
    pub count: u32,
}

/// The time line of an open release, the newest first.
pub fn timeline(view: &ReleaseView, journal: &[Entry]) -> Vec<Moment> {
    let mut moments = Vec::new();
    if let Events::Listed(events) = &view.events {
        moments.extend(events.iter().map(|event| Moment {
            at: event.at,
            kind: if event.warning { Kind::Warning } else { Kind::Normal },
            who: event.about.clone(),
            what: event.reason.clone(),
            text: event.message.clone(),
            count: event.count,
        }));
    }
    for chapter in chapters(journal) {
        let Some(record) = chapter.record.filter(|record| record.release.uid == view.release.uid) else { continue };
        let moment =
            |at, kind, what: Str, text: Str| Moment { at, kind, who: record.who.clone(), what, text, count: 1 };
        let rehearsal = if record.rehearsal { " (rehearsal)" } else { "" };
        let title = format!("{}{rehearsal}", record.title).into();
        moments.push(moment(chapter.at, Kind::Journal, record.verb.word().into(), title));
        if let (Some(outcome), Some(at)) = (chapter.outcome, chapter.ended) {
            let well = matches!(outcome.kind, OutcomeKind::Applied | OutcomeKind::Unchanged | OutcomeKind::Planned);
            let kind = if well { Kind::Journal } else { Kind::Alarm };
            moments.push(moment(at, kind, outcome.kind.word().into(), outcome.reason.clone()));
        }
        if let Some(by) = chapter.reverted {
            let at = chapter.ended.unwrap_or(chapter.at);
            moments.push(moment(at, Kind::Alarm, "reverted".into(), format!("{by} put the template back").into()));
        }
    }
    moments.sort_by_key(|moment| std::cmp::Reverse(moment.at));
    moments
}
