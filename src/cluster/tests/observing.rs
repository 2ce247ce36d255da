//! What an observer publishes, and that it follows the cluster.

use super::kit;
use crate::domain::{Kind, ObjectKey, State};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn every_workload_becomes_a_release_with_its_pods_under_their_revisions() {
    let sim = kit::shop();
    let observer = kit::observe(&sim).await;
    let snapshot = kit::until_live(&observer).await;
    let workloads: usize =
        ["deployments", "statefulsets", "daemonsets"].iter().map(|kind| sim.objects(kind, "").len()).sum();
    assert_eq!(snapshot.releases.len(), workloads);
    let pods: usize = snapshot.releases.iter().flat_map(|release| &release.tracks).map(|track| track.pods.len()).sum();
    assert_eq!(pods, sim.objects("pods", "").len());
    let cart = kit::deployment(&snapshot, "shop", "cart");
    assert_eq!((cart.state, cart.history.len()), (State::Healthy, 3));
    assert!(!cart.services.is_empty(), "its Service is found by its labels");
    let names: Vec<_> = snapshot.releases.iter().map(|release| (&release.key.namespace, &release.key.name)).collect();
    assert!(names.is_sorted(), "by namespace and name");
    assert!(snapshot.known_namespaces.iter().any(|name| &**name == "shop"));
}

#[tokio::test(start_paused = true)]
async fn a_rollout_is_followed_to_its_end() {
    let sim = kit::live_shop();
    let observer = kit::observe(&sim).await;
    kit::until_live(&observer).await;
    let snapshot = kit::until(&observer, "the slow rollout ended", |snapshot| {
        let web = snapshot.by_key(&ObjectKey::new(Kind::Deployment, "shop", "web"));
        web.is_some_and(|web| web.state == State::Healthy)
    })
    .await;
    let web = kit::deployment(&snapshot, "shop", "web");
    assert_eq!(web.replicas.available, 3);
}

#[tokio::test(start_paused = true)]
async fn a_change_publishes_a_snapshot_that_shares_the_untouched_releases() {
    let sim = kit::shop();
    let observer = kit::observe(&sim).await;
    let before = kit::until_live(&observer).await;
    assert!(sim.edit("deployments/shop/cart", "test", |cart| cart["spec"]["paused"] = json!(true)));
    let after = kit::until(&observer, "cart is held", |snapshot| kit::deployment(snapshot, "shop", "cart").held).await;
    assert!(after.version > before.version);
    let shared =
        |other: &&Arc<crate::domain::Release>| before.releases.iter().any(|release| Arc::ptr_eq(release, other));
    assert_eq!(after.releases.iter().filter(shared).count(), before.releases.len() - 1);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_workload_goes_and_a_new_one_comes_with_another_identity() {
    let sim = kit::shop();
    let observer = kit::observe(&sim).await;
    let before = kit::until_live(&observer).await;
    let cart = kit::deployment(&before, "shop", "cart").clone();
    let mut manifest = sim.object("deployments/shop/cart").expect("it is there");
    assert!(sim.remove("deployments/shop/cart"));
    sim.advance(Duration::from_secs(5));
    kit::until(&observer, "cart is gone", |snapshot| snapshot.by_uid(&cart.uid).is_none()).await;
    manifest["metadata"] = json!({"name": "cart", "namespace": "shop", "labels": manifest["metadata"]["labels"]});
    manifest["apiVersion"] = json!("apps/v1");
    manifest["kind"] = json!("Deployment");
    assert!(sim.add(manifest, "test"));
    let key = cart.key.clone();
    let after = kit::until(&observer, "cart is back", |snapshot| snapshot.by_key(&key).is_some()).await;
    assert_ne!(kit::deployment(&after, "shop", "cart").uid, cart.uid);
}

#[tokio::test(start_paused = true)]
async fn a_time_without_any_ready_pod_is_measured() {
    let sim = kit::live_shop();
    let observer = kit::observe(&sim).await;
    kit::until_live(&observer).await;
    // Recreate: every old pod ends before the first new one starts.
    assert!(sim.edit("deployments/shop/cart", "test", |cart| {
        cart["spec"]["strategy"] = json!({"type": "Recreate"});
        cart["spec"]["template"]["spec"]["containers"][0]["image"] = json!("registry.test/cart:v89");
        cart["spec"]["template"]["metadata"]["annotations"] = json!({"sim/ready-delay": "6s"});
    }));
    let outage = |snapshot: &crate::domain::Snapshot| kit::deployment(snapshot, "shop", "cart").outage;
    let during = kit::until(&observer, "an outage runs", |snapshot| outage(snapshot).is_some()).await;
    assert_eq!(outage(&during).expect("it runs").until, None);
    let after =
        kit::until(&observer, "it is over", |snapshot| outage(snapshot).is_some_and(|it| it.until.is_some())).await;
    let outage = outage(&after).expect("it ended");
    let lasted = outage.until.expect("it ended").duration_since(outage.from);
    assert!(lasted >= jiff::SignedDuration::from_secs(6), "{lasted}");
}

#[tokio::test(start_paused = true)]
async fn a_state_that_changes_with_the_time_alone_is_derived_again() {
    let sim = kit::live_shop();
    let observer = kit::observe(&sim).await;
    let snapshot = kit::until_live(&observer).await;
    let due = snapshot.releases.iter().filter_map(|release| release.recheck_at).min();
    let due = due.expect("a stuck scenario has something to wait for");
    let before = observer.snapshots.borrow().version;
    kit::until(&observer, "time alone published a snapshot", |snapshot| {
        snapshot.published >= due && snapshot.version > before
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn dropping_the_observer_ends_every_watch() {
    let sim = kit::shop();
    let observer = kit::observe(&sim).await;
    kit::until_live(&observer).await;
    drop(observer);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = sim.requests().len();
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert_eq!(sim.requests().len(), before, "{:#?}", sim.requests());
}

#[tokio::test(start_paused = true)]
async fn objects_of_odd_shapes_are_shown_with_a_mark_and_the_rest_goes_on() {
    let sim = kit::shop();
    sim.corrupt("deployments/shop/cart", |cart| {
        cart["status"] = json!([1, 2]);
        cart["spec"]["replicas"] = json!("many");
        cart["metadata"]["labels"] = json!(7);
    });
    sim.corrupt("deployments/shop/web", |web| {
        web["spec"] = json!(null);
        web["status"] = json!({"conditions": {"type": "x"}, "observedGeneration": 1e300});
    });
    let observer = kit::observe(&sim).await;
    let snapshot = kit::until_live(&observer).await;
    let workloads = sim.objects("deployments", "").len();
    assert_eq!(snapshot.kinds[&Kind::Deployment].count, workloads);
    let cart = kit::deployment(&snapshot, "shop", "cart");
    assert!(cart.unreadable.iter().any(|mark| &**mark == "status"), "{:?}", cart.unreadable);
    assert!(cart.unreadable.iter().any(|mark| &**mark == "spec.replicas"), "{:?}", cart.unreadable);
    assert!(!kit::deployment(&snapshot, "shop", "web").unreadable.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_controller_manager_that_does_not_renew_its_lease_is_told_of_every_release() {
    let sim = kit::live_shop();
    let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "kube-controller-manager", "namespace": "kube-system"},
        "spec": {"holderIdentity": "one", "renewTime": sim.now().to_string()}});
    assert!(sim.add(lease, "kube-controller-manager"));
    let observer = kit::observe(&sim).await;
    let says = |snapshot: &crate::domain::Snapshot, text: &str| {
        snapshot.complete()
            && snapshot.releases.iter().all(|release| release.health.reasons.iter().any(|it| it.text.contains(text)))
    };
    kit::until(&observer, "the lease is seen", |snapshot| says(snapshot, "renews its lease")).await;
    kit::until(&observer, "it is not renewed", |snapshot| says(snapshot, "nothing will roll out")).await;
    let now = sim.now().to_string();
    sim.edit("leases/kube-system/kube-controller-manager", "kcm", |lease| lease["spec"]["renewTime"] = now.into());
    kit::until(&observer, "it is renewed again", |snapshot| says(snapshot, "renews its lease")).await;
}
