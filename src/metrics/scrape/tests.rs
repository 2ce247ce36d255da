//! The source over the simulated cluster: its pods count what the routes send them.

use super::*;
use crate::cluster::{Clock, ConnectOptions, NamespaceScope, ObserveOptions};
use crate::domain::release::Role;
use crate::metrics::{Focus, Meter};
use crate::sim::{SimCluster, SimOptions};

const SHOP: &str = r#"
namespaces = ["shop"]
nodes = 2

[[workload]]
kind = "Deployment"
namespace = "shop"
name = "cart"
replicas = 5
rps = 40
annotations = { "sim/error-rate" = "0.1" }
revisions = [{ ago = "9d", image = "registry.test/cart:v1" }]
"#;

#[tokio::test]
async fn the_pods_of_a_simulated_release_are_measured_without_any_prometheus() {
    let sim = SimCluster::from_toml(SHOP, &SimOptions::live(1.0)).unwrap();
    let cluster = Cluster::over(sim.client(), "test", &ConnectOptions::default()).await.unwrap();
    let options = ObserveOptions { namespaces: NamespaceScope::All, ..ObserveOptions::default() };
    let observer = cluster.observe(options);
    let mut snapshots = observer.snapshots.clone();
    let ready = |snapshot: &Arc<crate::domain::Snapshot>| {
        snapshot.releases.iter().any(|release| release.pods().filter(|pod| pod.ready).count() == 5)
    };
    let snapshot = Arc::clone(&snapshots.wait_for(ready).await.unwrap());
    let uid = snapshot.releases[0].uid.clone();
    let options = MeterOptions {
        cluster,
        snapshots: observer.snapshots.clone(),
        config: Arc::new(Config::default()),
        clock: Clock::system(),
    };
    let mut meter = Meter::start(options);
    meter.look_at(Focus { releases: vec![uid.clone()], ..Focus::default() });
    let measured = |now: &crate::domain::Measurements| {
        now.of(&uid).and_then(|cart| cart.track(Role::Stable)).is_some_and(|track| track.errors.value().is_some())
    };
    let found = tokio::time::timeout(Duration::from_secs(30), meter.measurements.wait_for(|now| measured(now))).await;
    let cart = Arc::clone(found.expect("measured in time").unwrap().of(&uid).unwrap());
    assert_eq!((&*cart.source, &*cart.detail), ("scrape", "3 of 5 pods"));
    let track = cart.track(Role::Stable).unwrap();
    let requests = track.requests.value().unwrap();
    assert!((requests - 40.0).abs() < 12.0, "three pods stand for five: {requests}");
    assert!(track.p99.value().is_some_and(|p99| p99 > 0.0), "{track:?}");
}
