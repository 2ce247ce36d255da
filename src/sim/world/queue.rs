//! The controllers' work queue, ordered by virtual time.

use crate::sim::object::Id;
use jiff::Timestamp;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// Something to do at some time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Work {
    /// A controller (by its place in the registry) looks at an object.
    Reconcile(usize, Id),
    /// A step of the scenario's script, by number.
    Step(usize),
}

/// Work by due time. The same work is never planned twice: the earlier time wins.
#[derive(Debug, Clone, Default)]
pub struct Queue {
    heap: BinaryHeap<Reverse<(Timestamp, u64, Work)>>,
    planned: HashMap<Work, Timestamp>,
    count: u64,
}

impl Queue {
    pub fn plan(&mut self, due: Timestamp, work: Work) {
        if self.planned.get(&work).is_some_and(|planned| *planned <= due) {
            return;
        }
        self.count += 1;
        self.planned.insert(work.clone(), due);
        self.heap.push(Reverse((due, self.count, work)));
    }

    /// Takes the next work that is due by `until`.
    pub fn pop_due(&mut self, until: Timestamp) -> Option<(Timestamp, Work)> {
        while let Some(Reverse((due, ..))) = self.heap.peek() {
            if *due > until {
                return None;
            }
            let Reverse((due, _, work)) = self.heap.pop()?;
            if self.planned.get(&work) == Some(&due) {
                self.planned.remove(&work);
                return Some((due, work));
            }
        }
        None
    }

    /// When the next work is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.heap.peek().map(|Reverse((due, ..))| *due)
    }
}
