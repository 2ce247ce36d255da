//! The moments of a release that explain its numbers: our own writes, and the rollout's steps.

use super::journal::chapters;
use super::model::Model;
use crate::domain::outcome::OutcomeKind;
use crate::domain::release::{Release, Role};
use crate::domain::{Str, Timestamp};
use jiff::SignedDuration;

/// One moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// What happened, in a few words: `advance → 50 %, by ana`.
    pub words: Str,
}

/// Two tellings of one moment lie no further apart: our write, and the object that it changed.
const SAME: SignedDuration = SignedDuration::from_secs(5);

/// The moments of `release` from `since` on, the oldest first. What was refused or never sent left no mark.
pub fn marks(model: &Model, release: &Release, since: Timestamp) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for chapter in chapters(&model.journal.entries) {
        let Some(record) = chapter.record.filter(|record| record.release.uid == release.uid) else { continue };
        let sent = chapter.outcome.is_none_or(|outcome| {
            matches!(
                outcome.kind,
                OutcomeKind::Applied | OutcomeKind::Partial | OutcomeKind::Timeout | OutcomeKind::Unknown
            )
        });
        if record.rehearsal || !sent {
            continue;
        }
        let name = release.key.qualified();
        let rest = record.title.split_once(&*name).map_or("", |(_, rest)| rest.trim());
        let words = format!("{} {rest}", record.verb.word());
        marks.push(Mark { at: chapter.at, words: format!("{}, by {}", words.trim_end(), record.who).into() });
    }
    // What the objects tell goes after what we know better.
    let mut add = |at: Option<Timestamp>, words: String| {
        let Some(at) = at else { return };
        if marks.iter().all(|mark| mark.at.duration_since(at).abs() > SAME) {
            marks.push(Mark { at, words: words.into() });
        }
    };
    if let Some((who, at)) = release.traffic.as_ref().and_then(|traffic| traffic.last_write.as_ref()) {
        add(*at, format!("traffic moved, by {who}"));
    }
    if let Some(step) = &release.step {
        let at = step.index.map_or_else(String::new, |index| format!(" {index} of {}", step.count));
        add(step.since, format!("step{at}"));
    }
    if let Some(candidate) = release.track(Role::Candidate) {
        add(candidate.pods.iter().filter_map(|pod| pod.created).min(), format!("first pod of {}", candidate.version));
    }
    marks.retain(|mark| mark.at >= since && mark.at <= model.now);
    marks.sort_by_key(|mark| mark.at);
    marks
}
