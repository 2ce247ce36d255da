//! Tables, which kubectl asks for: the columns of the kinds that people look at, and name and age for the rest.

use super::Call;
use super::answer::Answer;
use super::read::partial;
use super::route::Target;
use crate::sim::controllers::common::condition;
use crate::sim::json::{Json, time};
use crate::sim::kinds::{DAEMON_SETS, DEPLOYMENTS, EVENTS, KindId, PODS, REPLICA_SETS, STATEFUL_SETS};
use crate::sim::object::Object;
use crate::sim::world::World;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

pub fn is_asked_for(call: &Call) -> bool {
    call.header("accept").contains("as=Table")
}

pub fn answer(world: &World, _: &Call, target: &Target, objects: &[Arc<Object>], metadata: &Value) -> Answer {
    let columns = columns(target.kind);
    let rows: Vec<Value> = objects.iter().map(|object| row(target.kind, object, world.now())).collect();
    Answer::json(200, &table(&columns, &rows, metadata))
}

fn table(columns: &[&str], rows: &[Value], metadata: &Value) -> Value {
    let definitions: Vec<Value> = columns
        .iter()
        .map(|name| json!({"name": name, "type": "string", "format": if *name == "Name" { "name" } else { "" }, "description": "", "priority": 0}))
        .collect();
    json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": definitions, "rows": rows})
}

/// One object as a table, as watches send it.
pub fn of_one(world: &World, kind: KindId, object: &Object) -> Value {
    let metadata = json!({"resourceVersion": object.version.to_string()});
    table(&columns(kind), &[row(kind, object, world.now())], &metadata)
}

fn columns(kind: KindId) -> Vec<&'static str> {
    match kind {
        DEPLOYMENTS => vec!["Name", "Ready", "Up-to-date", "Available", "Age"],
        REPLICA_SETS => vec!["Name", "Desired", "Current", "Ready", "Age"],
        STATEFUL_SETS => vec!["Name", "Ready", "Age"],
        DAEMON_SETS => vec!["Name", "Desired", "Current", "Ready", "Up-to-date", "Available", "Age"],
        PODS => vec!["Name", "Ready", "Status", "Restarts", "Age"],
        EVENTS => vec!["Last Seen", "Type", "Reason", "Object", "Message"],
        _ => vec!["Name", "Age"],
    }
}

fn row(kind: KindId, object: &Object, now: Timestamp) -> Value {
    let value = object.parse();
    let count = |field: &str| value.count(field).to_string();
    let mut cells = vec![object.id.name.to_string()];
    match kind {
        DEPLOYMENTS => cells.extend([
            format!("{}/{}", count("/status/readyReplicas"), count("/spec/replicas")),
            count("/status/updatedReplicas"),
            count("/status/availableReplicas"),
        ]),
        REPLICA_SETS => {
            cells.extend([count("/spec/replicas"), count("/status/replicas"), count("/status/readyReplicas")]);
        }
        STATEFUL_SETS => cells.push(format!("{}/{}", count("/status/readyReplicas"), count("/spec/replicas"))),
        DAEMON_SETS => {
            let fields = [
                "desiredNumberScheduled",
                "currentNumberScheduled",
                "numberReady",
                "updatedNumberScheduled",
                "numberAvailable",
            ];
            cells.extend(fields.map(|field| count(&format!("/status/{field}"))));
        }
        PODS => cells.extend(pod_cells(&value)),
        EVENTS => {
            let about =
                format!("{}/{}", value.text("/involvedObject/kind").to_lowercase(), value.text("/involvedObject/name"));
            cells = vec![
                age(value.text("/lastTimestamp"), now),
                value.text("/type").to_owned(),
                value.text("/reason").to_owned(),
                about,
            ];
            cells.push(value.text("/message").to_owned());
        }
        _ => {}
    }
    if kind != EVENTS {
        cells.push(age(value.text("/metadata/creationTimestamp"), now));
    }
    json!({"cells": cells, "object": partial(&value)})
}

fn pod_cells(pod: &Value) -> [String; 3] {
    let statuses = pod.list("/status/containerStatuses");
    let ready = statuses.iter().filter(|status| status.flag("/ready")).count();
    let waiting = statuses.iter().map(|status| status.text("/state/waiting/reason")).find(|reason| !reason.is_empty());
    let unplaced = condition(pod.at("/status"), "PodScheduled").text("/status") == "False";
    let word = if pod.text("/metadata/deletionTimestamp").is_empty() {
        waiting.unwrap_or(if unplaced { "Pending" } else { pod.text("/status/phase") })
    } else {
        "Terminating"
    };
    let restarts: i64 = statuses.iter().map(|status| status.count("/restartCount")).sum();
    [format!("{ready}/{}", pod.list("/spec/containers").len()), word.to_owned(), restarts.to_string()]
}

/// An age as kubectl writes it.
fn age(since: &str, now: Timestamp) -> String {
    let Some(since) = time(since) else { return "<unknown>".to_owned() };
    match now.duration_since(since).as_secs().max(0) {
        seconds @ 0..120 => format!("{seconds}s"),
        seconds @ 120..7200 => format!("{}m", seconds / 60),
        seconds @ 7200..172_800 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", seconds / 86_400),
    }
}
