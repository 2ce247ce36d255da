//! The journal's lines gathered by plan, and what follows from them for a release.

use crate::domain::journal::{Entry, Event, GuardLine, Record};
use crate::domain::plan::{PlanId, ReadyInverse};
use crate::domain::{Outcome, Str, Timestamp, Uid};
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
    /// What a guard told last, where these are a guard's lines and no plan.
    pub guard: Option<&'a GuardLine>,
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
                guard: None,
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
            Event::Guard(line) => {
                chapter.guard = Some(line);
                if line.ended {
                    chapter.ended = Some(entry.at);
                }
            }
            Event::Call { .. } | Event::Observed | Event::Settled { .. } => {}
        }
    }
    chapters.reverse();
    chapters
}

/// What is kept of the journal for the screen.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    /// The newest lines, the oldest of them first.
    pub entries: Vec<Entry>,
    /// The way back from my last write on each release: from the engine's memory, since the file leaves secrets out.
    pub inverses: HashMap<Uid, ReadyInverse>,
    /// The pods' hash that the last undo of each release left: going there again is forward.
    pub left_by_undo: HashMap<Uid, Str>,
    /// The last switch of each Service that was applied.
    pub switched: HashMap<Uid, crate::strategy::Switched>,
}

/// How many lines are kept: what is older is in the file, and `windlass journal` prints it.
const KEPT: usize = 2_000;

impl Journal {
    /// The journal without the lines that are too old to be looked at on a screen.
    #[must_use]
    pub fn shortened(mut self) -> Self {
        let old = self.entries.len().saturating_sub(KEPT);
        self.entries.drain(..old);
        self
    }

    /// What `Z` would take back on this release, or why there is nothing.
    pub fn to_revert(&self, uid: &Uid) -> Result<&ReadyInverse, Str> {
        let nothing = "nothing was written to this release from here, so there is nothing to take back";
        self.inverses.get(uid).ok_or_else(|| nothing.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::forecast::Risk;
    use crate::domain::intent::ReleaseId;
    use crate::domain::journal::Before;
    use crate::domain::outcome::OutcomeKind;
    use crate::domain::{Direction, Kind, ObjectKey, Verb};

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
            waits: vec![],
            closes: vec![],
            changes: vec![],
            until: crate::domain::plan::Wait::Settled,
            before: Before { hash: Some("h9".into()), ..Before::default() },
            reason: "".into(),
            risk: Risk::Low,
            rehearsal: false,
        }))
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
