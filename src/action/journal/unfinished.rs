//! Plans that began and have no outcome.

use crate::domain::Timestamp;
use crate::domain::journal::{Entry, Event, Record};
use crate::domain::plan::{PlanId, ReadyInverse};
use std::collections::{BTreeMap, BTreeSet};

/// An interrupted plan: what was asked for, and how far it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Unfinished {
    /// The plan.
    pub plan: PlanId,
    /// When it was confirmed.
    pub at: Timestamp,
    /// What was asked for.
    pub record: Record,
    /// The calls that the server answered with success, by their place in the plan.
    pub answered: BTreeSet<usize>,
    /// The way back, when the first answer came.
    pub inverse: Option<ReadyInverse>,
}

impl Unfinished {
    /// The first call whose answer is missing; `None` when only the waiting was cut off.
    pub fn next_call(&self) -> Option<usize> {
        (0..self.record.calls.len()).find(|index| !self.answered.contains(index))
    }
}

/// The plans in `entries` without an outcome, the newest first; rehearsals are left out: they persisted nothing.
pub fn of(entries: &[Entry]) -> Vec<Unfinished> {
    let mut open: BTreeMap<&PlanId, Unfinished> = BTreeMap::new();
    for entry in entries {
        match &entry.event {
            Event::Intent(record) if !record.rehearsal => {
                let plan = Unfinished {
                    plan: entry.plan.clone(),
                    at: entry.at,
                    record: (**record).clone(),
                    answered: BTreeSet::new(),
                    inverse: None,
                };
                open.insert(&entry.plan, plan);
            }
            Event::Call { index, status: Some(200..300), .. } => {
                if let Some(plan) = open.get_mut(&entry.plan) {
                    plan.answered.insert(*index);
                }
            }
            Event::Inverse(inverse) => {
                if let Some(plan) = open.get_mut(&entry.plan) {
                    plan.inverse = Some((**inverse).clone());
                }
            }
            Event::Outcome(_) => drop(open.remove(&entry.plan)),
            Event::Intent(_)
            | Event::Call { .. }
            | Event::Observed
            | Event::Settled { .. }
            | Event::Reverted { .. }
            | Event::Guard(_) => {}
        }
    }
    let mut open: Vec<Unfinished> = open.into_values().collect();
    open.sort_by_key(|plan| std::cmp::Reverse(plan.at));
    open
}
