//! Requests: how many each pod gets by the live routes, and the counters that it shows at `/metrics`.
//!
//! ```text
//! Services, routes, ready endpoints ─► split::rates ─► Counter (per pod that somebody reads) ─► Prometheus text
//! ```
//! Counters are integrals over time: a rate that changes bends them and never makes them jump. Nothing is counted in a
//! namespace before somebody reads a pod of it, and afterwards only when it is read or its routes change.

mod counter;
mod split;

use super::clock::seconds;
use super::json::{Json, time};
use super::object::Object;
use super::world::World;
use counter::{Behaviour, Counter};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::HashMap;

/// The longest that routes which nobody reads are followed.
const FOLLOWED: SignedDuration = SignedDuration::from_mins(2);

/// The traffic of the namespaces in which somebody read a pod's counters.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    flows: HashMap<String, Flow>,
}

/// The traffic of one namespace.
#[derive(Debug, Clone)]
struct Flow {
    /// When somebody read last.
    read: Timestamp,
    /// When the rates were made.
    made: Timestamp,
    /// The routes changed while nobody read.
    outdated: bool,
    /// Requests a second by the pod's uid.
    rates: HashMap<Box<str>, f64>,
    /// What was counted, by the pod's uid.
    counters: HashMap<Box<str>, Counter>,
}

impl Flow {
    fn new(world: &World, namespace: &str) -> Flow {
        let now = world.now();
        let rates = split::rates(&world.store, namespace);
        Flow { read: now, made: now, outdated: false, rates, counters: HashMap::new() }
    }

    fn rate(&self, uid: &str) -> f64 {
        self.rates.get(uid).copied().unwrap_or_default()
    }

    /// Counts up to now by the old rates, then goes on by the new ones.
    fn turn(&mut self, rates: HashMap<Box<str>, f64>, now: Timestamp) {
        for (uid, counter) in &mut self.counters {
            counter.run(self.rates.get(uid).copied().unwrap_or_default(), now);
        }
        (self.rates, self.made, self.outdated) = (rates, now, false);
    }
}

/// The pod's counters since its container's start, in the Prometheus text format.
pub fn metrics(world: &mut World, pod: &Object, value: &Value) -> String {
    let now = world.now();
    let namespace = &*pod.id.namespace;
    let mut flow = world.traffic.flows.remove(namespace).unwrap_or_else(|| Flow::new(world, namespace));
    flow.read = now;
    if flow.outdated {
        flow.turn(split::rates(&world.store, namespace), now);
    }
    let started = time(value.text("/status/containerStatuses/0/state/running/startedAt")).unwrap_or(now);
    let behaviour = Behaviour::of(value);
    let rate = flow.rate(&pod.uid);
    let counter = match flow.counters.get_mut(&pod.uid) {
        Some(counter) if counter.started == started => counter,
        // Never read, or its container was restarted: as if it had always been as it is now.
        _ => flow.counters.entry(pod.uid.clone()).insert_entry(Counter::since(started, behaviour)).into_mut(),
    };
    counter.run(rate, now);
    counter.behaviour = behaviour;
    let text = counter.text();
    world.traffic.flows.insert(namespace.to_owned(), flow);
    text
}

/// The routes or endpoints of a namespace changed. Answers how long to wait before it is to be said again, where the
/// last time was only just.
pub fn turned(world: &mut World, namespace: &str) -> Option<SignedDuration> {
    let now = world.now();
    let mut flow = world.traffic.flows.remove(namespace)?;
    let since = now.duration_since(flow.made);
    let wait = (since < seconds(1) / 4).then(|| seconds(1) / 4 - since);
    if now.duration_since(flow.read) > FOLLOWED {
        flow.outdated = true;
    } else if wait.is_none() {
        flow.turn(split::rates(&world.store, namespace), now);
        let pods = world.store.list(super::kinds::PODS, namespace, None);
        let there: std::collections::HashSet<&str> = pods.map(|pod| &*pod.uid).collect();
        flow.counters.retain(|uid, _| there.contains(&**uid));
    }
    let again = if flow.outdated { None } else { wait };
    world.traffic.flows.insert(namespace.to_owned(), flow);
    again
}
