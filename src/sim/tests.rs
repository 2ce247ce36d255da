//! Tests of the whole cluster through the real client.

mod api;
mod argo;
mod customs;
mod faults;
mod flagger;
mod gaps;
mod rollouts;
mod scenarios;
mod traffic;
mod watches;
mod writes;

use super::{SimCluster, SimOptions};
use serde_json::Value;
use std::time::Duration;

/// The default scenario, its time standing still.
fn rolling() -> SimCluster {
    SimCluster::scenario("rolling", &SimOptions::manual()).expect("the embedded scenario is sound")
}

/// Lets simulated seconds pass.
fn pass(sim: &SimCluster, seconds: u64) {
    sim.advance(Duration::from_secs(seconds));
}

/// A condition of an object's status, as `STATUS REASON`.
fn condition(object: &Value, kind: &str) -> String {
    let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let found = conditions.iter().find(|condition| condition["type"] == kind);
    found.map_or_else(
        || "none".to_owned(),
        |found| format!("{} {}", found["status"].as_str().unwrap_or(""), found["reason"].as_str().unwrap_or("")),
    )
}
