//! The read side without a network: reading rows, deriving after one event, publishing.
//!
//! Deriving after one event must not grow with the cluster: compare `one event` at its three sizes.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};
use std::hint::black_box;
use std::sync::Arc;
use windlass::cluster::index::scopes::Scope;
use windlass::cluster::index::{Index, View};
use windlass::cluster::splitter::Splitter;
use windlass::cluster::wire::strings::Pool;
use windlass::cluster::wire::{self, Item};
use windlass::domain::identity::{ClusterIdentity, Fingerprint};
use windlass::domain::snapshot::Connection;
use windlass::domain::{Kind, Timestamp};
use windlass::strategy::NothingRecorded;

/// Pods of each Deployment.
const PODS: usize = 10;

fn metadata(name: &str, app: usize, owner: Option<(&str, String)>) -> Value {
    let owners = owner.map(|(kind, name)| {
        json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": format!("uid-{name}"), "controller": true}])
    });
    json!({
        "name": name, "namespace": format!("ns-{}", app % 10), "uid": format!("uid-{name}"), "resourceVersion": "1",
        "generation": 1, "creationTimestamp": "2026-01-01T00:00:00Z",
        "labels": {"app": format!("web-{app}"), "pod-template-hash": format!("hash{app}")},
        "annotations": {"deployment.kubernetes.io/revision": "1"}, "ownerReferences": owners,
        "managedFields": [{"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1",
            "time": "2026-01-01T00:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": {"f:metadata": {"f:labels": {".": {},
            "f:app": {}, "f:pod-template-hash": {}}}, "f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {".": {},
            "f:image": {}, "f:imagePullPolicy": {}, "f:name": {}, "f:resources": {}}}, "f:dnsPolicy": {}}}}],
    })
}

fn template(app: usize) -> Value {
    json!({"metadata": {"labels": {"app": format!("web-{app}")}},
        "spec": {"containers": [{"name": "web", "image": "registry.test/shop/web:v1"}]}})
}

fn deployment(app: usize) -> Value {
    json!({"metadata": metadata(&format!("web-{app}"), app, None),
        "spec": {"replicas": PODS, "selector": {"matchLabels": {"app": format!("web-{app}")}}, "template": template(app)},
        "status": {"observedGeneration": 1, "replicas": PODS, "readyReplicas": PODS, "updatedReplicas": PODS,
            "availableReplicas": PODS}})
}

fn replica_set(app: usize) -> Value {
    let name = format!("web-{app}-hash{app}");
    json!({"metadata": metadata(&name, app, Some(("Deployment", format!("web-{app}")))),
        "spec": {"replicas": PODS, "template": template(app)}, "status": {"replicas": PODS, "readyReplicas": PODS}})
}

fn pod(app: usize, number: usize, ready: bool) -> Value {
    let name = format!("web-{app}-hash{app}-{number:05}");
    json!({"metadata": metadata(&name, app, Some(("ReplicaSet", format!("web-{app}-hash{app}")))),
        "spec": {"nodeName": format!("node-{}", number % 50),
            "containers": [{"name": "web", "image": "registry.test/shop/web:v1", "resources": {"requests": {"cpu": "50m"}}}]},
        "status": {"phase": "Running",
            "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" },
                "lastTransitionTime": "2026-01-01T00:00:10Z"}],
            "containerStatuses": [{"name": "web", "imageID": "registry.test/shop/web@sha256:0123456789abcdef",
                "restartCount": 0, "state": {"running": {"startedAt": "2026-01-01T00:00:05Z"}}}]}})
}

fn item(kind: Kind, object: &Value, pool: &mut Pool) -> Item {
    wire::read(kind, object.to_string().as_bytes(), pool).expect("readable")
}

fn now() -> Timestamp {
    "2026-01-02T00:00:00Z".parse().expect("a time")
}

/// An index with `apps` Deployments, all derived.
fn index(apps: usize) -> Index {
    let mut pool = Pool::default();
    let mut index = Index::new(Arc::new(NothingRecorded), Arc::default());
    let mut fill = |kind, items: Vec<Item>| {
        let scope = Scope { kind, namespace: None };
        index.scopes.expect(scope.clone());
        index.scopes.start_list(&scope);
        index.apply_listed(&scope, items);
        index.listed(&scope);
    };
    fill(Kind::Deployment, (0..apps).map(|app| item(Kind::Deployment, &deployment(app), &mut pool)).collect());
    fill(Kind::ReplicaSet, (0..apps).map(|app| item(Kind::ReplicaSet, &replica_set(app), &mut pool)).collect());
    let pods = (0..apps).flat_map(|app| (0..PODS).map(move |number| (app, number)));
    fill(Kind::Pod, pods.map(|(app, number)| item(Kind::Pod, &pod(app, number, true), &mut pool)).collect());
    assert_eq!(index.derive(now()), apps);
    index
}

fn view() -> View {
    let cluster = ClusterIdentity { context: "c".into(), server: "s".into(), fingerprint: Fingerprint::of("c") };
    View { cluster: Arc::new(cluster), connection: Connection::Live, namespaces: Vec::new(), now: now() }
}

fn rows(criterion: &mut Criterion) {
    let json = pod(7, 3, true).to_string();
    let mut group = criterion.benchmark_group("rows");
    group.throughput(Throughput::Bytes(json.len() as u64));
    let mut pool = Pool::default();
    group.bench_function("a pod from its JSON", |bench| {
        bench.iter(|| wire::read(Kind::Pod, black_box(json.as_bytes()), &mut pool));
    });
    let items: Vec<Value> = (0..1_000).map(|number| pod(number / PODS, number % PODS, true)).collect();
    let list = json!({"kind": "PodList", "metadata": {"resourceVersion": "1"}, "items": items}).to_string();
    group.throughput(Throughput::Bytes(list.len() as u64));
    group.bench_function("a list of 1,000 pods split in chunks of 16 KiB", |bench| {
        bench.iter(|| {
            let mut splitter = Splitter::default();
            let mut count = 0;
            for chunk in list.as_bytes().chunks(16 * 1024) {
                splitter.feed(chunk, |_| count += 1);
            }
            assert_eq!(count, 1_000);
        });
    });
}

fn events(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("one event");
    for pods in [1_000, 10_000, 50_000] {
        let mut index = index(pods / PODS);
        let mut pool = Pool::default();
        let changes = [false, true].map(|ready| item(Kind::Pod, &pod(5, 3, ready), &mut pool));
        // The first turn changes something: the pod is ready so far.
        let mut turn = 1;
        group.bench_function(BenchmarkId::new("apply and derive, pods", pods), |bench| {
            bench.iter(|| {
                turn += 1;
                index.apply(changes[turn % 2].clone());
                assert_eq!(index.derive(now()), 1);
            });
        });
        group.bench_function(BenchmarkId::new("publish, pods", pods), |bench| bench.iter(|| index.snapshot(view())));
    }
}

fn whole(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("the whole board");
    group.sample_size(10);
    group.bench_function("index and derive 10,000 pods", |bench| {
        bench.iter_batched(|| (), |()| index(1_000), BatchSize::PerIteration);
    });
}

criterion_group!(benches, rows, events, whole);
criterion_main!(benches);
