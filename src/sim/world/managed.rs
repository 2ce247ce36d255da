//! `metadata.managedFields`: which manager wrote which fields last, and when.

use super::{Actor, Part};
use crate::sim::json::{Json, stamp};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Lists whose entries are told apart by these keys; every other list is one value.
const KEYED: [(&str, &[&str]); 9] = [
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("env", &["name"]),
    ("volumes", &["name"]),
    ("volumeMounts", &["mountPath"]),
    ("conditions", &["type"]),
    ("ownerReferences", &["uid"]),
    ("podIPs", &["ip"]),
    ("ports", &["containerPort", "protocol"]),
];

/// Notes in `new` that `actor` changed what differs from `before`.
pub fn record(before: &Value, new: &mut Value, api_version: &str, actor: Actor, now: Timestamp) {
    let mut changed = Map::new();
    for (key, value) in new.as_object().into_iter().flatten() {
        if matches!(key.as_str(), "metadata") {
            let fields = metadata_changes(before.at("/metadata"), value);
            if !fields.is_empty() {
                changed.insert("f:metadata".into(), Value::Object(fields));
            }
        } else if let Some(tree) = differing(key, before.get(key), value) {
            changed.insert(format!("f:{key}"), tree);
        }
    }
    let gone = removed(before, new);
    let mut entries = before.list("/metadata/managedFields").to_vec();
    if changed.is_empty() && gone.is_empty() {
        return;
    }
    let (changed, gone) = (Value::Object(changed), Value::Object(gone));
    let subresource = match actor.part {
        Part::Main => "",
        Part::Status => "status",
        Part::Scale => "scale",
    };
    let mine = |entry: &Value| {
        entry.text("/manager") == actor.manager
            && entry.text("/subresource") == subresource
            && entry.text("/operation") == "Update"
    };
    let mut own = json!({});
    entries.retain_mut(|entry| {
        if mine(entry) {
            own = entry["fieldsV1"].take();
            return false;
        }
        let fields = &mut entry["fieldsV1"];
        subtract(fields, &changed);
        subtract(fields, &gone);
        fields.as_object().is_some_and(|fields| !fields.is_empty())
    });
    subtract(&mut own, &gone);
    merge(&mut own, &changed);
    let mut entry = json!({
        "manager": actor.manager, "operation": "Update", "apiVersion": api_version, "time": stamp(now),
        "fieldsType": "FieldsV1", "fieldsV1": own,
    });
    if !subresource.is_empty() {
        entry["subresource"] = json!(subresource);
    }
    entries.push(entry);
    new.put("/metadata/managedFields", entries);
}

fn metadata_changes(before: &Value, after: &Value) -> Map<String, Value> {
    let mut fields = Map::new();
    for key in ["annotations", "labels", "ownerReferences", "finalizers", "generateName"] {
        if let Some(value) = after.get(key)
            && let Some(tree) = differing(key, before.get(key), value)
        {
            fields.insert(format!("f:{key}"), tree);
        }
    }
    fields
}

/// The field tree of what in `after` differs from `before`.
fn differing(name: &str, before: Option<&Value>, after: &Value) -> Option<Value> {
    if before == Some(after) {
        return None;
    }
    let mut tree = Map::new();
    let is_new = before.is_none_or(Value::is_null);
    match after {
        Value::Object(map) if !map.is_empty() => {
            if is_new {
                tree.insert(".".into(), json!({}));
            }
            for (key, value) in map {
                if let Some(below) = differing(key, before.and_then(|b| b.get(key)), value) {
                    tree.insert(format!("f:{key}"), below);
                }
            }
            if tree.is_empty() { None } else { Some(Value::Object(tree)) }
        }
        Value::Array(list) => {
            let Some(keys) = keys_of(name, list) else { return Some(json!({})) };
            let old = before.and_then(Value::as_array);
            for item in list {
                let same = old.into_iter().flatten().find(|old| keys.iter().all(|key| old.get(key) == item.get(key)));
                if let Some(below) = differing("", same, item) {
                    tree.insert(element(keys, item), below);
                }
            }
            if tree.is_empty() { None } else { Some(Value::Object(tree)) }
        }
        _ => Some(json!({})),
    }
}

fn keys_of(name: &str, list: &[Value]) -> Option<&'static [&'static str]> {
    let (_, keys) = KEYED.iter().find(|(list, _)| *list == name)?;
    list.iter().all(|item| keys.iter().all(|key| item.get(key).is_some())).then_some(*keys)
}

fn element(keys: &[&str], item: &Value) -> String {
    let named: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), item[*key].clone())).collect();
    format!("k:{}", Value::Object(named))
}

/// The field tree of what `before` has and `after` has not.
fn removed(before: &Value, after: &Value) -> Map<String, Value> {
    let mut tree = Map::new();
    for (key, old) in before.as_object().into_iter().flatten() {
        if matches!(key.as_str(), "managedFields" | "resourceVersion") {
            continue;
        }
        let below = match after.get(key) {
            None => json!({}),
            Some(new) if old.is_object() && new.is_object() => {
                let below = removed(old, new);
                if below.is_empty() {
                    continue;
                }
                Value::Object(below)
            }
            Some(_) => continue,
        };
        tree.insert(format!("f:{key}"), below);
    }
    tree
}

/// Takes the leaves of `taken` out of `fields`.
fn subtract(fields: &mut Value, taken: &Value) {
    let (Some(map), Some(taken)) = (fields.as_object_mut(), taken.as_object()) else { return };
    for (key, below) in taken {
        if key == "." {
            continue;
        }
        let Some(mine) = map.get_mut(key) else { continue };
        if below.as_object().is_none_or(Map::is_empty) {
            map.shift_remove(key);
            continue;
        }
        subtract(mine, below);
        let nothing_left = mine.as_object().is_none_or(|left| left.keys().all(|key| key == "."));
        if nothing_left {
            map.shift_remove(key);
        }
    }
}

fn merge(into: &mut Value, from: &Value) {
    let Some(from) = from.as_object() else { return };
    if !into.is_object() {
        *into = json!({});
    }
    for (key, below) in from {
        merge(&mut into[key.as_str()], below);
        if into[key.as_str()].is_null() {
            into[key.as_str()] = json!({});
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::clock::manual_start;

    #[test]
    fn the_last_writer_of_a_field_is_its_manager() {
        let one = |image: &str| json!({"metadata": {}, "spec": {"replicas": 1, "containers": [{"name": "web", "image": image}]}});
        let mut first = one("a");
        record(&Value::Null, &mut first, "v1", Actor::main("ana"), manual_start());
        let mut second = one("b");
        second.put("/metadata/managedFields", first.at("/metadata/managedFields").clone());
        record(&first, &mut second, "v1", Actor::main("ben"), manual_start());
        let [ana, ben] = second.list("/metadata/managedFields") else { panic!("two managers: {second}") };
        assert_eq!(
            ben.at("/fieldsV1"),
            &json!({"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {"f:image": {}}}}})
        );
        assert!(!ana.at("/fieldsV1").to_string().contains("f:image"), "{ana}");
        assert!(ana.at("/fieldsV1").to_string().contains("f:replicas"), "{ana}");
    }
}
