//! The read side: what kubectl sees is what the snapshot holds.

use crate::kit::{self, Namespace};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use windlass::cluster::{EventsMsg, LogMsg, LogRequest, NamespaceScope, ObserveOptions, ReadError};
use windlass::domain::snapshot::{Connection, Watch};
use windlass::domain::{Kind, ObjectKey, State};

fn key(namespace: &Namespace) -> ObjectKey {
    ObjectKey::new(Kind::Deployment, &*namespace.0, "web")
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn a_rollout_is_followed_with_its_pods_under_their_revisions() {
    let namespace = Namespace::new("reading-rollout");
    namespace.apply(&kit::web("registry.test/web:v1", 3));
    let cluster = kit::cluster().await;
    let observer = kit::observe(&cluster, &[&namespace.0]);
    let healthy = |version: &'static str| {
        let place = namespace.0.clone();
        move |snapshot: &windlass::domain::Snapshot| {
            kit::deployment(snapshot, &place, "web").is_some_and(|web| {
                web.state == State::Healthy
                    && web.tracks.iter().any(|track| &*track.version == version && track.pods.len() == 3)
            })
        }
    };
    kit::until(&observer, "v1 is healthy", healthy("v1")).await;
    namespace.apply(&kit::web("registry.test/web:v2", 3));
    kit::until(&observer, "both versions have pods", |snapshot| {
        let web = kit::deployment(snapshot, &namespace.0, "web");
        web.is_some_and(|web| web.tracks.iter().filter(|track| !track.pods.is_empty()).count() == 2)
    })
    .await;
    let snapshot = kit::until(&observer, "v2 is healthy", healthy("v2")).await;
    let web = kit::deployment(&snapshot, &namespace.0, "web").expect("it is there");
    let pods: Value = serde_json::from_str(&namespace.kubectl(&["get", "pods", "-o", "json"])).expect("JSON");
    let live =
        pods["items"].as_array().expect("a list").iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
    let mut names: Vec<&str> = live.filter_map(|pod| pod["metadata"]["name"].as_str()).collect();
    names.sort_unstable();
    let shown = web.tracks.iter().flat_map(|track| &track.pods).filter(|pod| pod.deleting.is_none());
    let mut shown: Vec<&str> = shown.map(|pod| &*pod.name).collect();
    shown.sort_unstable();
    assert_eq!(shown, names);
    let history = namespace.kubectl(&["rollout", "history", "deployment/web"]);
    let numbers: Vec<i64> = history.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
    assert_eq!(web.history.iter().rev().map(|entry| entry.revision.0).collect::<Vec<_>>(), numbers);
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn every_kind_is_watched_over_all_namespaces_and_idle_watches_stay_live() {
    let cluster = kit::cluster().await;
    let observer = cluster.observe(ObserveOptions { namespaces: NamespaceScope::All, ..ObserveOptions::default() });
    let live = |snapshot: &windlass::domain::Snapshot| {
        snapshot.connection == Connection::Live
            && snapshot.kinds.len() == kit::KINDS
            && snapshot.kinds.values().all(|kind| kind.watch == Watch::Live)
    };
    let snapshot = kit::until(&observer, "everything is live", live).await;
    let count = |plural: &str| kit::kubectl(&["get", plural, "-A", "-o", "name"]).lines().count();
    assert_eq!(snapshot.kinds[&Kind::Deployment].count, count("deployments"));
    // Longer than the 30 s after which the server ends a watch: it must be taken up again unseen.
    tokio::time::sleep(Duration::from_secs(40)).await;
    assert!(live(&observer.snapshots.borrow()), "{:#?}", observer.snapshots.borrow().kinds);
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn one_release_holds_the_servers_own_bytes() {
    let namespace = Namespace::new("reading-bytes");
    namespace.apply(&kit::web("registry.test/web:v1", 1));
    namespace.apply(&kit::web("registry.test/web:v2", 1));
    namespace.kubectl(&["rollout", "status", "deployment/web", "--timeout=60s"]);
    let cluster = kit::cluster().await;
    let (release, details) = cluster.one_release(&key(&namespace)).await.expect("reads");
    let arguments = details.root.at("/spec/template/spec/containers/0/args/2").expect("there").get();
    assert_eq!(arguments, r#""a \u0026\u0026 b \u003c c""#);
    assert_eq!(details.revisions.len(), 2);
    assert_eq!(release.history.len(), 2);
    let again = cluster.details(&release).await.expect("reads");
    assert_eq!(again.revisions.keys().collect::<Vec<_>>(), details.revisions.keys().collect::<Vec<_>>());
    let missing = cluster.read(&ObjectKey::new(Kind::Deployment, &*namespace.0, "none")).await;
    assert!(matches!(missing, Err(ReadError::NotFound(_))), "{missing:?}");
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn events_and_logs_of_a_release_come_while_somebody_listens() {
    let namespace = Namespace::new("reading-events");
    namespace.apply(&kit::web("registry.test/web:v1", 2));
    namespace.kubectl(&["rollout", "status", "deployment/web", "--timeout=60s"]);
    let cluster = kit::cluster().await;
    let (release, _) = cluster.one_release(&key(&namespace)).await.expect("reads");
    let mut events = cluster.events(&release);
    let Some(EventsMsg::All(first)) = events.recv().await else { panic!("the list comes first") };
    assert!(first.iter().any(|event| &*event.reason == "ScalingReplicaSet"), "{first:#?}");
    namespace.kubectl(&["scale", "deployment/web", "--replicas=3"]);
    let scaled = async {
        loop {
            match events.recv().await {
                Some(EventsMsg::One(event)) if event.message.contains("from 2 to 3") => return,
                Some(_) => {}
                None => panic!("the channel stays open"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), scaled).await.expect("the event comes");

    let pods = release.tracks.iter().flat_map(|track| &track.pods).map(|pod| pod.key()).collect();
    let mut lines = cluster.logs(&LogRequest { pods, tail: Some(3), ..LogRequest::default() });
    let mut ended = 0;
    while let Some(line) = lines.recv().await {
        match line {
            LogMsg::Line(line) => assert!(!line.pod.is_empty()),
            LogMsg::Ended { why, .. } => {
                assert_eq!(why, None);
                ended += 1;
            }
        }
    }
    assert_eq!(ended, 2);
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn a_label_selector_narrows_the_workloads() {
    let namespace = Namespace::new("reading-selector");
    namespace.apply(&kit::web("registry.test/web:v1", 1));
    let mut other = kit::web("registry.test/web:v1", 1);
    other["metadata"] = json!({"name": "other", "labels": {"team": "search"}});
    namespace.apply(&other);
    let cluster = kit::cluster().await;
    let namespaces = [namespace.0.as_str().into()];
    let selected = cluster.labelled("team=search", &namespaces, &BTreeSet::new()).await.expect("reads");
    assert_eq!(selected.iter().map(|key| &*key.name).collect::<Vec<_>>(), ["other"]);
}
