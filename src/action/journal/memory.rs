//! What is remembered of the journal while the program runs: which revisions settled, and how to take back the last write
//! on each release.

use crate::domain::intent::ReleaseId;
use crate::domain::journal::{Entry, Event, Sides};
use crate::domain::outcome::OutcomeKind;
use crate::domain::plan::{PlanId, ReadyInverse};
use crate::domain::{Direction, Revision, Str, Timestamp, Uid, Verb};
use crate::strategy::{Recorded, Switched};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The parts of the journal that are asked for again and again.
#[derive(Debug, Default)]
pub struct Memory {
    settled: HashMap<(Uid, Str), Timestamp>,
    given_up: HashMap<(Uid, Str), Timestamp>,
    undone: HashMap<(Uid, Str), Timestamp>,
    /// The revision that our last new template of a release was to become, as long as it has not settled.
    unsettled: HashMap<Uid, Revision>,
    inverses: HashMap<Uid, ReadyInverse>,
    left_by_undo: HashMap<Uid, Str>,
    switched: HashMap<Uid, Switched>,
    open: HashMap<PlanId, Open>,
}

/// A plan whose outcome has not come.
#[derive(Debug)]
struct Open {
    release: ReleaseId,
    verb: Verb,
    before: Option<Str>,
    switch: Option<Sides>,
    direction: Direction,
    /// The number that a new template gets.
    next: Option<Revision>,
    /// Whether the server took an undo of it.
    undone: bool,
}

impl Memory {
    /// What `entries` tell.
    pub fn of(entries: &[Entry]) -> Self {
        let mut memory = Self::default();
        for entry in entries {
            memory.take(entry);
        }
        memory
    }

    /// Takes one more entry.
    pub fn take(&mut self, entry: &Entry) {
        if let Event::Intent(record) = &entry.event
            && !record.rehearsal
        {
            let (release, verb, before) = (record.release.clone(), record.verb, record.before.hash.clone());
            let switch = record.before.switch.clone();
            if matches!(verb, Verb::Undo | Verb::Revert)
                && let (Some(ours), Some(now)) = (self.unsettled.remove(&release.uid), record.before.revision)
                && let (true, Some(hash)) = (ours == now, &before)
            {
                self.given_up.insert((release.uid.clone(), hash.clone()), entry.at);
            }
            let next = record.before.revision.map(|revision| Revision(revision.0 + 1));
            self.open.insert(
                entry.plan.clone(),
                Open { release, verb, before, switch, direction: record.direction, next, undone: false },
            );
        }
        let Some(plan) = self.open.get_mut(&entry.plan) else { return };
        let uid = plan.release.uid.clone();
        match &entry.event {
            Event::Inverse(inverse) => drop(self.inverses.insert(uid, (**inverse).clone())),
            Event::Settled { hash, .. } => {
                if let (Some(_), Some(switched)) = (&plan.switch, self.switched.get_mut(&uid)) {
                    switched.took = Some(entry.at.duration_since(switched.at));
                }
                self.unsettled.remove(&uid);
                self.given_up.remove(&(uid.clone(), hash.clone()));
                self.undone.remove(&(uid.clone(), hash.clone()));
                self.settled.insert((uid, hash.clone()), entry.at);
            }
            Event::Outcome(outcome) => {
                let done = matches!(outcome.kind, OutcomeKind::Applied | OutcomeKind::Timeout | OutcomeKind::Partial);
                match (plan.verb, &plan.before) {
                    // An undo to what an undo left was a way forward: from there the way back is the earlier one.
                    (Verb::Undo, Some(_)) if done && plan.direction == Direction::Forward => {
                        self.left_by_undo.remove(&uid);
                    }
                    (Verb::Undo, Some(hash)) if done => drop(self.left_by_undo.insert(uid, hash.clone())),
                    // Taken by the server, and then not brought in: nothing was left, unless it was no better. What was
                    // never taken, or is not known, leaves what an earlier undo told.
                    (Verb::Undo, Some(hash)) if plan.undone && outcome.kind == OutcomeKind::Failed => {
                        let left = (uid.clone(), hash.clone());
                        self.undone.remove(&left);
                        if !self.settled.contains_key(&left) {
                            self.left_by_undo.insert(uid, hash.clone());
                        }
                    }
                    _ => {}
                }
            }
            // The switch counts from the answer on: the old side may serve again a second later.
            Event::Call { status: Some(200..300), .. } => {
                if let (Verb::SetImage | Verb::Restart, Some(next)) = (plan.verb, plan.next) {
                    self.unsettled.insert(uid.clone(), next);
                }
                // From the answer on, as what follows is derived: at the outcome it may be long at rest, and looked at no more.
                if let (Verb::Undo, Some(hash)) = (plan.verb, &plan.before) {
                    if plan.direction == Direction::Back {
                        self.undone.insert((uid.clone(), hash.clone()), entry.at);
                    }
                    plan.undone = true;
                }
                if let Some(sides) = &plan.switch {
                    let (from, to) = (sides.from.clone(), sides.to.clone());
                    let direction = plan.direction;
                    self.switched.insert(uid, Switched { from, to, direction, at: entry.at, took: None });
                }
            }
            Event::Intent(_) | Event::Call { .. } | Event::Observed | Event::Reverted { .. } | Event::Guard(_) => {}
        }
    }

    /// The way back from the last write on this release.
    pub fn inverse_of(&self, release: &Uid) -> Option<&ReadyInverse> {
        self.inverses.get(release)
    }

    /// The way back from the last write on each release, the pods' hash that its last undo left, and its last switch.
    pub fn of_all(&self) -> (HashMap<Uid, ReadyInverse>, HashMap<Uid, Str>, HashMap<Uid, Switched>) {
        (self.inverses.clone(), self.left_by_undo.clone(), self.switched.clone())
    }

    /// The last switch of this release that was applied.
    pub fn last_switch(&self, release: &Uid) -> Option<Switched> {
        self.switched.get(release).cloned()
    }

    /// The pods' hash of the template that the last undo of this release left.
    pub fn left_by_undo(&self, release: &Uid) -> Option<&Str> {
        self.left_by_undo.get(release)
    }
}

/// The journal's word on revisions.
#[derive(Debug)]
pub struct Remembered(pub(super) Arc<RwLock<Memory>>);

impl Recorded for Remembered {
    fn settled_at(&self, release: &Uid, hash: &str) -> Option<Timestamp> {
        let memory = self.0.read().unwrap_or_else(PoisonError::into_inner);
        memory.settled.get(&(release.clone(), hash.into())).copied()
    }

    fn last_switch(&self, service: &Uid) -> Option<Switched> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).last_switch(service)
    }

    fn undone_at(&self, release: &Uid, hash: &str) -> Option<Timestamp> {
        let memory = self.0.read().unwrap_or_else(PoisonError::into_inner);
        memory.undone.get(&(release.clone(), hash.into())).copied()
    }

    fn given_up_at(&self, release: &Uid, hash: &str) -> Option<Timestamp> {
        let memory = self.0.read().unwrap_or_else(PoisonError::into_inner);
        memory.given_up.get(&(release.clone(), hash.into())).copied()
    }
}
