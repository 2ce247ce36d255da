//! An Argo Rollout that switches.

use super::{Console, Person};
use crate::argo::{new_version, sides, until};
use crate::room::Room;
use windlass::domain::{Kind, State};

fn live(room: &Room) -> String {
    let selector = room.field(Kind::Service, "front-active", "/spec/selector/rollouts-pod-template-hash");
    selector.as_str().unwrap_or_default().to_owned()
}

/// The pods of the template that the spec asks for.
fn wanted(room: &Room) -> String {
    room.field(Kind::Rollout, "front", "/status/currentPodHash").as_str().unwrap_or_default().to_owned()
}

/// Whether the Rollout itself says that it was aborted, and which pods are live then.
fn aborted(room: &Room) -> (bool, String) {
    (room.field(Kind::Rollout, "front", "/status/abort") == true, live(room))
}

async fn waits(room: &Room) {
    until(room, "front", "it waits", |release| release.state == State::Waiting).await;
}

async fn waiting(name: &str) -> (Room, String) {
    let room = sides(name).await;
    let first = live(&room);
    new_version(&room, "front", "v2");
    waits(&room).await;
    (room, first)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn an_argo_blue_green_by_commands() {
    let (room, first) = waiting("by-command-robg").await;
    let person = Person::new(&room);
    assert_eq!(person.status("rollout/front")["strategy"], "argo-blue-green");
    person.may_not(&["skip", "rollout/front"]);
    person.may_not(&["switch", "rollout/front", "--to", "preview"]);
    person.does(&["abort", "rollout/front"]);
    assert_eq!(aborted(&room), (true, first.clone()));
    assert_eq!(person.status("rollout/front")["state"], "failed");
    person.does(&["retry", "rollout/front"]);
    waits(&room).await;
    person.does(&["continue", "rollout/front"]);
    assert_ne!(live(&room), first, "the command waits for the switch");
    person.does(&["undo", "rollout/front", "--to-revision", "1"]);
    assert_eq!(live(&room), first);
    new_version(&room, "front", "v3");
    waits(&room).await;
    assert_eq!(live(&room), first);
    person.does(&["promote", "rollout/front"]);
    assert_eq!(live(&room), wanted(&room));
    assert_eq!(person.status("rollout/front")["state"], "healthy");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Argo Rollouts"]
async fn an_argo_blue_green_by_keys() {
    let (room, first) = waiting("by-key-robg").await;
    let mut console = Console::open(&room, "rollout/front", "C continue");
    console.shows("waits for a person");
    console.does("X", "ABORT");
    assert_eq!(aborted(&room), (true, first.clone()));
    console.does("T", "RETRY");
    waits(&room).await;
    console.shows("waits for a person");
    console.does("C", "CONTINUE");
    assert_ne!(live(&room), first);
    console.does("U", "UNDO");
    assert_eq!(live(&room), first);
    new_version(&room, "front", "v3");
    waits(&room).await;
    console.shows("waits for a person");
    console.does("F", "PROMOTE");
    assert_eq!(live(&room), wanted(&room));
    console.quit();
}
