//! Objects that a template refers to: without them its pods do not start.

use crate::domain::{Kind, ObjectKey};
use serde_json::Value;
use std::collections::BTreeSet;

/// The ConfigMaps, Secrets, persistent volume claims and ServiceAccounts that a pod template needs; references marked
/// `optional` are left out.
pub fn needs(template: &Value, namespace: &str) -> Vec<ObjectKey> {
    let mut found: BTreeSet<ObjectKey> = BTreeSet::new();
    let mut need = |kind: Kind, name: Option<&Value>| {
        if let Some(name) = name.and_then(Value::as_str).filter(|name| !name.is_empty()) {
            found.insert(ObjectKey::new(kind, namespace, name));
        }
    };
    let Some(spec) = template.get("spec") else { return Vec::new() };
    let list = |value: &Value, field: &str| value.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
    for container in ["containers", "initContainers"].iter().flat_map(|field| list(spec, field)) {
        for source in list(&container, "envFrom") {
            need(Kind::ConfigMap, required(source.get("configMapRef"), "name"));
            need(Kind::Secret, required(source.get("secretRef"), "name"));
        }
        for from in list(&container, "env").iter().filter_map(|entry| entry.get("valueFrom")) {
            need(Kind::ConfigMap, required(from.get("configMapKeyRef"), "name"));
            need(Kind::Secret, required(from.get("secretKeyRef"), "name"));
        }
    }
    for volume in list(spec, "volumes") {
        need(Kind::ConfigMap, required(volume.get("configMap"), "name"));
        need(Kind::Secret, required(volume.get("secret"), "secretName"));
        need(Kind::PersistentVolumeClaim, required(volume.get("persistentVolumeClaim"), "claimName"));
        for source in volume.get("projected").map(|projected| list(projected, "sources")).unwrap_or_default() {
            need(Kind::ConfigMap, required(source.get("configMap"), "name"));
            need(Kind::Secret, required(source.get("secret"), "name"));
        }
    }
    for secret in list(spec, "imagePullSecrets") {
        need(Kind::Secret, secret.get("name"));
    }
    need(Kind::ServiceAccount, spec.get("serviceAccountName").filter(|name| *name != "default"));
    found.into_iter().collect()
}

fn required<'a>(reference: Option<&'a Value>, field: &str) -> Option<&'a Value> {
    let reference = reference?;
    if reference.get("optional") == Some(&Value::Bool(true)) { None } else { reference.get(field) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_of_reference_is_found_once_and_optional_ones_are_left_out() {
        let template = json!({"spec": {
            "serviceAccountName": "runner",
            "imagePullSecrets": [{"name": "registry"}],
            "containers": [{
                "envFrom": [{"configMapRef": {"name": "env"}}, {"secretRef": {"name": "maybe", "optional": true}}],
                "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "tls", "key": "crt"}}}],
            }],
            "volumes": [
                {"name": "a", "configMap": {"name": "env"}},
                {"name": "b", "persistentVolumeClaim": {"claimName": "data"}},
                {"name": "c", "projected": {"sources": [{"secret": {"name": "tls"}}]}},
            ],
        }});
        let names: Vec<String> = needs(&template, "shop").iter().map(ObjectKey::target).collect();
        assert_eq!(
            names,
            ["configmap/env", "secret/registry", "secret/tls", "persistentvolumeclaim/data", "serviceaccount/runner"]
        );
    }
}
