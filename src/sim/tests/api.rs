//! The API as the real client sees it.

use crate::sim::{SimCluster, SimOptions};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;
use std::time::Duration;

fn rolling() -> SimCluster {
    SimCluster::scenario("rolling", &SimOptions::manual()).expect("the embedded scenario is sound")
}

#[tokio::test]
async fn the_scenario_is_listed_page_by_page() {
    let client = rolling().client();
    let pods: Api<Pod> = Api::all(client.clone());
    let all = pods.list(&ListParams::default()).await.unwrap();
    let mut paged = vec![];
    let mut params = ListParams::default().limit(7);
    loop {
        let page = pods.list(&params).await.unwrap();
        paged.extend(page.items.into_iter().map(|pod| pod.metadata.name));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => break,
        }
    }
    assert!(all.items.len() > 40, "{}", all.items.len());
    assert_eq!(paged, all.items.into_iter().map(|pod| pod.metadata.name).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_settled_release_has_its_history_and_stays_as_it_is() {
    let sim = rolling();
    let client = sim.client();
    let cart = Api::<Deployment>::namespaced(client.clone(), "shop").get("cart").await.unwrap();
    let status = cart.status.unwrap();
    assert_eq!((status.ready_replicas, status.updated_replicas), (Some(4), Some(4)));
    assert_eq!(status.observed_generation, cart.metadata.generation);
    let sets =
        Api::<ReplicaSet>::namespaced(client, "shop").list(&ListParams::default().labels("app=cart")).await.unwrap();
    let mut causes: Vec<_> = sets
        .items
        .iter()
        .map(|set| set.metadata.annotations.clone().unwrap()["kubernetes.io/change-cause"].clone())
        .collect();
    causes.sort();
    assert_eq!(causes, ["cart v86", "cart v87: coupons", "cart v88: faster totals"]);
}

#[tokio::test]
async fn the_slow_rollout_ends() {
    let sim = rolling();
    sim.advance(Duration::from_secs(180));
    let web = sim.object("deployments/shop/web").unwrap();
    assert_eq!(web["status"]["updatedReplicas"], 6, "{web:#}");
    assert_eq!(web["status"]["availableReplicas"], 6);
    assert_eq!(web["status"]["conditions"][1]["reason"], "NewReplicaSetAvailable", "{web:#}");
}
