//! The manifests of a scenario's workloads at each of their revisions.

use super::file::{Revision, Workload, WorkloadKind};
use crate::sim::json::Json;
use crate::sim::kinds::{DAEMON_SETS, DEPLOYMENTS, KindId, STATEFUL_SETS};
use crate::sim::object::Id;
use serde_json::{Map, Value, json};

pub const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

pub fn kind_id(kind: WorkloadKind) -> KindId {
    match kind {
        WorkloadKind::Deployment => DEPLOYMENTS,
        WorkloadKind::StatefulSet => STATEFUL_SETS,
        WorkloadKind::DaemonSet => DAEMON_SETS,
    }
}

pub fn id(workload: &Workload) -> Id {
    Id::new(kind_id(workload.kind), &workload.namespace, &workload.name)
}

/// The object at its first revision.
pub fn manifest(workload: &Workload, first: &Revision) -> Value {
    let name = workload.name.as_str();
    let mut container = json!({
        "name": name, "image": "",
        "ports": [{"containerPort": 8080}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}},
    });
    json_patch::merge(&mut container, &Value::Object(workload.container.clone()));
    let mut object = json!({
        "metadata": {"name": name, "labels": {"app": name}, "annotations": workload.notes},
        "spec": {
            "replicas": workload.replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
        },
    });
    match workload.kind {
        WorkloadKind::Deployment => {}
        WorkloadKind::StatefulSet => object.put("/spec/serviceName", name),
        WorkloadKind::DaemonSet => {
            object.cut("/spec/replicas");
            object.put("/spec/template/spec/tolerations", json!([{"operator": "Exists"}]));
        }
    }
    if !workload.annotations.is_empty() {
        object.put("/spec/template/metadata/annotations", workload.annotations.clone());
    }
    merge(&mut object, "spec", &workload.spec);
    revise(&mut object, first);
    object
}

/// Changes the object to another revision.
pub fn revise(object: &mut Value, revision: &Revision) {
    let tag = revision.image.rsplit(['/', ':']).next().unwrap_or_default();
    object.put("/spec/template/metadata/labels/version", tag);
    if let Some(container) = object.pointer_mut("/spec/template/spec/containers/0") {
        container.put("/image", revision.image.as_str());
        if !revision.env.is_empty() {
            let env: Vec<Value> =
                revision.env.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
            container.put("/env", env);
        }
    }
    match &revision.cause {
        Some(cause) => object.put("/metadata/annotations/kubernetes.io~1change-cause", cause.as_str()),
        None => drop(object.object("/metadata/annotations").shift_remove(CHANGE_CAUSE)),
    }
    for (key, value) in &revision.annotations {
        object.object("/spec/template/metadata/annotations").insert(key.clone(), value.clone());
    }
    merge(object, "spec", &revision.spec);
}

fn merge(object: &mut Value, part: &str, with: &Map<String, Value>) {
    json_patch::merge(&mut object[part], &Value::Object(with.clone()));
}

/// The Service in front of a workload.
pub fn service(workload: &Workload, rps: f64) -> Value {
    json!({
        "metadata": {"name": workload.name, "labels": {"app": workload.name}, "annotations": {"sim/rps": rps.to_string()}},
        "spec": {"selector": {"app": workload.name}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
    })
}
