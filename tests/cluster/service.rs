//! Blue-green by a Service's selector and a canary by replicas on a real API server, with kubectl as the oracle.

use crate::room::{Room, image};
use serde_json::{Value, json};
use std::time::Duration;
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::{Direction, Intent, Kind, Release};
use windlass::strategy::{Settled, strategy};

fn labelled(labels: &Value, version: &str, replicas: i32) -> Value {
    let container = json!({"name": "app", "image": image(version)});
    json!({"replicas": replicas, "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}})
}

fn deployment(room: &Room, name: &str, labels: &Value, version: &str, replicas: i32) {
    room.apply(&json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": room.name}, "spec": labelled(labels, version, replicas)}));
}

fn service(room: &Room, name: &str, selector: &Value) {
    room.apply(&json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": room.name},
        "spec": {"selector": selector, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}}));
}

pub async fn blue_green(name: &str) -> Room {
    let room = Room::new(name, &Value::Null).await;
    service(&room, "app", &json!({"app": "app", "color": "blue"}));
    deployment(&room, "app-blue", &json!({"app": "app", "color": "blue"}), "v1", 3);
    room.settle(Kind::Deployment, "app-blue");
    deployment(&room, "app-green", &json!({"app": "app", "color": "green"}), "v2", 3);
    room.settle(Kind::Deployment, "app-green");
    at_rest(&room, "app").await;
    room
}

pub async fn canary(name: &str, stable: i32, canary: i32) -> Room {
    let room = Room::new(name, &Value::Null).await;
    service(&room, "web", &json!({"app": "web"}));
    deployment(&room, "web", &json!({"app": "web", "track": "stable"}), "v1", stable);
    room.settle(Kind::Deployment, "web");
    deployment(&room, "web-canary", &json!({"app": "web", "track": "canary"}), "v2", canary);
    room.settle(Kind::Deployment, "web-canary");
    at_rest(&room, "web").await;
    room
}

/// Waits until the release has come to rest: the EndpointSlices follow a moment later.
async fn at_rest(room: &Room, name: &str) -> Release {
    for _ in 0..200 {
        let release = room.release(Kind::Service, name).await;
        if strategy(release.strategy).is_some_and(|strategy| strategy.settled(&release) == Settled::Yes) {
            return release;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never at rest: {:#?}", room.release(Kind::Service, name).await.reason);
}

/// The pods behind a Service, by kubectl: the first part of their names, each once.
pub fn behind(room: &Room, name: &str) -> Vec<String> {
    let selector = format!("kubernetes.io/service-name={name}");
    let path = "{range .items[*].endpoints[*]}{.targetRef.name}{\"\\n\"}{end}";
    let text = room.kubectl(&["get", "endpointslices", "-l", &selector, "-o", &format!("jsonpath={path}")]);
    let mut names: Vec<String> =
        text.lines().map(|pod| pod.rsplitn(3, '-').last().unwrap_or_default().to_owned()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn a_switch_moves_every_address_and_z_moves_them_back() {
    let room = blue_green("switch").await;
    let release = room.release(Kind::Service, "app").await;
    assert_eq!((release.strategy.0, &*release.tracks[0].name), ("blue-green", "blue"), "{}", release.reason);
    assert_eq!(room.release(Kind::Deployment, "app-green").await.key, release.key, "a side resolves to it");
    let plan = room.propose(Kind::Service, "app", Intent::Switch { to: None }).await.expect("a plan");
    assert_eq!((plan.direction, plan.calls.len()), (Direction::Forward, 1));
    let outcome = room.does(Kind::Service, "app", Intent::Switch { to: None }).await;
    assert_eq!((outcome.kind, &*outcome.reason), (OutcomeKind::Applied, "applied and settled"));
    assert_eq!(room.field(Kind::Service, "app", "/spec/selector"), json!({"app": "app", "color": "green"}));
    assert_eq!(behind(&room, "app"), ["app-green"], "every address belongs to the new side when it says settled");
    let release = room.release(Kind::Service, "app").await;
    let inverse = room.engine.inverse_of(&release.uid).expect("ready");
    let outcome = room.does(Kind::Service, "app", Intent::Revert(Box::new(inverse))).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert_eq!(room.field(Kind::Service, "app", "/spec/selector"), json!({"app": "app", "color": "blue"}));
    assert_eq!(behind(&room, "app"), ["app-blue"]);
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn a_switch_over_somebody_elses_change_is_a_conflict_with_their_name() {
    let room = blue_green("raced").await;
    let plan = room.propose(Kind::Service, "app", Intent::Switch { to: None }).await.expect("a plan");
    let tier = r#"{"spec":{"selector":{"tier":"front"}}}"#;
    room.kubectl(&["patch", "service", "app", "--type=merge", "-p", tier, "--field-manager=kubectl-ben"]);
    let outcome = crate::room::confirm(&room.engine, plan, windlass::action::Consent::default()).await;
    assert_eq!(outcome.kind, OutcomeKind::Conflict);
    assert!(outcome.reason.contains("kubectl-ben"), "{}", outcome.reason);
    assert_eq!(room.field(Kind::Service, "app", "/spec/selector/color"), "blue");
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn a_switch_to_fewer_pods_is_held_and_one_back_to_none_is_not() {
    let room = blue_green("fewer").await;
    room.kubectl(&["scale", "deployment/app-green", "--replicas=1"]);
    room.settle(Kind::Deployment, "app-green");
    let held = room.propose(Kind::Service, "app", Intent::Switch { to: None }).await.expect_err("held");
    assert!(held.reason.contains("green has 1 ready pod, blue has 3"), "{}", held.reason);
    room.kubectl(&["scale", "deployment/app-green", "--replicas=3"]);
    room.settle(Kind::Deployment, "app-green");
    let outcome = room.does(Kind::Service, "app", Intent::Switch { to: None }).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    let down = Intent::ScaleSide { side: "blue".into(), replicas: 0 };
    let outcome = room.does(Kind::Service, "app", down).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert_eq!(room.field(Kind::Deployment, "app-blue", "/spec/replicas"), 0);
    let back = room.propose(Kind::Service, "app", Intent::Switch { to: None }).await.expect("back is never refused");
    assert_eq!(back.direction, Direction::Back);
    assert!(back.forecast.warnings.iter().any(|warning| warning.contains("nothing will be served")));
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn a_weight_changes_both_numbers_and_the_addresses_follow() {
    let room = canary("weight", 4, 0).await;
    let release = room.release(Kind::Service, "web").await;
    assert_eq!(release.strategy.0, "replica-canary", "{}", release.why);
    let weight = |weight: u8| Intent::SetWeight { weight, rule: None };
    let plan = room.propose(Kind::Service, "web", weight(5)).await.expect("a plan");
    assert!(plan.forecast.warnings.iter().any(|warning| warning.contains("1 of 4 is 25 %")));
    let outcome = room.does(Kind::Service, "web", weight(5)).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    let replicas = || ["web", "web-canary"].map(|name| room.field(Kind::Deployment, name, "/spec/replicas"));
    assert_eq!(replicas(), [json!(3), json!(1)]);
    let release = room.release(Kind::Service, "web").await;
    assert_eq!(release.tracks[1].weight.actual, Some(25), "settled means that the addresses have followed");
    let outcome = room.does(Kind::Service, "web", Intent::Advance { from: None, rule: None }).await;
    assert_eq!((outcome.kind, replicas()), (OutcomeKind::Applied, [json!(2), json!(2)]), "{}", outcome.reason);
    let inverse = room.engine.inverse_of(&release.uid).expect("ready");
    let outcome = room.does(Kind::Service, "web", Intent::Revert(Box::new(inverse))).await;
    assert_eq!((outcome.kind, replicas()), (OutcomeKind::Applied, [json!(3), json!(1)]), "{}", outcome.reason);
    let outcome = room.does(Kind::Service, "web", Intent::Promote { winner: None }).await;
    assert_eq!((outcome.kind, replicas()), (OutcomeKind::Applied, [json!(0), json!(4)]), "{}", outcome.reason);
    let outcome = room.does(Kind::Service, "web", Intent::Promote { winner: Some("web".into()) }).await;
    assert_eq!((outcome.kind, replicas()), (OutcomeKind::Applied, [json!(4), json!(0)]), "{}", outcome.reason);
    let outcome = room.does(Kind::Service, "web", weight(50)).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    let outcome = room.does(Kind::Service, "web", Intent::Abort).await;
    assert_eq!((outcome.kind, replicas()), (OutcomeKind::Applied, [json!(4), json!(0)]), "{}", outcome.reason);
}
