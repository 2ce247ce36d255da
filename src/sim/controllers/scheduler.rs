//! The scheduler: gives a pod a node, or says why there is none for it.

use super::Controller;
use super::common::{Condition, Dated, condition, push_condition, remove_condition};
use crate::sim::clock::seconds;
use crate::sim::json::{Json, stamp};
use crate::sim::kinds::{NODES, PODS};
use crate::sim::object::{Id, Object};
use crate::sim::store::{Change, Store};
use crate::sim::world::events::{normal, warning};
use crate::sim::world::quota::amount;
use crate::sim::world::{Actor, World};
use serde_json::Value;
use std::sync::Arc;

pub struct Scheduler;

const NAME: &str = "default-scheduler";
const MANAGER: &str = "kube-scheduler";

impl Controller for Scheduler {
    fn name(&self) -> &'static str {
        NAME
    }

    fn concerned(&self, change: &Change, _: &Store) -> Vec<Id> {
        let new_pod = change.after.id.kind == PODS && !change.deleted && change.before.is_none();
        new_pod.then(|| change.after.id.clone()).into_iter().collect()
    }

    fn reconcile(&self, world: &mut World, id: &Id) {
        let Some(pod) = world.store.get(id) else { return };
        let value = pod.value();
        if !value.text("/spec/nodeName").is_empty() || !value.text("/metadata/deletionTimestamp").is_empty() {
            return;
        }
        match choose(world, &value) {
            Ok(node) => bind(world, &pod, &node),
            Err(why) => refuse(world, &pod, &why),
        }
    }
}

/// A node for the pod: the one its owner asks for, or any that fits.
fn choose(world: &mut World, pod: &Value) -> Result<String, String> {
    let nodes: Vec<(Arc<Object>, Arc<Value>)> =
        world.store.list(NODES, "", None).map(|node| (node.clone(), node.value())).collect();
    let wanted =
        pod.list("/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms");
    let wanted = wanted.first().map(|term| term.text("/matchFields/0/values/0")).filter(|name| !name.is_empty());
    if let Some(name) = wanted {
        return nodes
            .iter()
            .any(|(node, _)| *node.id.name == *name)
            .then(|| name.to_owned())
            .ok_or_else(|| "0/0 nodes are available".to_owned());
    }
    let (mut cordoned, mut unselected, mut full) = (0, 0, 0);
    let cpu: f64 = requests(pod, "cpu");
    let memory: f64 = requests(pod, "memory");
    let unschedulable = pod.keyed("/metadata/annotations", "sim/unschedulable") == Some("true");
    let mut fits = vec![];
    for (node, value) in &nodes {
        let selected = pod.entries("/spec/nodeSelector").all(|(key, want)| want.as_str() == node.label(key));
        let capacity = value.at("/status/allocatable");
        if value.flag("/spec/unschedulable") {
            cordoned += 1;
        } else if !selected {
            unselected += 1;
        } else if unschedulable || cpu > amount(capacity.text("/cpu")) || memory > amount(capacity.text("/memory")) {
            full += 1;
        } else {
            fits.push(node.id.name.to_string());
        }
    }
    if fits.is_empty() {
        let mut why = vec![];
        for (count, reason) in [
            (full, "Insufficient cpu"),
            (cordoned, "node(s) were unschedulable"),
            (unselected, "node(s) didn't match Pod's node affinity/selector"),
        ] {
            if count > 0 {
                why.push(format!("{count} {reason}"));
            }
        }
        let all = nodes.len();
        return Err(format!(
            "0/{all} nodes are available: {}. preemption: 0/{all} nodes are available: {all} Preemption is not helpful for scheduling.",
            why.join(", ")
        ));
    }
    let place = world.ids.below(fits.len() as u64) as usize;
    Ok(fits.swap_remove(place))
}

fn requests(pod: &Value, resource: &str) -> f64 {
    let pointer = format!("/resources/requests/{resource}");
    pod.list("/spec/containers").iter().map(|container| amount(container.text(&pointer))).sum()
}

fn bind(world: &mut World, pod: &Object, node: &str) {
    let now = stamp(world.now());
    world.modify(&pod.id, Actor::main(MANAGER), |value| value.put("/spec/nodeName", node));
    world.modify(&pod.id, Actor::status(MANAGER), |value| {
        let mut status = value.at("/status").clone();
        remove_condition(&mut status, "PodScheduled");
        let scheduled = Condition { kind: "PodScheduled", status: "True", reason: "", message: String::new() };
        push_condition(&mut status, &scheduled, &now, "", Dated::Transition);
        value.put("/status", status);
    });
    let message = format!("Successfully assigned {}/{} to {node}", pod.id.namespace, pod.id.name);
    world.say(pod, normal(NAME, "Scheduled"), &message);
}

fn refuse(world: &mut World, pod: &Object, why: &str) {
    let now = stamp(world.now());
    world.modify(&pod.id, Actor::status(MANAGER), |value| {
        let mut status = value.at("/status").clone();
        if condition(&status, "PodScheduled").text("/message") == why {
            return;
        }
        remove_condition(&mut status, "PodScheduled");
        let refused =
            Condition { kind: "PodScheduled", status: "False", reason: "Unschedulable", message: why.to_owned() };
        push_condition(&mut status, &refused, &now, "", Dated::Transition);
        value.put("/status", status);
    });
    world.say(pod, warning(NAME, "FailedScheduling"), why);
    world.later(NAME, &pod.id, seconds(60));
}
