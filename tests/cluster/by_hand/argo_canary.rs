//! An Argo Rollout that steps.

use super::{Console, Person};
use crate::argo::{canary, new_version, rate, referenced, steps, until, waits_at, weights};
use crate::room::{Room, image};
use serde_json::{Value, json};
use windlass::domain::{Kind, State};

fn index(room: &Room) -> Value {
    room.field(Kind::Rollout, "pay", "/status/currentStepIndex")
}

async fn waiting(name: &str) -> Room {
    let room = Room::new(name, &Value::Null).await;
    canary(&room, "pay", steps()).await;
    new_version(&room, "pay", "v2");
    waits_at(&room, "pay", 1).await;
    room
}

async fn healthy(room: &Room) {
    until(room, "pay", "it is healthy", |release| release.state == State::Healthy).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn an_argo_canary_by_commands() {
    let room = waiting("by-command-ro").await;
    let person = Person::new(&room);
    let status = person.status("rollout/pay");
    assert_eq!((status["strategy"].as_str(), status["step"]["index"].as_u64()), (Some("argo-canary"), Some(1)));
    person.does(&["pause", "rollout/pay"]);
    assert!(person.may_not(&["continue", "rollout/pay", "--from-step", "1"]).contains("held by hand"));
    person.does(&["resume", "rollout/pay"]);
    waits_at(&room, "pay", 1).await;
    person.does(&["advance", "rollout/pay", "--from-step", "1"]);
    assert_eq!(weights(&room, "pay"), [50, 50], "the command waits for the weight");
    waits_at(&room, "pay", 5).await;
    assert!(person.may_not(&["advance", "rollout/pay", "--from-step", "1"]).contains("stands at step 5"));
    person.does(&["abort", "rollout/pay"]);
    assert_eq!((weights(&room, "pay"), index(&room)), ([100.into(), 0.into()], 0.into()));
    person.does(&["retry", "rollout/pay"]);
    assert_eq!((weights(&room, "pay"), index(&room)), ([80.into(), 20.into()], 1.into()));
    person.does(&["skip", "rollout/pay", "--from-step", "1"]);
    assert_eq!(weights(&room, "pay"), [50, 50]);
    person.does(&["promote", "rollout/pay"]);
    healthy(&room).await;
    person.does(&["restart", "rollout/pay"]);
    assert!(!room.field(Kind::Rollout, "pay", "/status/restartedAt").is_null(), "the controller took it");
    person.does(&["undo", "rollout/pay", "--to-revision", "1"]);
    assert_eq!(room.image(Kind::Rollout, "pay"), image("v1"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn an_argo_canary_by_keys() {
    let room = waiting("by-key-ro").await;
    let mut console = Console::open(&room, "rollout/pay", "C continue");
    console.shows("step 1/6");
    console.does("P", "PAUSE");
    console.does("P", "RESUME");
    waits_at(&room, "pay", 1).await;
    console.shows("Waits for a person");
    console.does("A", "ADVANCE");
    waits_at(&room, "pay", 5).await;
    assert_eq!(weights(&room, "pay"), [20, 80]);
    console.shows("step 5/6");
    console.does("X", "ABORT");
    assert_eq!((weights(&room, "pay"), index(&room)), ([100.into(), 0.into()], 0.into()));
    console.does("T", "RETRY");
    assert_eq!((weights(&room, "pay"), index(&room)), ([80.into(), 20.into()], 1.into()));
    console.does("K", "SKIP");
    waits_at(&room, "pay", 5).await;
    // The step is shown a moment before its pause.
    console.shows("C continues: 80 %");
    console.does("C", "CONTINUE");
    healthy(&room).await;
    console.does("U", "UNDO");
    waits_at(&room, "pay", 1).await;
    console.shows("step 1/6");
    console.does("F", "PROMOTE");
    healthy(&room).await;
    assert_eq!(room.image(Kind::Rollout, "pay"), image("v1"));
    console.quit();
}

/// One whose analysis can neither pass nor fail: it waits for a person.
async fn undecided(name: &str) -> Room {
    let room = Room::new(name, &Value::Null).await;
    let rules = json!({"interval": "2s", "inconclusiveLimit": 1,
        "successCondition": "result[0] >= 0.99", "failureCondition": "result[0] < 0.5"});
    rate(&room, "0.7", &rules);
    let analysis = json!({"analysis": {"templates": [{"templateName": "rate"}]}});
    canary(&room, "pay", json!([{"setWeight": 20}, analysis, {"setWeight": 60}, {"pause": {}}])).await;
    new_version(&room, "pay", "v2");
    waits_at(&room, "pay", 1).await;
    room
}

/// How often it was measured, by kubectl.
fn analyses(room: &Room) -> usize {
    room.kubectl(&["get", "analysisruns", "-o", "name"]).lines().count()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn an_argo_analysis_that_could_not_decide_by_commands() {
    let room = undecided("by-command-ro-maybe").await;
    let person = Person::new(&room);
    let status = person.status("rollout/pay");
    assert_eq!(status["state"], "waiting");
    assert!(status["reason"].as_str().is_some_and(|reason| reason.contains("could not decide")), "{status}");
    assert_eq!((weights(&room, "pay"), analyses(&room)), ([80.into(), 20.into()], 1));
    assert!(person.may_not(&["advance", "rollout/pay", "--from-step", "1"]).contains("could not decide"));
    person.does(&["continue", "rollout/pay", "--from-step", "1"]);
    waits_at(&room, "pay", 1).await;
    assert_eq!((weights(&room, "pay"), analyses(&room)), ([80.into(), 20.into()], 2), "it was measured again");
    person.does(&["skip", "rollout/pay", "--from-step", "1"]);
    waits_at(&room, "pay", 3).await;
    assert_eq!((weights(&room, "pay"), analyses(&room)), ([40.into(), 60.into()], 2));
    person.does(&["abort", "rollout/pay"]);
    assert_eq!(weights(&room, "pay"), [100, 0]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn an_argo_analysis_that_could_not_decide_by_keys() {
    let room = undecided("by-key-ro-maybe").await;
    let mut console = Console::open(&room, "rollout/pay", "C continue");
    console.shows("could not decide");
    console.does("C", "CONTINUE");
    waits_at(&room, "pay", 1).await;
    assert_eq!((weights(&room, "pay"), analyses(&room)), ([80.into(), 20.into()], 2), "it was measured again");
    console.shows("could not decide");
    console.does("K", "SKIP");
    waits_at(&room, "pay", 3).await;
    assert_eq!((weights(&room, "pay"), analyses(&room)), ([40.into(), 60.into()], 2));
    console.shows("step 3/4");
    console.does("X", "ABORT");
    assert_eq!(weights(&room, "pay"), [100, 0]);
    console.quit();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn an_argo_canary_with_a_referenced_template_by_commands() {
    let room = referenced("by-command-ro-ref").await;
    let person = Person::new(&room);
    person.does(&["set-image", "rollout/pay", &format!("app={}", image("v2")), "--no-wait"]);
    assert_eq!(room.image(Kind::Deployment, "base"), image("v2"));
    waits_at(&room, "pay", 1).await;
    assert_eq!(weights(&room, "pay"), [50, 50]);
    assert_eq!(person.status("deploy/base")["target"], "rollout/pay", "what is referenced is no release of its own");
    person.does(&["undo", "deploy/base", "--to-revision", "1"]);
    assert_eq!((room.image(Kind::Deployment, "base"), weights(&room, "pay")), (image("v1"), [100.into(), 0.into()]));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn an_argo_canary_with_a_referenced_template_by_keys() {
    let room = referenced("by-key-ro-ref").await;
    room.kubectl(&["set", "image", "deployment/base", &format!("app={}", image("v2"))]);
    waits_at(&room, "pay", 1).await;
    let mut console = Console::open(&room, "rollout/pay", "C continue");
    console.does("X", "ABORT");
    assert_eq!((room.image(Kind::Deployment, "base"), weights(&room, "pay")), (image("v2"), [100.into(), 0.into()]));
    console.does("U", "UNDO");
    healthy(&room).await;
    assert_eq!((room.image(Kind::Deployment, "base"), weights(&room, "pay")), (image("v1"), [100.into(), 0.into()]));
    console.quit();
}

/// One that may go back to the version before without its steps, at the first of them.
async fn with_a_window(name: &str) -> Room {
    let room = Room::new(name, &Value::Null).await;
    canary(&room, "pay", steps()).await;
    room.kubectl(&["patch", "rollout", "pay", "--type=merge", "-p", r#"{"spec":{"rollbackWindow":{"revisions":3}}}"#]);
    new_version(&room, "pay", "v2");
    waits_at(&room, "pay", 1).await;
    room
}

/// It is back without a step: at one of them it would wait for a person.
async fn back_without_steps(room: &Room) {
    healthy(room).await;
    assert_eq!((room.image(Kind::Rollout, "pay"), index(room)), (image("v1"), 6.into()));
    assert_eq!(weights(room, "pay"), [100, 0]);
    assert_eq!(
        room.field(Kind::Rollout, "pay", "/status/stableRS"),
        room.field(Kind::Rollout, "pay", "/status/currentPodHash")
    );
}

const FORETOLD: &str = "skips its 6 steps";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn an_argo_canary_within_its_rollback_window_by_commands() {
    let room = with_a_window("by-command-ro-window").await;
    let person = Person::new(&room);
    person.does(&["promote", "rollout/pay"]);
    let undo = ["undo", "rollout/pay", "--to-revision", "1"];
    let shown = room.windlass(&[&undo[..], &["--dry-run", "client"]].concat());
    let shown = String::from_utf8_lossy(&shown.stdout);
    assert!(shown.contains(FORETOLD), "{shown}");
    person.does(&undo);
    back_without_steps(&room).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn an_argo_canary_within_its_rollback_window_by_keys() {
    let room = with_a_window("by-key-ro-window").await;
    let mut console = Console::open(&room, "rollout/pay", "F promote");
    console.does("F", "PROMOTE");
    healthy(&room).await;
    console.plans("U", "UNDO");
    console.shows(FORETOLD);
    console.confirms("UNDO");
    back_without_steps(&room).await;
    console.quit();
}
