//! Canaries under the real Flagger: shown, stepped, aborted, undone. Needs a control plane with Flagger and Istio's
//! definitions; the gates need its load tester too (`WINDLASS_TEST_LOADTESTER`, from within the pod network).

use crate::room::{Room, confirm, image};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use windlass::action::Consent;
use windlass::cluster::ObserveOptions;
use windlass::domain::intent::{Override, PausedUndo, Standing, UndoTo};
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::release::Role;
use windlass::domain::workload::Image;
use windlass::domain::{Intent, Kind, ObjectKey, Outcome, Release, Revision, State};
use windlass::strategy::{Context, strategy};

const CANARY: Kind = Kind::Canary;
const DEPLOYMENT: Kind = Kind::Deployment;

/// A room with Deployment `web` at v1 and a Canary of it, initialised. Its hooks are those of the load tester that
/// `hooks` names: type and path.
pub async fn initialised(name: &str, hooks: &[(&str, &str)]) -> Room {
    checked(name, hooks, &json!([])).await
}

/// The same with these checks.
pub async fn checked(name: &str, hooks: &[(&str, &str)], metrics: &Value) -> Room {
    let room = Room::new(name, &Value::Null).await;
    room.workload(DEPLOYMENT, "web", &image("v1"), &json!({}), &json!({"replicas": 2}));
    room.settle(DEPLOYMENT, "web");
    let hooks: Vec<Value> = hooks
        .iter()
        .map(|(kind, path)| json!({"name": format!("{kind} gate"), "type": kind, "url": format!("{}{path}", tester())}))
        .collect();
    room.apply(&json!({
        "apiVersion": "flagger.app/v1beta1", "kind": "Canary", "metadata": {"name": "web"},
        "spec": {
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "service": {"port": 80},
            "analysis": {"interval": "10s", "threshold": 5, "maxWeight": 50, "stepWeight": 25, "webhooks": hooks,
                "metrics": metrics},
        },
    }));
    phase(&room, &["Initialized"]).await;
    room
}

/// A gate before the start, before every weight and before the promotion, and one to roll back.
pub const ALL_GATES: [(&str, &str); 4] = [
    ("confirm-rollout", "/gate/check"),
    ("confirm-traffic-increase", "/gate/check"),
    ("confirm-promotion", "/gate/check"),
    ("rollback", "/rollback/check"),
];

/// Where the load tester is, which answers for gates. The tests in modules called `gated` need one; where there is none
/// they are left out by name.
fn tester() -> String {
    std::env::var("WINDLASS_TEST_LOADTESTER").expect("WINDLASS_TEST_LOADTESTER must name a load tester: --skip gated::")
}

/// Opens the gate as a person does who has no console.
pub fn open_the_gate(room: &Room) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), json!({"name": "web", "namespace": room.name}).to_string()).expect("written");
    let (path, body) = ("/proxy/gate/open", file.path().to_str().expect("a plain path"));
    let tester = "/api/v1/namespaces/test/services/http:flagger-loadtester:80";
    room.kubectl(&["create", "--raw", &format!("{tester}{path}"), "-f", body]);
}

/// Waits until all pods of the target are there: Flagger asks no gate before.
pub async fn candidate_is_ready(room: &Room) {
    until(room, "pods of the canary", |room| {
        (room.field(DEPLOYMENT, "web", "/status/availableReplicas") == json!(2)).then_some(())
    })
    .await;
}

/// Waits until the route has these weights.
pub async fn moved(room: &Room, wanted: (i64, i64)) {
    until(room, &format!("{wanted:?} in the route"), |room| (weights(room) == wanted).then_some(())).await;
}

fn new_version() -> Intent {
    Intent::SetImage(vec![Image { container: "app".into(), reference: image("v2").into() }])
}

fn undo() -> Intent {
    Intent::Undo { to: UndoTo::Number(Revision(1)), paused: PausedUndo::StayPaused }
}

/// Without a wait: a run takes minutes.
fn sent() -> Consent {
    Consent { wait: None, ..Consent::default() }
}

async fn does(room: &Room, intent: Intent) -> Outcome {
    let outcome = room.does_with(CANARY, "web", intent, sent()).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    outcome
}

/// Waits until kubectl tells one of these phases.
pub async fn phase(room: &Room, wanted: &[&str]) -> String {
    until(room, &format!("phase {wanted:?}"), |room| {
        let phase = room.field(CANARY, "web", "/status/phase").as_str().unwrap_or_default().to_owned();
        wanted.contains(&phase.as_str()).then_some(phase)
    })
    .await
}

/// Asks kubectl every quarter of a second, for two minutes at most.
async fn until<T>(room: &Room, what: &str, look: impl Fn(&Room) -> Option<T>) -> T {
    let end = tokio::time::Instant::now() + Duration::from_mins(2);
    loop {
        if let Some(found) = look(room) {
            return found;
        }
        let status = room.field(CANARY, "web", "/status");
        assert!(tokio::time::Instant::now() < end, "not in time: {what}; its status is {status}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// What Flagger tells at each look while the gate before a weight is closed.
pub const NOT_OPEN: &str = "waiting for traffic increase approval";

/// How often Flagger has told this of the Canary.
fn told(room: &Room, words: &str) -> u64 {
    let of = "involvedObject.kind=Canary,involvedObject.name=web";
    let events = room.kubectl(&["get", "events", "--field-selector", of, "-o", "json"]);
    let events: Value = serde_json::from_str(&events).expect("JSON");
    let items = events["items"].as_array().expect("a list").iter();
    let meant = items.filter(|event| event["message"].as_str().is_some_and(|message| message.contains(words)));
    meant.map(|event| event["count"].as_u64().unwrap_or(1)).sum()
}

/// Waits until Flagger has looked at the Canary twice from now on, and told this each time.
pub async fn looked_twice(room: &Room, words: &str) {
    let before = told(room, words);
    until(room, &format!("'{words}', twice"), |room| (told(room, words) >= before + 2).then_some(())).await;
}

/// The weights in the route itself: the primary's and the canary's.
pub fn weights(room: &Room) -> (i64, i64) {
    let weight = |to: u8| room.field(Kind::VirtualService, "web", &format!("/spec/http/0/route/{to}/weight"));
    (weight(0).as_i64().unwrap_or(0), weight(1).as_i64().unwrap_or(0))
}

async fn shown(room: &Room) -> Release {
    room.release(CANARY, "web").await
}

/// The release once it is told that a person is waited for: some looks of Flagger's have passed by then.
async fn waits(room: &Room) -> Release {
    let end = tokio::time::Instant::now() + Duration::from_mins(2);
    loop {
        let release = shown(room).await;
        if release.state == State::Waiting {
            return release;
        }
        assert!(tokio::time::Instant::now() < end, "it does not wait: {}", release.reason);
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

fn candidate(release: &Release) -> Option<i64> {
    release.track(Role::Candidate).and_then(|track| track.weight.asked).map(i64::from)
}

/// The plan that breaks the glass, applied.
async fn break_the_glass(room: &Room) -> Outcome {
    let key = ObjectKey::new(CANARY, room.name.as_str(), "web");
    let read = Box::pin(room.cluster.one_release_with(&key, &ObserveOptions::default())).await;
    let (release, details) = read.expect("readable");
    let context = Context { overrides: vec![Override::BreakGlass], ..room.engine.context(&release.uid) };
    let plan = strategy(release.strategy).expect("known").plan(&release, &details, &Intent::Abort, &context);
    let consent = Consent { reason: "a test".into(), ..sent() };
    confirm(&room.engine, Arc::new(plan.expect("a plan")), consent).await
}

#[tokio::test]
#[ignore = "needs a cluster with Flagger"]
async fn a_run_is_shown_suspended_taken_back_past_flagger_and_ended_with_the_old_template() {
    let room = initialised("flagger", &[]).await;
    let release = shown(&room).await;
    assert_eq!((release.strategy.0, release.state, release.tracks.len()), ("flagger", State::Healthy, 1));
    let members = ["web", "web-primary"].map(|name| ObjectKey::new(DEPLOYMENT, room.name.as_str(), name));
    assert!(members.iter().all(|member| release.members.contains(member)), "{:?}", release.members);
    does(&room, new_version()).await;
    moved(&room, (75, 25)).await;
    let release = shown(&room).await;
    assert_eq!((candidate(&release), release.state), (Some(25), State::Progressing), "{}", release.reason);

    let refusal = room.propose(CANARY, "web", Intent::Abort).await.expect_err("it has no rollback hook");
    assert_eq!(refusal.overridable, Some(Override::BreakGlass), "{}", refusal.reason);
    does(&room, Intent::Pause).await;
    let held = weights(&room);
    looked_twice(&room, "object is suspended").await;
    assert_eq!(weights(&room), held, "a suspended run stays");
    let release = shown(&room).await;
    assert!(release.held && release.state == State::Waiting, "{}", release.reason);

    let outcome = break_the_glass(&room).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert_eq!(weights(&room), (100, 0));
    does(&room, undo()).await;
    assert_eq!(room.image(DEPLOYMENT, "web"), image("v1"));
    does(&room, Intent::Resume).await;
    until(&room, "the run goes on with the old code", |room| (weights(room) == (75, 25)).then_some(())).await;
    let notices = shown(&room).await.traffic.expect("traffic").notices.clone();
    assert!(notices.iter().any(|notice| notice.contains("goes on with the old code")), "{notices:?}");
    phase(&room, &["Succeeded"]).await;
    assert_eq!(room.image(DEPLOYMENT, "web-primary"), image("v1"), "nobody was on v2 at the end");
    let release = shown(&room).await;
    assert_eq!(release.state, State::Healthy, "{}", release.reason);
}

#[tokio::test]
#[ignore = "needs a cluster with Flagger"]
async fn a_skipped_analysis_promotes_and_is_set_back_and_an_undo_starts_a_new_one() {
    let room = initialised("flagger-skip", &[]).await;
    does(&room, new_version()).await;
    moved(&room, (75, 25)).await;
    does(&room, Intent::Promote { winner: None }).await;
    assert_eq!(phase(&room, &["Succeeded"]).await, "Succeeded");
    assert_eq!(room.image(DEPLOYMENT, "web-primary"), image("v2"));
    assert_eq!(room.field(CANARY, "web", "/spec/skipAnalysis"), Value::Null, "as it was");
    let plan = room.propose(CANARY, "web", undo()).await.expect("a plan");
    assert!(plan.forecast.then.contains("a new analysis of v1"), "{}", plan.forecast.then);
    does(&room, undo()).await;
    phase(&room, &["Progressing"]).await;
    phase(&room, &["Succeeded"]).await;
    assert_eq!(room.image(DEPLOYMENT, "web-primary"), image("v1"));
}

/// What needs the gates of a load tester.
mod gated {
    use super::*;

    #[tokio::test]
    #[ignore = "needs a cluster with Flagger and its load tester"]
    async fn gates_let_one_step_through_at_a_time_and_roll_back() {
        let room = initialised("flagger-gates", &ALL_GATES).await;
        does(&room, new_version()).await;
        phase(&room, &["Waiting"]).await;
        let waiting = shown(&room).await;
        assert_eq!(waiting.state, State::Waiting, "{}", waiting.reason);
        does(&room, Intent::Continue).await;
        phase(&room, &["Progressing"]).await;
        candidate_is_ready(&room).await;
        looked_twice(&room, NOT_OPEN).await;
        assert_eq!(weights(&room), (100, 0), "the gate was closed again");
        waits(&room).await;

        let step = Intent::Advance { from: Some(Standing::Weight(0)), rule: None };
        does(&room, step.clone()).await;
        assert_eq!(weights(&room), (75, 25));
        let refusal = room.propose(CANARY, "web", step).await.expect_err("it left 0 %");
        assert!(refusal.reason.contains("25 %, not at 0 %"), "{}", refusal.reason);
        looked_twice(&room, NOT_OPEN).await;
        assert_eq!(weights(&room), (75, 25), "one step, and no more");

        does(&room, Intent::Abort).await;
        assert_eq!((room.field(CANARY, "web", "/status/phase"), weights(&room)), (json!("Failed"), (100, 0)));
        let failed = shown(&room).await;
        assert_eq!(failed.state, State::Failed, "{}", failed.reason);
        does(&room, undo()).await;
        until(&room, "the template is known to be back", |room| {
            let hash = |field: &str| room.field(CANARY, "web", &format!("/status/{field}"));
            (hash("lastAppliedSpec") == hash("lastPromotedSpec")).then_some(())
        })
        .await;
        let back = shown(&room).await;
        assert_eq!(back.state, State::Healthy, "{}", back.reason);
        // The rollback gate was closed: the next run is not ended by it.
        does(&room, new_version()).await;
        phase(&room, &["Waiting"]).await;
        does(&room, Intent::Continue).await;
        phase(&room, &["Progressing"]).await;
        candidate_is_ready(&room).await;
        // Flagger asks the rollback gate before it moves a weight.
        does(&room, Intent::Advance { from: Some(Standing::Weight(0)), rule: None }).await;
        assert_eq!(weights(&room), (75, 25));
        assert_eq!(room.field(CANARY, "web", "/status/phase"), json!("Progressing"));
    }
}
