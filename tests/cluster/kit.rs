//! What every test needs: the cluster, a namespace of its own, and waiting for a snapshot.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use windlass::cluster::{Cluster, ConnectOptions, NamespaceScope, ObserveOptions, Observer};
use windlass::domain::Snapshot;

/// The kubeconfig in the environment variable `name`.
pub fn kubeconfig(name: &str) -> PathBuf {
    std::env::var_os(name).unwrap_or_else(|| panic!("{name} must name a kubeconfig")).into()
}

/// Options for the administrator.
pub fn admin() -> ConnectOptions {
    ConnectOptions { kubeconfig: Some(kubeconfig("WINDLASS_TEST_KUBECONFIG")), ..ConnectOptions::default() }
}

/// A connection as the administrator.
pub async fn cluster() -> Cluster {
    Cluster::connect(&admin()).await.expect("connects")
}

/// Observes all namespaces.
pub fn observe_all(cluster: &Cluster) -> Observer {
    cluster.observe(ObserveOptions { namespaces: NamespaceScope::All, ..ObserveOptions::default() })
}

/// Observes these namespaces.
pub fn observe(cluster: &Cluster, namespaces: &[&str]) -> Observer {
    let names = namespaces.iter().map(|name| (*name).to_owned()).collect();
    cluster.observe(ObserveOptions { namespaces: NamespaceScope::List(names), ..ObserveOptions::default() })
}

/// Waits until a snapshot satisfies `wanted`.
pub async fn until(observer: &Observer, what: &str, wanted: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    let mut waiting = observer.snapshots.clone();
    let found = tokio::time::timeout(Duration::from_secs(60), waiting.wait_for(|snapshot| wanted(snapshot)));
    match found.await {
        Ok(found) => Arc::clone(&found.expect("the observer lives")),
        Err(_) => panic!("no snapshot in which {what}; the last: {:#?}", observer.snapshots.borrow().kinds),
    }
}
