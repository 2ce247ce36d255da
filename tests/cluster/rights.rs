//! What other users may see and do.

use crate::kit::{self, Namespace};
use windlass::cluster::{Allowed, Cluster, NamespaceScope, ObserveOptions};
use windlass::domain::intent::ReleaseId;
use windlass::domain::snapshot::Watch;
use windlass::domain::{Kind, ObjectKey};

#[tokio::test]
#[ignore = "needs a cluster with a viewer"]
async fn a_viewer_reads_everything_and_may_not_patch() {
    let namespace = Namespace::new("rights-viewer");
    namespace.apply(&kit::web("registry.test/web:v1", 1));
    let viewer = Cluster::connect(&kit::user("WINDLASS_TEST_VIEWER_KUBECONFIG")).await.expect("connects");
    let key = ObjectKey::new(Kind::Deployment, &*namespace.0, "web");
    let (release, _) = viewer.one_release(&key).await.expect("reads");
    let id = ReleaseId { key, uid: release.uid };
    let rights = viewer.may(&id).await;
    let missing = format!("patch deployments.apps in {}", namespace.0);
    assert_eq!(rights.may("patch", Kind::Deployment, None), Allowed::No(missing.into()));
    assert_eq!(rights.may("get", Kind::Deployment, None), Allowed::Yes);
    assert_eq!(kit::cluster().await.may(&id).await.may("patch", Kind::Deployment, None), Allowed::Yes);
}

#[tokio::test]
#[ignore = "needs a cluster with a user that has no rights"]
async fn nobody_gets_a_word_for_every_kind_and_no_release() {
    let nobody = Cluster::connect(&kit::user("WINDLASS_TEST_NOBODY_KUBECONFIG")).await.expect("connects");
    let observer = nobody.observe(ObserveOptions { namespaces: NamespaceScope::All, ..ObserveOptions::default() });
    let forbidden = |watch: &Watch| matches!(watch, Watch::Forbidden { .. });
    let snapshot = kit::until(&observer, "all is forbidden", |snapshot| {
        snapshot.kinds.len() == kit::KINDS && snapshot.kinds.values().all(|kind| forbidden(&kind.watch))
    })
    .await;
    assert!(snapshot.releases.is_empty());
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn a_user_of_one_namespace_sees_it_and_the_other_is_named_as_denied() {
    let (own, closed) = (Namespace::new("rights-own"), Namespace::new("rights-closed"));
    own.apply(&kit::web("registry.test/web:v1", 1));
    own.kubectl(&["create", "rolebinding", "ana", "--clusterrole=view", "--user=ana"]);
    let options = windlass::cluster::ConnectOptions { impersonate: Some("ana".into()), ..kit::admin() };
    let ana = Cluster::connect(&options).await.expect("connects");
    assert_eq!(ana.whoami().await.as_deref(), Some("ana"));
    let observer = kit::observe(&ana, &[&own.0, &closed.0]);
    let snapshot = kit::until(&observer, "one is read and the other is denied", |snapshot| {
        let pods = snapshot.kinds.get(&Kind::Pod);
        pods.is_some_and(|pods| pods.watch == Watch::Live && pods.denied.len() == 1)
            && kit::deployment(snapshot, &own.0, "web").is_some()
    })
    .await;
    assert_eq!(*snapshot.kinds[&Kind::Pod].denied[0].namespace, *closed.0);
}
