//! The two ways from an old ReplicaSet to a new one: rolling, and recreate.

use super::sets::{Synced, clean_up, new_set_size, scale_set, sync_revision};
use super::{Deployment, Set, status};
use crate::sim::world::World;

/// One action of a rolling update.
pub fn rolling(world: &mut World, deployment: &Deployment) {
    if let Synced::Wrote = sync_revision(world, deployment, true) {
        return;
    }
    if scale_up_new(world, deployment) || scale_down_old(world, deployment) {
        return status::sync(world, deployment);
    }
    if status::is_complete(deployment) {
        clean_up(world, deployment);
    }
    status::sync(world, deployment);
}

/// One action of a rollout that stops all old pods first.
pub fn recreate(world: &mut World, deployment: &Deployment) {
    if let Synced::Wrote = sync_revision(world, deployment, false) {
        return;
    }
    let mut stopped = false;
    for set in deployment.old_sets() {
        stopped |= set.replicas() > 0 && scale_set(world, deployment, set, 0);
    }
    if stopped || deployment.old_pods_running(world) {
        return status::sync(world, deployment);
    }
    if deployment.new_set().is_none() {
        sync_revision(world, deployment, true);
        return;
    }
    scale_up_new(world, deployment);
    if status::is_complete(deployment) {
        clean_up(world, deployment);
    }
    status::sync(world, deployment);
}

fn scale_up_new(world: &mut World, deployment: &Deployment) -> bool {
    let Some(set) = deployment.new_set() else { return false };
    let current = set.replicas();
    let wanted =
        if current > deployment.replicas() { deployment.replicas() } else { new_set_size(deployment, current) };
    current != deployment.replicas() && scale_set(world, deployment, set, wanted)
}

/// Takes old pods away: first those that are not available anyway, then as many as the limit allows.
fn scale_down_old(world: &mut World, deployment: &Deployment) -> bool {
    let mut old: Vec<Set> = deployment.old_sets().into_iter().cloned().collect();
    if old.iter().map(Set::replicas).sum::<i64>() == 0 {
        return false;
    }
    let total: i64 = deployment.sets.iter().map(Set::replicas).sum();
    let least = deployment.replicas() - deployment.max_unavailable();
    let new_unavailable = deployment.new_set().map_or(0, |set| set.replicas() - set.available());
    let most = total - least - new_unavailable;
    if most <= 0 {
        return false;
    }
    let mut changed = false;
    let mut cleaned = 0;
    for set in &mut old {
        let surplus = (most - cleaned).min(set.replicas() - set.available());
        if cleaned >= most || set.replicas() == 0 || surplus <= 0 {
            continue;
        }
        changed |= shrink(world, deployment, set, surplus);
        cleaned += surplus;
    }
    let available: i64 = deployment.sets.iter().map(Set::available).sum();
    let mut left = (available - least).max(0);
    for set in &mut old {
        let surplus = left.min(set.replicas());
        if surplus > 0 {
            changed |= shrink(world, deployment, set, surplus);
            left -= surplus;
        }
    }
    changed
}

fn shrink(world: &mut World, deployment: &Deployment, set: &mut Set, by: i64) -> bool {
    let changed = scale_set(world, deployment, set, set.replicas() - by);
    if let Some(object) = world.store.get(&set.object.id) {
        set.value = object.value();
        set.object = object;
    }
    changed
}
