//! The canary: one step after the other, weights on Istio's route, pods to match.

use super::sets::{Set, keep, scale};
use super::{NAME, Rollout, aborted, analysis, duration, kind, pause, paused_since, resumed, select, unpause};
use crate::sim::controllers::common::scaled;
use crate::sim::json::Json;
use crate::sim::world::events::normal;
use crate::sim::world::{Actor, World};
use serde_json::{Value, json};

const CANARY: &str = "/spec/strategy/canary";

/// One look at a canary.
pub fn reconcile(world: &mut World, rollout: &Rollout, status: &mut Value) {
    let Some(new) = rollout.new_set().cloned() else { return };
    let stable = status.text("/stableRS").to_owned();
    let steps = rollout.steps();
    if stable.is_empty() || stable == new.hash() {
        return settled(world, rollout, &new, status);
    }
    if status.flag("/promoteFull") {
        // It takes an abort back too, as the real one does.
        status.cut("/abort");
        status.cut("/abortedAt");
        unpause(status);
        if steps > 0 {
            status.put("/currentStepIndex", steps);
        }
    }
    if status.flag("/abort") {
        return abort(world, rollout, &new, status);
    }
    // Tried again: when it was aborted once is no longer told.
    status.cut("/abortedAt");
    // Steps that are done at once are passed in one look.
    for _ in 0..=steps {
        let index = usize::try_from(status.count("/currentStepIndex")).unwrap_or(0);
        let Some(step) = rollout.value.list(&format!("{CANARY}/steps")).get(index).cloned() else { break };
        if status.list("/pauseConditions").iter().any(|pause| pause.text("/reason").starts_with("Inconclusive")) {
            return;
        }
        if !done(world, rollout, (&new, &step, index), status) {
            return;
        }
        if status.flag("/abort") {
            return abort(world, rollout, &new, status);
        }
        unpause(status);
        status.cut("/canary/currentStepAnalysisRunStatus");
        status.put("/currentStepIndex", index + 1);
        let message = format!("Rollout step {}/{steps} completed", index + 1);
        world.say(&rollout.object, normal(NAME, "RolloutStepCompleted"), &message);
    }
    // All steps are done: everything to the new version, then it is the stable one.
    if !sized(world, rollout, &new, 100) {
        return;
    }
    set_weight(world, rollout, status, (new.hash(), &stable), 100);
    status.put("/stableRS", new.hash());
    status.cut("/promoteFull");
    unpause(status);
    settled(world, rollout, &new, status);
}

/// Whether a step is done.
fn done(world: &mut World, rollout: &Rollout, (new, step, index): (&Set, &Value, usize), status: &mut Value) -> bool {
    let stable = status.text("/stableRS").to_owned();
    if let Some(weight) = step.get("setWeight").and_then(Value::as_i64) {
        let there = sized(world, rollout, new, weight);
        if there {
            set_weight(world, rollout, status, (new.hash(), &stable), weight);
        }
        return there;
    }
    if let Some(wanted) = step.get("pause") {
        if resumed(status) {
            return true;
        }
        let now = world.now();
        pause(status, "CanaryPauseStep", now);
        let Some(lasts) = wanted.get("duration").and_then(duration) else { return false };
        let since = paused_since(status, "CanaryPauseStep").unwrap_or(now);
        let left = (since + lasts).duration_since(now);
        if left.is_positive() {
            world.later(NAME, rollout.id(), left);
        }
        return !left.is_positive();
    }
    if step.get("analysis").is_some() {
        return match analysis::run(world, rollout, new, index, status) {
            analysis::Verdict::Running => false,
            analysis::Verdict::Passed => true,
            analysis::Verdict::Undecided => {
                let now = world.now();
                pause(status, "InconclusiveAnalysisRun", now);
                false
            }
            analysis::Verdict::Failed(message) => {
                aborted(status, world.now());
                status.put("/message", format!("Step-based analysis phase error/failed: {message}"));
                true
            }
        };
    }
    true
}

/// Nothing is on its way: the new version has everything.
fn settled(world: &mut World, rollout: &Rollout, new: &Set, status: &mut Value) {
    let hash = new.hash().to_owned();
    let first = status.text("/stableRS").is_empty();
    for field in ["/promoteFull", "/abort", "/abortedAt"] {
        status.cut(field);
    }
    unpause(status);
    if rollout.steps() > 0 {
        status.put("/currentStepIndex", rollout.steps());
    }
    if new.replicas() != rollout.replicas() || new.is_kept() {
        scale(world, rollout, new, rollout.replicas());
    }
    if first && new.available() < rollout.replicas() {
        return;
    }
    status.put("/stableRS", hash.as_str());
    set_weight(world, rollout, status, (&hash, &hash), 0);
    let enough = new.available() >= rollout.replicas();
    for old in rollout.sets.iter().filter(|set| set.hash() != hash && set.replicas() > 0) {
        match routed(rollout) {
            true => keep(world, old, rollout.value.int(&format!("{CANARY}/scaleDownDelaySeconds")).unwrap_or(30)),
            false if enough => scale(world, rollout, old, 0),
            false => {}
        }
    }
}

/// Everything back to the stable version, at once; the pods of the new one stay for a while.
fn abort(world: &mut World, rollout: &Rollout, new: &Set, status: &mut Value) {
    let stable = status.text("/stableRS").to_owned();
    aborted(status, world.now());
    if rollout.steps() > 0 {
        status.put("/currentStepIndex", 0);
    }
    if let Some(old) = rollout.set(&stable)
        && old.replicas() != rollout.replicas()
    {
        scale(world, rollout, old, rollout.replicas());
    }
    set_weight(world, rollout, status, (new.hash(), &stable), 0);
    if routed(rollout) {
        match rollout.value.int(&format!("{CANARY}/abortScaleDownDelaySeconds")).unwrap_or(30) {
            0 => {}
            delay => keep(world, new, delay),
        }
    } else if new.replicas() > 0 {
        scale(world, rollout, new, 0);
    }
}

fn routed(rollout: &Rollout) -> bool {
    rollout.value.at(CANARY).get("trafficRouting").is_some()
}

/// Sizes both versions for a weight; whether the pods that it takes are available. With a router the stable version keeps
/// its pods; without one they go as the new ones come.
fn sized(world: &mut World, rollout: &Rollout, new: &Set, weight: i64) -> bool {
    let total = rollout.replicas();
    let wanted = (total * weight.clamp(0, 100) + 99) / 100;
    if new.replicas() != wanted || new.is_kept() {
        scale(world, rollout, new, wanted);
    }
    let stable = rollout.set(rollout.value.text("/status/stableRS"));
    let stable_wanted = if routed(rollout) { total } else { total - wanted.min(new.available()) };
    if let Some(stable) = stable
        && (stable.replicas() != stable_wanted || stable.is_kept())
        && (routed(rollout) || room(rollout, stable_wanted))
    {
        scale(world, rollout, stable, stable_wanted);
    }
    for other in rollout
        .sets
        .iter()
        .filter(|set| set.replicas() > 0 && set.hash() != new.hash() && Some(set.hash()) != stable.map(Set::hash))
    {
        if routed(rollout) { keep(world, other, 30) } else { scale(world, rollout, other, 0) }
    }
    new.replicas() == wanted && new.available() >= wanted
}

/// Whether the stable version may have so many pods now: not fewer in all than `maxUnavailable` allows.
fn room(rollout: &Rollout, stable: i64) -> bool {
    let total = rollout.replicas();
    let limit = rollout.value.at(CANARY).get("maxUnavailable").cloned().unwrap_or_else(|| json!("25%"));
    let available: i64 = rollout.new_set().map_or(0, Set::available);
    stable + available >= total - scaled(&limit, total, false)
}

/// Writes the weight of the new version: on Istio's route, on the Services, and in the status.
fn set_weight(world: &mut World, rollout: &Rollout, status: &mut Value, (new, stable): (&str, &str), weight: i64) {
    let canary = rollout.value.at(CANARY);
    let name = |field: &str| canary.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (stable_service, canary_service) = (name("stableService"), name("canaryService"));
    select(world, rollout, &stable_service, stable);
    select(world, rollout, &canary_service, new);
    if !routed(rollout) {
        return;
    }
    let entry = |hash: &str, service: &str, weight: i64| json!({"podTemplateHash": hash, "serviceName": service, "weight": weight});
    status.put(
        "/canary/weights",
        json!({"canary": entry(new, &canary_service, weight), "stable": entry(stable, &stable_service, 100 - weight)}),
    );
    let route = canary.text("/trafficRouting/istio/virtualService/name").to_owned();
    let names: Vec<String> = canary
        .list("/trafficRouting/istio/virtualService/routes")
        .iter()
        .filter_map(|name| Some(name.as_str()?.to_owned()))
        .collect();
    let Some(kind) = kind(world, "networking.istio.io/v1", "VirtualService").filter(|_| !route.is_empty()) else {
        return;
    };
    world.modify(&rollout.id().beside(kind, &route), Actor::main(NAME), |object| {
        let rules = object.pointer_mut("/spec/http").and_then(Value::as_array_mut);
        for rule in rules.into_iter().flatten() {
            if !names.is_empty() && !names.iter().any(|name| name == rule.text("/name")) {
                continue;
            }
            for to in rule.get_mut("route").and_then(Value::as_array_mut).into_iter().flatten() {
                let host = to.text("/destination/host").split('.').next().unwrap_or_default().to_owned();
                if host == canary_service {
                    to.put("/weight", weight);
                } else if host == stable_service {
                    to.put("/weight", 100 - weight);
                }
            }
        }
    });
}
