//! What a real API server offers in an older form, in part, or not at all: shown for what it is, and stepped only where
//! the form is the same. The definitions belong to a whole cluster, so the test has one of its own.

use crate::faults::Instance;
use crate::room::Room;
use serde_json::{Value, json};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

fn apply(instance: &Instance, object: &Value) {
    let file = instance.path().join("object.json");
    std::fs::write(&file, object.to_string()).expect("written");
    instance.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", file.to_str().expect("a plain path")]);
}

fn windlass(instance: &Instance, arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().expect("a directory");
    let mut command = Command::new(env!("CARGO_BIN_EXE_windlass"));
    let command = command.args(["-n", "default"]).args(arguments).envs(Room::person(home.path()));
    command.env("KUBECONFIG", instance.path().join("kube/admin")).output().expect("runs")
}

fn said(ended: &Output) -> String {
    String::from_utf8_lossy(&ended.stderr).into_owned()
}

fn items(instance: &Instance) -> Vec<Value> {
    let ended = windlass(instance, &["status", "-o", "json"]);
    assert!(ended.status.success(), "{}", said(&ended));
    let list: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    list["items"].as_array().expect("a list").clone()
}

/// Waits until a release is told as wanted: a changed definition takes the server a moment.
fn item(instance: &Instance, target: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + Duration::from_mins(1);
    loop {
        let all = items(instance);
        match all.iter().find(|item| item["target"] == target) {
            Some(item) if wanted(item) => return item.clone(),
            found => assert!(Instant::now() < end, "{target}: {found:#?}"),
        }
        std::thread::sleep(Duration::from_millis(250));
    }
}

fn action<'a>(item: &'a Value, verb: &str) -> &'a Value {
    let mut actions = item["actions"].as_array().expect("a list").iter();
    actions.find(|action| action["verb"] == verb).expect("every verb is told")
}

/// Serves `kind` as `version` only, with the schema of v1, in which it goes on to be stored.
fn serve_only(instance: &Instance, definition: &str, version: &str) {
    let text = instance.kubectl(&["get", "crd", definition, "-o", "json"]);
    let mut object: Value = serde_json::from_str(&text).expect("JSON");
    let versions = object["spec"]["versions"].as_array().expect("a list").clone();
    let mut stored = versions.iter().find(|one| one["name"] == "v1").expect("v1").clone();
    stored["served"] = false.into();
    let mut served = stored.clone();
    (served["name"], served["served"], served["storage"]) = (version.into(), true.into(), false.into());
    object["spec"]["versions"] = json!([stored, served]);
    object["metadata"] = json!({"name": definition, "resourceVersion": object["metadata"]["resourceVersion"],
        "annotations": object["metadata"]["annotations"]});
    let file = instance.path().join("definition.json");
    std::fs::write(&file, object.to_string()).expect("written");
    instance.kubectl(&["replace", "-f", file.to_str().expect("a plain path")]);
}

fn weight(instance: &Instance, route: &str) -> String {
    instance.kubectl(&["get", route, "-o", "jsonpath={.spec.rules[0].backendRefs[1].weight}"])
}

#[test]
#[ignore = "needs the control-plane kit"]
fn older_forms_missing_targets_and_absent_definitions_are_shown_for_what_they_are() {
    let instance = Instance::up();
    for track in ["stable", "canary"] {
        let name = format!("shop-{track}");
        let labels = json!({"app": "shop", "track": track});
        apply(
            &instance,
            &json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {
            "replicas": 1, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": format!("registry.test/shop:{track}")}]}}}}),
        );
        apply(
            &instance,
            &json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"selector": labels, "ports": [{"port": 80}]}}),
        );
    }
    instance.kubectl(&["wait", "--for=condition=Available", "deployment", "--all", "--timeout=60s"]);
    let to = |track: &str, weight: i64| json!({"name": format!("shop-{track}"), "port": 80, "weight": weight});
    for kind in ["HTTPRoute", "GRPCRoute"] {
        apply(
            &instance,
            &json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind,
            "metadata": {"name": kind.to_lowercase()}, "spec": {"parentRefs": [{"name": "public"}],
                "hostnames": [format!("{}.example.com", kind.to_lowercase())],
                "rules": [{"backendRefs": [to("stable", 95), to("canary", 5)]}]}}),
        );
    }
    apply(
        &instance,
        &json!({"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "metadata": {"name": "lost"}, "spec": {
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "lost"}, "service": {"port": 80},
        "analysis": {"interval": "10s", "threshold": 5, "maxWeight": 50, "stepWeight": 25}}}),
    );

    serve_only(&instance, "httproutes.gateway.networking.k8s.io", "v1beta1");
    serve_only(&instance, "grpcroutes.gateway.networking.k8s.io", "v1alpha2");

    // The same form under an older name. Until the server has all definitions ready it may ask to slow down, and then
    // nothing goes forward.
    let open = |item: &Value| item["strategy"] == "gateway" && action(item, "advance")["enabled"] == true;
    item(&instance, "httproute/httproute", open);
    let step = windlass(&instance, &["advance", "httproute/httproute", "--from-weight", "5", "--yes"]);
    assert!(step.status.success(), "{}", said(&step));
    assert_eq!(weight(&instance, "httproutes.v1beta1.gateway.networking.k8s.io/httproute"), "20");

    let older = "only as gateway.networking.k8s.io/v1alpha2, an older form";
    let told = |item: &Value| item["reason"].as_str().is_some_and(|reason| reason.contains(older));
    let grpc = item(&instance, "grpcroute/grpcroute", told);
    assert_eq!(action(&grpc, "advance")["enabled"], false, "{grpc:#}");
    let step = windlass(&instance, &["advance", "grpcroute/grpcroute", "--from-weight", "5", "--yes"]);
    assert!(step.status.code() == Some(3) && said(&step).contains(older), "{}", said(&step));
    let route = "grpcroutes.v1alpha2.gateway.networking.k8s.io/grpcroute";
    assert_eq!(weight(&instance, route), "5");
    let back = windlass(&instance, &["abort", "grpcroute/grpcroute", "--yes"]);
    assert!(back.status.success(), "the way back is open: {}", said(&back));
    assert_eq!(weight(&instance, route), "0");

    let lost = item(&instance, "canary/lost", |item| item["strategy"] == "flagger");
    let missing = "Its target Deployment/lost does not exist";
    assert!(lost["reason"].as_str().is_some_and(|reason| reason.contains(missing)), "{lost:#}");
    for verb in ["advance", "promote", "skip", "retry"] {
        assert_eq!(action(&lost, verb)["enabled"], false, "{verb}: {lost:#}");
    }

    for group in ["gateway.networking.k8s.io", "flagger.app", "networking.istio.io", "argoproj.io"] {
        let names = instance.kubectl(&["get", "crd", "-o", "name"]);
        let gone: Vec<&str> = names.lines().filter(|name| name.ends_with(&format!(".{group}"))).collect();
        instance.kubectl(&[&["delete"], &gone[..]].concat());
    }
    item(&instance, "deployment/shop-canary", |item| item["strategy"] == "rolling");
    let without = windlass(&instance, &["status", "-o", "name"]);
    assert_eq!((without.status.code(), said(&without)), (Some(0), String::new()), "no definitions are no fault");
    let undo = windlass(&instance, &["restart", "deploy/shop-canary", "--yes", "--no-wait"]);
    assert!(undo.status.success(), "{}", said(&undo));
}
