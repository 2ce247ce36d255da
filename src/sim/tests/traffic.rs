//! Traffic: the pods' own counters follow the live routes, and never jump.

use super::pass;
use crate::sim::{SimCluster, SimOptions};
use http::Request;
use serde_json::{Value, json};

fn scenario(name: &str) -> SimCluster {
    SimCluster::scenario(name, &SimOptions::manual()).expect("the embedded scenario is sound")
}

/// The names of the pods of a namespace with this `track` label, or of this app.
fn pods(sim: &SimCluster, namespace: &str, (key, label): (&str, &str)) -> Vec<String> {
    let all = sim.objects("pods", namespace).into_iter();
    let mine = all.filter(|pod| pod["metadata"]["labels"][key] == label);
    mine.map(|pod| pod["metadata"]["name"].as_str().expect("a name").to_owned()).collect()
}

async fn metrics(sim: &SimCluster, namespace: &str, pod: &str) -> String {
    let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}:8080/proxy/metrics");
    let request = Request::get(path).body(Vec::new()).expect("a request");
    sim.client().request_text(request).await.expect("an answer")
}

/// Good and failed requests of these pods so far.
async fn counted(sim: &SimCluster, namespace: &str, pods: &[String]) -> (f64, f64) {
    let (mut good, mut failed) = (0.0, 0.0);
    for pod in pods {
        let text = metrics(sim, namespace, pod).await;
        let of = |code: &str| {
            let line = text
                .lines()
                .find(|line| line.starts_with(&format!("http_requests_total{{code=\"{code}\"")))
                .expect("a line");
            line.rsplit(' ').next().expect("a number").parse::<f64>().expect("a number")
        };
        good += of("200");
        failed += of("500");
    }
    (good, failed)
}

/// Requests a second of these pods over the next 90 seconds, and the share of them that failed.
async fn rate(sim: &SimCluster, namespace: &str, pods: &[String]) -> (f64, f64) {
    let before = counted(sim, namespace, pods).await;
    pass(sim, 90);
    let after = counted(sim, namespace, pods).await;
    let (good, failed) = (after.0 - before.0, after.1 - before.1);
    ((good + failed) / 90.0, failed / (good + failed))
}

fn near(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() <= wanted * 0.03
}

fn weigh(sim: &SimCluster, stable: u8) {
    let changed = sim.edit("virtualservices/shop/checkout", "ana", |route| {
        for rule in route["spec"]["http"].as_array_mut().expect("rules") {
            rule["route"][0]["weight"] = json!(stable);
            rule["route"][1]["weight"] = json!(100 - stable);
        }
    });
    assert!(changed);
    pass(sim, 1);
}

#[tokio::test]
async fn a_routes_weights_split_the_requests_of_its_host() {
    let sim = scenario("shop");
    let (stable, canary) = (pods(&sim, "shop", ("track", "stable")), pods(&sim, "shop", ("track", "canary")));
    let checkout = |pods: &[String]| pods.iter().filter(|pod| pod.starts_with("checkout")).cloned().collect::<Vec<_>>();
    let (stable, canary) = (checkout(&stable), checkout(&canary));
    let (found, errors) = rate(&sim, "shop", &stable).await;
    assert!(near(found, 72.0), "80 % of 90 requests a second: {found}");
    assert!(errors < 0.01, "{errors}");
    assert!(near(rate(&sim, "shop", &canary).await.0, 18.0));
    weigh(&sim, 50);
    assert!(near(rate(&sim, "shop", &stable).await.0, 45.0));
    assert!(near(rate(&sim, "shop", &canary).await.0, 45.0));
}

#[tokio::test]
async fn counters_never_jump_back_nor_ahead_when_weights_move() {
    let sim = scenario("shop");
    let canary: Vec<_> =
        pods(&sim, "shop", ("track", "canary")).into_iter().filter(|pod| pod.starts_with("checkout")).collect();
    let mut last = counted(&sim, "shop", &canary).await;
    for stable in [0, 100, 95, 0, 100] {
        weigh(&sim, stable);
        let now = counted(&sim, "shop", &canary).await;
        assert!(now.0 >= last.0 && now.1 >= last.1, "{last:?} to {now:?}");
        assert!(now.0 - last.0 < 2.0 * 90.0, "one second has not more than its requests: {last:?} to {now:?}");
        last = now;
    }
    pass(&sim, 60);
    assert!(near(counted(&sim, "shop", &canary).await.0, last.0), "nothing comes at 0 %");
}

#[tokio::test]
async fn weights_that_moved_while_nobody_read_bend_the_counters_from_the_next_reading_on() {
    let sim = scenario("shop");
    let canary: Vec<_> =
        pods(&sim, "shop", ("track", "canary")).into_iter().filter(|pod| pod.starts_with("checkout")).collect();
    counted(&sim, "shop", &canary).await;
    pass(&sim, 600);
    weigh(&sim, 0);
    pass(&sim, 600);
    counted(&sim, "shop", &canary).await;
    assert!(near(rate(&sim, "shop", &canary).await.0, 90.0));
}

#[tokio::test]
async fn a_gateways_route_and_a_canary_by_replicas_split_as_they_do() {
    let sim = scenario("shop");
    let (old, new) = (pods(&sim, "shop", ("app", "storefront-v1")), pods(&sim, "shop", ("app", "storefront-v2")));
    assert!(near(rate(&sim, "shop", &old).await.0, 126.0 * 0.95));
    assert!(near(rate(&sim, "shop", &new).await.0, 126.0 * 0.05));
    let search = pods(&sim, "shop", ("app", "search"));
    let (canary, stable): (Vec<_>, Vec<_>) = search.into_iter().partition(|pod| pod.starts_with("search-canary"));
    assert!(near(rate(&sim, "shop", &stable).await.0, 108.0), "nine of ten pods");
    assert!(near(rate(&sim, "shop", &canary).await.0, 12.0));
}

#[tokio::test]
async fn a_template_says_how_many_requests_fail_and_how_long_they_take() {
    let sim = scenario("rolling");
    let changed = sim.edit("deployments/shop/cart", "ana", |cart| {
        cart["spec"]["template"]["metadata"]["annotations"] = json!({"sim/error-rate": "0.2", "sim/latency-ms": "400"});
    });
    assert!(changed);
    pass(&sim, 120);
    let cart = pods(&sim, "shop", ("app", "cart"));
    let (requests, errors) = rate(&sim, "shop", &cart).await;
    assert!(near(requests, 80.0) && near(errors, 0.2), "{requests} {errors}");
    let text = metrics(&sim, "shop", &cart[0]).await;
    let of = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).expect("a line");
        line.rsplit(' ').next().expect("a number").parse::<f64>().expect("a number")
    };
    let mean = of("http_request_duration_seconds_sum") / of("http_request_duration_seconds_count");
    assert!(near(mean, 0.4), "{mean}");
    let half = of("http_request_duration_seconds_bucket{le=\"0.25\"}") / of("http_request_duration_seconds_count");
    assert!(near(half, 1.0 - (-0.25_f64 / 0.4).exp()), "{half}");
}

#[tokio::test]
async fn of_the_bad_canary_every_fifth_request_fails_until_it_gets_none() {
    let sim = scenario("bad-canary");
    let canary = pods(&sim, "shop", ("track", "canary"));
    let checkout: Vec<_> = canary.into_iter().filter(|pod| pod.starts_with("checkout")).collect();
    let (requests, errors) = rate(&sim, "shop", &checkout).await;
    assert!(near(requests, 36.0) && near(errors, 0.2), "20 % of 180 requests a second: {requests}, {errors}");
    weigh(&sim, 100);
    let before = counted(&sim, "shop", &checkout).await;
    pass(&sim, 60);
    assert_eq!(counted(&sim, "shop", &checkout).await, before);
}

#[tokio::test]
async fn a_blue_green_switch_moves_the_requests_at_once() {
    let sim = scenario("shop");
    let of = |color: &str| pods(&sim, "shop", ("color", color));
    assert!(near(rate(&sim, "shop", &of("green")).await.0, 2.0), "only the preview Service reaches it");
    let switched = sim.edit("services/shop/frontend", "ana", |service: &mut Value| {
        service["spec"]["selector"]["color"] = json!("green");
    });
    assert!(switched);
    pass(&sim, 1);
    assert!(near(rate(&sim, "shop", &of("green")).await.0, 302.0));
    let rest = counted(&sim, "shop", &of("blue")).await;
    pass(&sim, 30);
    assert_eq!(counted(&sim, "shop", &of("blue")).await, rest);
}
