//! What Flagger writes into a Canary's status, and when its times move.

use super::super::common::{Condition, Dated, set_condition};
use super::NAME;
use super::canary::Canary;
use crate::sim::json::{Json, stamp};
use crate::sim::world::{Actor, World};
use serde_json::Value;

fn write(world: &mut World, canary: &Canary, change: impl FnOnce(&mut Value)) {
    let now = stamp(world.now());
    world.modify(&canary.id, Actor::status(NAME), |value| {
        change(value);
        value.put("/status/lastTransitionTime", now);
    });
}

/// The condition `Promoted`, whose reason is the phase.
fn promoted(value: &mut Value, phase: &str, now: jiff::Timestamp) {
    let (status, message) = match phase {
        "Initializing" => ("Unknown", "New Deployment detected, starting initialization."),
        "Initialized" => ("True", "Deployment initialization completed."),
        "Waiting" | "WaitingPromotion" => ("Unknown", "Waiting for approval."),
        "Progressing" => ("Unknown", "New revision detected, progressing canary analysis."),
        "Promoting" => ("Unknown", "Canary analysis completed, starting primary rolling update."),
        "Finalising" => ("Unknown", "Canary analysis completed, routing all traffic to primary."),
        "Succeeded" => ("True", "Canary analysis completed successfully, promotion finished."),
        _ => ("False", "Canary analysis failed, Deployment scaled to zero."),
    };
    let new = Condition { kind: "Promoted", status, reason: phase, message: message.to_owned() };
    let mut whole = value.at("/status").clone();
    set_condition(&mut whole, &new, now, Dated::TransitionAndUpdate);
    value.put("/status", whole);
}

/// The first word about a new Canary.
pub fn initializing(world: &mut World, canary: &Canary) {
    if canary.phase() == "Initializing" {
        return;
    }
    let now = world.now();
    write(world, canary, |value| {
        value.put("/status/phase", "Initializing");
        promoted(value, "Initializing", now);
    });
}

/// A phase with its counts at zero, and the template that it is about.
pub fn sync(world: &mut World, canary: &Canary, phase: &str, hash: &str) {
    let now = world.now();
    write(world, canary, |value| {
        value.put("/status/phase", phase);
        for count in ["canaryWeight", "failedChecks", "iterations"] {
            value.put(&format!("/status/{count}"), 0);
        }
        value.put("/status/lastAppliedSpec", hash);
        if phase == "Initialized" {
            value.put("/status/lastPromotedSpec", hash);
        }
        promoted(value, phase, now);
    });
}

/// The template that is there now, and nothing else.
pub fn touch(world: &mut World, canary: &Canary, hash: &str) {
    write(world, canary, |value| value.put("/status/lastAppliedSpec", hash));
}

/// Another phase. Only three of them keep weight and iterations.
pub fn phase(world: &mut World, canary: &Canary, phase: &str) {
    let now = world.now();
    let iterations = canary.value.count("/spec/analysis/iterations");
    write(world, canary, |value| {
        value.put("/status/phase", phase);
        if !matches!(phase, "Progressing" | "Waiting" | "Promoting") {
            value.put("/status/canaryWeight", 0);
            value.put("/status/iterations", if phase == "WaitingPromotion" { iterations - 1 } else { 0 });
        }
        if phase == "Succeeded" {
            let applied = value.at("/status/lastAppliedSpec").clone();
            value.put("/status/lastPromotedSpec", applied);
        }
        promoted(value, phase, now);
    });
}

/// One count.
pub fn count(world: &mut World, canary: &Canary, field: &str, number: i64) {
    write(world, canary, |value| value.put(&format!("/status/{field}"), number));
}
