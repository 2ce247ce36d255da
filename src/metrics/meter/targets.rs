//! What is to be asked for, and when.

use super::Focus;
use crate::config::Config;
use crate::domain::{Snapshot, Str, Uid};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// One thing that is asked for in rounds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// A release in full.
    Release(Uid),
    /// The releases of a namespace, for the board.
    Namespace(Str),
    /// A release's health endpoint.
    Health(Uid),
}

/// When a target is asked for next, and the round that runs.
#[derive(Debug)]
struct Slot {
    due: Instant,
    round: u64,
    running: Option<AbortHandle>,
}

/// The targets with their rounds.
#[derive(Debug, Default)]
pub struct Targets {
    slots: HashMap<Target, Slot>,
    /// When namespaces would have been due that nobody looks at now: who comes back soon does not ask them anew.
    rested: HashMap<Target, Instant>,
    rounds: u64,
}

/// The namespaces of the board begin so far apart, so that a server does not get all queries at once.
const APART: Duration = Duration::from_millis(100);

impl Targets {
    /// Takes up what is in focus now and drops the rest, with its unfinished rounds.
    pub fn follow(&mut self, focus: &Focus, snapshot: &Snapshot, config: &Config) {
        let refresh = config.metrics.refresh;
        let mut wanted = BTreeSet::new();
        for release in focus.releases.iter().chain(&focus.followed).filter_map(|uid| snapshot.by_uid(uid)) {
            wanted.insert(Target::Release(release.uid.clone()));
            if focus.endpoint(release, config).is_some() {
                wanted.insert(Target::Health(release.uid.clone()));
            }
        }
        if focus.board {
            wanted.extend(snapshot.releases.iter().map(|release| Target::Namespace(release.key.namespace.clone())));
        }
        let now = Instant::now();
        self.rested.retain(|_, due| *due > now);
        self.slots.retain(|target, slot| {
            let stays = wanted.contains(target);
            match &slot.running {
                Some(running) if !stays => running.abort(),
                None if !stays && slot.due > now && matches!(target, Target::Namespace(_)) => {
                    self.rested.insert(target.clone(), slot.due);
                }
                _ => {}
            }
            stays
        });
        let fresh: Vec<Target> = wanted.into_iter().filter(|target| !self.slots.contains_key(target)).collect();
        let namespaces = fresh.iter().filter(|target| matches!(target, Target::Namespace(_))).count();
        let apart = (refresh / u32::try_from(namespaces.max(1)).unwrap_or(u32::MAX)).min(APART);
        let mut due = now;
        for target in fresh {
            let first = match target {
                Target::Release(_) | Target::Health(_) => now,
                Target::Namespace(_) => self.rested.remove(&target).unwrap_or_else(|| {
                    due += apart;
                    due - apart
                }),
            };
            self.slots.insert(target, Slot { due: first, round: 0, running: None });
        }
    }

    /// Forgets every round of a release that runs, and asks at once again: what charts show is another past, or more is
    /// asked for.
    pub fn restart(&mut self) {
        let releases = self.slots.iter_mut().filter(|(target, _)| matches!(target, Target::Release(_)));
        for (_, slot) in releases {
            if let Some(running) = slot.running.take() {
                running.abort();
            }
            slot.due = Instant::now();
        }
    }

    /// When the next target is due; `None`: nothing is waited for.
    pub fn next(&self) -> Option<Instant> {
        self.slots.values().filter(|slot| slot.running.is_none()).map(|slot| slot.due).min()
    }

    /// The targets that are due and have no round running. A round that takes longer than its pace is ended by its own
    /// limit, and not by the next one: else a slow server would never be heard.
    pub fn due(&self) -> Vec<Target> {
        let now = Instant::now();
        let due = self.slots.iter().filter(|(_, slot)| slot.running.is_none() && slot.due <= now);
        let mut due: Vec<(Instant, Target)> = due.map(|(target, slot)| (slot.due, target.clone())).collect();
        due.sort_unstable();
        due.into_iter().map(|(_, target)| target).collect()
    }

    /// A number for a new round of `target`, the next one being due after `pace`.
    pub fn begin(&mut self, target: &Target, pace: Duration) -> u64 {
        self.rounds += 1;
        if let Some(slot) = self.slots.get_mut(target) {
            let now = Instant::now();
            // From the time that was planned, so that rounds do not drift; what was missed is not made up for.
            slot.due = (slot.due + pace).max(now + pace / 2);
            slot.round = self.rounds;
        }
        self.rounds
    }

    /// Notes what ends the round of `target`.
    pub fn runs(&mut self, target: &Target, running: AbortHandle) {
        if let Some(slot) = self.slots.get_mut(target) {
            slot.running = Some(running);
        }
    }

    /// Whether this is the target's newest round, which has ended now.
    pub fn ended(&mut self, target: &Target, round: u64) -> bool {
        let slot = self.slots.get_mut(target).filter(|slot| slot.round == round && slot.running.is_some());
        slot.map(|slot| slot.running = None).is_some()
    }
}

impl Drop for Targets {
    fn drop(&mut self) {
        for slot in self.slots.values() {
            if let Some(running) = &slot.running {
                running.abort();
            }
        }
    }
}
