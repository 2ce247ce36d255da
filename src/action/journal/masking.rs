//! What the journal does not keep: values that look like secrets.
//!
//! A template is kept as it is, so that an interrupted plan can go on and a write can be taken back after a restart; one
//! that holds secret-like values is left out instead, and the console says so when it would be needed.

use crate::domain::journal::{Entry, Event, KeptCall};
use crate::domain::mask::{masked_text, secret_like};
use serde_json::Value;

/// The entry as it may lie on a disk.
pub fn for_the_disk(entry: &Entry) -> Entry {
    let mut entry = entry.clone();
    match &mut entry.event {
        Event::Intent(record) => {
            record.reason = masked_text(&record.reason).into();
            for call in &mut record.kept {
                if let KeptCall::Patch { target, operations, .. } = call
                    && holds_secrets(operations)
                {
                    *call = KeptCall::Left { target: target.clone() };
                }
            }
        }
        Event::Inverse(inverse)
            if holds_secrets(&inverse.operations)
                || inverse.also.iter().any(|part| holds_secrets(&part.operations)) =>
        {
            // A way back of which a part is missing is none.
            inverse.operations = String::new();
            inverse.also.clear();
        }
        Event::Call { answer, .. } => *answer = masked_text(answer).into(),
        Event::Outcome(outcome) => outcome.reason = masked_text(&outcome.reason).into(),
        Event::Guard(line) => line.what = masked_text(&line.what).into(),
        Event::Inverse(_) | Event::Observed | Event::Settled { .. } | Event::Reverted { .. } => {}
    }
    entry
}

/// Whether a JSON text holds a value under a secret-like name, or a text with a secret in it.
pub fn holds_secrets(json: &str) -> bool {
    serde_json::from_str::<Value>(json).is_ok_and(|value| secret_in(&value))
}

fn secret_in(value: &Value) -> bool {
    match value {
        Value::String(text) => masked_text(text) != *text,
        Value::Array(items) => items.iter().any(secret_in),
        Value::Object(members) => {
            // An environment variable: {"name": …, "value": …}; a reference to a Secret has no value and is harmless.
            let named = members.get("name").and_then(Value::as_str).is_some_and(secret_like);
            let has_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
            (named && members.get("value").is_some_and(has_text))
                || members.iter().any(|(key, value)| member(key, value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Fields of the Kubernetes API whose names sound secret and hold none.
const HARMLESS: [&str; 10] = [
    "key",
    "keys",
    "topologyKey",
    "secretName",
    "secretRef",
    "secretKeyRef",
    "secret",
    "imagePullSecrets",
    "name",
    "automountServiceAccountToken",
];

fn member(key: &str, value: &Value) -> bool {
    let sounds = secret_like(key) && !HARMLESS.contains(&key) && !key.contains('/');
    (sounds && value.as_str().is_some_and(|text| !text.is_empty())) || secret_in(value)
}
