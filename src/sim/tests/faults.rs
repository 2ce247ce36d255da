//! Faults: what a client meets while the server fails.

use super::rolling;
use crate::sim::{Effect, Fault, On, SimCluster, SimOptions};
use futures::StreamExt;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams, WatchEvent, WatchParams};
use serde_json::json;
use std::pin::pin;
use std::time::Duration;
use tokio::time::timeout;

fn deployments(sim: &SimCluster) -> Api<Deployment> {
    Api::namespaced(sim.client(), "shop")
}

/// The code of a refused list, 0 for a broken connection, 200 if all is well.
async fn list(sim: &SimCluster) -> u16 {
    match deployments(sim).list(&ListParams::default()).await {
        Ok(_) => 200,
        Err(kube::Error::Api(status)) => status.code,
        Err(_) => 0,
    }
}

#[tokio::test]
async fn each_status_comes_as_asked_and_goes_after_its_times() {
    let sim = rolling();
    for code in [401, 403, 404, 409, 429, 500, 503, 504] {
        sim.fault(Fault::new(On::verb("list"), Effect::Status { code, retry_after: None }).times(1));
        assert_eq!((list(&sim).await, list(&sim).await), (code, 200));
    }
}

#[tokio::test]
async fn a_fault_meets_only_what_it_is_meant_for() {
    let sim = rolling();
    sim.fault(Fault::new(On::verb("list").path("/namespaces/pay/"), Effect::Status { code: 403, retry_after: None }));
    assert_eq!(list(&sim).await, 200);
    let pay = Api::<Deployment>::namespaced(sim.client(), "pay").list(&ListParams::default()).await;
    assert!(matches!(pay, Err(kube::Error::Api(status)) if status.is_forbidden()));
}

#[tokio::test]
async fn too_many_requests_say_when_to_come_again() {
    let sim = rolling();
    sim.fault(Fault::new(On::all(), Effect::Status { code: 429, retry_after: Some(7) }));
    let request = http::Request::get("/api/v1/pods").body(kube::client::Body::empty()).unwrap();
    let answer = sim.client().send(request).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (429, &http::HeaderValue::from_static("7"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_stalled_request_is_never_answered() {
    let sim = rolling();
    sim.fault(Fault::new(On::verb("list"), Effect::Stall).times(1));
    assert!(timeout(Duration::from_hours(1), list(&sim)).await.is_err());
    assert_eq!(list(&sim).await, 200);
}

#[tokio::test]
async fn a_lost_answer_was_carried_out_and_a_reset_was_not() {
    let sim = rolling();
    let scale = |replicas: i64| {
        let api = deployments(&sim);
        async move {
            api.patch("cart", &PatchParams::default(), &Patch::Merge(json!({"spec": {"replicas": replicas}}))).await
        }
    };
    let replicas = || sim.object("deployments/shop/cart").unwrap()["spec"]["replicas"].clone();
    sim.fault(Fault::new(On::verb("patch"), Effect::Reset).times(1));
    assert!(scale(7).await.is_err());
    assert_eq!((replicas(), sim.mutations()), (json!(4), 0));
    sim.fault(Fault::new(On::verb("patch"), Effect::LostAnswer).times(1));
    assert!(scale(7).await.is_err());
    assert_eq!((replicas(), sim.mutations()), (json!(7), 1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_cuts_its_watches_and_comes_back_with_what_was_missed() {
    let sim = rolling();
    let pods: Api<Pod> = Api::namespaced(sim.client(), "shop");
    let version = sim.version().to_string();
    let mut stream = pin!(pods.watch(&WatchParams::default().labels("app=cart"), &version).await.unwrap());
    sim.away();
    assert!(!matches!(stream.next().await, Some(Ok(_))), "it is cut");
    assert_eq!(list(&sim).await, 0);
    sim.edit("deployments/shop/cart", "ana", |object| object["spec"]["replicas"] = json!(5));
    sim.advance(Duration::from_secs(5));
    sim.back();
    let mut stream = pin!(pods.watch(&WatchParams::default().labels("app=cart"), &version).await.unwrap());
    assert!(matches!(stream.next().await, Some(Ok(WatchEvent::Added(_)))));
}

#[tokio::test(start_paused = true)]
async fn a_half_open_watch_is_silent_until_the_network_heals() {
    let sim = rolling();
    let pods: Api<Pod> = Api::namespaced(sim.client(), "shop");
    let mut stream = pin!(pods.watch(&WatchParams::default().timeout(30), &sim.version().to_string()).await.unwrap());
    sim.stall();
    sim.advance(Duration::from_mins(1));
    assert!(timeout(Duration::from_mins(10), stream.next()).await.is_err(), "not even its own time limit ends it");
    sim.back();
    assert!(matches!(stream.next().await, Some(Ok(_))));
}

#[tokio::test]
async fn a_revoked_token_is_unauthorized_until_it_is_renewed() {
    let sim = rolling();
    sim.revoke_token("simulated");
    assert_eq!(list(&sim).await, 401);
    sim.renew_token("simulated");
    assert_eq!(list(&sim).await, 200);
}

#[tokio::test]
async fn malformed_objects_reach_the_client_as_they_are() {
    let sim = rolling();
    assert!(sim.corrupt("deployments/shop/cart", |object| object["status"]["replicas"] = json!("many")));
    assert!(matches!(deployments(&sim).get("cart").await, Err(kube::Error::SerdeError(_))));
    assert!(deployments(&sim).get("web").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_flaky_server_fails_on_its_script_and_is_well_in_the_end() {
    let sim = SimCluster::scenario("flaky-api", &SimOptions::live(1.0)).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..240 {
        let code = timeout(Duration::from_millis(900), list(&sim)).await.unwrap_or(1);
        seen.insert(code);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [0, 1, 200, 401, 429, 503], "0 is a reset, 1 no answer in time");
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(list(&sim).await, 200);
}

#[tokio::test]
async fn a_kind_that_is_taken_away_is_not_found_and_can_come_back() {
    let sim = rolling();
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "things.test.dev"},
        "spec": {
            "group": "test.dev", "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"},
            "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}}}],
        },
    });
    let names = || async {
        sim.client().list_api_groups().await.unwrap().groups.into_iter().map(|group| group.name).collect::<Vec<_>>()
    };
    assert!(!names().await.contains(&"test.dev".to_owned()));
    assert!(sim.add(definition, "ana"));
    assert!(sim.add(
        json!({"apiVersion": "test.dev/v1", "kind": "Thing", "metadata": {"name": "a", "namespace": "shop"}}),
        "ana"
    ));
    assert!(names().await.contains(&"test.dev".to_owned()));
    sim.remove("customresourcedefinitions/things.test.dev");
    assert!(!names().await.contains(&"test.dev".to_owned()));
    let gone = sim.client().request_text(http::Request::get("/apis/test.dev/v1/things").body(vec![]).unwrap()).await;
    assert!(matches!(gone, Err(kube::Error::Api(status)) if status.is_not_found()));
}
