//! The DaemonSet controller: one pod on every node, replaced a few at a time.

use super::Controller;
use super::common::{REVISION_HASH, itself_or_owner, owner_reference, scaled};
use super::pods::{Pod, from_template};
use super::replicaset::count_or_absent;
use super::revisions;
use crate::sim::clock::seconds;
use crate::sim::json::Json;
use crate::sim::kinds::{DAEMON_SETS, NODES, PODS};
use crate::sim::object::{Id, Object};
use crate::sim::store::{Change, Store};
use crate::sim::world::events::{normal, warning};
use crate::sim::world::{Actor, CONTROLLER_MANAGER, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub struct DaemonSetController;

const NAME: &str = "daemonset-controller";

impl Controller for DaemonSetController {
    fn name(&self) -> &'static str {
        NAME
    }

    fn concerned(&self, change: &Change, store: &Store) -> Vec<Id> {
        if change.after.id.kind == NODES {
            return store.list(DAEMON_SETS, "", None).map(|object| object.id.clone()).collect();
        }
        itself_or_owner(change, store, DAEMON_SETS)
    }

    fn reconcile(&self, world: &mut World, id: &Id) {
        let Some(object) = world.store.get(id) else { return };
        let value = object.value();
        let Some(update) = revisions::current(world, &object, &value) else { return };
        let hash = update.object.label(REVISION_HASH).unwrap_or_default().to_owned();
        let nodes: Vec<String> = world.store.list(NODES, "", None).map(|node| node.id.name.to_string()).collect();
        let pods = Pod::of(&world.store, &object.uid);
        let rolling = value.text("/spec/updateStrategy/type") == "RollingUpdate";
        let surge = value.at("/spec/updateStrategy/rollingUpdate/maxSurge");
        let extra = if rolling { scaled(surge, nodes.len() as i64, true) } else { 0 };
        manage(world, &object, &value, &hash, &nodes, (&pods, extra > 0));
        if extra > 0 {
            surge_over(world, &object, &value, &hash, &nodes, (&pods, extra));
        } else if rolling {
            roll(world, &object, &value, &hash, &nodes, &pods);
        }
        let pods = Pod::of(&world.store, &object.uid);
        update_status(world, &object, &value, &hash, nodes.len(), &pods);
        let used: BTreeSet<String> = pods
            .iter()
            .filter_map(|pod| pod.object.label(REVISION_HASH))
            .chain([hash.as_str()])
            .map(|hash| format!("{}-{hash}", object.id.name))
            .collect();
        revisions::clean_up(world, &object, &value, &used);
    }
}

/// What every DaemonSet's pods put up with.
const TOLERATED: [(&str, &str); 6] = [
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
];

/// The node that a pod runs on, or is meant for.
fn node_of(pod: &Pod) -> &str {
    let bound = pod.value.text("/spec/nodeName");
    if bound.is_empty() {
        pod.value.text(&format!("{AFFINITY}/nodeSelectorTerms/0/matchFields/0/values/0"))
    } else {
        bound
    }
}

const AFFINITY: &str = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution";

/// Sees to one pod on every node.
fn manage(
    world: &mut World,
    set: &Object,
    value: &Value,
    hash: &str,
    nodes: &[String],
    (pods, surges): (&[Pod], bool),
) {
    for node in nodes {
        let here: Vec<&Pod> = pods.iter().filter(|pod| node_of(pod) == node).collect();
        if here.is_empty() {
            create(world, set, value, hash, node);
        }
        // While it surges, one pod of each template may be there.
        let of = |new: bool| {
            here.iter()
                .filter(move |pod| (pod.object.label(REVISION_HASH) == Some(hash)) == new)
                .filter(|pod| pod.is_active())
        };
        let surplus: Vec<&&Pod> = if surges {
            of(true).skip(1).chain(of(false).skip(1)).collect()
        } else {
            here.iter().filter(|pod| pod.is_active()).skip(1).collect()
        };
        for pod in surplus {
            world.delete(&pod.object.id, None);
        }
    }
    for pod in pods.iter().filter(|pod| !pod.is_terminating() && !nodes.iter().any(|node| node_of(pod) == node)) {
        world.delete(&pod.object.id, Some(0));
    }
}

fn create(world: &mut World, set: &Object, value: &Value, hash: &str, node: &str) {
    let mut pod = from_template(value.at("/spec/template"), owner_reference(set, "apps/v1", "DaemonSet"));
    pod.put("/metadata/generateName", format!("{}-", set.id.name));
    pod.put("/metadata/labels/controller-revision-hash", hash);
    let generation = value.keyed("/metadata/annotations", "deprecated.daemonset.template.generation").unwrap_or("1");
    pod.put("/metadata/labels/pod-template-generation", generation);
    let term = json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]});
    pod.put(AFFINITY, json!({"nodeSelectorTerms": [term]}));
    let mut tolerations = pod.list("/spec/tolerations").to_vec();
    for (key, effect) in TOLERATED {
        tolerations.push(json!({"key": format!("node.kubernetes.io/{key}"), "operator": "Exists", "effect": effect}));
    }
    pod.put("/spec/tolerations", tolerations);
    match world.create(&set.id.beside(PODS, ""), pod, Actor::main(CONTROLLER_MANAGER)) {
        Ok(pod) => world.say(set, normal(NAME, "SuccessfulCreate"), &format!("Created pod: {}", pod.id.name)),
        Err(refusal) => {
            world.say(set, warning(NAME, "FailedCreate"), &format!("Error creating: {}", refusal.message));
            world.later(NAME, &set.id, seconds(15));
        }
    }
}

/// Puts new pods beside old ones, at most so many at a time; an old one goes when its new one is available, or at once
/// when it is not available itself.
fn surge_over(
    world: &mut World,
    set: &Object,
    value: &Value,
    hash: &str,
    nodes: &[String],
    (pods, extra): (&[Pod], i64),
) {
    let now = world.now();
    let min_ready = value.count("/spec/minReadySeconds");
    let mut room = extra;
    let mut waiting = vec![];
    for node in nodes {
        let here = || pods.iter().filter(|pod| node_of(pod) == node && pod.is_active());
        let is_new = |pod: &&Pod| pod.object.label(REVISION_HASH) == Some(hash);
        let old = here().find(|pod| !is_new(pod));
        match (old, here().find(is_new)) {
            (Some(old), Some(new)) if new.is_available(min_ready, now) => delete(world, set, old),
            (Some(_), Some(_)) => room -= 1,
            (Some(old), None) if !old.is_available(min_ready, now) => delete(world, set, old),
            (Some(_), None) => waiting.push(node),
            (None, _) => {}
        }
    }
    for node in waiting.into_iter().take(room.max(0) as usize) {
        create(world, set, value, hash, node);
    }
}

/// Takes old pods away: those that are not available at once, the others as `maxUnavailable` allows.
fn roll(world: &mut World, set: &Object, value: &Value, hash: &str, nodes: &[String], pods: &[Pod]) {
    let now = world.now();
    let min_ready = value.count("/spec/minReadySeconds");
    let limit = scaled(value.at("/spec/updateStrategy/rollingUpdate/maxUnavailable"), nodes.len() as i64, true).max(1);
    let mut unavailable = 0;
    let mut candidates = vec![];
    for node in nodes {
        let pod = pods.iter().find(|pod| node_of(pod) == node && pod.is_active());
        match pod {
            None => unavailable += 1,
            Some(pod) => {
                let available = pod.is_available(min_ready, now);
                unavailable += i64::from(!available);
                if pod.object.label(REVISION_HASH) != Some(hash) {
                    if available { candidates.push(pod) } else { delete(world, set, pod) }
                }
            }
        }
    }
    for pod in candidates.into_iter().take((limit - unavailable).max(0) as usize) {
        delete(world, set, pod);
    }
}

fn delete(world: &mut World, set: &Object, pod: &Pod) {
    world.delete(&pod.object.id, None);
    world.say(set, normal(NAME, "SuccessfulDelete"), &format!("Deleted pod: {}", pod.object.id.name));
}

fn update_status(world: &mut World, set: &Object, seen: &Value, hash: &str, nodes: usize, pods: &[Pod]) {
    let now = world.now();
    let min_ready = seen.count("/spec/minReadySeconds");
    let live: Vec<&Pod> = pods.iter().filter(|pod| pod.is_active()).collect();
    let updated = live.iter().filter(|pod| pod.object.label(REVISION_HASH) == Some(hash)).count();
    let ready = live.iter().filter(|pod| pod.is_ready()).count();
    let available = live.iter().filter(|pod| pod.is_available(min_ready, now)).count();
    if let Some(next) = live.iter().filter_map(|pod| pod.available_from(min_ready)).filter(|at| *at > now).min() {
        world.later(NAME, &set.id, next.duration_since(now));
    }
    world.modify(&set.id, Actor::status(CONTROLLER_MANAGER), |value| {
        let mut status = value.at("/status").clone();
        status.put("/currentNumberScheduled", live.len());
        status.put("/desiredNumberScheduled", nodes);
        status.put("/numberMisscheduled", 0);
        status.put("/numberReady", ready);
        status.put("/observedGeneration", seen.at("/metadata/generation").clone());
        count_or_absent(&mut status, "updatedNumberScheduled", updated);
        count_or_absent(&mut status, "numberAvailable", available);
        count_or_absent(&mut status, "numberUnavailable", nodes - available.min(nodes));
        value.put("/status", status);
    });
}
