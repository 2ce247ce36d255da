//! The Deployment controller: one action a look, as in `pkg/controller/deployment` of Kubernetes, whose functions'
//! names the parts keep.

mod rolling;
mod scale;
mod sets;
mod status;

use super::Controller;
use super::common::{Condition, Dated, condition, itself_or_owner, owned, scaled, set_condition};
use super::pods::Pod;
use crate::sim::json::Json;
use crate::sim::kinds::{DEPLOYMENTS, PODS, REPLICA_SETS};
use crate::sim::object::{Id, Object};
use crate::sim::store::{Change, Store};
use crate::sim::world::{Actor, CONTROLLER_MANAGER, World};
use serde_json::Value;
use std::sync::Arc;

pub use sets::{DESIRED_REPLICAS, MAX_REPLICAS, REVISION};

pub struct DeploymentController;

const NAME: &str = "deployment-controller";

impl Controller for DeploymentController {
    fn name(&self) -> &'static str {
        NAME
    }

    fn concerned(&self, change: &Change, store: &Store) -> Vec<Id> {
        match change.after.id.kind {
            // A Recreate rollout waits for the last old pod to be gone.
            PODS if change.deleted => owner_of_owner(change, store),
            PODS => vec![],
            _ => itself_or_owner(change, store, DEPLOYMENTS),
        }
    }

    fn reconcile(&self, world: &mut World, id: &Id) {
        let Some(mut deployment) = Deployment::read(world, id) else { return };
        if check_paused(world, &deployment) {
            match Deployment::read(world, id) {
                Some(again) => deployment = again,
                None => return,
            }
        }
        if deployment.is_paused() || deployment.is_being_scaled() {
            return scale::sync(world, &deployment);
        }
        if deployment.is_recreate() {
            rolling::recreate(world, &deployment);
        } else {
            rolling::rolling(world, &deployment);
        }
    }
}

fn owner_of_owner(change: &Change, store: &Store) -> Vec<Id> {
    let Some(owner) = change.after.owner.as_ref().filter(|owner| &*owner.kind == "ReplicaSet") else { return vec![] };
    let set = store.get(&change.after.id.beside(REPLICA_SETS, &owner.name));
    let root = set.and_then(|set| set.owner.clone());
    root.filter(|root| &*root.kind == "Deployment")
        .map(|root| change.after.id.beside(DEPLOYMENTS, &root.name))
        .into_iter()
        .collect()
}

/// A ReplicaSet of a Deployment, parsed.
#[derive(Debug, Clone)]
pub struct Set {
    pub object: Arc<Object>,
    pub value: Arc<Value>,
}

impl Set {
    fn replicas(&self) -> i64 {
        self.value.count("/spec/replicas")
    }

    fn actual(&self) -> i64 {
        self.value.count("/status/replicas")
    }

    fn ready(&self) -> i64 {
        self.value.count("/status/readyReplicas")
    }

    fn available(&self) -> i64 {
        self.value.count("/status/availableReplicas")
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.value.keyed("/metadata/annotations", key)
    }

    fn revision(&self) -> i64 {
        self.annotation(REVISION).and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    fn created(&self) -> (&str, u64) {
        (self.value.text("/metadata/creationTimestamp"), self.object.version)
    }
}

/// A Deployment with its ReplicaSets, as read at the start of a look.
#[derive(Debug, Clone)]
pub struct Deployment {
    pub object: Arc<Object>,
    pub value: Arc<Value>,
    pub sets: Vec<Set>,
}

impl Deployment {
    fn read(world: &World, id: &Id) -> Option<Deployment> {
        let object = world.store.get(id)?;
        let sets = owned(&world.store, &object.uid, REPLICA_SETS);
        let mut sets: Vec<Set> = sets.into_iter().map(|(object, value)| Set { object, value }).collect();
        sets.sort_by(|a, b| {
            a.value.text("/metadata/creationTimestamp").cmp(b.value.text("/metadata/creationTimestamp"))
        });
        let value = object.value();
        Some(Deployment { object, value, sets })
    }

    fn id(&self) -> &Id {
        &self.object.id
    }

    fn replicas(&self) -> i64 {
        self.value.count("/spec/replicas")
    }

    fn is_paused(&self) -> bool {
        self.value.flag("/spec/paused")
    }

    fn is_recreate(&self) -> bool {
        self.value.text("/spec/strategy/type") == "Recreate"
    }

    /// The fence posts of a rolling update: `(surge, unavailable)`, never both 0.
    fn fence_posts(&self) -> (i64, i64) {
        let limits = self.value.at("/spec/strategy/rollingUpdate");
        let surge = scaled(limits.at("/maxSurge"), self.replicas(), true);
        let unavailable = scaled(limits.at("/maxUnavailable"), self.replicas(), false);
        if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
    }

    fn max_surge(&self) -> i64 {
        if self.is_recreate() { 0 } else { self.fence_posts().0 }
    }

    fn max_unavailable(&self) -> i64 {
        if self.is_recreate() || self.replicas() == 0 { 0 } else { self.fence_posts().1.min(self.replicas()) }
    }

    fn deadline(&self) -> Option<i64> {
        self.value.int("/spec/progressDeadlineSeconds").filter(|deadline| *deadline < i64::from(i32::MAX))
    }

    /// The ReplicaSet whose template is the Deployment's, the oldest if there are several.
    fn new_set(&self) -> Option<&Set> {
        let wanted = self.value.at("/spec/template");
        self.sets.iter().find(|set| super::common::plain_template(set.value.at("/spec/template")) == *wanted)
    }

    fn old_sets(&self) -> Vec<&Set> {
        let new = self.new_set().map(|set| set.object.uid.clone());
        self.sets.iter().filter(|set| Some(&set.object.uid) != new.as_ref()).collect()
    }

    /// Whether a ReplicaSet was last sized for another number of replicas.
    fn is_being_scaled(&self) -> bool {
        let active = self.sets.iter().filter(|set| set.replicas() > 0);
        active.filter_map(|set| set.annotation(DESIRED_REPLICAS)).any(|desired| desired != self.replicas().to_string())
    }

    /// Whether any pod of an old revision still runs.
    fn old_pods_running(&self, world: &World) -> bool {
        let old = self.old_sets();
        old.iter().any(|set| {
            let pods = Pod::of(&world.store, &set.object.uid);
            set.actual() > 0
                || pods.iter().any(|pod| !matches!(pod.value.text("/status/phase"), "Failed" | "Succeeded"))
        })
    }
}

/// Keeps the condition Progressing in step with `spec.paused`; whether it changed.
fn check_paused(world: &mut World, deployment: &Deployment) -> bool {
    let progressing = condition(deployment.value.at("/status"), "Progressing");
    let reason = progressing.text("/reason");
    if deployment.deadline().is_none() || reason == status::TIMED_OUT {
        return false;
    }
    let (reason, message) = match (deployment.is_paused(), reason == "DeploymentPaused") {
        (true, false) => ("DeploymentPaused", "Deployment is paused"),
        (false, true) => ("DeploymentResumed", "Deployment is resumed"),
        _ => return false,
    };
    let now = world.now();
    let new = Condition { kind: "Progressing", status: "Unknown", reason, message: message.to_owned() };
    let changed = world.modify(deployment.id(), Actor::status(CONTROLLER_MANAGER), |value| {
        let mut status = value.at("/status").clone();
        set_condition(&mut status, &new, now, Dated::TransitionAndUpdate);
        value.put("/status", status);
    });
    changed.is_some()
}
