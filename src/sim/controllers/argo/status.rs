//! A Rollout's status: counts, conditions, and the phase in the order of the controller's own questions.

use super::sets::Set;
use super::{NAME, Rollout, resumed};
use crate::sim::controllers::common::{Condition, Dated, set_condition};
use crate::sim::controllers::replicaset::count_or_absent;
use crate::sim::json::Json;
use crate::sim::world::{Actor, World};
use serde_json::Value;

/// Writes what is there now.
pub fn write(world: &mut World, rollout: &Rollout, mut status: Value) {
    let blue_green = rollout.value.at("/spec/strategy").get("blueGreen").is_some();
    let new = rollout.new_set();
    let sum = |count: fn(&Set) -> i64| rollout.sets.iter().map(count).sum::<i64>();
    // Of a blue-green Rollout only the active side counts as ready and available.
    let active = rollout.set(status.text("/blueGreen/activeSelector"));
    let (ready, available) = match active {
        Some(active) if blue_green => (active.ready(), active.available()),
        _ => (sum(Set::ready), sum(Set::available)),
    };
    status.put("/replicas", sum(Set::actual));
    let hpa = if blue_green { active.map_or(0, Set::actual) } else { sum(Set::actual) };
    let counts = [
        ("updatedReplicas", new.map_or(0, Set::actual)),
        ("readyReplicas", ready),
        ("availableReplicas", available),
        ("HPAReplicas", hpa),
    ];
    for (field, count) in counts {
        count_or_absent(&mut status, field, usize::try_from(count).unwrap_or(0));
    }
    status.put("/observedGeneration", rollout.value.count("/metadata/generation").to_string());
    status.put("/selector", selector(rollout));
    let why = status.text("/message").strip_prefix("Step-based").map(|rest| format!(": Step-based{rest}"));
    let kept =
        rollout.value.text("/status/message").split_once(": Step-based").map(|(_, rest)| format!(": Step-based{rest}"));
    let why = why.or(kept).unwrap_or_default();
    let revision = new.map_or(0, Set::revision);
    let (phase, message) = phase(rollout, &status, (available, blue_green), &format!("{revision}{why}"));
    conditions(world, rollout, &mut status, &phase);
    status.put("/phase", phase.as_str());
    if message.is_empty() {
        status.cut("/message");
    } else {
        status.put("/message", message);
    }
    world.modify(rollout.id(), Actor::status(NAME), |object| object.put("/status", status));
}

fn selector(rollout: &Rollout) -> String {
    let labels = rollout.value.entries("/spec/selector/matchLabels");
    labels.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect::<Vec<_>>().join(",")
}

fn phase(rollout: &Rollout, status: &Value, (available, blue_green): (i64, bool), aborted: &str) -> (String, String) {
    let told = |phase: &str, message: &str| (phase.to_owned(), message.to_owned());
    let (new, desired) = (rollout.new_set(), rollout.replicas());
    let updated = status.count("/updatedReplicas");
    let stable = status.text("/stableRS") == status.text("/currentPodHash");
    let restarts = rollout.value.text("/spec/restartAt");
    let pause = status.list("/pauseConditions").first().map(|pause| pause.text("/reason").to_owned());
    if status.flag("/abort") {
        return ("Degraded".into(), format!("RolloutAborted: Rollout aborted update to revision {aborted}"));
    }
    if rollout.held() {
        return told("Paused", "manually paused");
    }
    if let Some(reason) = pause {
        return told("Paused", &reason);
    }
    if !restarts.is_empty() && restarts != status.text("/restartedAt") {
        return told("Progressing", "rollout is restarting");
    }
    if updated < desired {
        return told("Progressing", "more replicas need to be updated");
    }
    let new_available = new.map_or(0, Set::available);
    if (blue_green && new_available < updated) || (!blue_green && available < updated) {
        return told("Progressing", "updated replicas are still becoming available");
    }
    if blue_green && status.text("/blueGreen/activeSelector") != status.text("/currentPodHash") {
        return told("Progressing", "active service cutover pending");
    }
    let routed = rollout.value.at("/spec/strategy/canary").get("trafficRouting").is_some();
    if !blue_green && !routed && status.count("/replicas") > updated {
        return told("Progressing", "old replicas are pending termination");
    }
    if stable { told("Healthy", "") } else { told("Progressing", "waiting for all steps to complete") }
}

fn conditions(world: &World, rollout: &Rollout, status: &mut Value, phase: &str) {
    let now = world.now();
    let name = rollout.new_set().map(|set| set.object.id.name.to_string()).unwrap_or_default();
    let enough = status.count("/availableReplicas") >= rollout.replicas().min(1);
    let truth = |holds: bool| if holds { "True" } else { "False" };
    let progressing = match phase {
        "Degraded" => ("False", "RolloutAborted", "Rollout is aborted".to_owned()),
        "Paused" => ("Unknown", "RolloutPaused", "Rollout is paused".to_owned()),
        "Healthy" => ("True", "NewReplicaSetAvailable", format!("ReplicaSet \"{name}\" has successfully progressed.")),
        _ if resumed(status) => ("Unknown", "RolloutResumed", "Rollout is resumed".to_owned()),
        _ => ("True", "ReplicaSetUpdated", format!("ReplicaSet \"{name}\" is progressing.")),
    };
    let healthy = phase == "Healthy";
    let completed = status.text("/stableRS") == status.text("/currentPodHash");
    let all = [
        ("Available", truth(enough), "AvailableReason", "Rollout has minimum availability".to_owned()),
        ("Healthy", truth(healthy), "RolloutHealthy", "Rollout is healthy".to_owned()),
        ("Completed", truth(completed), "RolloutCompleted", "RolloutCompleted".to_owned()),
        ("Paused", truth(phase == "Paused"), "RolloutPaused", "Rollout is paused".to_owned()),
        ("Progressing", progressing.0, progressing.1, progressing.2),
    ];
    for (kind, holds, reason, message) in all {
        let condition = Condition { kind, status: holds, reason, message };
        set_condition(status, &condition, now, Dated::TransitionAndUpdate);
    }
}
