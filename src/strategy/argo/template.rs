//! The template that a ReplicaSet of a Rollout stands for: less all that the controller added to it.
//!
//! Argo's own undo takes only the hash label away, so that labels of the ephemeral metadata and the injected anti-affinity
//! (which names the hash of a version that is gone) end up in the Rollout's spec.

use super::tracks::HASH;
use crate::domain::RawObject;
use crate::domain::raw::{escape, without};
use crate::strategy::taking_back::TEMPLATE;
use serde_json::Value;
use serde_json::value::RawValue;
use std::sync::Arc;

/// The annotation with the labels and annotations that the controller put on the pods of this ReplicaSet.
const EPHEMERAL: &str = "/metadata/annotations/rollout.argoproj.io~1ephemeral-metadata";

/// The plain template of a ReplicaSet.
pub fn of_set(set: &RawObject) -> Option<Arc<RawValue>> {
    let mut template = without(set.at(TEMPLATE)?, &format!("/metadata/labels/{HASH}"));
    for path in ephemeral(set) {
        template = without(&template, &path);
    }
    if template.get().contains(HASH) {
        template = less_affinity(&template).unwrap_or(template);
    }
    Some(template.into())
}

fn ephemeral(set: &RawObject) -> Vec<String> {
    let added = set.value::<String>(EPHEMERAL).and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let keys = |field: &str| -> Vec<String> {
        let members = added.as_ref().and_then(|added| added.get(field)).and_then(Value::as_object);
        let names = members.into_iter().flat_map(|members| members.keys());
        names.map(|name| format!("/metadata/{field}/{}", escape(name))).collect()
    };
    [keys("labels"), keys("annotations")].concat()
}

/// Takes out the anti-affinity terms that select on the hash, and what is empty then.
fn less_affinity(template: &RawValue) -> Option<Box<RawValue>> {
    const PATH: &str = "/spec/affinity/podAntiAffinity";
    let mut tree: Value = serde_json::from_str(template.get()).ok()?;
    let terms = tree.pointer_mut(PATH)?.as_object_mut()?;
    for list in terms.values_mut().filter_map(Value::as_array_mut) {
        list.retain(|term| !on_the_hash(term.get("podAffinityTerm").unwrap_or(term)));
    }
    terms.retain(|_, list| list.as_array().is_none_or(|list| !list.is_empty()));
    if terms.is_empty() {
        let affinity = tree.pointer_mut("/spec/affinity")?.as_object_mut()?;
        affinity.shift_remove("podAntiAffinity");
        if affinity.is_empty() {
            tree.pointer_mut("/spec")?.as_object_mut()?.shift_remove("affinity");
        }
    }
    serde_json::value::to_raw_value(&tree).ok()
}

fn on_the_hash(term: &Value) -> bool {
    let wanted = term.pointer("/labelSelector/matchExpressions").and_then(Value::as_array);
    wanted.is_some_and(|all| all.iter().any(|one| one.get("key").and_then(Value::as_str) == Some(HASH)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Kind, ObjectKey};
    use serde_json::json;

    fn plain(set: &Value) -> Value {
        let text = RawValue::from_string(set.to_string()).expect("valid JSON");
        let set = RawObject::new(ObjectKey::new(Kind::ReplicaSet, "shop", "pay-1"), text).expect("has a uid");
        serde_json::from_str(of_set(&set).expect("a template").get()).expect("valid JSON")
    }

    #[test]
    fn hash_label_ephemeral_metadata_and_injected_affinity_are_left_behind() {
        let injected = json!({"weight": 100, "podAffinityTerm": {"topologyKey": "kubernetes.io/hostname",
            "labelSelector": {"matchExpressions": [{"key": HASH, "operator": "NotIn", "values": ["5d"]}]}}});
        let own = json!({"weight": 1, "podAffinityTerm": {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "pay"}}}});
        let set = |terms: Value| {
            json!({
                "metadata": {"uid": "u", "annotations": {"rollout.argoproj.io/ephemeral-metadata":
                    "{\"labels\":{\"role\":\"canary\"},\"annotations\":{\"a/b\":\"x\"}}"}},
                "spec": {"template": {
                    "metadata": {"labels": {"app": "pay", "role": "canary", HASH: "5d"}, "annotations": {"a/b": "x", "kept": "y"}},
                    "spec": {"affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": terms}}, "x": 1},
                }},
            })
        };
        let metadata = json!({"labels": {"app": "pay"}, "annotations": {"kept": "y"}});
        assert_eq!(plain(&set(json!([injected]))), json!({"metadata": metadata, "spec": {"x": 1}}));
        let kept = plain(&set(json!([own, injected])));
        assert_eq!(
            kept["spec"]["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"],
            json!([own])
        );
    }
}
