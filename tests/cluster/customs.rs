//! Custom resources of a real control plane, with kubectl as the oracle: what other tools put there arrives as it is.
//! The namespaces are those of the kit's scenarios.

use crate::kit;
use serde_json::Value;
use windlass::cluster::wire::strings::Pool;
use windlass::cluster::wire::{self, Row};
use windlass::cluster::{NamespaceScope, ObserveOptions};
use windlass::domain::snapshot::Watch;
use windlass::domain::{Kind, ObjectKey};

/// What kubectl shows of all objects of a kind.
fn all(kind: Kind) -> Vec<Value> {
    let name = format!("{}.{}", kind.plural(), kind.group());
    let list: Value = serde_json::from_str(&kit::kubectl(&["get", &name, "-A", "-o", "json"])).expect("JSON");
    list["items"].as_array().cloned().unwrap_or_default()
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
    let cluster = kit::cluster().await;
    let observer = cluster.observe(ObserveOptions { namespaces: NamespaceScope::All, ..ObserveOptions::default() });
    let snapshot = kit::until(&observer, "all is listed", |snapshot| {
        snapshot.complete()
            && WATCHED.iter().all(|kind| snapshot.kinds.get(kind).is_some_and(|s| s.watch != Watch::Listing))
    })
    .await;
    let mut seen = 0;
    for kind in WATCHED {
        let objects = all(kind);
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
            seen += 1;
        }
    }
    assert!(seen >= 8, "the scenarios istio, gateway, flagger and argo are seeded: {seen}");
}
