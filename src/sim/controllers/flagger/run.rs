//! A run, check by check.

use super::canary::{Canary, ready};
use super::{analysis, objects, status};
use crate::sim::json::Json;
use crate::sim::world::World;
use serde_json::Value;

/// Begins a run once its start gate lets it through.
pub fn start(world: &mut World, canary: &Canary, hash: &str) {
    let (name, namespace) = (canary.name().to_owned(), canary.id.namespace.clone());
    if let Err(gate) = analysis::asked(world, canary, "confirm-rollout") {
        if canary.phase() != "Waiting" {
            let gate = gate.to_owned();
            status::phase(world, canary, "Waiting");
            canary.warn(world, &format!("Halt {name}.{namespace} advancement waiting for approval {gate}"));
        }
        return;
    }
    let target = canary.target_id().name;
    canary.say(world, &format!("New revision detected! Scaling up {target}.{namespace}"));
    let replicas = objects::primary_replicas(world, canary);
    objects::scale(world, canary, replicas);
    status::sync(world, canary, "Progressing", hash);
}

/// Moves a run by one check.
pub fn go_on(world: &mut World, canary: &Canary, hash: &str, changed: bool) -> Result<(), String> {
    let (mut primary, mut share) = objects::weights(world, canary)?;
    let namespace = canary.id.namespace.clone();
    let runs = matches!(canary.phase(), "Progressing" | "WaitingPromotion");
    if runs && changed {
        let target = canary.target_id().name;
        canary.say(world, &format!("New revision detected! Restarting analysis for {target}.{namespace}"));
        objects::set_weights(world, canary, 100, 0)?;
        status::sync(world, canary, "Progressing", hash);
        return Ok(());
    }
    if let Err(stuck) = ready(world, &canary.target_id(), canary.deadline()) {
        if stuck.for_good {
            roll_back(world, canary, hash)?;
        }
        return Err(stuck.why);
    }
    let target = canary.target(world)?;
    if canary.value.flag("/spec/skipAnalysis") {
        objects::set_weights(world, canary, 100, 0)?;
        objects::promote(world, canary, &target)?;
        objects::scale(world, canary, 0);
        status::phase(world, canary, "Succeeded");
        canary.say(
            world,
            &format!("Promotion completed! Canary analysis was skipped for {}.{namespace}", canary.target_id().name),
        );
        return Ok(());
    }
    if runs && analysis::rolls_back(world, canary) {
        canary.warn(world, &format!("Rolling back {}.{namespace} manual webhook invoked", canary.name()));
        return roll_back(world, canary, hash);
    }
    match canary.phase() {
        "Promoting" => return shift_back(world, canary, &mut primary, &mut share),
        "Finalising" => {
            objects::scale(world, canary, 0);
            status::phase(world, canary, "Succeeded");
            canary.say(world, &format!("Promotion completed! Scaling down {}.{namespace}", canary.target_id().name));
            return Ok(());
        }
        _ => {}
    }
    if canary.value.count("/status/failedChecks") >= canary.threshold() {
        let failed = canary.value.count("/status/failedChecks");
        canary.warn(
            world,
            &format!("Rolling back {}.{namespace} failed checks threshold reached {failed}", canary.name()),
        );
        return roll_back(world, canary, hash);
    }
    if !checked(world, canary, &target, share) {
        let failed = canary.value.count("/status/failedChecks") + 1;
        status::count(world, canary, "failedChecks", failed);
        return Ok(());
    }
    if canary.iterations() > 0 { iterate(world, canary, &target) } else { weigh(world, canary, &target, share) }
}

/// The checks of one round: pre-rollout hooks before the first weight, then metrics and rollout hooks.
fn checked(world: &mut World, canary: &Canary, target: &Value, share: i64) -> bool {
    let (name, namespace) = (canary.name().to_owned(), canary.id.namespace.clone());
    let begins = share == 0 && canary.value.count("/status/iterations") == 0;
    if begins {
        canary.say(world, &format!("Starting canary analysis for {}.{namespace}", canary.target_id().name));
    }
    let kind = if begins { "pre-rollout" } else { "rollout" };
    if let Err(hook) = analysis::asked(world, canary, kind) {
        let hook = hook.to_owned();
        canary.warn(world, &format!("Halt {name}.{namespace} advancement {kind} check {hook} failed"));
        return false;
    }
    if begins {
        return true;
    }
    match analysis::measured(canary, target) {
        Ok(()) => true,
        Err(why) => {
            canary.warn(world, &why);
            false
        }
    }
}

/// The weight after this one; 0: it never rises.
fn step(canary: &Canary, share: i64) -> i64 {
    let weights: Vec<i64> = canary.value.list("/spec/analysis/stepWeights").iter().filter_map(Value::as_i64).collect();
    let fixed = canary.value.count("/spec/analysis/stepWeight");
    if fixed > 0 || weights.is_empty() {
        return fixed.max(0);
    }
    let rest = 100 - share;
    match (rest, share) {
        (0, _) => 1,
        (_, 0) => weights[0].min(rest),
        _ => {
            let place = weights.iter().position(|weight| *weight == share);
            place.and_then(|place| weights.get(place + 1)).map_or(rest, |next| (next - share).min(rest))
        }
    }
}

fn highest(canary: &Canary) -> i64 {
    let last = canary.value.list("/spec/analysis/stepWeights").last().and_then(Value::as_i64);
    let most = canary.value.int("/spec/analysis/maxWeight").filter(|most| *most > 0);
    last.map(|last| last.min(100)).or(most).unwrap_or(100)
}

fn weigh(world: &mut World, canary: &Canary, target: &Value, share: i64) -> Result<(), String> {
    let step = step(canary, share);
    if step <= 0 {
        return Ok(());
    }
    let (name, namespace) = (canary.name().to_owned(), canary.id.namespace.clone());
    if canary.phase() == "Progressing"
        && let Err(gate) = analysis::asked(world, canary, "confirm-traffic-increase")
    {
        let gate = gate.to_owned();
        canary
            .warn(world, &format!("Halt {name}.{namespace} advancement waiting for traffic increase approval {gate}"));
        return Ok(());
    }
    if share >= highest(canary) {
        return promote(world, canary, target);
    }
    let share = (share + step).min(100);
    objects::set_weights(world, canary, 100 - share, share)?;
    status::count(world, canary, "canaryWeight", share);
    canary.say(world, &format!("Advance {name}.{namespace} canary weight {share}"));
    Ok(())
}

/// A/B tests and blue-green count their checks.
fn iterate(world: &mut World, canary: &Canary, target: &Value) -> Result<(), String> {
    let (done, all) = (canary.value.count("/status/iterations"), canary.iterations());
    let (name, namespace) = (canary.name().to_owned(), canary.id.namespace.clone());
    if done < all {
        if canary.is_ab_test() {
            objects::set_weights(world, canary, 0, 100)?;
        }
        status::count(world, canary, "iterations", done + 1);
        canary.say(world, &format!("Advance {name}.{namespace} canary iteration {}/{all}", done + 1));
        return Ok(());
    }
    if canary.is_ab_test() || done > all {
        return promote(world, canary, target);
    }
    if !may_promote(world, canary) {
        return Ok(());
    }
    if !canary.without_mesh() {
        canary.say(world, "Routing all traffic to canary");
        objects::set_weights(world, canary, 0, 100)?;
    }
    status::count(world, canary, "iterations", done + 1);
    Ok(())
}

fn promote(world: &mut World, canary: &Canary, target: &Value) -> Result<(), String> {
    if !may_promote(world, canary) {
        return Ok(());
    }
    objects::promote(world, canary, target)?;
    status::phase(world, canary, "Promoting");
    Ok(())
}

/// Asks the promotion's gate.
fn may_promote(world: &mut World, canary: &Canary) -> bool {
    let Err(gate) = analysis::asked(world, canary, "confirm-promotion") else { return true };
    let gate = gate.to_owned();
    if canary.phase() == "WaitingPromotion" {
        let iterations = canary.value.count("/spec/analysis/iterations") - 1;
        status::count(world, canary, "iterations", iterations);
    } else {
        status::phase(world, canary, "WaitingPromotion");
        let (name, namespace) = (canary.name().to_owned(), canary.id.namespace.clone());
        canary.warn(world, &format!("Halt {name}.{namespace} advancement waiting for promotion approval {gate}"));
    }
    false
}

/// After the promotion: the traffic goes back to the primary, at once or by steps, once that is ready.
fn shift_back(world: &mut World, canary: &Canary, primary: &mut i64, share: &mut i64) -> Result<(), String> {
    let by = canary.value.count("/spec/analysis/stepWeightPromotion");
    *share = if by > 0 { (*share - by).max(0) } else { 0 };
    *primary = 100 - *share;
    objects::set_weights(world, canary, *primary, *share)?;
    if *share > 0 {
        status::count(world, canary, "canaryWeight", *share);
        return Ok(());
    }
    canary.say(world, "Routing all traffic to primary");
    status::phase(world, canary, "Finalising");
    Ok(())
}

fn roll_back(world: &mut World, canary: &Canary, hash: &str) -> Result<(), String> {
    objects::set_weights(world, canary, 100, 0)?;
    let (name, namespace) = (canary.name().to_owned(), canary.id.namespace.clone());
    canary.warn(world, &format!("Canary failed! Scaling down {name}.{namespace}"));
    objects::scale(world, canary, 0);
    status::sync(world, canary, "Failed", hash);
    Ok(())
}
