//! The controller of Argo Rollouts, as a real one (1.9) was seen to behave: status from spec, ReplicaSets and clock.
//!
//! What it does without: experiments, plugins, header and mirror routes, `setCanaryScale`, ping-pong, background and
//! promotion analyses, `dynamicStableScale`; steps of these kinds are passed at once.

mod analysis;
mod blue_green;
mod canary;
mod restart;
mod sets;
mod status;

use super::Controller;
use super::common::owned;
use crate::sim::json::{Json, stamp, time};
use crate::sim::kinds::{KindId, REPLICA_SETS};
use crate::sim::object::{Id, Object};
use crate::sim::store::{Change, Store};
use crate::sim::world::{Actor, World};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sets::Set;
use std::sync::Arc;

pub struct ArgoController;

/// Its name, as the work queue and events have it.
pub const NAME: &str = "rollouts-controller";
/// The label that tells a Rollout's ReplicaSets apart.
pub const HASH: &str = "rollouts-pod-template-hash";
/// The API version of Argo's kinds.
pub const API: &str = "argoproj.io/v1alpha1";

impl Controller for ArgoController {
    fn name(&self) -> &'static str {
        NAME
    }

    fn concerned(&self, change: &Change, store: &Store) -> Vec<Id> {
        let Some(rollouts) = store.kind_of(API, "Rollout") else { return vec![] };
        if change.after.id.kind == rollouts {
            return vec![change.after.id.clone()];
        }
        let owner = change.after.owner.as_ref().filter(|owner| &*owner.kind == "Rollout");
        owner.map(|owner| change.after.id.beside(rollouts, &owner.name)).into_iter().collect()
    }

    fn reconcile(&self, world: &mut World, id: &Id) {
        let Some(rollout) = Rollout::read(world, id) else { return };
        // Only Rollouts without an instance id are this controller's.
        let labels = rollout.value.at("/metadata/labels");
        if labels.get("argo-rollouts.argoproj.io/controller-instance-id").is_some() || rollout.deleting() {
            return;
        }
        if sets::sync(world, &rollout) {
            return;
        }
        let mut status = rollout.value.at("/status").clone();
        if !status.is_object() {
            status = json!({});
        }
        begin(&rollout, &mut status);
        if rollout.held() {
            // Seen on a real one: a pause that was ended while held comes again after it.
            if status.list("/pauseConditions").is_empty() {
                status.cut("/controllerPause");
            }
        } else if rollout.value.at("/spec/strategy").get("blueGreen").is_some() {
            blue_green::reconcile(world, &rollout, &mut status);
        } else {
            canary::reconcile(world, &rollout, &mut status);
        }
        if !rollout.held() {
            restart::reconcile(world, &rollout, &mut status);
            sets::scale_down_due(world, &rollout);
        }
        let Some(rollout) = Rollout::read(world, id) else { return };
        status::write(world, &rollout, status);
    }
}

/// A template that the status does not stand for yet begins a new run; an edited list of steps begins this one again.
fn begin(rollout: &Rollout, status: &mut Value) {
    let Some(new) = rollout.new_set() else { return };
    let hash = new.hash().to_owned();
    let step_hash = super::common::template_hash(rollout.value.at("/spec/strategy/canary/steps"), 0);
    let has_steps = rollout.steps() > 0;
    let same_steps = !has_steps || status.text("/currentStepHash") == step_hash;
    let same_template = status.text("/currentPodHash") == hash;
    if same_template && same_steps {
        return;
    }
    for field in ["/pauseConditions", "/controllerPause", "/abort", "/abortedAt", "/promoteFull"] {
        status.cut(field);
    }
    status.cut("/canary/currentStepAnalysisRunStatus");
    status.put("/currentPodHash", hash.as_str());
    if has_steps {
        let stable = status.text("/stableRS").to_owned();
        let skips = stable.is_empty() || stable == hash || rollout.within_window(&stable);
        status.put("/currentStepHash", step_hash);
        status.put("/currentStepIndex", if skips { rollout.steps() } else { 0 });
    }
}

/// A Rollout with its ReplicaSets, as read at the start of a look.
#[derive(Debug, Clone)]
pub struct Rollout {
    pub object: Arc<Object>,
    pub value: Arc<Value>,
    pub sets: Vec<Set>,
}

impl Rollout {
    fn read(world: &World, id: &Id) -> Option<Rollout> {
        let object = world.store.get(id)?;
        let sets = owned(&world.store, &object.uid, REPLICA_SETS);
        let sets = sets.into_iter().map(|(object, value)| Set { object, value }).collect();
        Some(Rollout { value: object.value(), object, sets })
    }

    fn id(&self) -> &Id {
        &self.object.id
    }

    fn deleting(&self) -> bool {
        !self.value.text("/metadata/deletionTimestamp").is_empty()
    }

    fn held(&self) -> bool {
        self.value.flag("/spec/paused")
    }

    fn replicas(&self) -> i64 {
        self.value.int("/spec/replicas").unwrap_or(1)
    }

    fn steps(&self) -> usize {
        self.value.list("/spec/strategy/canary/steps").len()
    }

    /// The ReplicaSet of the template, by its hash: the API server fills defaults into a ReplicaSet's template, but not
    /// into a Rollout's.
    fn new_set(&self) -> Option<&Set> {
        let wanted = self.value.at("/spec/template");
        let hash = super::common::template_hash(wanted, self.value.count("/status/collisionCount"));
        self.sets.iter().find(|set| set.hash() == hash)
    }

    fn set(&self, hash: &str) -> Option<&Set> {
        self.sets.iter().find(|set| set.hash() == hash)
    }

    /// Older than the stable one, and fewer than `rollbackWindow.revisions` were made between the two.
    fn within_window(&self, stable: &str) -> bool {
        let window = self.value.count("/spec/rollbackWindow/revisions");
        let (Some(new), Some(stable)) = (self.new_set(), self.set(stable)) else { return false };
        let between = self.sets.iter().filter(|set| new.created() < set.created() && set.created() < stable.created());
        new.created() < stable.created() && i64::try_from(between.count()).is_ok_and(|between| between < window)
    }
}

/// Notes a pause, once.
fn pause(status: &mut Value, reason: &str, now: Timestamp) {
    if status.list("/pauseConditions").iter().any(|pause| pause.text("/reason") == reason) {
        return;
    }
    status.put("/pauseConditions", json!([{"reason": reason, "startTime": stamp(now)}]));
    status.put("/controllerPause", true);
}

/// Ends every pause.
fn unpause(status: &mut Value) {
    status.cut("/pauseConditions");
    status.cut("/controllerPause");
}

/// Whether somebody ended a pause.
fn resumed(status: &Value) -> bool {
    status.flag("/controllerPause") && status.list("/pauseConditions").is_empty()
}

/// Since when it is paused for a reason.
fn paused_since(status: &Value, reason: &str) -> Option<Timestamp> {
    let pause = status.list("/pauseConditions").iter().find(|pause| pause.text("/reason") == reason)?;
    time(pause.text("/startTime"))
}

/// Marks the run as aborted.
fn aborted(status: &mut Value, now: Timestamp) {
    unpause(status);
    status.put("/abort", true);
    if status.text("/abortedAt").is_empty() {
        status.put("/abortedAt", stamp(now));
    }
    status.cut("/canary/currentStepAnalysisRunStatus");
}

/// Seconds, or a Go duration, as in `pause.duration`.
fn duration(value: &Value) -> Option<SignedDuration> {
    if let Some(seconds) = value.as_i64() {
        return Some(SignedDuration::from_secs(seconds));
    }
    crate::domain::traffic::rollout_steps::duration(value.as_str()?)
}

/// Points a Service at the pods of a hash.
fn select(world: &mut World, rollout: &Rollout, service: &str, hash: &str) {
    if service.is_empty() {
        return;
    }
    let id = rollout.id().beside(crate::sim::kinds::SERVICES, service);
    world.modify(&id, Actor::main(NAME), |service| {
        service.put(&format!("/spec/selector/{HASH}"), hash);
        service.put("/metadata/annotations/argo-rollouts.argoproj.io~1managed-by-rollouts", &*rollout.id().name);
    });
}

/// The kind of one of Argo's or Istio's objects.
fn kind(world: &World, api: &str, kind: &str) -> Option<KindId> {
    world.store.kind_of(api, kind)
}
