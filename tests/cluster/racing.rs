//! Many processes of the command itself that advance from one step: exactly one of them moves it, one step, and the others
//! are told that it was left. `WINDLASS_TEST_RACERS` and `WINDLASS_TEST_ROUNDS` set other numbers than 50 and 5.

use crate::room::Room;
use crate::{argo, routes};
use serde_json::{Value, json};
use std::process::Output;
use windlass::domain::Kind;

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// The step that a pipeline reads, and names when it advances.
fn step(room: &Room, target: &str) -> u64 {
    let output = room.windlass(&["status", target, "-o", "json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    document["items"][0]["step"]["index"].as_u64().unwrap_or_else(|| panic!("no step: {document}"))
}

/// All racers name the step that `status` told; one outcome says applied, and the others that it was left.
fn race(room: &Room, target: &str, round: usize) {
    let racers = number("WINDLASS_TEST_RACERS", 50);
    let from = step(room, target).to_string();
    let command = ["advance", target, "--from-step", &from, "--yes", "--no-wait", "-o", "json"];
    let children: Vec<_> = (0..racers).map(|_| room.start_windlass(&command)).collect();
    let outputs: Vec<Output> =
        children.into_iter().map(|(child, _home)| child.wait_with_output().expect("ends")).collect();
    let told = |output: &Output| -> (Option<i32>, String, String) {
        let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let outcome = document["outcome"].as_str().map(str::to_owned);
        let complaints = || String::from_utf8_lossy(&output.stderr).into_owned();
        let reason = document["reason"].as_str().map_or_else(complaints, str::to_owned);
        (output.status.code(), outcome.unwrap_or_default(), reason)
    };
    let told: Vec<_> = outputs.iter().map(told).collect();
    let count = |code: i32, word: &str| told.iter().filter(|it| (it.0, &*it.1) == (Some(code), word)).count();
    let counted = (count(0, "applied"), count(3, "conflict"));
    let others: Vec<_> = told.iter().filter(|it| it.1 != "conflict").collect();
    assert_eq!(counted, (1, racers - 1), "{target}, round {round} from step {from}: {others:#?}");
}

async fn race_on_a_ladder(room: &Room, kind: Kind, target: &str) {
    let ladder = [0_u8, 5, 20, 50, 100];
    for round in 0..number("WINDLASS_TEST_ROUNDS", 5) {
        let from = round % (ladder.len() - 1);
        routes::applied_or_so(room, kind, ladder[from]).await;
        race(room, target, round);
        let to = i64::from(ladder[from + 1]);
        assert_eq!(routes::weights(room, kind), [100 - to, to], "round {round}: exactly one step");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn of_many_commands_that_advance_an_istio_canary_exactly_one_moves_it_one_step() {
    let room = routes::istio("race-vs", 5).await;
    race_on_a_ladder(&room, Kind::VirtualService, "vs/shop").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn of_many_commands_that_advance_a_gateway_canary_exactly_one_moves_it_one_step() {
    let room = routes::gateway("race-http", 95, 5).await;
    race_on_a_ladder(&room, Kind::HttpRoute, "httproute/shop").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn of_many_commands_that_advance_an_argo_canary_exactly_one_moves_it_one_step() {
    let rounds = number("WINDLASS_TEST_ROUNDS", 5);
    let room = Room::new("race-argo", &Value::Null).await;
    // Pauses only: a second continue would at once move it a second step.
    argo::canary(&room, "pay", Value::Array(vec![json!({"pause": {}}); rounds + 1])).await;
    argo::new_version(&room, "pay", "v2");
    for round in 0..rounds {
        let from = u32::try_from(round).expect("few");
        argo::waits_at(&room, "pay", from).await;
        race(&room, "rollout/pay", round);
        argo::waits_at(&room, "pay", from + 1).await;
        let index = room.field(Kind::Rollout, "pay", "/status/currentStepIndex");
        assert_eq!(index, from + 1, "round {round}: exactly one step");
    }
}
