//! A Deployment's status: counts, and the conditions Available, Progressing and `ReplicaFailure`.

use super::{Deployment, NAME, Set};
use crate::sim::clock::seconds;
use crate::sim::controllers::common::{Condition, Dated, condition, push_condition, remove_condition, set_condition};
use crate::sim::controllers::replicaset::count_or_absent;
use crate::sim::json::{Json, stamp, time};
use crate::sim::world::{Actor, CONTROLLER_MANAGER, World};
use jiff::Timestamp;
use serde_json::Value;

/// The reason of a rollout that is done.
pub const AVAILABLE: &str = "NewReplicaSetAvailable";
/// The reason of a rollout that made no progress in time.
pub const TIMED_OUT: &str = "ProgressDeadlineExceeded";

pub fn deadline_condition<'a>(status: &'a str, reason: &'a str, message: String) -> Condition<'a> {
    Condition { kind: "Progressing", status, reason, message }
}

/// Whether the status, as stored, says that the rollout is done.
pub fn is_complete(deployment: &Deployment) -> bool {
    complete(deployment, deployment.value.at("/status"))
}

fn complete(deployment: &Deployment, status: &Value) -> bool {
    let replicas = deployment.replicas();
    let all = ["updatedReplicas", "replicas", "availableReplicas"];
    all.iter().all(|field| status.count(&format!("/{field}")) == replicas)
        && status.count("/observedGeneration") >= deployment.value.count("/metadata/generation")
}

/// Writes the counts and Available, but leaves Progressing alone: while paused, and while scaling.
pub fn sync_counts(world: &mut World, deployment: &Deployment) {
    let status = counts(deployment, world.now());
    write(world, deployment, status);
}

/// Writes the whole status of a rollout, and looks again when its deadline is over.
pub fn sync(world: &mut World, deployment: &Deployment) {
    let now = world.now();
    let mut status = counts(deployment, now);
    match deployment.deadline() {
        None => remove_condition(&mut status, "Progressing"),
        Some(deadline) => progress(deployment, &mut status, deadline, now),
    }
    replica_failure(deployment, &mut status, now);
    if write(world, deployment, status.clone()) {
        return;
    }
    let current = condition(&status, "Progressing");
    if let (Some(deadline), Some(since)) = (deployment.deadline(), time(current.text("/lastUpdateTime")))
        && !matches!(current.text("/reason"), AVAILABLE | TIMED_OUT)
    {
        let left = (since + seconds(deadline + 1)).duration_since(now);
        world.later(NAME, deployment.id(), left.max(seconds(1)));
    }
}

fn write(world: &mut World, deployment: &Deployment, status: Value) -> bool {
    world.modify(deployment.id(), Actor::status(CONTROLLER_MANAGER), |value| value.put("/status", status)).is_some()
}

fn counts(deployment: &Deployment, now: Timestamp) -> Value {
    let sets = &deployment.sets;
    let sum = |count: fn(&Set) -> i64| sets.iter().map(count).sum::<i64>();
    let (total, available) = (sum(Set::replicas), sum(Set::available));
    let updated = deployment.new_set().map_or(0, Set::actual);
    let mut status = deployment.value.at("/status").clone();
    status.put("/observedGeneration", deployment.value.at("/metadata/generation").clone());
    for (field, count) in [
        ("replicas", sum(Set::actual)),
        ("updatedReplicas", updated),
        ("readyReplicas", sum(Set::ready)),
        ("availableReplicas", available),
        ("unavailableReplicas", total - available),
    ] {
        count_or_absent(&mut status, field, count.max(0) as usize);
    }
    let leaving: i64 = sets.iter().map(|set| set.value.count("/status/terminatingReplicas")).sum();
    status.put("/terminatingReplicas", leaving);
    let enough = available >= deployment.replicas() - deployment.max_unavailable();
    let (value, reason, message) = if enough {
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    let new = Condition { kind: "Available", status: value, reason, message: message.to_owned() };
    set_condition(&mut status, &new, now, Dated::TransitionAndUpdate);
    status
}

fn progress(deployment: &Deployment, status: &mut Value, deadline: i64, now: Timestamp) {
    let current = condition(status, "Progressing").clone();
    let done = status.count("/replicas") == status.count("/updatedReplicas") && current.text("/reason") == AVAILABLE;
    if done {
        return;
    }
    let subject = match deployment.new_set() {
        Some(set) => format!("ReplicaSet {:?}", set.object.id.name),
        None => format!("Deployment {:?}", deployment.id().name),
    };
    if complete(deployment, status) {
        let new = deadline_condition("True", AVAILABLE, format!("{subject} has successfully progressed."));
        set_condition(status, &new, now, Dated::TransitionAndUpdate);
    } else if progressed(deployment.value.at("/status"), status) {
        let new = deadline_condition("True", "ReplicaSetUpdated", format!("{subject} is progressing."));
        let since =
            if current.text("/status") == "True" { current.text("/lastTransitionTime").to_owned() } else { stamp(now) };
        remove_condition(status, "Progressing");
        push_condition(status, &new, &since, &stamp(now), Dated::TransitionAndUpdate);
    } else if timed_out(&current, deadline, now) {
        let new = deadline_condition("False", TIMED_OUT, format!("{subject} has timed out progressing."));
        set_condition(status, &new, now, Dated::TransitionAndUpdate);
    }
}

fn progressed(old: &Value, new: &Value) -> bool {
    let old_pods = |status: &Value| status.count("/replicas") - status.count("/updatedReplicas");
    let more = |field: &str| new.count(field) > old.count(field);
    more("/updatedReplicas") || old_pods(new) < old_pods(old) || more("/readyReplicas") || more("/availableReplicas")
}

fn timed_out(current: &Value, deadline: i64, now: Timestamp) -> bool {
    match current.text("/reason") {
        "" | AVAILABLE => false,
        TIMED_OUT => true,
        _ => time(current.text("/lastUpdateTime")).is_some_and(|since| since + seconds(deadline) < now),
    }
}

/// Takes over the reason why a ReplicaSet could not create its pods.
fn replica_failure(deployment: &Deployment, status: &mut Value, now: Timestamp) {
    let failed = |set: &Set| {
        let found = condition(set.value.at("/status"), "ReplicaFailure");
        (found.text("/status") == "True").then(|| found.clone())
    };
    let new = deployment.new_set().and_then(failed);
    match new.or_else(|| deployment.sets.iter().find_map(failed)) {
        Some(found) => {
            let new = Condition {
                kind: "ReplicaFailure",
                status: "True",
                reason: found.text("/reason"),
                message: found.text("/message").to_owned(),
            };
            set_condition(status, &new, now, Dated::TransitionAndUpdate);
        }
        None => remove_condition(status, "ReplicaFailure"),
    }
}
