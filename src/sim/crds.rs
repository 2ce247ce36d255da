//! The custom resources that scenarios may ask for, by the project that brings them: their definitions without schemas.

use serde_json::{Value, json};

/// The projects there are.
pub const PROJECTS: [&str; 4] = ["argo", "flagger", "gateway", "istio"];

/// Plural and kind.
type Names = (&'static str, &'static str);

/// The definitions that a project brings; none for one that is not known. `gateway/v1alpha2` is an installation of old,
/// which serves that version alone.
pub fn definitions(project: &str) -> Option<Vec<Value>> {
    let (project, older) = project.split_once('/').map_or((project, None), |(project, older)| (project, Some(older)));
    let (group, version, names): (&str, &str, &[Names]) = match project {
        "istio" => (
            "networking.istio.io",
            "v1",
            &[("virtualservices", "VirtualService"), ("destinationrules", "DestinationRule"), ("gateways", "Gateway")],
        ),
        "gateway" => (
            "gateway.networking.k8s.io",
            "v1",
            &[("httproutes", "HTTPRoute"), ("grpcroutes", "GRPCRoute"), ("gateways", "Gateway")],
        ),
        "flagger" => ("flagger.app", "v1beta1", &[("canaries", "Canary"), ("metrictemplates", "MetricTemplate")]),
        "argo" => (
            "argoproj.io",
            "v1alpha1",
            &[
                ("rollouts", "Rollout"),
                ("analysisruns", "AnalysisRun"),
                ("analysistemplates", "AnalysisTemplate"),
                ("experiments", "Experiment"),
            ],
        ),
        _ => return None,
    };
    Some(names.iter().map(|names| definition(group, older.unwrap_or(version), *names)).collect())
}

/// A definition with one served version and the status subresource; Argo's `AnalysisRuns` and Experiments have none.
pub fn definition(group: &str, version: &str, (plural, kind): Names) -> Value {
    let subresources = match plural {
        "analysisruns" | "experiments" | "analysistemplates" | "metrictemplates" => json!({}),
        "rollouts" => json!({"status": {}, "scale": {"specReplicasPath": ".spec.replicas"}}),
        _ => json!({"status": {}}),
    };
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced", "names": {"plural": plural, "kind": kind},
            "versions": [{"name": version, "served": true, "storage": true, "subresources": subresources}],
        },
    })
}

/// The values that a definition's schema fills in: the Gateway API's (those that routing reads).
pub fn fill(plural: &str, value: &mut Value) {
    if !matches!(plural, "httproutes" | "grpcroutes") {
        return;
    }
    let Some(rules) = value.pointer_mut("/spec/rules").and_then(Value::as_array_mut) else { return };
    for rule in rules {
        if plural == "httproutes" && rule.get("matches").is_none() {
            rule["matches"] = json!([{"path": {"type": "PathPrefix", "value": "/"}}]);
        }
        let backends = rule.get_mut("backendRefs").and_then(Value::as_array_mut);
        for backend in backends.into_iter().flatten().filter_map(Value::as_object_mut) {
            for (field, default) in [("group", json!("")), ("kind", json!("Service")), ("weight", json!(1))] {
                backend.entry(field).or_insert(default);
            }
        }
    }
}
