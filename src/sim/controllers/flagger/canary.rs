//! A Canary as its controller reads it.

use super::super::common::condition;
use super::{NAME, TARGETS};
use crate::sim::clock::duration;
use crate::sim::json::{Json, time};
use crate::sim::object::{Id, Object};
use crate::sim::world::World;
use crate::sim::world::events::{normal, warning};
use serde_json::Value;
use std::sync::Arc;

/// A Canary and its value.
pub struct Canary {
    pub id: Id,
    pub object: Arc<Object>,
    pub value: Arc<Value>,
}

impl Canary {
    /// The Canary at `id`, as it is now.
    pub fn read(world: &World, id: &Id) -> Option<Canary> {
        let object = world.store.get(id)?;
        let value = object.value();
        Some(Canary { id: id.clone(), object, value })
    }

    pub fn name(&self) -> &str {
        &self.id.name
    }

    /// Seconds from check to check; never under 10.
    pub fn interval(&self) -> i64 {
        let text = self.value.text("/spec/analysis/interval");
        duration(text).map_or(60, |interval| interval.as_secs()).max(10)
    }

    pub fn threshold(&self) -> i64 {
        self.value.int("/spec/analysis/threshold").filter(|threshold| *threshold > 0).unwrap_or(1)
    }

    pub fn deadline(&self) -> i64 {
        self.value.int("/spec/progressDeadlineSeconds").filter(|deadline| *deadline > 0).unwrap_or(600)
    }

    pub fn phase(&self) -> &str {
        self.value.text("/status/phase")
    }

    /// Whether a run is on its way.
    pub fn in_flight(&self) -> bool {
        matches!(self.phase(), "Waiting" | "Progressing" | "WaitingPromotion" | "Promoting" | "Finalising")
    }

    /// Whether this template is one to bring in: neither the last one tried nor the one promoted.
    pub fn is_new(&self, hash: &str) -> bool {
        hash != self.value.text("/status/lastPromotedSpec") && hash != self.value.text("/status/lastAppliedSpec")
    }

    /// Whether it moves no traffic.
    pub fn without_mesh(&self) -> bool {
        self.value.text("/spec/provider") == "kubernetes"
    }

    /// The number of checks of an A/B test or of blue-green; 0 for weights.
    pub fn iterations(&self) -> i64 {
        let asked = self.value.count("/spec/analysis/iterations");
        if asked < 1 && self.without_mesh() { 10 } else { asked.max(0) }
    }

    /// Whether only the requests that match go to the canary.
    pub fn is_ab_test(&self) -> bool {
        self.iterations() > 0 && !self.value.list("/spec/analysis/match").is_empty() && !self.without_mesh()
    }

    pub fn target_id(&self) -> Id {
        self.id.beside(TARGETS, self.value.text("/spec/targetRef/name"))
    }

    pub fn primary_id(&self) -> Id {
        self.id.beside(TARGETS, &format!("{}-primary", self.value.text("/spec/targetRef/name")))
    }

    /// The name of the users' Service.
    pub fn apex(&self) -> String {
        let named = self.value.text("/spec/service/name");
        if named.is_empty() { self.value.text("/spec/targetRef/name").to_owned() } else { named.to_owned() }
    }

    /// The target's value.
    pub fn target(&self, world: &World) -> Result<Arc<Value>, String> {
        let id = self.target_id();
        let found = world.store.get(&id).map(|object| object.value());
        found.ok_or_else(|| format!("deployment {}.{} get query error: not found", id.name, id.namespace))
    }

    /// Tells something in an event.
    pub fn say(&self, world: &mut World, message: &str) {
        world.say(&self.object, normal(NAME, "Synced"), message);
    }

    /// The same as a warning.
    pub fn warn(&self, world: &mut World, message: &str) {
        world.say(&self.object, warning(NAME, "Synced"), message);
    }
}

/// Why a Deployment does not count as ready.
pub struct Stuck {
    pub why: String,
    /// It will not come any more: the progress deadline is over.
    pub for_good: bool,
}

/// Whether every wanted pod of a Deployment is of its template and available.
pub fn ready(world: &World, id: &Id, deadline: i64) -> Result<(), Stuck> {
    let stuck = |what: String, for_good: bool| Stuck {
        why: format!("Halt advancement deployment {}.{} not ready: {what}", id.name, id.namespace),
        for_good,
    };
    let Some(object) = world.store.get(id) else { return Err(stuck("not found".into(), false)) };
    let value = object.value();
    let status = value.at("/status");
    if value.count("/metadata/generation") > status.count("/observedGeneration") {
        let what = "waiting for rollout to finish: observed deployment generation less than desired generation";
        return Err(stuck(what.into(), false));
    }
    let available = condition(status, "Available");
    let since = time(available.text("/lastUpdateTime"));
    let over = available.text("/status") == "False"
        && since.is_some_and(|since| world.now().duration_since(since).as_secs() > deadline);
    let (wanted, updated) = (value.count("/spec/replicas"), status.count("/updatedReplicas"));
    if condition(status, "Progressing").text("/reason") == "ProgressDeadlineExceeded" {
        return Err(stuck(format!("deployment {:?} exceeded its progress deadline", &*id.name), true));
    }
    let waiting = |what: String| Err(stuck(format!("waiting for rollout to finish: {what}"), over));
    if updated < wanted {
        return waiting(format!("{updated} out of {wanted} new replicas have been updated"));
    }
    if status.count("/replicas") > updated {
        return waiting(format!("{} old replicas are pending termination", status.count("/replicas") - updated));
    }
    if status.count("/availableReplicas") < updated {
        let available = status.count("/availableReplicas");
        return waiting(format!("{available} of {updated} (readyThreshold 100%) updated replicas are available"));
    }
    Ok(())
}
