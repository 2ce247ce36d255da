//! A simulated cluster with an observer over it.

use crate::cluster::{Clock, Cluster, ConnectOptions, NamespaceScope, ObserveOptions, Observer};
use crate::domain::snapshot::{Connection, Watch};
use crate::domain::{Kind, ObjectKey, Release, Snapshot};
use crate::sim::{SimCluster, SimOptions};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// A small shop: one release at rest, one rolling out, one that waits for an image, one of each other kind.
const SHOP: &str = r#"
namespaces = ["shop", "pay"]
nodes = 2

[[workload]]
kind = "Deployment"
namespace = "shop"
name = "cart"
replicas = 3
rps = 10
revisions = [
  { ago = "20d", image = "registry.test/cart:v86", cause = "cart v86" },
  { ago = "9d", image = "registry.test/cart:v87", cause = "cart v87" },
  { ago = "3d", image = "registry.test/cart:v88", cause = "cart v88" },
]

[[workload]]
kind = "Deployment"
namespace = "shop"
name = "web"
replicas = 3
annotations = { "sim/ready-delay" = "12s" }
revisions = [
  { ago = "9d", image = "registry.test/web:v1", cause = "web v1" },
  { ago = "5s", image = "registry.test/web:v2", cause = "web v2" },
]

[[workload]]
kind = "Deployment"
namespace = "pay"
name = "api"
replicas = 2
revisions = [
  { ago = "9d", image = "registry.test/api:v1", cause = "api v1" },
  { ago = "20s", image = "registry.test/api:v2-bad", cause = "api v2" },
]

[[workload]]
kind = "StatefulSet"
namespace = "shop"
name = "db"
replicas = 2
revisions = [{ ago = "80d", image = "registry.test/db:v1" }]

[[workload]]
kind = "DaemonSet"
namespace = "shop"
name = "agent"
revisions = [{ ago = "70d", image = "registry.test/agent:v1" }]
"#;

/// The shop, its time standing still.
pub fn shop() -> SimCluster {
    SimCluster::from_toml(SHOP, &SimOptions::manual()).expect("the scenario is sound")
}

/// The shop, its time following tokio's.
pub fn live_shop() -> SimCluster {
    SimCluster::from_toml(SHOP, &SimOptions::live(1.0)).expect("the scenario is sound")
}

/// A connection to it.
pub async fn cluster(sim: &SimCluster) -> Cluster {
    Cluster::over(sim.client(), "simulated", &ConnectOptions::default()).await.expect("connects")
}

/// An observer of all namespaces, with the simulated time.
pub async fn observe(sim: &SimCluster) -> Observer {
    observe_some(sim, NamespaceScope::All).await
}

/// An observer of some namespaces.
pub async fn observe_some(sim: &SimCluster, namespaces: NamespaceScope) -> Observer {
    let times = sim.clone();
    let options = ObserveOptions { namespaces, clock: Clock::new(move || times.now()), ..ObserveOptions::default() };
    cluster(sim).await.observe(options)
}

/// An observer with a clock that follows tokio's time (for ages and outages of a scenario that stands still).
pub async fn observe_by_tokio(sim: &SimCluster) -> Observer {
    let clock = Clock::tokio(sim.now());
    let options = ObserveOptions { namespaces: NamespaceScope::All, clock, ..ObserveOptions::default() };
    cluster(sim).await.observe(options)
}

/// Waits (in tokio's time) until a snapshot satisfies `wanted`.
pub async fn until(observer: &Observer, what: &str, wanted: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    let mut snapshots = observer.snapshots.clone();
    let found = timeout(Duration::from_mins(10), snapshots.wait_for(|snapshot| wanted(snapshot))).await;
    let Ok(found) = found else {
        let last = observer.snapshots.borrow();
        panic!("no snapshot in which {what}; the last: {:#?} {:#?}", last.connection, last.kinds)
    };
    Arc::clone(&found.expect("the observer lives"))
}

/// Everything that the server has is listed and watched.
pub fn is_live(snapshot: &Snapshot) -> bool {
    snapshot.connection == Connection::Live
        && snapshot.kinds.len() == crate::cluster::observe::WATCHED.len()
        && snapshot.kinds.iter().all(|(kind, status)| match status.watch {
            Watch::Live => true,
            Watch::Absent => kind.optional(),
            _ => false,
        })
}

/// Waits until everything is listed and watched.
pub async fn until_live(observer: &Observer) -> Arc<Snapshot> {
    until(observer, "everything is live", is_live).await
}

/// A Deployment's release.
pub fn deployment<'a>(snapshot: &'a Snapshot, namespace: &str, name: &str) -> &'a Arc<Release> {
    let key = ObjectKey::new(Kind::Deployment, namespace, name);
    snapshot.by_key(&key).unwrap_or_else(|| panic!("no release {key}"))
}

/// Waits in tokio's time until `wanted`, and tells how long it took.
pub async fn time_until(observer: &Observer, what: &str, wanted: impl Fn(&Snapshot) -> bool) -> Duration {
    let began = Instant::now();
    until(observer, what, wanted).await;
    began.elapsed()
}
