//! What several controllers need: owners, conditions, hashes of templates, fence posts.

use crate::sim::ids::safe_hash;
use crate::sim::json::{Json, encode, stamp};
use crate::sim::kinds::KindId;
use crate::sim::object::{Id, Object};
use crate::sim::store::{Change, Store};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

/// The label that tells a Deployment's ReplicaSets apart.
pub const TEMPLATE_HASH: &str = "pod-template-hash";
/// The label that tells the pods of a StatefulSet's or DaemonSet's revisions apart.
pub const REVISION_HASH: &str = "controller-revision-hash";

/// The changed object itself, or the owner of `owner_kind` that controls it.
pub fn itself_or_owner(change: &Change, store: &Store, kind: KindId) -> Vec<Id> {
    if change.after.id.kind == kind {
        return vec![change.after.id.clone()];
    }
    let wanted = &store.kind(kind).kind;
    let owners = [change.before.as_ref(), Some(&change.after)];
    let mut ids: Vec<Id> = owners
        .into_iter()
        .flatten()
        .filter_map(|object| object.owner.as_ref())
        .filter(|owner| *owner.kind == **wanted)
        .map(|owner| change.after.id.beside(kind, &owner.name))
        .collect();
    ids.dedup();
    ids
}

/// An owner reference to a controlling owner.
pub fn owner_reference(owner: &Object, api_version: &str, kind: &str) -> Value {
    json!([{
        "apiVersion": api_version, "kind": kind, "name": &*owner.id.name, "uid": &*owner.uid,
        "controller": true, "blockOwnerDeletion": true,
    }])
}

/// A template's hash, as in the names of ReplicaSets and ControllerRevisions.
pub fn template_hash(template: &Value, collisions: i64) -> String {
    let mut bytes = encode(&sorted(template));
    if collisions > 0 {
        bytes.extend(collisions.to_le_bytes());
    }
    safe_hash(&bytes)
}

/// The same value with its keys in alphabetical order, so that equal values have equal bytes.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            Value::Object(entries.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

/// A pod template without the label that a controller adds.
pub fn plain_template(template: &Value) -> Value {
    let mut plain = template.clone();
    plain.cut(&format!("/metadata/labels/{TEMPLATE_HASH}"));
    plain
}

/// One condition of an object's status.
#[derive(Debug, Clone)]
pub struct Condition<'a> {
    pub kind: &'a str,
    pub status: &'a str,
    pub reason: &'a str,
    pub message: String,
}

/// The condition of a type, or null.
pub fn condition<'a>(status: &'a Value, kind: &str) -> &'a Value {
    status.list("/conditions").iter().find(|condition| condition.text("/type") == kind).unwrap_or(status.at("/none"))
}

/// Takes a condition away.
pub fn remove_condition(status: &mut Value, kind: &str) {
    if let Some(conditions) = status.get_mut("conditions").and_then(Value::as_array_mut) {
        conditions.retain(|condition| condition.text("/type") != kind);
    }
}

/// Sets a condition as the Deployment and ReplicaSet controllers do: the same status and reason changes nothing, the
/// same status keeps its time of transition.
pub fn set_condition(status: &mut Value, new: &Condition, now: Timestamp, dated: Dated) {
    let old = condition(status, new.kind);
    if old.text("/status") == new.status && old.text("/reason") == new.reason {
        return;
    }
    let since = if old.text("/status") == new.status { old.text("/lastTransitionTime").to_owned() } else { stamp(now) };
    remove_condition(status, new.kind);
    push_condition(status, new, &since, &stamp(now), dated);
}

/// Whether a condition also holds the time of its last update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dated {
    Transition,
    TransitionAndUpdate,
}

/// Appends a condition with given times.
pub fn push_condition(status: &mut Value, new: &Condition, since: &str, updated: &str, dated: Dated) {
    let mut entry = json!({"type": new.kind, "status": new.status});
    if dated == Dated::TransitionAndUpdate {
        entry["lastUpdateTime"] = json!(updated);
    }
    entry["lastTransitionTime"] = json!(since);
    if !new.reason.is_empty() {
        entry["reason"] = json!(new.reason);
    }
    if !new.message.is_empty() {
        entry["message"] = json!(new.message);
    }
    if !status.at("/conditions").is_array() {
        status.put("/conditions", json!([]));
    }
    if let Some(conditions) = status.get_mut("conditions").and_then(Value::as_array_mut) {
        conditions.push(entry);
    }
}

/// Reads a number or a percentage of `total`.
pub fn scaled(value: &Value, total: i64, up: bool) -> i64 {
    if let Some(number) = value.as_i64() {
        return number;
    }
    let percent: i64 = value.as_str().and_then(|text| text.strip_suffix('%')?.parse().ok()).unwrap_or_default();
    if up { (percent * total + 99) / 100 } else { percent * total / 100 }
}

/// The values of everything of a kind that an owner controls.
pub fn owned(store: &Store, owner: &str, kind: KindId) -> Vec<(Arc<Object>, Arc<Value>)> {
    store.owned(owner, kind).into_iter().map(|object| (object.clone(), object.value())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_keys_does_not_change_a_hash() {
        let a = json!({"metadata": {"labels": {"x": "1", "y": "2"}}, "spec": {}});
        let b = json!({"spec": {}, "metadata": {"labels": {"y": "2", "x": "1"}}});
        assert_eq!(template_hash(&a, 0), template_hash(&b, 0));
        assert_ne!(template_hash(&a, 0), template_hash(&a, 1));
    }

    #[test]
    fn surge_rounds_up_and_unavailable_rounds_down() {
        assert_eq!(scaled(&json!("25%"), 6, true), 2);
        assert_eq!(scaled(&json!("25%"), 6, false), 1);
        assert_eq!(scaled(&json!(3), 6, false), 3);
    }
}
