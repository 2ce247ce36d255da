//! The StatefulSet controller: named pods, one after the other, highest number first when they are updated.

use super::Controller;
use super::common::{REVISION_HASH, itself_or_owner, owner_reference};
use super::pods::{Pod, from_template};
use super::revisions::{self, Revision};
use crate::sim::clock::seconds;
use crate::sim::json::Json;
use crate::sim::kinds::{CLAIMS, PODS, STATEFUL_SETS};
use crate::sim::object::{Id, Object};
use crate::sim::store::{Change, Store};
use crate::sim::world::events::{normal, warning};
use crate::sim::world::{Actor, CONTROLLER_MANAGER, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

pub struct StatefulSetController;

const NAME: &str = "statefulset-controller";

impl Controller for StatefulSetController {
    fn name(&self) -> &'static str {
        NAME
    }

    fn concerned(&self, change: &Change, store: &Store) -> Vec<Id> {
        itself_or_owner(change, store, STATEFUL_SETS)
    }

    fn reconcile(&self, world: &mut World, id: &Id) {
        let Some(object) = world.store.get(id) else { return };
        let value = object.value();
        let Some(update) = revisions::current(world, &object, &value) else { return };
        let history = revisions::history(world, &object);
        let named = value.text("/status/currentRevision");
        let current = history.into_iter().find(|revision| revision.name() == named).unwrap_or_else(|| update.clone());
        let set = Set { object, value, current, update };
        let pods = set.pods(world);
        set.move_on(world, &pods);
        set.update_status(world);
    }
}

struct Set {
    object: Arc<Object>,
    value: Arc<Value>,
    current: Revision,
    update: Revision,
}

fn ordinal(pod: &Pod) -> i64 {
    pod.object.id.name.rsplit('-').next().and_then(|text| text.parse().ok()).unwrap_or(-1)
}

impl Set {
    fn pods(&self, world: &World) -> Vec<Pod> {
        let mut pods = Pod::of(&world.store, &self.object.uid);
        pods.sort_unstable_by_key(ordinal);
        pods
    }

    fn replicas(&self) -> i64 {
        self.value.count("/spec/replicas")
    }

    fn min_ready(&self) -> i64 {
        self.value.count("/spec/minReadySeconds")
    }

    /// Whether each pod waits for the one before it.
    fn is_ordered(&self) -> bool {
        self.value.text("/spec/podManagementPolicy") != "Parallel"
    }

    fn partition(&self) -> i64 {
        self.value.count("/spec/updateStrategy/rollingUpdate/partition")
    }

    /// Running, ready, and so for `minReadySeconds`; asks to be looked at when that is over.
    fn is_available(&self, world: &mut World, pod: &Pod) -> bool {
        let now = world.now();
        if !pod.is_terminating() && pod.is_available(self.min_ready(), now) {
            return true;
        }
        if let Some(from) = pod.available_from(self.min_ready())
            && from > now
        {
            world.later(NAME, &self.object.id, from.duration_since(now));
        }
        false
    }

    /// Does the next thing: creates the lowest missing pod, takes the highest surplus one away, or replaces the
    /// highest old one. A pod that never gets ready holds everything up, even an undo: so it is in Kubernetes.
    fn move_on(&self, world: &mut World, pods: &[Pod]) {
        for number in 0..self.replicas() {
            let Some(pod) = pods.iter().find(|pod| ordinal(pod) == number) else {
                if !self.create(world, number) || self.is_ordered() {
                    return;
                }
                continue;
            };
            if matches!(pod.value.text("/status/phase"), "Failed" | "Succeeded") {
                world.delete(&pod.object.id, Some(0));
                return;
            }
            if self.is_ordered() && !self.is_available(world, pod) {
                return;
            }
        }
        for pod in pods.iter().rev().filter(|pod| ordinal(pod) >= self.replicas()) {
            if !pod.is_terminating() {
                self.delete(world, pod);
            }
            if self.is_ordered() {
                return;
            }
        }
        if self.value.text("/spec/updateStrategy/type") == "OnDelete" {
            return;
        }
        for pod in pods.iter().rev().filter(|pod| ordinal(pod) >= self.partition() && ordinal(pod) < self.replicas()) {
            if pod.object.label(REVISION_HASH) != Some(self.update.name()) && !pod.is_terminating() {
                self.delete(world, pod);
                return;
            }
            if !self.is_available(world, pod) {
                return;
            }
        }
    }

    /// The revision that a new pod gets: the old one as long as the update has not come to its number.
    fn revision_of(&self, number: i64) -> &Revision {
        let rolling = self.value.text("/spec/updateStrategy/type") == "RollingUpdate";
        let partition = self.partition();
        let old =
            if partition == 0 { number < self.value.count("/status/currentReplicas") } else { number < partition };
        if rolling && old { &self.current } else { &self.update }
    }

    fn create(&self, world: &mut World, number: i64) -> bool {
        let revision = self.revision_of(number);
        let name = format!("{}-{number}", self.object.id.name);
        let owner = owner_reference(&self.object, "apps/v1", "StatefulSet");
        let mut pod = from_template(&revision.template(), owner);
        pod.put("/metadata/name", name.as_str());
        pod.put("/metadata/generateName", format!("{}-", self.object.id.name));
        pod.put("/metadata/labels/controller-revision-hash", revision.name());
        pod.put("/metadata/labels/statefulset.kubernetes.io~1pod-name", name.as_str());
        pod.put("/metadata/labels/apps.kubernetes.io~1pod-index", number.to_string());
        pod.put("/spec/hostname", name.as_str());
        pod.put("/spec/subdomain", self.value.at("/spec/serviceName").clone());
        self.claim(world, &name, &mut pod);
        let made = world.create(&self.object.id.beside(PODS, &name), pod, Actor::main(CONTROLLER_MANAGER));
        let about = format!("Pod {name} in StatefulSet {}", self.object.id.name);
        match made {
            Ok(_) => {
                world.say(&self.object, normal(NAME, "SuccessfulCreate"), &format!("Create {about} successful"));
                true
            }
            Err(refusal) => {
                let message = format!("Create {about} failed error: {}", refusal.message);
                world.say(&self.object, warning(NAME, "FailedCreate"), &message);
                world.later(NAME, &self.object.id, seconds(15));
                false
            }
        }
    }

    /// Sees to the pod's claims, one of each template, which outlive it; and puts them into its volumes.
    fn claim(&self, world: &mut World, pod_name: &str, pod: &mut Value) {
        let templates = self.value.list("/spec/volumeClaimTemplates").to_vec();
        let mut volumes = pod.list("/spec/volumes").to_vec();
        for template in templates {
            let volume = template.text("/metadata/name").to_owned();
            let name = format!("{volume}-{pod_name}");
            volumes.retain(|other| other.text("/name") != volume);
            volumes.push(json!({"name": volume, "persistentVolumeClaim": {"claimName": name}}));
            let id = self.object.id.beside(CLAIMS, &name);
            if world.store.get(&id).is_some() {
                continue;
            }
            let labels = self.value.at("/spec/selector/matchLabels").clone();
            let claim = json!({"metadata": {"name": name, "labels": labels}, "spec": template.at("/spec")});
            if world.create(&id, claim, Actor::main(CONTROLLER_MANAGER)).is_ok() {
                // The volume is there at once.
                let bound = |value: &mut Value| value.put("/status", json!({"phase": "Bound"}));
                world.modify(&id, Actor::status(CONTROLLER_MANAGER), bound);
            }
        }
        if !volumes.is_empty() {
            pod.put("/spec/volumes", volumes);
        }
    }

    fn delete(&self, world: &mut World, pod: &Pod) {
        world.delete(&pod.object.id, None);
        let message = format!("Delete Pod {} in StatefulSet {} successful", pod.object.id.name, self.object.id.name);
        world.say(&self.object, normal(NAME, "SuccessfulDelete"), &message);
    }

    fn update_status(&self, world: &mut World) {
        let pods = self.pods(world);
        let now = world.now();
        let live = |pod: &&Pod| !pod.is_terminating();
        let of = |revision: &Revision| {
            pods.iter().filter(live).filter(|pod| pod.object.label(REVISION_HASH) == Some(revision.name())).count()
                as i64
        };
        let ready = pods.iter().filter(|pod| pod.is_ready()).count() as i64;
        let available = pods.iter().filter(|pod| pod.is_available(self.min_ready(), now)).count() as i64;
        let (mut current, updated) = (of(&self.current), of(&self.update));
        let mut current_name = self.current.name().to_owned();
        let rolling = self.value.text("/spec/updateStrategy/type") == "RollingUpdate";
        let all = pods.len() as i64;
        if rolling && updated == all && ready == all && all == self.replicas() {
            current = updated;
            self.update.name().clone_into(&mut current_name);
        }
        world.modify(&self.object.id, Actor::status(CONTROLLER_MANAGER), |value| {
            let mut status = value.at("/status").clone();
            status.put("/observedGeneration", self.value.at("/metadata/generation").clone());
            status.put("/replicas", all);
            for (field, count) in [("readyReplicas", ready), ("currentReplicas", current), ("updatedReplicas", updated)]
            {
                super::replicaset::count_or_absent(&mut status, field, count as usize);
            }
            status.put("/currentRevision", current_name.as_str());
            status.put("/updateRevision", self.update.name());
            status.put_default("/collisionCount", 0);
            status.put("/availableReplicas", available);
            value.put("/status", status);
        });
        let in_use = pods.iter().filter_map(|pod| pod.object.label(REVISION_HASH).map(str::to_owned));
        let used: BTreeSet<String> = in_use.chain([current_name, self.update.name().to_owned()]).collect();
        revisions::clean_up(world, &self.object, &self.value, &used);
    }
}
