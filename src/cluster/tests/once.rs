//! Reads without watching.

use super::kit;
use crate::cluster::{Allowed, Existence, NamespaceScope, ObserveOptions, ReadError};
use crate::domain::doubt::Doubt;
use crate::domain::{Kind, ObjectKey, Revision};
use crate::sim::{Access, Effect, Fault, Level, On, SimCluster, SimOptions};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn one_shot_gives_what_an_observer_publishes() {
    let sim = kit::shop();
    let observer = kit::observe(&sim).await;
    let watched = kit::until_live(&observer).await;
    let times = sim.clone();
    let options = ObserveOptions {
        namespaces: NamespaceScope::All,
        clock: crate::cluster::Clock::new(move || times.now()),
        ..ObserveOptions::default()
    };
    let once = kit::cluster(&sim).await.one_shot(options).await.expect("reads");
    assert_eq!(once.releases, watched.releases);
}

#[tokio::test(start_paused = true)]
async fn one_release_is_the_boards_release_with_the_raw_objects_behind_it() {
    let sim = kit::shop();
    let cluster = kit::cluster(&sim).await;
    let key = ObjectKey::new(Kind::Deployment, "shop", "cart");
    let (release, details) = cluster.one_release(&key).await.expect("reads");
    let revisions: Vec<Revision> = release.history.iter().map(|entry| entry.revision).collect();
    let raw: Vec<Revision> = details.revisions.keys().rev().copied().collect();
    assert_eq!(revisions, raw);
    assert_eq!(details.root.uid, release.uid);
    assert!(details.root.at("/spec/template/spec/containers").is_some());
    let again = cluster.details(&release).await.expect("reads");
    assert_eq!(again.root, details.root);
    assert_eq!(again.revisions.len(), details.revisions.len());
    let missing = cluster.one_release(&ObjectKey::new(Kind::Deployment, "shop", "none")).await;
    assert!(matches!(missing, Err(ReadError::NotFound(_))), "{missing:?}");
}

#[tokio::test(start_paused = true)]
async fn a_plan_reads_the_revisions_of_its_own_workload_and_not_those_of_the_namespace() {
    let sim = kit::shop();
    let cluster = kit::cluster(&sim).await;
    let snapshot =
        cluster.one_shot(ObserveOptions { namespaces: NamespaceScope::All, ..ObserveOptions::default() }).await;
    let snapshot = snapshot.expect("reads");
    for (kind, name) in [(Kind::Deployment, "cart"), (Kind::StatefulSet, "db"), (Kind::DaemonSet, "agent")] {
        let release = snapshot.by_key(&ObjectKey::new(kind, "shop", name)).expect("a release");
        let before = sim.requests().len();
        let details = cluster.details(release).await.expect("reads");
        let revisions: Vec<Revision> = release.history.iter().map(|entry| entry.revision).collect();
        assert_eq!(details.revisions.keys().rev().copied().collect::<Vec<_>>(), revisions, "{name}");
        let lists: Vec<String> = sim.requests()[before..]
            .iter()
            .filter(|request| request.verb == "list" && !request.path.contains("/resourcequotas"))
            .map(|request| request.path.clone())
            .collect();
        let wanted = format!("{}?labelSelector=app%3D{name}", kind.revisions().plural());
        assert!(lists.len() == 1 && lists[0].ends_with(&wanted), "{lists:?}");
    }
}

/// A command reads in one round trip; where a namespace holds very many revisions, only the workload's own are read on.
#[tokio::test(start_paused = true)]
async fn a_command_does_not_read_the_revisions_of_a_whole_crowded_namespace() {
    let workload = |number: u32| {
        format!(
            "[[workload]]\nkind = \"Deployment\"\nnamespace = \"shop\"\nname = \"web-{number:02}\"\nreplicas = 1\n\
             revisions = [{{ ago = \"9d\", image = \"reg/web:v1\" }}, {{ ago = \"2d\", image = \"reg/web:v2\" }}]\n"
        )
    };
    let crowd = (0..60).map(workload).collect::<Vec<_>>().concat();
    let text = format!("namespaces = [\"shop\"]\nnodes = 2\n{crowd}");
    for (sim, name, lists) in
        [(SimCluster::from_toml(&text, &SimOptions::manual()).expect("sound"), "web-59", 2), (kit::shop(), "cart", 1)]
    {
        let cluster = kit::cluster(&sim).await;
        let all =
            cluster.one_shot(ObserveOptions { namespaces: NamespaceScope::All, ..ObserveOptions::default() }).await;
        let key = ObjectKey::new(Kind::Deployment, "shop", name);
        let before = sim.requests().len();
        let (release, details) = cluster.one_release(&key).await.expect("reads");
        assert_eq!(release.history, all.expect("reads").by_key(&key).expect("a release").history);
        assert_eq!(details.revisions.len(), release.history.len());
        let requests = sim.requests()[before..].to_vec();
        let asked: Vec<&str> =
            requests.iter().map(|request| &*request.path).filter(|path| path.contains("/replicasets")).collect();
        assert_eq!(asked.len(), lists, "{asked:?}");
        assert!(
            asked[0].contains("limit=") && asked[1..].iter().all(|path| path.contains("labelSelector=app")),
            "{asked:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn one_shot_tells_whether_the_controllers_answer_as_the_console_does() {
    let told = async |renewed_before: i64| {
        let sim = kit::shop();
        let renewed = sim.now() - jiff::SignedDuration::from_secs(renewed_before);
        let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": "kube-controller-manager", "namespace": "kube-system"},
            "spec": {"holderIdentity": "a", "renewTime": renewed.to_string()}});
        assert!(sim.add(lease, "kube-controller-manager"));
        let times = sim.clone();
        let clock = crate::cluster::Clock::new(move || times.now());
        let options = ObserveOptions { namespaces: NamespaceScope::All, clock, ..ObserveOptions::default() };
        let snapshot = kit::cluster(&sim).await.one_shot(options).await.expect("reads");
        let health = kit::deployment(&snapshot, "shop", "cart").health.clone();
        health.reasons.iter().map(|reason| reason.text.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert!(told(2).await.contains("The controller manager renews its lease."));
    assert!(told(600).await.contains("The controller manager's lease is 10 min old: nothing will roll out."));
}

#[tokio::test(start_paused = true)]
async fn existence_is_yes_no_or_not_known() {
    let sim = kit::shop();
    sim.add(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "there", "namespace": "shop"}}),
        "test",
    );
    let key = |kind, name: &str| ObjectKey::new(kind, "shop", name);
    let keys = [key(Kind::ConfigMap, "there"), key(Kind::ConfigMap, "gone"), key(Kind::Secret, "hidden")];
    sim.set_access(Access::new("ana", Level::Viewer));
    let found = kit::cluster(&sim).await.exists(&keys).await;
    assert_eq!(found[0], (keys[0].clone(), Existence::Yes));
    assert_eq!(found[1], (keys[1].clone(), Existence::No));
    assert!(matches!(found[2].1, Existence::Unknown(_)), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn a_viewer_may_not_patch_and_an_administrator_may() {
    let sim = kit::shop();
    let cluster = kit::cluster(&sim).await;
    let snapshot = cluster.one_shot(ObserveOptions::default()).await.expect("reads");
    let release = kit::deployment(&snapshot, "shop", "cart");
    let id = crate::domain::intent::ReleaseId { key: release.key.clone(), uid: release.uid.clone() };
    assert_eq!(cluster.may(&id).await.may("patch", Kind::Deployment, None), Allowed::Yes);
    sim.set_access(Access::new("ana", Level::Viewer));
    let rights = kit::cluster(&sim).await.may(&id).await;
    assert!(matches!(rights.may("patch", Kind::Deployment, None), Allowed::No(_)), "{rights:?}");
    assert_eq!(rights.may("list", Kind::Pod, None), Allowed::Yes);
    assert_eq!(kit::cluster(&sim).await.whoami().await.as_deref(), Some("ana"));
}

#[tokio::test(start_paused = true)]
async fn what_a_canary_owns_is_in_doubt_where_canaries_cannot_be_listed() {
    let options = SimOptions { clock: crate::sim::ClockMode::Follow { speed: 1.0 }, pods: None };
    let sim = SimCluster::scenario("flagger", &options).expect("starts");
    let primary = ObjectKey::new(Kind::Deployment, "flagger", "podinfo-primary");
    let target = ObjectKey::new(Kind::Deployment, "flagger", "podinfo");
    let release = async |key: &ObjectKey| kit::cluster(&sim).await.one_release(key).await.expect("reads").0;
    assert_eq!(release(&primary).await.strategy.0, "flagger", "seen, it is the Canary's");
    let failing = Effect::Status { code: 500, retry_after: None };
    sim.fault(Fault::new(On::verb("list").path("/canaries"), failing));
    assert!(matches!(release(&primary).await.doubt, Some(Doubt::Theirs(_))));
    assert!(matches!(release(&target).await.doubt, Some(Doubt::Unread(_))));
    sim.heal();
    let without_kinds = ["canaries".to_owned()].into();
    sim.set_access(Access { without_kinds, ..Access::new("ana", Level::Admin) });
    assert!(matches!(release(&primary).await.doubt, Some(Doubt::Theirs(_))));
    let snapshot = kit::cluster(&sim).await.one_shot(ObserveOptions::default()).await.expect("reads");
    let board = |key: &ObjectKey| snapshot.by_key(key).expect("a release").doubt.clone();
    assert!(matches!(board(&primary), Some(Doubt::Theirs(_))));
    assert!(matches!(board(&target), Some(Doubt::Unread(_))));
}
