//! Analysis runs of a step: measured every interval, judged by failures against the limit.
//!
//! What is measured is the share of good answers of the new version's pods, from the annotation `sim/error-rate` of its
//! template: the query is not evaluated.

use super::sets::Set;
use super::{API, HASH, NAME, Rollout, duration, kind};
use crate::sim::controllers::common::owner_reference;
use crate::sim::json::{Json, stamp, time};
use crate::sim::world::{Actor, World};
use jiff::SignedDuration;
use serde_json::{Value, json};

/// What an analysis came to.
pub enum Verdict {
    Running,
    Passed,
    Undecided,
    Failed(String),
}

/// Makes the run of the step at `index`, measures what is due, and tells its verdict.
pub fn run(world: &mut World, rollout: &Rollout, new: &Set, index: usize, status: &mut Value) -> Verdict {
    let (Some(runs), Some(templates)) = (kind(world, API, "AnalysisRun"), kind(world, API, "AnalysisTemplate")) else {
        return Verdict::Passed;
    };
    let step = rollout.value.at(&format!("/spec/strategy/canary/steps/{index}/analysis")).clone();
    let metrics: Vec<Value> = step
        .list("/templates")
        .iter()
        .filter_map(|template| world.store.get(&rollout.id().beside(templates, template.text("/templateName"))))
        .flat_map(|template| template.value().list("/spec/metrics").to_vec())
        .collect();
    let stem = format!("{}-{}-{}-{index}", rollout.id().name, new.hash(), new.revision());
    let name = current(world, rollout, runs, (&stem, status));
    let id = rollout.id().beside(runs, &name);
    let now = world.now();
    if world.store.get(&id).is_none() {
        let object = json!({
            "metadata": {
                "name": name,
                "labels": {HASH: new.hash(), "rollout-type": "Step", "step-index": index.to_string()},
                "annotations": {"rollout.argoproj.io/revision": new.revision().to_string()},
                "ownerReferences": owner_reference(&rollout.object, API, "Rollout"),
            },
            "spec": {"metrics": metrics, "args": step.at("/args")},
        });
        if world.create(&id, object, Actor::main(NAME)).is_err() {
            return Verdict::Running;
        }
        let first = json!({"phase": "Running", "startedAt": stamp(now), "metricResults": []});
        world.modify(&id, Actor::main(NAME), |run| run.put("/status", first));
    }
    let Some(run) = world.store.get(&id) else { return Verdict::Running };
    let mut told = run.value().at("/status").clone();
    if told.text("/phase") == "Running" {
        let next = measure(&mut told, &metrics, good(new), now);
        world.modify(&id, Actor::main(NAME), |run| run.put("/status", told.clone()));
        if let Some(left) = next {
            world.later(NAME, rollout.id(), left);
        }
    }
    let phase = told.text("/phase").to_owned();
    status.put("/canary/currentStepAnalysisRunStatus", json!({"name": name, "status": phase}));
    match phase.as_str() {
        "Successful" => Verdict::Passed,
        "Failed" | "Error" => Verdict::Failed(told.text("/message").to_owned()),
        "Inconclusive" => Verdict::Undecided,
        _ => Verdict::Running,
    }
}

/// The run that the status names; after a retry, or a pause that somebody ended, a new one.
fn current(
    world: &World,
    rollout: &Rollout,
    runs: crate::sim::kinds::KindId,
    (stem, status): (&str, &Value),
) -> String {
    let named = status.text("/canary/currentStepAnalysisRunStatus/name");
    if !named.is_empty() && !super::resumed(status) {
        return named.to_owned();
    }
    let mut name = stem.to_owned();
    let mut number = 0;
    while world.store.get(&rollout.id().beside(runs, &name)).is_some() {
        number += 1;
        name = format!("{stem}.{number}");
    }
    name
}

/// The share of good answers of this version.
fn good(new: &Set) -> f64 {
    let rate = new.value.keyed("/spec/template/metadata/annotations", "sim/error-rate");
    1.0 - rate.and_then(|rate| rate.parse::<f64>().ok()).unwrap_or(0.0).clamp(0.0, 1.0)
}

/// Takes the measurements that are due; how long until the next one.
fn measure(status: &mut Value, metrics: &[Value], value: f64, now: jiff::Timestamp) -> Option<SignedDuration> {
    let started = time(status.text("/startedAt")).unwrap_or(now);
    let mut results = Vec::new();
    let mut next: Option<SignedDuration> = None;
    for metric in metrics {
        let span = |field: &str| metric.get(field).and_then(duration).unwrap_or_default();
        let interval = span("interval").max(SignedDuration::from_secs(1));
        let count = metric.int("/count").unwrap_or(1).max(1);
        let limit = metric.count("/failureLimit");
        let first = started + span("initialDelay");
        let due = if now < first { 0 } else { now.duration_since(first).as_secs() / interval.as_secs().max(1) + 1 };
        let passes = value >= threshold(metric);
        let mut taken: Vec<Value> = Vec::new();
        let mut failed = 0;
        for number in 0..due.min(count) {
            let at = stamp(first + SignedDuration::from_secs(interval.as_secs() * number));
            let phase = if passes { "Successful" } else { "Failed" };
            failed += i64::from(!passes);
            taken.push(json!({"phase": phase, "value": format!("[{value}]"), "startedAt": at, "finishedAt": at}));
            if failed > limit {
                break;
            }
        }
        let number = i64::try_from(taken.len()).unwrap_or(0);
        let phase = if failed > limit {
            "Failed"
        } else if number >= count {
            "Successful"
        } else {
            "Running"
        };
        if phase == "Running" {
            let left = (first + SignedDuration::from_secs(interval.as_secs() * number)).duration_since(now);
            next = Some(next.map_or(left, |next| next.min(left)));
        }
        let mut result = json!({"name": metric.text("/name"), "phase": phase, "count": number, "measurements": taken});
        result[if passes { "successful" } else { "failed" }] = number.into();
        results.push((result, failed, limit));
    }
    let verdict = |phase: &str| results.iter().find(|(result, ..)| result.text("/phase") == phase);
    if let Some((result, failed, limit)) = verdict("Failed") {
        let name = result.text("/name");
        status.put("/phase", "Failed");
        status.put(
            "/message",
            format!("Metric \"{name}\" assessed Failed due to failed ({failed}) > failureLimit ({limit})"),
        );
    } else if verdict("Running").is_none() {
        status.put("/phase", "Successful");
    }
    let ended = status.text("/phase") != "Running";
    let results: Vec<Value> = results.into_iter().map(|(result, ..)| result).collect();
    status.put("/metricResults", results);
    if ended {
        status.put("/completedAt", stamp(now));
        return None;
    }
    next
}

/// The number that the success condition compares with: what stands after its last `>=`.
fn threshold(metric: &Value) -> f64 {
    let condition = metric.text("/successCondition");
    condition.rsplit_once(">=").and_then(|(_, number)| number.trim().parse().ok()).unwrap_or(0.95)
}
