//! Watches: from a version on, bookmarks, 410, selectors.

use super::{pass, rolling};
use futures::{Stream, StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, WatchEvent, WatchParams};
use kube::runtime::watcher;
use kube::{Api, ResourceExt};
use std::pin::pin;

/// The events of a watch until it ends, as `TYPE name`.
async fn all(stream: impl Stream<Item = Result<WatchEvent<Pod>, kube::Error>>) -> Vec<String> {
    let text = |event: Result<WatchEvent<Pod>, kube::Error>| match event {
        Ok(WatchEvent::Added(pod)) => format!("ADDED {}", pod.name_any()),
        Ok(WatchEvent::Modified(pod)) => format!("MODIFIED {}", pod.name_any()),
        Ok(WatchEvent::Deleted(pod)) => format!("DELETED {}", pod.name_any()),
        Ok(WatchEvent::Bookmark(mark)) => {
            format!("BOOKMARK {:?}", mark.metadata.annotations.keys().collect::<Vec<_>>())
        }
        Ok(WatchEvent::Error(status)) => format!("ERROR {}", status.code),
        Err(error) => format!("broken: {error}"),
    };
    stream.map(text).collect().await
}

#[tokio::test(start_paused = true)]
async fn a_watch_tells_what_happened_since_the_list() {
    let sim = rolling();
    let pods: Api<Pod> = Api::namespaced(sim.client(), "shop");
    let version = pods.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    let victim =
        sim.objects("pods", "shop").into_iter().find(|pod| pod["metadata"]["labels"]["app"] == "cart").unwrap();
    let name = victim["metadata"]["name"].as_str().unwrap();
    sim.remove(&format!("pods/shop/{name}"));
    pass(&sim, 10);
    let params = WatchParams::default().labels("app=cart").timeout(5);
    let events = all(pods.watch(&params, &version).await.unwrap()).await;
    assert_eq!(events[0], format!("MODIFIED {name}"), "first it is marked");
    assert!(events.contains(&format!("DELETED {name}")), "{events:?}");
    assert!(events.iter().any(|event| event.starts_with("ADDED cart-")), "a new pod takes its place: {events:?}");
    assert!(events.last().unwrap().starts_with("BOOKMARK"), "{events:?}");
}

#[tokio::test(start_paused = true)]
async fn a_version_that_is_forgotten_is_answered_with_410() {
    let sim = rolling();
    let pods: Api<Pod> = Api::namespaced(sim.client(), "shop");
    let version = pods.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    pass(&sim, 30);
    sim.compact();
    let events = all(pods.watch(&WatchParams::default().timeout(5), &version).await.unwrap()).await;
    assert_eq!(events, ["ERROR 410"]);
}

#[tokio::test(start_paused = true)]
async fn initial_events_end_with_their_bookmark() {
    let sim = rolling();
    let pods: Api<Pod> = Api::namespaced(sim.client(), "pay");
    let events = all(pods.watch(&WatchParams::default().initial_events().timeout(2), "").await.unwrap()).await;
    assert_eq!(events.iter().filter(|event| event.starts_with("ADDED")).count(), 7, "{events:?}");
    assert_eq!(events[7], "BOOKMARK [\"k8s.io/initial-events-end\"]");
}

#[tokio::test(start_paused = true)]
async fn an_object_that_leaves_the_selection_is_gone_for_its_watch() {
    let sim = rolling();
    let pods: Api<Pod> = Api::namespaced(sim.client(), "shop");
    let version = sim.version().to_string();
    let pod = sim.objects("pods", "shop").into_iter().find(|pod| pod["metadata"]["labels"]["app"] == "mailer").unwrap();
    let name = pod["metadata"]["name"].as_str().unwrap().to_owned();
    assert!(sim.edit(&format!("pods/shop/{name}"), "ana", |pod| pod["metadata"]["labels"]["app"] = "other".into()));
    let events =
        all(pods.watch(&WatchParams::default().labels("app=mailer").timeout(2), &version).await.unwrap()).await;
    assert_eq!(events[0], format!("DELETED {name}"));
}

#[tokio::test]
async fn the_real_watcher_lists_follows_and_survives_a_compaction() {
    let sim = rolling();
    let api: Api<Deployment> = Api::namespaced(sim.client(), "shop");
    let mut stream = pin!(watcher(api, watcher::Config::default()));
    let mut seen = 0;
    while let Some(event) = stream.try_next().await.unwrap() {
        match event {
            watcher::Event::InitApply(_) => seen += 1,
            watcher::Event::InitDone => break,
            _ => {}
        }
    }
    assert_eq!(seen, 10);
    sim.edit("deployments/shop/cart", "ana", |object| object["spec"]["replicas"] = 5.into());
    loop {
        match stream.try_next().await.unwrap() {
            Some(watcher::Event::Apply(cart)) if cart.spec.as_ref().unwrap().replicas == Some(5) => break,
            other => assert!(other.is_some()),
        }
    }
    pass(&sim, 10);
    sim.edit("configmaps/shop/search-config", "ana", |object| object["data"]["LOG_LEVEL"] = "debug".into());
    sim.compact();
    sim.away();
    sim.back();
    let mut relisted = false;
    while !relisted {
        // The cut connection and the 410 come as errors; then it starts anew.
        relisted = matches!(stream.try_next().await, Ok(Some(watcher::Event::Init)));
    }
}
