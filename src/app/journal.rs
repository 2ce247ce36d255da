//! The journal's lines gathered by plan, and what follows from them for a release.

use crate::domain::journal::{Entry, Event, Record};
use crate::domain::outcome::OutcomeKind;
use crate::domain::plan::{PlanId, ReadyInverse};
use crate::domain::{Outcome, Str, Timestamp, Uid, Verb};
use std::collections::HashMap;

/// One plan of the journal.
#[derive(Debug, Clone)]
pub struct Chapter<'a> {
    /// The plan.
    pub plan: &'a PlanId,
    /// When it was confirmed.
    pub at: Timestamp,
    /// What was asked for; `None` when the journal begins in the middle of it.
    pub record: Option<&'a Record>,
    /// What became of it; `None` while it runs, or when the console ended before it did.
    pub outcome: Option<&'a Outcome>,
    /// When that was.
    pub ended: Option<Timestamp>,
    /// Its way back, once ready.
    pub inverse: Option<&'a ReadyInverse>,
    /// Who put the template back.
    pub reverted: Option<&'a Str>,
}

/// The plans of `entries`, the newest first.
pub fn chapters(entries: &[Entry]) -> Vec<Chapter<'_>> {
    let mut places: HashMap<&PlanId, usize> = HashMap::new();
    let mut chapters: Vec<Chapter<'_>> = Vec::new();
    for entry in entries {
        let place = *places.entry(&entry.plan).or_insert_with(|| {
            chapters.push(Chapter {
                plan: &entry.plan,
                at: entry.at,
                record: None,
                outcome: None,
                ended: None,
                inverse: None,
                reverted: None,
            });
            chapters.len() - 1
        });
        let chapter = &mut chapters[place];
        match &entry.event {
            Event::Intent(record) => chapter.record = Some(record),
            Event::Inverse(inverse) => chapter.inverse = Some(inverse),
            Event::Outcome(outcome) => (chapter.outcome, chapter.ended) = (Some(outcome), Some(entry.at)),
            Event::Reverted { by } => chapter.reverted = Some(by),
            Event::Call { .. } | Event::Observed | Event::Settled { .. } => {}
        }
    }
    chapters.reverse();
    chapters
}

impl Chapter<'_> {
    fn of(&self, uid: &Uid) -> bool {
        self.record.is_some_and(|record| record.release.uid == *uid && !record.rehearsal)
    }

    /// Whether its write changed the cluster, as far as is known.
    fn wrote(&self) -> bool {
        self.inverse.is_some()
            || self.outcome.is_some_and(|outcome| {
                matches!(outcome.kind, OutcomeKind::Applied | OutcomeKind::Timeout | OutcomeKind::Partial)
            })
    }
}

/// The pods' hash of the template that the last undo of this release left: going there again is forward.
pub fn left_by_undo(entries: &[Entry], uid: &Uid) -> Option<Str> {
    let chapters = chapters(entries);
    let last =
        chapters.iter().filter(|chapter| chapter.of(uid) && chapter.wrote()).find_map(|chapter| chapter.record)?;
    (last.verb == Verb::Undo).then(|| last.before.hash.clone()).flatten()
}

/// What `Z` would take back on this release: the inverse of the last write that has not been taken back yet, or why
/// there is none.
pub fn to_revert<'a>(entries: &'a [Entry], uid: &Uid, who: &str) -> Result<&'a ReadyInverse, String> {
    let chapters = chapters(entries);
    let mine = |chapter: &&Chapter<'_>| {
        chapter.of(uid) && chapter.wrote() && chapter.record.is_some_and(|record| &*record.who == who)
    };
    let Some(last) = chapters.iter().find(mine) else {
        return Err("nothing was written to this release by you from here, so there is nothing to take back".to_owned());
    };
    last.inverse.ok_or_else(|| {
        let title = last.record.map_or("the last write", |record| &record.title);
        format!("'{title}' has no way back that the console could make ready")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::forecast::Risk;
    use crate::domain::intent::ReleaseId;
    use crate::domain::journal::Before;
    use crate::domain::{Direction, Kind, ObjectKey};

    fn entry(plan: &str, second: i64, event: Event) -> Entry {
        Entry { at: Timestamp::from_second(second).unwrap(), plan: PlanId(plan.into()), event }
    }

    fn intent(verb: Verb, who: &str) -> Event {
        let key = ObjectKey::new(Kind::Deployment, "shop", "web");
        Event::Intent(Box::new(Record {
            who: who.into(),
            context: "c".into(),
            fingerprint: "f".into(),
            release: ReleaseId { key, uid: Uid::new("u") },
            verb,
            direction: Direction::Back,
            title: "UNDO shop/web".into(),
            calls: vec![],
            kept: vec![],
            changes: vec![],
            until: crate::domain::plan::Wait::Settled,
            before: Before { hash: Some("h9".into()), ..Before::default() },
            reason: "".into(),
            risk: Risk::Low,
            rehearsal: false,
        }))
    }

    fn inverse(plan: &str) -> Event {
        Event::Inverse(Box::new(ReadyInverse {
            of: PlanId(plan.into()),
            target: ObjectKey::new(Kind::Deployment, "shop", "web"),
            operations: "[]".into(),
            words: "back".into(),
            direction: Direction::Forward,
            differs: "".into(),
        }))
    }

    #[test]
    fn the_last_write_of_mine_is_what_z_takes_back() {
        let uid = Uid::new("u");
        let mut entries = vec![entry("1", 1, intent(Verb::Undo, "ana")), entry("1", 2, inverse("1"))];
        assert_eq!(to_revert(&entries, &uid, "ana").unwrap().of.0.as_ref(), "1");
        assert!(to_revert(&entries, &uid, "ben").is_err());
        assert!(to_revert(&entries, &Uid::new("other"), "ana").is_err());
        entries.push(entry("2", 3, intent(Verb::Scale, "ana")));
        assert_eq!(to_revert(&entries, &uid, "ana").unwrap().of.0.as_ref(), "1", "2 has not written yet");
        entries.push(entry("2", 4, Event::Outcome(Outcome::new(OutcomeKind::Applied, "done"))));
        assert!(to_revert(&entries, &uid, "ana").unwrap_err().contains("no way back"));
    }

    #[test]
    fn an_undo_is_remembered_by_what_it_left_until_another_write_comes() {
        let uid = Uid::new("u");
        let mut entries = vec![entry("1", 1, intent(Verb::Undo, "ana")), entry("1", 2, inverse("1"))];
        assert_eq!(left_by_undo(&entries, &uid).as_deref(), Some("h9"));
        entries.extend([entry("2", 3, intent(Verb::Scale, "ana")), entry("2", 4, inverse("2"))]);
        assert_eq!(left_by_undo(&entries, &uid), None);
    }

    #[test]
    fn a_plan_is_gathered_from_its_lines_and_the_newest_comes_first() {
        let entries = vec![
            entry("1", 1, intent(Verb::Undo, "ana")),
            entry("2", 2, intent(Verb::Pause, "ben")),
            entry("1", 3, Event::Outcome(Outcome::new(OutcomeKind::Conflict, "moved"))),
            entry("1", 4, Event::Reverted { by: "Argo CD".into() }),
        ];
        let chapters = chapters(&entries);
        let plans: Vec<_> = chapters.iter().map(|chapter| &*chapter.plan.0).collect();
        assert_eq!(plans, ["2", "1"]);
        assert_eq!(chapters[1].outcome.unwrap().kind, OutcomeKind::Conflict);
        assert!(chapters[1].reverted.is_some() && chapters[0].outcome.is_none());
    }
}
