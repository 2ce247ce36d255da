//! Flagger's runs: phases, weights, gates and the traps, as seen of the real one.

use super::{condition, pass};
use crate::sim::{SimCluster, SimOptions};
use http::Request;
use serde_json::{Value, json};

fn scenario() -> SimCluster {
    SimCluster::scenario("flagger", &SimOptions::manual()).expect("the embedded scenario is sound")
}

fn canary(sim: &SimCluster, place: &str) -> Value {
    sim.object(&format!("canaries/{place}")).expect("it is there")
}

fn phase(sim: &SimCluster, place: &str) -> String {
    canary(sim, place)["status"]["phase"].as_str().unwrap_or("").to_owned()
}

/// What the route gives primary and canary.
fn weights(sim: &SimCluster, place: &str) -> (i64, i64) {
    let route = sim.object(&format!("virtualservices/{place}")).expect("it is there");
    let weight = |to: usize| route["spec"]["http"][0]["route"][to]["weight"].as_i64().unwrap_or(-1);
    (weight(0), weight(1))
}

fn image(sim: &SimCluster, place: &str) -> String {
    let workload = sim.object(&format!("deployments/{place}")).expect("it is there");
    workload["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap_or("").to_owned()
}

fn set_image(sim: &SimCluster, place: &str, tag: &str) {
    let image = format!("registry.test/shop/podinfo:{tag}");
    let path = format!("deployments/{place}");
    assert!(sim.edit(&path, "ana", |it| it["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image)));
}

/// The whole template of the revision with this tag, as its ReplicaSet keeps it.
fn template_of(sim: &SimCluster, tag: &str) -> Value {
    let ends = |set: &Value| {
        let image = &set["spec"]["template"]["spec"]["containers"][0]["image"];
        image.as_str().is_some_and(|image| image.ends_with(&format!("podinfo:{tag}")))
    };
    let of_target = |set: &Value| set["metadata"]["ownerReferences"][0]["name"] == "podinfo";
    let sets = sim.objects("replicasets", "flagger");
    let mut template =
        sets.into_iter().find(|set| of_target(set) && ends(set)).expect("it is kept")["spec"]["template"].take();
    template["metadata"]["labels"].as_object_mut().expect("labels").remove("pod-template-hash");
    template
}

fn set(sim: &SimCluster, place: &str, field: &str, value: Value) {
    assert!(sim.edit(&format!("canaries/{place}"), "ana", |canary| canary["spec"][field] = value));
}

/// Turns a gate of the load tester through the API server.
async fn turn(sim: &SimCluster, namespace: &str, path: &str) -> u16 {
    let uri = format!("/api/v1/namespaces/test/services/http:flagger-loadtester:80/proxy/{path}");
    let body = json!({"name": "podinfo", "namespace": namespace}).to_string().into_bytes();
    let request = Request::post(uri).body(kube::client::Body::from(body)).expect("a request");
    sim.client().send(request).await.expect("an answer").status().as_u16()
}

/// The phases that a Canary goes through within so many seconds, each once.
fn phases(sim: &SimCluster, place: &str, seconds: usize) -> Vec<String> {
    let mut seen = vec![phase(sim, place)];
    for _ in 0..seconds {
        pass(sim, 1);
        let now = phase(sim, place);
        if seen.last() != Some(&now) {
            seen.push(now);
        }
    }
    seen
}

#[test]
fn the_scenario_shows_one_of_each() {
    let sim = scenario();
    let all = [
        ("flagger/podinfo", "Progressing"),
        ("flagger/search", "Progressing"),
        ("flagger/billing", "Progressing"),
        ("flagger/cart", "Failed"),
        ("flagger-gated/podinfo", "Waiting"),
        ("flagger-promotion/podinfo", "WaitingPromotion"),
    ];
    for (place, wanted) in all {
        assert_eq!(phase(&sim, place), wanted, "{place}: {:#}", canary(&sim, place)["status"]);
    }
    let (primary, share) = weights(&sim, "flagger/podinfo");
    assert!(share > 0 && primary + share == 100, "{share}");
    assert_eq!(image(&sim, "flagger/podinfo-primary"), "registry.test/shop/podinfo:v2");
    assert_eq!(condition(&canary(&sim, "flagger/cart"), "Promoted"), "False Failed");
}

#[test]
fn a_run_goes_up_by_steps_is_promoted_and_ends_on_the_primary() {
    let sim = scenario();
    let mut seen = vec![];
    for _ in 0..120 {
        pass(&sim, 1);
        let share = weights(&sim, "flagger/podinfo").1;
        if seen.last() != Some(&share) {
            seen.push(share);
        }
    }
    assert!([10, 20, 30, 40, 50, 0].ends_with(&seen[seen.len() - 3..]), "{seen:?}");
    assert_eq!(phase(&sim, "flagger/podinfo"), "Succeeded");
    assert_eq!(image(&sim, "flagger/podinfo-primary"), "registry.test/shop/podinfo:v3");
    assert_eq!(sim.object("deployments/flagger/podinfo").expect("there")["spec"]["replicas"], 0);
    set_image(&sim, "flagger/podinfo", "v4");
    let phases = phases(&sim, "flagger/podinfo", 150);
    assert_eq!(phases, ["Succeeded", "Progressing", "Promoting", "Finalising", "Succeeded"]);
}

#[test]
fn the_status_says_0_while_the_promotion_waits_and_the_route_does_not() {
    let sim = scenario();
    let status = canary(&sim, "flagger-promotion/podinfo")["status"].clone();
    assert_eq!((&status["canaryWeight"], &status["iterations"]), (&json!(0), &json!(-1)));
    assert_eq!(weights(&sim, "flagger-promotion/podinfo"), (50, 50));
}

#[tokio::test]
async fn one_gate_opens_the_start_and_every_weight_until_it_is_closed() {
    let sim = scenario();
    let place = "flagger-gated/podinfo";
    assert_eq!(turn(&sim, "flagger-gated", "gate/check").await, 403);
    assert_eq!(turn(&sim, "flagger-gated", "gate/open").await, 202);
    pass(&sim, 10);
    assert_eq!(phase(&sim, place), "Progressing");
    assert_eq!(turn(&sim, "flagger-gated", "gate/close").await, 202);
    pass(&sim, 60);
    assert_eq!(
        (phase(&sim, place).as_str(), weights(&sim, place)),
        ("Progressing", (100, 0)),
        "there is no phase for it"
    );
    let held = canary(&sim, place)["status"]["lastTransitionTime"].clone();
    pass(&sim, 30);
    assert_eq!(canary(&sim, place)["status"]["lastTransitionTime"], held, "a held run changes nothing");
    turn(&sim, "flagger-gated", "gate/open").await;
    pass(&sim, 10);
    assert_eq!(weights(&sim, place), (75, 25));
    pass(&sim, 60);
    assert_eq!(phase(&sim, place), "Succeeded", "left open, everything comes through");
}

#[tokio::test]
async fn a_rollback_gate_fails_the_run_and_every_later_one_until_it_is_closed() {
    let sim = scenario();
    let place = "flagger-promotion/podinfo";
    turn(&sim, "flagger-promotion", "rollback/open").await;
    pass(&sim, 10);
    assert_eq!((phase(&sim, place).as_str(), weights(&sim, place)), ("Failed", (100, 0)));
    set_image(&sim, place, "v3");
    let all = phases(&sim, place, 60);
    assert_eq!(all, ["Failed", "Progressing", "Failed"]);
    turn(&sim, "flagger-promotion", "rollback/close").await;
    set_image(&sim, place, "v4");
    pass(&sim, 120);
    assert_eq!(phase(&sim, place), "WaitingPromotion");
}

#[test]
fn a_suspended_run_stays_as_it_is_and_goes_on_from_its_route() {
    let sim = scenario();
    let place = "flagger/podinfo";
    set(&sim, place, "suspend", json!(true));
    let before = weights(&sim, place);
    pass(&sim, 120);
    assert_eq!((phase(&sim, place).as_str(), weights(&sim, place)), ("Progressing", before));
    assert!(sim.edit("virtualservices/flagger/podinfo", "ana", |route| {
        route["spec"]["http"][0]["route"][0]["weight"] = json!(100);
        route["spec"]["http"][0]["route"][1]["weight"] = json!(0);
    }));
    set(&sim, place, "suspend", json!(false));
    pass(&sim, 10);
    assert_eq!(weights(&sim, place), (90, 10), "it begins again at its first weight");
}

#[test]
fn the_old_template_in_mid_run_starts_nothing_and_is_promoted() {
    let sim = scenario();
    let place = "flagger/podinfo";
    let old = template_of(&sim, "v2");
    assert!(sim.edit("deployments/flagger/podinfo", "ana", |it| it["spec"]["template"] = old));
    let share = weights(&sim, place).1;
    pass(&sim, 12);
    let later = weights(&sim, place).1;
    assert!(later > share, "no restart: {share} became {later}");
    let all = phases(&sim, place, 150);
    assert_eq!(all.last().map(String::as_str), Some("Succeeded"), "{all:?}");
    assert_eq!(image(&sim, "flagger/podinfo-primary"), "registry.test/shop/podinfo:v2");
}

#[test]
fn another_template_in_mid_run_starts_again_at_nothing() {
    let sim = scenario();
    set_image(&sim, "flagger/podinfo", "v9");
    pass(&sim, 10);
    assert_eq!((phase(&sim, "flagger/podinfo").as_str(), weights(&sim, "flagger/podinfo")), ("Progressing", (100, 0)));
}

#[test]
fn a_skipped_analysis_sends_traffic_to_the_primary_and_promotes_at_once() {
    let sim = scenario();
    set(&sim, "flagger/podinfo", "skipAnalysis", json!(true));
    pass(&sim, 10);
    assert_eq!((phase(&sim, "flagger/podinfo").as_str(), weights(&sim, "flagger/podinfo")), ("Succeeded", (100, 0)));
    assert_eq!(image(&sim, "flagger/podinfo-primary"), "registry.test/shop/podinfo:v3");
}

#[test]
fn an_ab_test_sends_its_group_and_counts_checks() {
    let sim = scenario();
    let route = sim.object("virtualservices/flagger/search").expect("there");
    assert_eq!(route["spec"]["http"].as_array().map(Vec::len), Some(2));
    assert_eq!(weights(&sim, "flagger/search"), (0, 100));
    assert_eq!(canary(&sim, "flagger/search")["status"]["canaryWeight"], 0);
    pass(&sim, 300);
    assert_eq!(phase(&sim, "flagger/search"), "Succeeded");
}

#[test]
fn without_a_mesh_the_primary_is_replaced_and_the_service_never_moves() {
    let sim = scenario();
    let selector = || sim.object("services/flagger/billing").expect("there")["spec"]["selector"].clone();
    let before = selector();
    let all = phases(&sim, "flagger/billing", 200);
    assert_eq!(all, ["Progressing", "Promoting", "Finalising", "Succeeded"]);
    assert_eq!(selector(), before);
    assert_eq!(image(&sim, "flagger/billing-primary"), "registry.test/shop/billing:2.1.0");
}

#[test]
fn a_failed_run_is_left_alone_until_its_template_changes() {
    let sim = scenario();
    let status = |sim: &SimCluster| canary(sim, "flagger/cart")["status"].clone();
    assert_eq!(status(&sim)["failedChecks"], 0, "counted from nothing again");
    assert_ne!(status(&sim)["lastAppliedSpec"], status(&sim)["lastPromotedSpec"]);
    let sets = sim.objects("replicasets", "flagger");
    let old = sets.iter().map(|set| &set["spec"]["template"]);
    let mut old = old
        .filter(|template| template["metadata"]["labels"]["app"] == "cart")
        .find(|template| template["spec"]["containers"][0]["image"] == "registry.test/shop/cart:v88")
        .expect("the target's own")
        .clone();
    old["metadata"]["labels"].as_object_mut().expect("labels").remove("pod-template-hash");
    assert!(sim.edit("deployments/flagger/cart", "ana", |it| it["spec"]["template"] = old));
    pass(&sim, 30);
    assert_eq!(phase(&sim, "flagger/cart"), "Failed");
    assert_eq!(status(&sim)["lastAppliedSpec"], status(&sim)["lastPromotedSpec"], "so it can be seen that it is back");
}
