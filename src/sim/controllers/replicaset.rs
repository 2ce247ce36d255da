//! The ReplicaSet controller: keeps as many pods as asked for.

use super::Controller;
use super::common::{Condition, Dated, itself_or_owner, owner_reference, remove_condition, set_condition};
use super::pods::{Pod, from_template};
use crate::sim::clock::seconds;
use crate::sim::json::Json;
use crate::sim::kinds::{PODS, REPLICA_SETS};
use crate::sim::object::{Id, Object};
use crate::sim::store::{Change, Store};
use crate::sim::world::events::{normal, warning};
use crate::sim::world::{Actor, CONTROLLER_MANAGER, World};
use serde_json::Value;
use std::cmp::Reverse;

pub struct ReplicaSetController;

const NAME: &str = "replicaset-controller";

impl Controller for ReplicaSetController {
    fn name(&self) -> &'static str {
        NAME
    }

    fn concerned(&self, change: &Change, store: &Store) -> Vec<Id> {
        itself_or_owner(change, store, REPLICA_SETS)
    }

    fn reconcile(&self, world: &mut World, id: &Id) {
        let Some(set) = world.store.get(id) else { return };
        let value = set.value();
        let all = Pod::of(&world.store, &set.uid);
        let leaving = all.iter().filter(|pod| pod.is_terminating()).count();
        let pods: Vec<Pod> = all.into_iter().filter(Pod::is_active).collect();
        let failure = if value.text("/metadata/deletionTimestamp").is_empty() {
            manage(world, &set, &value, &pods)
        } else {
            None
        };
        if failure.is_some() {
            world.later(NAME, id, seconds(15));
        }
        update_status(world, id, &value, (&pods, leaving), failure);
    }
}

/// Creates or deletes pods; the message of the failure if a pod could not be created.
fn manage(world: &mut World, set: &Object, value: &Value, pods: &[Pod]) -> Option<String> {
    let wanted = value.count("/spec/replicas") as usize;
    let actor = Actor::main(CONTROLLER_MANAGER);
    for _ in pods.len()..wanted {
        let mut pod = from_template(value.at("/spec/template"), owner_reference(set, "apps/v1", "ReplicaSet"));
        pod.put("/metadata/generateName", format!("{}-", set.id.name));
        match world.create(&set.id.beside(PODS, ""), pod, actor) {
            Ok(pod) => world.say(set, normal(NAME, "SuccessfulCreate"), &format!("Created pod: {}", pod.id.name)),
            Err(refusal) => {
                world.say(set, warning(NAME, "FailedCreate"), &format!("Error creating: {}", refusal.message));
                return Some(refusal.message);
            }
        }
    }
    let mut ranked: Vec<&Pod> = pods.iter().collect();
    ranked.sort_by_key(|pod| rank(pod));
    for pod in ranked.into_iter().take(pods.len().saturating_sub(wanted)) {
        world.delete(&pod.object.id, None);
        world.say(set, normal(NAME, "SuccessfulDelete"), &format!("Deleted pod: {}", pod.object.id.name));
    }
    None
}

/// The order in which surplus pods go: unscheduled, pending, not ready, cheap, restarted, young first.
fn rank(pod: &Pod) -> impl Ord + use<> {
    let value = &pod.value;
    let cost = value.keyed("/metadata/annotations", "controller.kubernetes.io/pod-deletion-cost");
    (
        !value.text("/spec/nodeName").is_empty(),
        value.text("/status/phase") != "Pending",
        pod.is_ready(),
        cost.and_then(|cost| cost.parse::<i64>().ok()).unwrap_or_default(),
        Reverse(pod.ready_since()),
        Reverse(pod.restarts()),
        Reverse(pod.created().to_owned()),
    )
}

fn update_status(world: &mut World, id: &Id, seen: &Value, (pods, leaving): (&[Pod], usize), failure: Option<String>) {
    let now = world.now();
    let min_ready = seen.count("/spec/minReadySeconds");
    let ready = pods.iter().filter(|pod| pod.is_ready()).count();
    let available = pods.iter().filter(|pod| pod.is_available(min_ready, now)).count();
    if let Some(next) = pods.iter().filter_map(|pod| pod.available_from(min_ready)).filter(|at| *at > now).min() {
        world.later(NAME, id, next.duration_since(now));
    }
    world.modify(id, Actor::status(CONTROLLER_MANAGER), |value| {
        let mut status = value.at("/status").clone();
        status.put("/replicas", pods.len());
        for (field, count) in
            [("fullyLabeledReplicas", pods.len()), ("readyReplicas", ready), ("availableReplicas", available)]
        {
            count_or_absent(&mut status, field, count);
        }
        status.put("/terminatingReplicas", leaving);
        status.put("/observedGeneration", seen.at("/metadata/generation").clone());
        if let Some(message) = failure {
            let failed = Condition { kind: "ReplicaFailure", status: "True", reason: "FailedCreate", message };
            set_condition(&mut status, &failed, now, Dated::Transition);
        } else {
            remove_condition(&mut status, "ReplicaFailure");
            if status.list("/conditions").is_empty() {
                status.cut("/conditions");
            }
        }
        value.put("/status", status);
    });
}

/// Go leaves out counts of zero.
pub fn count_or_absent(status: &mut Value, field: &str, count: usize) {
    if count == 0 {
        status.cut(&format!("/{field}"));
    } else {
        status.put(&format!("/{field}"), count);
    }
}
