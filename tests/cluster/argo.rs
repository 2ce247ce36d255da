//! Argo Rollouts with its real controller: stepped, aborted, undone, raced; its own plugin reads what became of it.

use crate::kit;
use crate::room::{Room, confirm, engine, image};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use windlass::action::Consent;
use windlass::domain::intent::{PausedUndo, Standing, UndoTo};
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::plan::{Refusal, RefusalKind};
use windlass::domain::said::plain;
use windlass::domain::workload::Image;
use windlass::domain::{Intent, Kind, ObjectKey, Outcome, Release, Revision, Role, State};

const RO: Kind = Kind::Rollout;
const FULL: Intent = Intent::Promote { winner: None };

/// Argo's kubectl plugin: what it prints and what it complains about.
fn plugin(room: &Room, arguments: &[&str]) -> (String, String) {
    let name = "kubectl-argo-rollouts";
    let bin = std::env::var_os("WINDLASS_CONTROLPLANE_BIN");
    let program = bin.map_or_else(|| name.into(), |bin| PathBuf::from(bin).join(name));
    let output = Command::new(program)
        .env("KUBECONFIG", kit::kubeconfig("WINDLASS_TEST_KUBECONFIG"))
        .args(["-n", &room.name])
        .args(arguments)
        .output()
        .expect("the plugin is there");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// What the plugin says of the phase: `Paused - CanaryPauseStep`. Why one is degraded it says as an error.
fn told(room: &Room, name: &str) -> String {
    let (said, complained) = plugin(room, &["status", name, "--watch=false"]);
    match complained.split_once("with message: ") {
        Some((_, why)) if !said.contains(" - ") => format!("{said} - {why}"),
        _ => said,
    }
}

/// Waits until the plugin says so; a minute at most. The controller writes the reason a moment after the flag.
async fn tells(room: &Room, name: &str, start: &str) {
    let end = tokio::time::Instant::now() + Duration::from_mins(1);
    while !told(room, name).starts_with(start) {
        assert!(tokio::time::Instant::now() < end, "the plugin says: {}", told(room, name));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Waits until the controller posts these words; a minute at most.
async fn posts(room: &Room, words: &str) {
    let end = tokio::time::Instant::now() + Duration::from_mins(1);
    while !room.kubectl(&["get", "events", "-o", "custom-columns=MESSAGE:.message"]).contains(words) {
        assert!(tokio::time::Instant::now() < end, "never said: {words}\n{}", room.kubectl(&["get", "events"]));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn service(room: &Room, name: &str, app: &str) {
    room.apply(&json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"selector": {"app": app}, "ports": [{"port": 80}]}}));
}

fn template(name: &str, version: &str) -> Value {
    json!({"metadata": {"labels": {"app": name}}, "spec": {"containers": [
        {"name": "app", "image": image(version), "command": ["sh", "-c", "a && b < c > d"]}]}})
}

fn rollout(room: &Room, name: &str, strategy: &Value, more: &Value) {
    let mut object = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": name},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": name}}, "strategy": strategy,
            "template": template(name, "v1")}});
    for (field, value) in more.as_object().into_iter().flatten() {
        object["spec"][field] = value.clone();
    }
    room.apply(&object);
}

/// A canary over Istio with these steps, its first version serving.
pub async fn canary(room: &Room, name: &str, steps: Value) {
    rollout(room, name, &over_istio(room, name, steps), &Value::Null);
    until(room, name, "the first version serves", |release| release.state == State::Healthy).await;
}

/// The Services and the route of a canary, and its strategy.
fn over_istio(room: &Room, name: &str, steps: Value) -> Value {
    for track in ["stable", "canary"] {
        service(room, &format!("{name}-{track}"), name);
    }
    let to = |track: &str, weight: u8| json!({"destination": {"host": format!("{name}-{track}")}, "weight": weight});
    room.apply(&json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": name},
        "spec": {"hosts": [format!("{name}.example.com")], "http": [
            {"name": "primary", "route": [to("stable", 100), to("canary", 0)]}]}}));
    json!({"canary": {"stableService": format!("{name}-stable"), "canaryService": format!("{name}-canary"),
        "trafficRouting": {"istio": {"virtualService": {"name": name, "routes": ["primary"]}}}, "steps": steps}})
}

/// A canary over Istio with one pause at 50 %, whose template is that of Deployment `base`; its first version serves.
pub async fn referenced(name: &str) -> Room {
    let room = Room::new(name, &Value::Null).await;
    room.apply(&json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "base"},
        "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "pay"}}, "template": template("pay", "v1")}}));
    let strategy = over_istio(&room, "pay", json!([{"setWeight": 50}, {"pause": {}}]));
    room.apply(&json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "pay"},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "pay"}}, "strategy": strategy,
            "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "base"}}}));
    until(&room, "pay", "the first version serves", |release| release.state == State::Healthy).await;
    room
}

/// A template of analyses, `rate`: Prometheus answers its query with `value`, which is judged by `rules`.
pub fn rate(room: &Room, value: &str, rules: &Value) {
    let address = std::env::var("WINDLASS_TEST_PROMETHEUS").expect("WINDLASS_TEST_PROMETHEUS must name a Prometheus");
    let mut metric = json!({"name": "rate", "count": 3,
        "provider": {"prometheus": {"address": address, "query": format!("vector({value})")}}});
    for (rule, value) in rules.as_object().into_iter().flatten() {
        metric[rule] = value.clone();
    }
    room.apply(&json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate", "metadata": {"name": "rate"},
        "spec": {"metrics": [metric]}}));
}

/// Steps with two pauses for a person. The one between them is long enough for kubectl to see its weight on a busy machine.
pub fn steps() -> Value {
    json!([{"setWeight": 20}, {"pause": {}}, {"setWeight": 50}, {"pause": {"duration": "25s"}}, {"setWeight": 80}, {"pause": {}}])
}

/// Blue-green with a preview, switched by a person, its first version serving.
pub async fn sides(name: &str) -> Room {
    let room = Room::new(name, &Value::Null).await;
    for side in ["active", "preview"] {
        service(&room, &format!("front-{side}"), "front");
    }
    let sides = json!({"blueGreen": {"activeService": "front-active", "previewService": "front-preview",
        "autoPromotionEnabled": false, "scaleDownDelaySeconds": 120}});
    rollout(&room, "front", &sides, &Value::Null);
    until(&room, "front", "the first version serves", |release| release.state == State::Healthy).await;
    room
}

/// Waits until the release is as wanted; a minute at most.
pub async fn until(room: &Room, name: &str, what: &str, wanted: impl Fn(&Release) -> bool) -> Arc<Release> {
    let observer = kit::observe(&room.cluster, &[&room.name]);
    let key = ObjectKey::new(RO, room.name.as_str(), name);
    let there = |snapshot: &windlass::domain::Snapshot| snapshot.by_key(&key).is_some_and(|release| wanted(release));
    let snapshot = kit::until(&observer, what, there).await;
    Arc::clone(snapshot.by_key(&key).expect("just seen"))
}

fn at_step(release: &Release, index: u32) -> bool {
    release.step.as_ref().and_then(|step| step.index) == Some(index)
}

pub async fn waits_at(room: &Room, name: &str, index: u32) -> Arc<Release> {
    until(room, name, "it waits", |release| release.state == State::Waiting && at_step(release, index)).await
}

pub fn new_version(room: &Room, name: &str, version: &str) {
    plugin(room, &["set", "image", name, &format!("app={}", image(version))]);
}

/// Confirms without waiting for the end.
async fn does(room: &Room, name: &str, intent: Intent) -> Outcome {
    room.does_with(RO, name, intent, Consent { wait: None, ..Consent::default() }).await
}

async fn refused(room: &Room, name: &str, intent: Intent) -> Refusal {
    let release = room.release(RO, name).await;
    match room.propose(RO, name, intent.clone()).await {
        Ok(plan) => panic!("{intent:?} is planned ({}): {}", plan.title, release.reason),
        Err(refusal) => refusal,
    }
}

pub fn weights(room: &Room, name: &str) -> [Value; 2] {
    [0, 1].map(|place| room.field(Kind::VirtualService, name, &format!("/spec/http/0/route/{place}/weight")))
}

#[tokio::test]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn a_canary_is_shown_and_stepped_to_its_end() {
    let room = Room::new("argo", &Value::Null).await;
    canary(&room, "pay", steps()).await;
    new_version(&room, "pay", "v2");
    let release = waits_at(&room, "pay", 1).await;
    assert_eq!(told(&room, "pay"), "Paused - CanaryPauseStep");
    assert_eq!(release.strategy.0, "argo-canary");
    let of =
        |role| release.track(role).map(|track| (track.version.to_string(), track.weight.asked, track.weight.actual));
    assert_eq!(of(Role::Stable), Some(("v1".into(), Some(80), Some(80))));
    assert_eq!(of(Role::Candidate), Some(("v2".into(), Some(20), Some(20))));
    assert!(release.waiting().is_some_and(|waiting| waiting.since.is_some()));
    assert_eq!(weights(&room, "pay"), [80, 20]);
    let wrong = refused(&room, "pay", Intent::Advance { from: Some(Standing::Step(3)), rule: None }).await;
    assert!(wrong.reason.contains("stands at step 1, not at 3"), "{}", wrong.reason);
    let outcome = room.does(RO, "pay", Intent::Advance { from: Some(Standing::Step(1)), rule: None }).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert_eq!(weights(&room, "pay"), [50, 50], "its end is waited for: {}", outcome.reason);
    waits_at(&room, "pay", 5).await;
    assert_eq!(weights(&room, "pay"), [20, 80]);
    let outcome = room.does(RO, "pay", Intent::Continue).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert!(outcome.reason.starts_with("the controller did it"), "{}", outcome.reason);
    assert_eq!(room.field(RO, "pay", "/status/stableRS"), room.field(RO, "pay", "/status/currentPodHash"));
    let counted = |release: &Release| {
        let countdowns = release.traffic.as_ref().map(|traffic| &traffic.countdowns);
        countdowns.is_some_and(|all| all.iter().any(|countdown| countdown.what.contains("v1")))
    };
    // The controller writes the deadline of the old pods after the phase.
    let wanted = |release: &Release| release.state == State::Healthy && counted(release);
    let release = until(&room, "pay", "v2 has everything, and v1 its time", wanted).await;
    assert_eq!(told(&room, "pay"), "Healthy");
    assert_eq!(release.track(Role::Stable).map(|track| &*track.version), Some("v2"));
    let idle = release.track(Role::Idle).expect("the pods of v1 are kept for a while");
    assert_eq!(&*idle.version, "v1");
}

#[tokio::test]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn an_abort_gives_everything_back_and_an_undo_makes_it_healthy_as_the_plugins_does() {
    let room = Room::new("argo-undo", &Value::Null).await;
    for name in ["ours", "theirs"] {
        canary(&room, name, steps()).await;
        new_version(&room, name, "v2");
        waits_at(&room, name, 1).await;
    }
    let outcome = room.does(RO, "ours", Intent::Abort).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert_eq!(weights(&room, "ours"), [100, 0], "its end is waited for");
    plugin(&room, &["abort", "theirs"]);
    for name in ["ours", "theirs"] {
        let release = until(&room, name, "it is aborted", |release| release.state == State::Failed).await;
        assert!(release.reason.starts_with("v2 was aborted"), "{}", release.reason);
        tells(&room, name, "Degraded - RolloutAborted").await;
        assert_eq!(weights(&room, name), [100, 0]);
    }
    let outcome = room.does(RO, "ours", Intent::undo()).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    plugin(&room, &["undo", "theirs", "--to-revision=1"]);
    until(&room, "theirs", "it is healthy", |release| release.state == State::Healthy).await;
    let left = |name: &str| room.field(RO, name, "/spec/template").to_string().replace(name, "NAME");
    assert_eq!(left("ours"), left("theirs"));
    for name in ["ours", "theirs"] {
        assert_eq!(told(&room, name), "Healthy");
        assert_eq!(room.field(RO, name, "/metadata/annotations/rollout.argoproj.io~1revision"), "3");
        assert_eq!(weights(&room, name), [100, 0]);
    }
}

#[tokio::test]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn a_continue_while_held_by_hand_would_be_lost_and_is_refused() {
    let room = Room::new("argo-held", &Value::Null).await;
    canary(&room, "pay", steps()).await;
    new_version(&room, "pay", "v2");
    waits_at(&room, "pay", 1).await;
    let outcome = room.does(RO, "pay", Intent::Pause).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    until(&room, "pay", "it is held", |release| release.held).await;
    assert_eq!(told(&room, "pay"), "Paused - manually paused");
    for intent in [Intent::Continue, Intent::Skip, FULL] {
        let told = refused(&room, "pay", intent).await.reason;
        assert!(plain(&told).contains("`windlass resume` resumes it first"), "{told}");
    }
    // What the plugin's own way leads to: the controller forgets that the pause was ended.
    let clear = r#"[{"op":"remove","path":"/status/pauseConditions"}]"#;
    room.kubectl(&["patch", "rollout", "pay", "--subresource=status", "--type=json", "-p", clear]);
    until(&room, "pay", "the controller has looked", |release| {
        let rollout = release.traffic.as_ref().and_then(|traffic| traffic.rows.rollout.as_ref());
        rollout.is_some_and(|rollout| !rollout.status.controller_pause)
    })
    .await;
    assert_eq!(room.does(RO, "pay", Intent::Resume).await.kind, OutcomeKind::Applied);
    let release = waits_at(&room, "pay", 1).await;
    assert!(!release.held, "{}", release.reason);
    assert_eq!(told(&room, "pay"), "Paused - CanaryPauseStep");
}

#[tokio::test]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn an_aborted_one_is_neither_stepped_nor_promoted_until_it_is_tried_again() {
    let room = Room::new("argo-aborted", &Value::Null).await;
    canary(&room, "pay", steps()).await;
    new_version(&room, "pay", "v2");
    waits_at(&room, "pay", 1).await;
    assert_eq!(does(&room, "pay", Intent::Abort).await.kind, OutcomeKind::Applied);
    until(&room, "pay", "it is aborted", |release| release.state == State::Failed).await;
    for intent in [Intent::Continue, Intent::Skip, FULL, Intent::Advance { from: None, rule: None }] {
        assert!(refused(&room, "pay", intent).await.reason.contains("was aborted"));
    }
    // What the plugin lets happen: the step does not last.
    plugin(&room, &["promote", "pay"]);
    let release = until(&room, "pay", "the controller put it back", |release| at_step(release, 0)).await;
    assert_eq!(release.state, State::Failed);
    let outcome = room.does(RO, "pay", Intent::Retry).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert_eq!(room.field(RO, "pay", "/status/currentStepIndex"), 1, "its end is waited for");
    assert_eq!(weights(&room, "pay"), [80, 20]);
    let outcome = room.does(RO, "pay", FULL).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert_eq!(told(&room, "pay"), "Healthy");
    assert_eq!(room.field(RO, "pay", "/status/currentStepIndex"), 6);
}

#[tokio::test]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn a_promotion_right_after_a_new_template_is_not_lost() {
    let room = Room::new("argo-early", &Value::Null).await;
    canary(&room, "pay", steps()).await;
    let images = [Image { container: "app".into(), reference: image("v2").as_str().into() }];
    for version in ["v2", "v3", "v4"] {
        let images = vec![Image { reference: image(version).as_str().into(), ..images[0].clone() }];
        assert_eq!(does(&room, "pay", Intent::SetImage(images)).await.kind, OutcomeKind::Applied);
        let outcome = room.does(RO, "pay", FULL).await;
        assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
        let release = room.release(RO, "pay").await;
        assert_eq!(release.track(Role::Stable).map(|track| track.version.to_string()).as_deref(), Some(version));
        assert_eq!(told(&room, "pay"), "Healthy");
    }
}

#[tokio::test]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn with_nothing_on_its_way_nothing_is_aborted_or_promoted() {
    let room = Room::new("argo-rest", &Value::Null).await;
    canary(&room, "pay", steps()).await;
    let reason = refused(&room, "pay", Intent::Abort).await.reason;
    assert!(reason.contains("nothing is on its way"), "{reason}");
    assert_eq!(room.field(RO, "pay", "/status/abort"), Value::Null);
    new_version(&room, "pay", "v2");
    waits_at(&room, "pay", 1).await;
    assert_eq!(room.does(RO, "pay", FULL).await.kind, OutcomeKind::Applied);
    assert!(refused(&room, "pay", Intent::Abort).await.reason.contains("nothing is on its way"));
    assert_eq!(refused(&room, "pay", FULL).await.kind, RefusalKind::Unchanged);
    assert_eq!(told(&room, "pay"), "Healthy");
}

#[tokio::test]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn a_skip_leaves_out_exactly_the_step_that_it_stands_at() {
    let room = Room::new("argo-skip", &Value::Null).await;
    canary(&room, "pay", json!([{"setWeight": 10}, {"pause": {}}, {"pause": {}}, {"setWeight": 60}, {"pause": {}}]))
        .await;
    new_version(&room, "pay", "v2");
    waits_at(&room, "pay", 1).await;
    assert_eq!(room.does(RO, "pay", Intent::Skip).await.kind, OutcomeKind::Applied);
    assert_eq!(room.field(RO, "pay", "/status/currentStepIndex"), 2, "its end is waited for");
    assert_eq!(weights(&room, "pay"), [90, 10]);
    // A version whose pods never come: its weight step is left out.
    let never = json!({"spec": {"template": {"metadata": {"annotations": {"sim/ready": "false"}}}}});
    room.kubectl(&["patch", "rollout", "pay", "--type=merge", "-p", &never.to_string()]);
    until(&room, "pay", "it brings pods up", |release| at_step(release, 0)).await;
    assert!(refused(&room, "pay", Intent::Continue).await.reason.contains("does not stand at a pause"));
    assert_eq!(does(&room, "pay", Intent::Skip).await.kind, OutcomeKind::Applied);
    until(&room, "pay", "it stands at the pause", |release| at_step(release, 1)).await;
}

#[tokio::test]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn two_consoles_that_confirm_the_same_pause_take_one_step() {
    let room = Room::new("argo-two", &Value::Null).await;
    canary(&room, "pay", json!([{"pause": {}}, {"pause": {}}, {"pause": {}}])).await;
    new_version(&room, "pay", "v2");
    waits_at(&room, "pay", 0).await;
    let home = tempfile::tempdir().expect("a directory");
    let ben = engine(&room.cluster, "ben", home.path());
    let ours = room.propose(RO, "pay", Intent::Continue).await.expect("a plan");
    let theirs = room.propose_as(&ben, RO, "pay", Intent::Skip).await.expect("a plan");
    let terms = || Consent { wait: None, ..Consent::default() };
    assert_eq!(confirm(&ben, theirs, terms()).await.kind, OutcomeKind::Applied);
    let outcome = confirm(&room.engine, ours, terms()).await;
    assert_eq!(outcome.kind, OutcomeKind::Conflict, "{}", outcome.reason);
    waits_at(&room, "pay", 1).await;
}

#[tokio::test]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn a_blue_green_rollout_switches_and_is_back_at_once_while_the_old_side_lives() {
    let room = sides("argo-sides").await;
    let live = || room.field(Kind::Service, "front-active", "/spec/selector/rollouts-pod-template-hash");
    let first = live();
    new_version(&room, "front", "v2");
    let release = until(&room, "front", "it waits", |release| release.state == State::Waiting).await;
    assert_eq!(release.strategy.0, "argo-blue-green");
    assert_eq!(told(&room, "front"), "Paused - BlueGreenPause");
    assert_eq!(live(), first);
    assert_eq!(does(&room, "front", Intent::Continue).await.kind, OutcomeKind::Applied);
    until(&room, "front", "v2 is live", |release| release.state == State::Healthy).await;
    assert_ne!(live(), first);
    let plan = room.propose(RO, "front", Intent::undo()).await.expect("a plan");
    assert!(plan.forecast.then.starts_with("instant: the 2 pods of v1 still run"), "{}", plan.forecast.then);
    let outcome = confirm(&room.engine, plan, Consent::default()).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert_eq!(live(), first, "at once, and nobody was asked again");
    assert_eq!(told(&room, "front"), "Healthy");
}

#[tokio::test]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn going_back_to_an_older_version_takes_all_steps_again_as_foretold_and_within_the_window_none() {
    let room = Room::new("argo-path", &Value::Null).await;
    let steps = json!([{"setWeight": 50}, {"pause": {"duration": "2s"}}]);
    canary(&room, "pay", steps).await;
    for version in ["v2", "v3"] {
        new_version(&room, "pay", version);
        until(&room, "pay", "it has everything", |release| {
            release.state == State::Healthy
                && release.track(Role::Stable).is_some_and(|track| &*track.version == version)
        })
        .await;
    }
    let undo = |number| Intent::Undo { to: UndoTo::Number(Revision(number)), paused: PausedUndo::StayPaused };
    let plan = room.propose(RO, "pay", undo(2)).await.expect("a plan");
    assert_eq!(&*plan.forecast.then, "all 2 steps again, at least 2 s");
    let outcome = confirm(&room.engine, plan, Consent::default()).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    // Another one, since a controller's client drops an object's events after the first 25.
    let steps = json!({"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}});
    rollout(&room, "quick", &steps, &json!({"rollbackWindow": {"revisions": 3}}));
    until(&room, "quick", "the first version serves", |release| release.state == State::Healthy).await;
    new_version(&room, "quick", "v2");
    waits_at(&room, "quick", 1).await;
    assert_eq!(room.does(RO, "quick", FULL).await.kind, OutcomeKind::Applied);
    let plan = room.propose(RO, "quick", undo(1)).await.expect("a plan");
    assert!(plan.forecast.then.starts_with("skips its 2 steps and analyses"), "{}", plan.forecast.then);
    let outcome = confirm(&room.engine, plan, Consent::default()).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    posts(&room, "Rollback within window").await;
}

#[tokio::test]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn a_referenced_deployment_is_what_an_undo_writes() {
    let room = referenced("argo-ref").await;
    room.kubectl(&["set", "image", "deployment/base", &format!("app={}", image("v2"))]);
    waits_at(&room, "pay", 1).await;
    let release = room.release(Kind::Deployment, "base").await;
    assert_eq!(release.key.target(), "rollout/pay", "the Deployment is no release of its own");
    let plan = room.propose(RO, "pay", Intent::undo()).await.expect("a plan");
    assert_eq!(plan.calls[0].call.target().target(), "deployment/base");
    let outcome = confirm(&room.engine, plan, Consent::default()).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert_eq!(room.image(Kind::Deployment, "base"), image("v1"));
    let back = |release: &Release| {
        release.state == State::Healthy && release.track(Role::Stable).is_some_and(|track| &*track.version == "v1")
    };
    until(&room, "pay", "it is healthy on v1", back).await;
}

#[tokio::test]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn a_failed_analysis_is_shown_with_what_it_measured() {
    let room = Room::new("argo-rate", &Value::Null).await;
    rate(&room, "0.5", &json!({"interval": "1s", "successCondition": "result[0] >= 0.99"}));
    canary(&room, "pay", json!([{"setWeight": 20}, {"analysis": {"templates": [{"templateName": "rate"}]}}])).await;
    new_version(&room, "pay", "v2");
    let release = until(&room, "pay", "it is aborted", |release| {
        release.state == State::Failed && release.traffic.as_ref().is_some_and(|traffic| !traffic.checks.is_empty())
    })
    .await;
    assert!(release.reason.contains("analysis rate: failed (last [0.5])"), "{}", release.reason);
    let check = &release.traffic.as_ref().expect("traffic").checks[0];
    assert_eq!((&*check.name, &*check.limit), ("rate (step 1)", "result[0] >= 0.99; failures ≤ 0"));
    assert_eq!(&*check.values[0].1, "[0.5]");
}

#[tokio::test]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn what_no_controller_minds_takes_no_write() {
    let room = Room::new("argo-orphan", &Value::Null).await;
    room.apply(&json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": {"name": "orphan", "labels": {"argo-rollouts.argoproj.io/controller-instance-id": "blue"}},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "orphan"}}, "template": template("orphan", "v1"),
            "strategy": {"canary": {"steps": [{"setWeight": 50}]}}}}));
    let release = room.release(RO, "orphan").await;
    let notices = &release.traffic.as_ref().expect("traffic").notices;
    assert!(notices.iter().any(|notice| notice.contains("instance id 'blue'")), "{notices:?}");
    assert_eq!(refused(&room, "orphan", FULL).await.kind, RefusalKind::ReadAgain);
}
