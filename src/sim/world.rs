//! The cluster's whole state: objects, time, and the work that its controllers have to do.

pub mod defaults;
pub mod events;
pub mod known;
pub mod managed;
pub mod queue;
pub mod quota;
pub mod validate;
pub mod write;

use super::access::Accounts;
use super::clock::{Clock, millis};
use super::controllers::CONTROLLERS;
use super::faults::Faults;
use super::ids::Ids;
use super::log::RequestLog;
use super::object::Id;
use super::store::{Change, Store};
use super::traffic::Traffic;
use jiff::{SignedDuration, Timestamp};
use queue::{Queue, Work};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// How long a controller takes to notice a change.
const NOTICE: SignedDuration = SignedDuration::from_millis(8);

/// Everything behind the lock.
#[derive(Debug, Clone)]
pub struct World {
    pub store: Store,
    pub clock: Clock,
    pub ids: Ids,
    pub queue: Queue,
    /// When a pod got into the state that its kubelet sees, and the jitter of its next step.
    pub entered: HashMap<Box<str>, (Timestamp, String)>,
    /// What controllers said about an object for a reason, and when last.
    pub spoken: HashMap<String, (Timestamp, BTreeSet<String>)>,
    /// The open gates of Flagger's load tester.
    pub gates: BTreeSet<String>,
    /// The requests, where somebody measures them.
    pub traffic: Traffic,
    pub faults: Faults,
    pub accounts: Accounts,
    pub log: RequestLog,
    /// What happens at set times: writes to objects, by number.
    pub script: Vec<Step>,
    /// While a scenario is being laid out, the controllers don't look.
    pub asleep: bool,
    pub uid: String,
}

/// A scripted write: a merge patch on an object, as someone; or, if there is no such object yet, the object itself.
#[derive(Debug, Clone)]
pub struct Step {
    pub target: Id,
    pub manager: String,
    pub patch: Value,
}

/// Who writes, and to which part of the object.
#[derive(Debug, Clone, Copy)]
pub struct Actor<'a> {
    pub manager: &'a str,
    pub part: Part,
}

/// The part of an object that a write may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Main,
    Status,
    Scale,
}

impl<'a> Actor<'a> {
    pub fn main(manager: &'a str) -> Actor<'a> {
        Actor { manager, part: Part::Main }
    }

    pub fn status(manager: &'a str) -> Actor<'a> {
        Actor { manager, part: Part::Status }
    }
}

/// The field manager of everything that runs in kube-controller-manager.
pub const CONTROLLER_MANAGER: &str = "kube-controller-manager";

impl World {
    pub fn new(name: &str, now: Timestamp) -> World {
        World {
            store: Store::new(),
            clock: Clock::at(now),
            ids: Ids::seeded(name),
            queue: Queue::default(),
            entered: HashMap::new(),
            spoken: HashMap::new(),
            gates: BTreeSet::new(),
            traffic: Traffic::default(),
            faults: Faults::default(),
            accounts: Accounts::default(),
            log: RequestLog::default(),
            script: vec![],
            asleep: false,
            uid: super::ids::fixed_uid(name),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now
    }

    /// Lets the controllers work until the virtual time is `until`.
    pub fn run_until(&mut self, until: Timestamp) {
        while let Some((due, work)) = self.queue.pop_due(until) {
            self.clock.now = self.clock.now.max(due);
            match work {
                Work::Reconcile(controller, id) => CONTROLLERS[controller].reconcile(self, &id),
                Work::Step(number) => self.take_step(number),
            }
        }
        self.clock.now = self.clock.now.max(until);
    }

    /// Brings the virtual time to where tokio's clock says it should be.
    pub fn catch_up(&mut self) {
        self.run_until(self.clock.target());
    }

    /// Asks a controller to look at an object after a while.
    pub fn later(&mut self, controller: &str, id: &Id, delay: SignedDuration) {
        if let Some(place) = CONTROLLERS.iter().position(|have| have.name() == controller) {
            self.queue.plan(self.clock.now + delay.max(millis(1)), Work::Reconcile(place, id.clone()));
        }
    }

    /// Has every controller look at what a change concerns.
    pub(in crate::sim) fn noticed(&mut self, change: &Change) {
        if self.asleep {
            return;
        }
        for (place, controller) in CONTROLLERS.iter().enumerate() {
            for id in controller.concerned(change, &self.store) {
                self.queue.plan(self.clock.now + NOTICE, Work::Reconcile(place, id));
            }
        }
    }

    /// Has every controller look at every object, as after a restart.
    pub fn resync(&mut self) {
        let kinds: Vec<_> = self.store.kinds().map(|(id, _)| id).collect();
        for kind in kinds {
            let objects: Vec<_> = self.store.list(kind, "", None).cloned().collect();
            for after in objects {
                self.noticed(&Change { version: after.version, before: None, after, deleted: false });
            }
        }
    }

    fn take_step(&mut self, number: usize) {
        let Some(step) = self.script.get(number).cloned() else { return };
        let actor = Actor::main(&step.manager);
        if self.store.get(&step.target).is_some() {
            self.modify(&step.target, actor, |object| json_patch::merge(object, &step.patch));
        } else {
            // What a script writes was checked when the scenario was laid out, as far as it can be.
            drop(self.create(&step.target, step.patch, actor));
        }
    }
}
