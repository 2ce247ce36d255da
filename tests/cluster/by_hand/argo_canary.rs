//! An Argo Rollout that steps.

use super::{Console, Person};
use crate::argo::{canary, new_version, steps, until, waits_at, weights};
use crate::room::Room;
use serde_json::Value;
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
    assert_eq!(room.image(Kind::Rollout, "pay"), crate::room::image("v1"));
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
    assert_eq!(room.image(Kind::Rollout, "pay"), crate::room::image("v1"));
    console.quit();
}
