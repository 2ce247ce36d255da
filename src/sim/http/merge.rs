//! Strategic merge patch, as far as kubectl uses it on workloads: lists of containers and the like are merged by key.

use serde_json::{Map, Value};

/// The keys by which lists of objects are merged; other lists are replaced.
const MERGE_KEYS: [(&str, &str); 9] = [
    ("containers", "name"),
    ("initContainers", "name"),
    ("env", "name"),
    ("volumes", "name"),
    ("volumeMounts", "mountPath"),
    ("ports", "containerPort"),
    ("imagePullSecrets", "name"),
    ("conditions", "type"),
    ("ownerReferences", "uid"),
];

/// Applies a strategic merge patch to an object.
pub fn strategic(value: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *value = patch.clone();
        return;
    };
    match patch.get("$patch").and_then(Value::as_str) {
        Some("replace") => {
            *value = Value::Object(
                patch.iter().filter(|(key, _)| *key != "$patch").map(|(k, v)| (k.clone(), v.clone())).collect(),
            );
            return;
        }
        Some("delete") => {
            *value = Value::Object(Map::new());
            return;
        }
        _ => {}
    }
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let Value::Object(map) = value else { return };
    for (key, change) in patch {
        if let Some(list) = key.strip_prefix("$deleteFromPrimitiveList/") {
            if let (Some(Value::Array(have)), Value::Array(gone)) = (map.get_mut(list), change) {
                have.retain(|item| !gone.contains(item));
            }
        } else if key.starts_with('$') {
            // Orders and retained keys change nothing that the server here looks at.
        } else if change.is_null() {
            map.shift_remove(key);
        } else if let Value::Array(changes) = change {
            merge_list(map.entry(key.clone()).or_insert(Value::Null), key, changes);
        } else {
            strategic(map.entry(key.clone()).or_insert(Value::Null), change);
        }
    }
}

fn merge_list(have: &mut Value, name: &str, changes: &[Value]) {
    let key = MERGE_KEYS.iter().find(|(list, _)| *list == name).map(|(_, key)| *key);
    let (Some(key), Value::Array(list)) = (key, &mut *have) else {
        *have = Value::Array(changes.to_vec());
        return;
    };
    for change in changes {
        let place = list.iter().position(|item| item.get(key).is_some() && item.get(key) == change.get(key));
        let deletes = change.get("$patch").and_then(Value::as_str) == Some("delete");
        match (place, deletes) {
            (Some(place), true) => drop(list.remove(place)),
            (Some(place), false) => strategic(&mut list[place], change),
            (None, true) => {}
            (None, false) => list.push(change.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn containers_are_merged_by_name_and_a_marked_object_is_replaced() {
        let mut value =
            json!({"template": {"a": 1, "containers": [{"name": "x", "image": "1"}, {"name": "y", "image": "1"}]}});
        strategic(&mut value, &json!({"template": {"containers": [{"name": "y", "image": "2"}]}}));
        assert_eq!(value["template"]["containers"], json!([{"name": "x", "image": "1"}, {"name": "y", "image": "2"}]));
        strategic(&mut value, &json!({"template": {"$patch": "replace", "b": 2}}));
        assert_eq!(value, json!({"template": {"b": 2}}));
    }
}
