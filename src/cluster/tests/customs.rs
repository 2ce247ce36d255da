//! Custom resources through the real client: discovered, listed, watched, read for a plan.

use super::kit;
use crate::cluster::{Cluster, ConnectOptions};
use crate::domain::snapshot::Watch;
use crate::domain::{Kind, ObjectKey};
use crate::sim::{Effect, Fault, On, SimCluster, SimOptions};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const BARE: &str = r#"
namespaces = ["shop"]

[[workload]]
kind = "Deployment"
namespace = "shop"
name = "web"
replicas = 1
revisions = [{ ago = "9d", image = "registry.test/web:v1" }]
"#;

fn bare() -> SimCluster {
    SimCluster::from_toml(BARE, &SimOptions::manual()).expect("sound")
}

fn definition(group: &str, version: &str, (plural, kind): (&str, &str)) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced", "names": {"plural": plural, "kind": kind},
            "versions": [{"name": version, "served": true, "storage": true, "subresources": {"status": {}}}],
        },
    })
}

fn route(version: &str) -> Value {
    json!({"apiVersion": format!("networking.istio.io/{version}"), "kind": "VirtualService",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"hosts": ["web"], "http": [{"route": [{"destination": {"host": "web"}}]}]}})
}

fn vs() -> ObjectKey {
    ObjectKey::new(Kind::VirtualService, "shop", "web")
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_installed_later_appears_in_the_version_that_is_served() {
    let sim = bare();
    let observer = kit::observe(&sim).await;
    let first = kit::until(&observer, "routes are absent", |snapshot| {
        snapshot.complete() && snapshot.kinds.get(&Kind::VirtualService).is_some_and(|kind| kind.watch == Watch::Absent)
    })
    .await;
    assert_eq!(first.releases.len(), 1);
    assert!(sim.add(definition("networking.istio.io", "v1beta1", ("virtualservices", "VirtualService")), "ana"));
    assert!(sim.add(route("v1beta1"), "ana"));
    let later = kit::until(&observer, "the route is there", |snapshot| {
        snapshot.kinds[&Kind::VirtualService].watch == Watch::Live && snapshot.kinds[&Kind::VirtualService].count == 1
    })
    .await;
    assert_eq!(later.kinds[&Kind::DestinationRule].watch, Watch::Absent, "the group is there, this kind of it is not");
    sim.remove("virtualservices/shop/web");
    kit::until(&observer, "the route is gone", |snapshot| snapshot.kinds[&Kind::VirtualService].count == 0).await;
    sim.remove("customresourcedefinitions/virtualservices.networking.istio.io");
    kit::until(&observer, "routes are absent again", |snapshot| {
        snapshot.kinds[&Kind::VirtualService].watch == Watch::Absent
    })
    .await;
}

/// The definition goes, and its objects with it, without a word about each: a route that is no more steers nothing.
#[tokio::test(start_paused = true)]
async fn what_a_removed_definition_leaves_behind_is_not_shown_for_ever() {
    let sim = bare();
    assert!(sim.add(definition("networking.istio.io", "v1", ("virtualservices", "VirtualService")), "ana"));
    assert!(sim.add(route("v1"), "ana"));
    let observer = kit::observe_by_tokio(&sim).await;
    let status = |snapshot: &crate::domain::Snapshot| {
        let status = &snapshot.kinds[&Kind::VirtualService];
        (status.watch.clone(), status.count)
    };
    kit::until(&observer, "the route is there", |snapshot| snapshot.complete() && status(snapshot) == (Watch::Live, 1))
        .await;
    sim.remove("customresourcedefinitions/virtualservices.networking.istio.io");
    let doubted =
        kit::until(&observer, "the route is missed", |snapshot| matches!(status(snapshot), (Watch::Failing { .. }, 1)))
            .await;
    let Watch::Failing { reason, .. } = &doubted.kinds[&Kind::VirtualService].watch else { panic!("it fails") };
    assert!(reason.contains("virtualservices"), "{reason}");
    let gone = kit::time_until(&observer, "the route is gone", |snapshot| status(snapshot) == (Watch::Absent, 0)).await;
    assert!(gone <= Duration::from_secs(21), "{gone:?}");
    // It comes back as any kind that is installed later.
    assert!(sim.add(definition("networking.istio.io", "v1", ("virtualservices", "VirtualService")), "ana"));
    assert!(sim.add(route("v1"), "ana"));
    kit::until(&observer, "the route is there again", |snapshot| status(snapshot) == (Watch::Live, 1)).await;
}

#[tokio::test(start_paused = true)]
async fn an_object_of_an_older_version_is_read_and_a_plans_details_hold_what_it_may_write() {
    let sim = bare();
    assert!(sim.add(definition("networking.istio.io", "v1alpha3", ("virtualservices", "VirtualService")), "ana"));
    assert!(sim.add(route("v1alpha3"), "ana"));
    let cluster = Cluster::over(sim.client(), "simulated", &ConnectOptions::default()).await.expect("connects");
    let raw = cluster.read(&vs()).await.expect("reads");
    assert_eq!(raw.value::<String>("/apiVersion").as_deref(), Some("networking.istio.io/v1alpha3"));
    let web = ObjectKey::new(Kind::Deployment, "shop", "web");
    let (mut release, plain) = cluster.one_release(&web).await.expect("reads");
    assert!(plain.others.is_empty() && plain.histories.is_empty(), "a plain workload is read as before");
    // As a release of several: rooted at the route, with a member that is not there.
    release.members = vec![vs(), web.clone(), ObjectKey::new(Kind::Service, "shop", "gone")];
    release.key = vs();
    let details = cluster.details(&release).await.expect("reads");
    assert_eq!(details.root.key, vs());
    assert_eq!(details.others.keys().collect::<Vec<_>>(), [&web], "what is not there is left out");
    assert_eq!(details.revisions_of(&web).len(), plain.revisions.len());
    assert!(details.object(&web).is_some_and(|raw| raw.at("/spec/template").is_some()));
}

#[tokio::test(start_paused = true)]
async fn a_server_without_custom_resources_is_asked_for_its_groups_and_nothing_else() {
    let sim = bare();
    let observer = kit::observe(&sim).await;
    kit::until_live(&observer).await;
    sleep(Duration::from_secs(1)).await;
    let asked: Vec<String> = sim.requests().iter().map(|request| request.path.clone()).collect();
    let ours = |path: &&String| Kind::OPTIONAL.iter().any(|kind| path.contains(kind.plural()));
    assert_eq!(asked.iter().filter(ours).count(), 0, "{asked:?}");
    assert_eq!(asked.iter().filter(|path| path.as_str() == "/apis").count(), 1, "a dozen watches ask once");
}

#[tokio::test(start_paused = true)]
async fn a_plan_waits_for_one_round_trip_whether_or_not_the_custom_resources_are_there() {
    let trip = Duration::from_millis(100);
    for installed in [None, Some("v1"), Some("v1alpha3")] {
        let sim = bare();
        if let Some(version) = installed {
            assert!(sim.add(definition("networking.istio.io", version, ("virtualservices", "VirtualService")), "ana"));
        }
        let cluster = kit::cluster(&sim).await;
        sim.fault(Fault::new(On::all(), Effect::Slow(trip)));
        let asked = Instant::now();
        cluster.one_release(&ObjectKey::new(Kind::Deployment, "shop", "web")).await.expect("reads");
        // An older version is found by the groups' own words, and its objects are asked for after that.
        let trips = if installed == Some("v1alpha3") { 3 } else { 1 };
        assert_eq!(asked.elapsed(), trip * trips, "{installed:?}");
    }
}
