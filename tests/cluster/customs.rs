//! Custom resources of a real control plane, with kubectl as the oracle: what a person and the controllers of Flagger and
//! Argo Rollouts put there arrives as it is.

use crate::kit;
use crate::room::{Room, image};
use serde_json::{Value, json};
use std::time::Duration;
use windlass::cluster::wire::strings::Pool;
use windlass::cluster::wire::{self, Row};
use windlass::cluster::{NamespaceScope, ObserveOptions};
use windlass::domain::snapshot::Watch;
use windlass::domain::{Kind, ObjectKey};

/// What kubectl shows of all objects of a kind.
fn all(room: &Room, kind: Kind) -> Vec<Value> {
    let name = format!("{}.{}", kind.plural(), kind.group());
    let list: Value = serde_json::from_str(&room.kubectl(&["get", &name, "-o", "json"])).expect("JSON");
    list["items"].as_array().cloned().unwrap_or_default()
}

/// One object of each kind at least, those of the controllers' own making among them, all at rest.
async fn seeded() -> Room {
    let room = Room::new("customs", &Value::Null).await;
    let backends = json!([{"name": "web-a", "port": 80, "weight": 19}, {"name": "web-b", "port": 80, "weight": 1}]);
    for (kind, matches) in [
        ("HTTPRoute", json!([{"path": {"type": "PathPrefix", "value": "/a"}}])),
        ("GRPCRoute", json!([{"method": {"service": "shop.Cart"}}])),
    ] {
        room.apply(&json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": {"name": "web"},
            "spec": {"parentRefs": [{"name": "public"}], "hostnames": ["web.example.com"],
                "rules": [{"matches": matches, "backendRefs": backends}, {"backendRefs": backends}]}}));
    }
    let subset = |name: &str| json!({"name": name, "labels": {"version": name}});
    room.apply(
        &json!({"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": {"name": "shop"},
        "spec": {"host": "shop", "subsets": [subset("v1"), subset("v2")]}}),
    );
    let to = |name: &str| json!({"destination": {"host": "shop", "subset": name}});
    let (v1, mut v2) = (to("v1"), to("v2"));
    v2["weight"] = 7.into();
    room.apply(&json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "shop"},
        "spec": {"hosts": ["shop"], "http": [{"match": [{"uri": {"regex": "a && <b>"}}], "route": [v1, v2]}]}}));
    room.workload(Kind::Deployment, "web", &image("v1"), &json!({}), &json!({"replicas": 1}));
    room.apply(&json!({"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "metadata": {"name": "web"}, "spec": {
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "service": {"port": 80},
        "analysis": {"interval": "10s", "threshold": 5, "maxWeight": 50, "stepWeight": 25}}}));
    room.apply(&json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun", "metadata": {"name": "once"},
        "spec": {"metrics": [{"name": "never", "provider": {"prometheus": {"address": "http://127.0.0.1:1", "query": "up"}}}],
            "terminate": true}}));
    room.apply(&json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "pay"}, "spec": {
        "replicas": 1, "selector": {"matchLabels": {"app": "pay"}},
        "strategy": {"canary": {"steps": [{"setWeight": 20}, {"pause": {"duration": "1h"}}]}},
        "template": {"metadata": {"labels": {"app": "pay"}},
            "spec": {"containers": [{"name": "app", "image": image("v1"), "command": ["sh", "-c", "a && b < c"]}]}}}}));
    let end = tokio::time::Instant::now() + Duration::from_mins(2);
    for (kind, name, rest) in [
        (Kind::Canary, "web", "Initialized"),
        (Kind::Rollout, "pay", "Healthy"),
        (Kind::AnalysisRun, "once", "Successful"),
    ] {
        while room.field(kind, name, "/status/phase") != rest {
            assert!(tokio::time::Instant::now() < end, "{kind}: {}", room.field(kind, name, "/status"));
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
    room
}

/// The row tells what kubectl shows.
fn same_values(row: &Row, object: &Value) {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64);
    let unreadable = match row {
        Row::Route(route) => {
            assert!(!route.rules.is_empty());
            for rule in &route.rules {
                for to in &rule.destinations {
                    assert_eq!(to.weight, number(&rule.weight_pointer(to.index)), "{}", route.meta.key);
                }
            }
            &route.meta.unreadable
        }
        Row::DestinationRule(rule) => {
            assert_eq!(*rule.host, *text("/spec/host"));
            let subsets = object.pointer("/spec/subsets").and_then(Value::as_array).map_or(0, Vec::len);
            assert_eq!(rule.subsets.len(), subsets);
            &rule.meta.unreadable
        }
        Row::Canary(canary) => {
            assert_eq!(*canary.status.phase, *text("/status/phase"));
            assert_eq!(canary.status.weight, number("/status/canaryWeight"));
            assert_eq!(canary.analysis.step_weight, number("/spec/analysis/stepWeight"));
            &canary.meta.unreadable
        }
        Row::Rollout(rollout) => {
            assert_eq!(rollout.status.phase.as_deref().unwrap_or_default(), text("/status/phase"));
            assert_eq!(rollout.status.stable_hash.as_deref().unwrap_or_default(), text("/status/stableRS"));
            assert_eq!(rollout.status.step_index, number("/status/currentStepIndex"));
            let steps = object.pointer("/spec/strategy/canary/steps").and_then(Value::as_array).map_or(0, Vec::len);
            assert_eq!(rollout.steps().len(), steps);
            assert_eq!(Some(i64::from(rollout.workload.replicas.desired)), number("/spec/replicas"));
            &rollout.meta.unreadable
        }
        Row::Run(run) => {
            assert_eq!(*run.phase, *text("/status/phase"));
            &run.meta.unreadable
        }
        other => panic!("no custom resource: {other:?}"),
    };
    assert!(unreadable.is_empty(), "{unreadable:?}");
}

const WATCHED: [Kind; 7] = [
    Kind::VirtualService,
    Kind::DestinationRule,
    Kind::HttpRoute,
    Kind::GrpcRoute,
    Kind::Canary,
    Kind::Rollout,
    Kind::AnalysisRun,
];

#[tokio::test]
#[ignore = "needs a real control plane with Flagger and Argo Rollouts"]
async fn every_custom_resource_arrives_and_is_read_byte_for_byte() {
    let room = seeded().await;
    let cluster = &room.cluster;
    let namespaces = NamespaceScope::List(vec![room.name.clone()]);
    let observer = cluster.observe(ObserveOptions { namespaces, ..ObserveOptions::default() });
    let snapshot = kit::until(&observer, "all is listed", |snapshot| {
        snapshot.complete()
            && WATCHED.iter().all(|kind| snapshot.kinds.get(kind).is_some_and(|s| s.watch != Watch::Listing))
    })
    .await;
    for kind in WATCHED {
        let objects = all(&room, kind);
        assert!(!objects.is_empty(), "{kind}");
        assert_eq!(snapshot.kinds[&kind].watch, Watch::Live, "{kind}");
        assert_eq!(snapshot.kinds[&kind].count, objects.len(), "{kind}");
        for object in objects {
            let meta = &object["metadata"];
            let text = |field: &str| meta[field].as_str().expect("text").to_owned();
            let key = ObjectKey::new(kind, text("namespace"), text("name"));
            let raw = cluster.read(&key).await.expect("reads");
            let ours: Value = serde_json::from_str(raw.text()).expect("JSON");
            assert_eq!(ours["spec"], object["spec"], "{key}");
            assert_eq!(ours["apiVersion"], object["apiVersion"], "{key}");
            let item = wire::read(kind, raw.text().as_bytes(), &mut Pool::default()).expect("readable");
            same_values(&item.row.expect("a row"), &object);
        }
    }
    let theirs = all(&room, Kind::VirtualService).iter().filter(|object| object["metadata"]["name"] == "web").count();
    assert_eq!(theirs, 1, "Flagger's own route is among them");
}
