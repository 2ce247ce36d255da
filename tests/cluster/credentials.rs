//! Credentials that end while the console runs, and come back.

use crate::kit::{self, Namespace};
use serde_json::json;
use windlass::cluster::{Cluster, ConnectOptions, ObserveOptions};
use windlass::domain::Kind;
use windlass::domain::snapshot::{Connection, Watch};

fn is_away(connection: &Connection) -> bool {
    matches!(connection, Connection::Away { .. })
}

fn is_live(snapshot: &windlass::domain::Snapshot) -> bool {
    snapshot.connection == Connection::Live
        && snapshot.kinds.len() == kit::KINDS
        && [Kind::Deployment, Kind::ReplicaSet, Kind::Pod].iter().all(|kind| snapshot.kinds[kind].watch == Watch::Live)
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn a_token_that_ends_is_told_and_a_new_one_is_read_from_its_file() {
    let namespace = Namespace::new("outages-token");
    namespace.apply(&kit::web("registry.test/web:v1", 1));
    let account = format!("{}:ana", namespace.0);
    let new_token = || {
        namespace.kubectl(&["create", "serviceaccount", "ana"]);
        namespace.kubectl(&["create", "token", "ana"])
    };
    namespace.kubectl(&["create", "rolebinding", "ana", "--clusterrole=view", &format!("--serviceaccount={account}")]);
    let folder = tempfile::tempdir().expect("a folder");
    let token = folder.path().join("token");
    std::fs::write(&token, new_token()).expect("writes");
    let server = kit::kubectl(&["config", "view", "--raw", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"]);
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": namespace.0}}],
        "clusters": [{"name": "c", "cluster": {"server": server, "insecure-skip-tls-verify": true}}],
        "users": [{"name": "u", "user": {"tokenFile": token}}],
    });
    let file = folder.path().join("config");
    std::fs::write(&file, config.to_string()).expect("writes");
    let options = ConnectOptions { kubeconfig: Some(file), ..ConnectOptions::default() };
    let cluster = Cluster::connect(&options).await.expect("connects");
    let observer = cluster.observe(ObserveOptions::default());
    kit::until(&observer, "it is live", |it| is_live(it) && kit::deployment(it, &namespace.0, "web").is_some()).await;

    namespace.kubectl(&["delete", "serviceaccount", "ana"]);
    let away = kit::until(&observer, "the credentials are refused", |it| is_away(&it.connection)).await;
    let Connection::Away { reason, .. } = &away.connection else { panic!("it is away") };
    assert!(reason.contains("credentials"), "{reason}");
    assert!(kit::deployment(&away, &namespace.0, "web").is_some(), "the rows stay");

    std::fs::write(&token, new_token()).expect("writes");
    kit::until(&observer, "it is live again", is_live).await;
}
