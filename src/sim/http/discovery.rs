//! Which groups, versions and kinds the server has.

use super::answer::Answer;
use super::route::Discovery;
use crate::sim::kinds::{Kind, Scope};
use crate::sim::refusal::Refusal;
use crate::sim::store::Store;
use serde_json::{Value, json};

pub fn answer(store: &Store, what: &Discovery) -> Result<Answer, Refusal> {
    let value = match what {
        Discovery::Health => return Ok(Answer::text(200, "ok".to_owned())),
        Discovery::Version => json!({
            "major": "1", "minor": "36", "gitVersion": "v1.36.0+simulated", "gitCommit": "", "gitTreeState": "clean",
            "buildDate": "2026-01-01T00:00:00Z", "goVersion": "none", "compiler": "rustc", "platform": "simulated",
        }),
        Discovery::Core => json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}),
        Discovery::Groups => {
            let groups: Vec<_> = groups(store).iter().map(|(group, version)| api_group(group, version)).collect();
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        }
        Discovery::Group(name) => {
            let groups = groups(store);
            let (group, version) = groups.iter().find(|(group, _)| group == name).ok_or_else(Refusal::no_such_path)?;
            let mut value = api_group(group, version);
            value["kind"] = json!("APIGroup");
            value["apiVersion"] = json!("v1");
            value
        }
        Discovery::Resources(group, version) => resources(store, group, version)?,
        Discovery::Descriptions => descriptions(store),
        Discovery::Description(group, version) => description(store, group, version),
    };
    Ok(Answer::json(200, &value))
}

fn groups(store: &Store) -> Vec<(String, String)> {
    let mut groups: Vec<(String, String)> = vec![
        ("authentication.k8s.io".to_owned(), "v1".to_owned()),
        ("authorization.k8s.io".to_owned(), "v1".to_owned()),
    ];
    for (_, kind) in store.kinds().filter(|(_, kind)| !kind.group.is_empty()) {
        let pair = (kind.group.to_string(), kind.version.to_string());
        if !groups.contains(&pair) {
            groups.push(pair);
        }
    }
    groups
}

fn api_group(group: &str, version: &str) -> Value {
    let version = json!({"groupVersion": format!("{group}/{version}"), "version": version});
    json!({"name": group, "versions": [version], "preferredVersion": version})
}

/// The index of the `OpenAPI` documents.
fn descriptions(store: &Store) -> Value {
    let mut paths = json!({"api/v1": {"serverRelativeURL": "/openapi/v3/api/v1"}});
    for (group, version) in groups(store) {
        let path = format!("apis/{group}/{version}");
        paths[&path] = json!({"serverRelativeURL": format!("/openapi/v3/{path}")});
    }
    json!({"paths": paths})
}

/// As much of a group's `OpenAPI` document as kubectl looks for before it writes: that a patch of each kind takes
/// `fieldValidation`, so that the server validates.
fn description(store: &Store, group: &str, version: &str) -> Value {
    let query = |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string"}});
    let mut paths = json!({});
    for (_, kind) in store.kinds().filter(|(_, kind)| kind.group == group && kind.version == version) {
        let root = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        let space = if kind.scope == Scope::Namespaced { "/namespaces/{namespace}" } else { "" };
        let patch = json!({
            "x-kubernetes-action": "patch",
            "x-kubernetes-group-version-kind": {"group": group, "version": version, "kind": kind.kind},
            "parameters": [query("dryRun"), query("fieldManager"), query("fieldValidation")],
            "responses": {"200": {"description": "OK"}},
        });
        paths[format!("{root}{space}/{}/{{name}}", kind.plural)] = json!({"patch": patch});
    }
    json!({"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "simulated"}, "paths": paths, "components": {}})
}

fn resources(store: &Store, group: &str, version: &str) -> Result<Value, Refusal> {
    let mut found: Vec<Value> = vec![];
    for (_, kind) in store.kinds().filter(|(_, kind)| kind.group == group && kind.version == version) {
        found.extend(entries(kind));
    }
    for (of, plural, kind) in [
        ("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"),
        ("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
        ("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    ] {
        if of == group {
            found.push(
                json!({"name": plural, "singularName": "", "namespaced": false, "kind": kind, "verbs": ["create"]}),
            );
        }
    }
    if found.is_empty() {
        return Err(Refusal::no_such_path());
    }
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    Ok(json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": found}))
}

fn entries(kind: &Kind) -> Vec<Value> {
    let namespaced = kind.scope == Scope::Namespaced;
    let mut entry = json!({
        "name": kind.plural, "singularName": kind.singular(), "namespaced": namespaced, "kind": kind.kind,
        "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    });
    if !kind.short.is_empty() {
        entry["shortNames"] = json!([kind.short]);
    }
    let mut found = vec![entry];
    let mut sub = |name: &str, of: &str, verbs: &[&str]| {
        found.push(json!({
            "name": format!("{}/{name}", kind.plural), "singularName": "", "namespaced": namespaced, "kind": of, "verbs": verbs,
        }));
    };
    if kind.has_status() {
        sub("status", &kind.kind, &["get", "patch", "update"]);
    }
    if kind.has_scale() {
        sub("scale", "Scale", &["get", "patch", "update"]);
    }
    if kind.plural == "pods" {
        sub("log", "Pod", &["get"]);
    }
    if matches!(&*kind.plural, "pods" | "services") {
        sub("proxy", "PodProxyOptions", &["create", "delete", "get", "patch", "update"]);
    }
    found
}
