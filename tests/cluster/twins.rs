//! Twin objects, one undone by kubectl and one by us: afterwards kubectl sees no difference.

use crate::room::{Room, image};
use serde_json::{Value, json};
use windlass::action::Consent;
use windlass::domain::intent::{PausedUndo, UndoTo};
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::{Intent, Kind, Revision, State};

const NOTHING: Value = Value::Null;

fn previous() -> Intent {
    Intent::Undo { to: UndoTo::Previous, paused: PausedUndo::StayPaused }
}

/// Three versions on two objects; the last one as given.
fn twins(room: &Room, kind: Kind, last: &str, spec: &Value) {
    for name in ["theirs", "ours"] {
        room.workload(kind, name, &image("v1"), &json!({}), spec);
        room.settle(kind, name);
        for version in ["v2", last] {
            room.roll(kind, name, version);
        }
    }
}

/// Both are rolled back and settled; history, image and status must agree.
fn agree(room: &Room, kind: Kind) {
    for name in ["theirs", "ours"] {
        room.settle(kind, name);
    }
    assert_eq!(room.history(kind, "theirs"), room.history(kind, "ours"));
    assert_eq!(room.image(kind, "theirs"), room.image(kind, "ours"));
    let template = |name: &str| {
        let text = room.field(kind, name, "/spec/template").to_string();
        text.replace(name, "NAME")
    };
    assert_eq!(template("theirs"), template("ours"));
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn an_undone_deployment_is_what_kubectl_makes_of_it() {
    let room = Room::new("twins", &NOTHING).await;
    twins(&room, Kind::Deployment, "v3", &NOTHING);
    room.kubectl(&["annotate", "deployment/ours", "deployment/theirs", "example.test/kept=yes"]);
    room.kubectl(&["rollout", "undo", "deployment/theirs"]);
    let outcome = room.does(Kind::Deployment, "ours", previous()).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    agree(&room, Kind::Deployment);
    let kept = room.field(Kind::Deployment, "ours", "/metadata/annotations/example.test~1kept");
    assert_eq!(kept, "yes", "annotations that are not ours stay");
    let events =
        room.kubectl(&["get", "events", "--field-selector=involvedObject.name=ours,reason=Undone", "-o", "name"]);
    assert_eq!(events.lines().count(), 1);
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn a_named_revision_without_a_cause_is_what_kubectl_makes_of_it() {
    let room = Room::new("named", &NOTHING).await;
    twins(&room, Kind::Deployment, "v3", &NOTHING);
    room.kubectl(&["rollout", "undo", "deployment/theirs", "--to-revision=1"]);
    let to = UndoTo::Number(Revision(1));
    let outcome = room.does(Kind::Deployment, "ours", Intent::Undo { to, paused: PausedUndo::StayPaused }).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    agree(&room, Kind::Deployment);
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn stateful_sets_and_daemon_sets_agree_too() {
    for kind in [Kind::StatefulSet, Kind::DaemonSet] {
        let room = Room::new(&format!("twin-{}", kind.singular()), &NOTHING).await;
        twins(&room, kind, "v3", &NOTHING);
        room.kubectl(&["rollout", "undo", &format!("{}/theirs", kind.singular())]);
        let outcome = room.does(kind, "ours", previous()).await;
        assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
        agree(&room, kind);
    }
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn in_mid_rollout_and_with_pods_that_never_get_ready_they_agree() {
    let room = Room::new("mid", &NOTHING).await;
    twins(&room, Kind::Deployment, "v3-bad", &NOTHING);
    room.kubectl(&["rollout", "undo", "deployment/theirs"]);
    let outcome = room.does(Kind::Deployment, "ours", Intent::undo()).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    agree(&room, Kind::Deployment);
    for name in ["theirs", "ours"] {
        let never = json!({"spec": {"template": {"metadata": {"annotations": {"sim/ready": "false"}}}}});
        room.kubectl(&["patch", "deployment", name, "--type=merge", "-p", &never.to_string()]);
    }
    room.kubectl(&["rollout", "undo", "deployment/theirs"]);
    let outcome = room.does(Kind::Deployment, "ours", previous()).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    agree(&room, Kind::Deployment);
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn ten_undos_back_to_back_never_go_to_the_wrong_revision() {
    let room = Room::new("ten", &NOTHING).await;
    room.workload(Kind::Deployment, "web", &image("v1"), &json!({}), &NOTHING);
    room.settle(Kind::Deployment, "web");
    room.roll(Kind::Deployment, "web", "v2");
    for round in 0..10 {
        // Nothing but our own requests lies between two rounds, so that the controller has no time to catch up.
        let plan = room.propose(Kind::Deployment, "web", previous()).await.expect("a plan");
        let new = plan.diff.iter().filter_map(|change| change.new.as_deref()).find(|new| new.contains("app:"));
        assert_eq!(new, Some(&*image(if round % 2 == 0 { "v1" } else { "v2" })), "round {round}");
        let consent = Consent { wait: None, ..Consent::default() };
        let outcome = crate::room::confirm(&room.engine, plan, consent).await;
        assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    }
    assert_eq!(room.image(Kind::Deployment, "web"), image("v2"));
    room.settle(Kind::Deployment, "web");
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn a_paused_deployment_goes_back_both_ways() {
    let room = Room::new("paused", &NOTHING).await;
    for (name, paused) in [("stays", PausedUndo::StayPaused), ("resumes", PausedUndo::Resume)] {
        room.workload(Kind::Deployment, name, &image("v1"), &json!({}), &NOTHING);
        room.settle(Kind::Deployment, name);
        room.kubectl(&["rollout", "pause", &format!("deployment/{name}")]);
        room.start_roll(Kind::Deployment, name, "v2");
        let outcome = room.does(Kind::Deployment, name, Intent::Undo { to: UndoTo::Previous, paused }).await;
        assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
        assert_eq!(room.image(Kind::Deployment, name), image("v1"));
        let still = room.field(Kind::Deployment, name, "/spec/paused") == true;
        assert_eq!(still, paused == PausedUndo::StayPaused);
        let release = room.release(Kind::Deployment, name).await;
        assert_eq!((release.state, release.held), (State::Healthy, still), "{}", release.reason);
    }
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn a_stateful_set_stuck_on_a_broken_pod_comes_back_with_the_second_call() {
    let room = Room::new("stuck", &NOTHING).await;
    let kind = Kind::StatefulSet;
    room.workload(kind, "db", &image("v1"), &json!({}), &NOTHING);
    room.settle(kind, "db");
    room.start_roll(kind, "db", "v2-bad");
    room.breaks(kind, "db").await;
    let plan = room.propose(kind, "db", Intent::undo()).await.expect("a plan");
    assert_eq!(plan.calls.iter().filter(|call| call.optional).count(), 1, "{:?}", plan.calls);
    assert!(plan.forecast.warnings[0].contains("must be deleted"), "{:?}", plan.forecast.warnings);
    let consent = Consent { optional: true, ..Consent::default() };
    let outcome = crate::room::confirm(&room.engine, plan, consent).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    room.settle(kind, "db");
    assert_eq!(room.image(kind, "db"), image("v1"));
    // Without the second call it stays stuck, and says why; asked again for the same revision, it is the deletion.
    room.start_roll(kind, "db", "v3-bad");
    room.breaks(kind, "db").await;
    let outcome = room.does(kind, "db", previous()).await;
    assert_eq!(outcome.kind, OutcomeKind::Failed, "{}", outcome.reason);
    assert!(outcome.reason.contains("Pod db-2 of an earlier revision blocks the update"), "{}", outcome.reason);
    let revision = room.release(kind, "db").await.revision.expect("numbered");
    let again = Intent::Undo { to: UndoTo::Number(revision), paused: PausedUndo::StayPaused };
    let outcome = room.does(kind, "db", again).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    room.settle(kind, "db");
}
