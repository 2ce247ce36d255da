//! A restart: pods older than `spec.restartAt` are deleted one by one, each once all are available again.

use super::{NAME, Rollout};
use crate::sim::controllers::pods::Pod;
use crate::sim::json::{Json, time};
use crate::sim::world::World;
use serde_json::Value;

/// Deletes the next pod that is due, or notes that the restart is done.
pub fn reconcile(world: &mut World, rollout: &Rollout, status: &mut Value) {
    let wanted = rollout.value.text("/spec/restartAt").to_owned();
    let Some(at) = time(&wanted).filter(|_| status.text("/restartedAt") != wanted) else { return };
    let now = world.now();
    if now < at {
        return world.later(NAME, rollout.id(), at.duration_since(now));
    }
    let pods: Vec<Pod> = rollout.sets.iter().flat_map(|set| Pod::of(&world.store, &set.object.uid)).collect();
    let old = |pod: &&Pod| pod.is_active() && time(pod.created()).is_some_and(|created| created < at);
    match pods.iter().find(old) {
        None => status.put("/restartedAt", wanted),
        Some(pod) => {
            let wanted: i64 = rollout.sets.iter().map(super::Set::replicas).sum();
            let there: i64 = rollout.sets.iter().map(super::Set::available).sum();
            if there >= wanted && pods.iter().all(|pod| !pod.is_terminating()) {
                world.delete(&pod.object.id, None);
            }
        }
    }
}
