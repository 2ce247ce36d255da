//! Following a changed `spec.replicas`, also in mid-rollout and while paused.

use super::sets::{Synced, scale_set, sync_revision};
use super::{Deployment, MAX_REPLICAS, Set, status};
use crate::sim::json::Json;
use crate::sim::world::World;
use std::cmp::Ordering;

/// Sizes the ReplicaSets without starting or moving a rollout.
pub fn sync(world: &mut World, deployment: &Deployment) {
    if let Synced::Wrote = sync_revision(world, deployment, false) {
        return;
    }
    scale(world, deployment);
    if deployment.is_paused() {
        super::sets::clean_up(world, deployment);
    }
    status::sync_counts(world, deployment);
}

fn scale(world: &mut World, deployment: &Deployment) {
    let replicas = deployment.replicas();
    let active: Vec<&Set> = deployment.sets.iter().filter(|set| set.replicas() > 0).collect();
    if active.len() <= 1 {
        let newest = || deployment.new_set().or_else(|| deployment.sets.last());
        if let Some(set) = active.first().copied().or_else(newest)
            && (set.replicas() != replicas || set.annotation(super::DESIRED_REPLICAS) != Some(&replicas.to_string()))
        {
            scale_set(world, deployment, set, replicas);
        }
        return;
    }
    if deployment
        .new_set()
        .is_some_and(|set| set.replicas() == replicas && set.available() == replicas && desired(set) == Some(replicas))
    {
        for set in deployment.old_sets() {
            if set.replicas() > 0 {
                scale_set(world, deployment, set, 0);
            }
        }
        return;
    }
    if !deployment.is_recreate() {
        proportionally(world, deployment, active);
    }
}

fn desired(set: &Set) -> Option<i64> {
    set.annotation(super::DESIRED_REPLICAS)?.parse().ok()
}

/// Spreads the difference over all active ReplicaSets by their sizes, the largest first.
fn proportionally(world: &mut World, deployment: &Deployment, mut active: Vec<&Set>) {
    let total: i64 = active.iter().map(|set| set.replicas()).sum();
    let allowed = if deployment.replicas() > 0 { deployment.replicas() + deployment.max_surge() } else { 0 };
    let to_add = allowed - total;
    active.sort_by(|a, b| {
        let newest = || if to_add > 0 { b.created().cmp(&a.created()) } else { Ordering::Equal };
        b.replicas().cmp(&a.replicas()).then_with(newest)
    });
    let mut added = 0;
    let mut sizes: Vec<i64> = vec![];
    for set in &active {
        let part = if to_add == 0 { 0 } else { fraction(set, deployment) };
        let room = to_add - added;
        let part = if to_add > 0 { part.clamp(0, room.max(0)) } else { part.clamp(room.min(0), 0) };
        sizes.push(set.replicas() + part);
        added += part;
    }
    if let Some(first) = sizes.first_mut() {
        *first = (*first + to_add - added).max(0);
    }
    for (set, size) in active.into_iter().zip(sizes) {
        scale_set(world, deployment, set, size);
    }
}

/// By how much one ReplicaSet should change to keep its share.
fn fraction(set: &Set, deployment: &Deployment) -> i64 {
    if deployment.replicas() == 0 {
        return -set.replicas();
    }
    let allowed = deployment.replicas() + deployment.max_surge();
    let before = set.annotation(MAX_REPLICAS).and_then(|text| text.parse::<i64>().ok()).filter(|most| *most > 0);
    let before = before.unwrap_or_else(|| deployment.value.count("/status/replicas").max(1));
    let share = (set.replicas() * allowed) as f64 / before as f64;
    share.round() as i64 - set.replicas()
}
