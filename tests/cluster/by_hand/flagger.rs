//! A Canary of Flagger, with and without gates.

use super::{Console, Person};
use crate::flagger::{ALL_GATES, gated, initialised, moved, phase, weights};
use crate::room::{Room, image};
use windlass::domain::Kind;

fn set_image(room: &Room, version: &str) {
    room.kubectl(&["set", "image", "deployment/web", &format!("app={}", image(version))]);
}

async fn at_25(name: &str) -> Room {
    let room = initialised(name, &[]).await;
    set_image(&room, "v2");
    moved(&room, (75, 25)).await;
    room
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Flagger"]
async fn a_flagger_canary_by_commands() {
    let room = at_25("by-command-fl").await;
    let person = Person::new(&room);
    let status = person.status("canary/web");
    assert_eq!((status["strategy"].as_str(), status["step"]["index"].as_u64()), (Some("flagger"), None));
    person.does(&["pause", "canary/web"]);
    assert_eq!(room.field(Kind::Canary, "web", "/spec/suspend"), true);
    let now = person.status("canary/web")["tracks"][1]["weight"]["asked"].to_string();
    assert!(person.may_not(&["advance", "canary/web", "--from-weight", &now]).contains("suspended"));
    assert!(person.may_not(&["abort", "canary/web"]).contains("break-glass"));
    person.does(&["abort", "canary/web", "--override", "break-glass", "--reason", "a test"]);
    assert_eq!(weights(&room), (100, 0));
    person.does(&["resume", "canary/web"]);
    person.does(&["promote", "canary/web", "--no-wait"]);
    phase(&room, &["Succeeded"]).await;
    assert_eq!(room.image(Kind::Deployment, "web-primary"), image("v2"));
    person.does(&["undo", "canary/web", "--to-revision", "1", "--no-wait"]);
    assert_eq!(room.image(Kind::Deployment, "web"), image("v1"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Flagger"]
async fn a_flagger_canary_by_keys() {
    let room = at_25("by-key-fl").await;
    let mut console = Console::open(&room, "canary/web", "F promote");
    console.does("P", "PAUSE");
    assert_eq!(room.field(Kind::Canary, "web", "/spec/suspend"), true);
    console.does("P", "RESUME");
    console.shows("F promote");
    console.does("F", "PROMOTE");
    phase(&room, &["Succeeded"]).await;
    assert_eq!(room.image(Kind::Deployment, "web-primary"), image("v2"));
    console.shows("healthy");
    console.plans("U", "UNDO");
    console.shows("revision 1");
    console.confirms("UNDO");
    assert_eq!(room.image(Kind::Deployment, "web"), image("v1"));
    console.quit();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Flagger and its load tester"]
async fn a_gated_flagger_canary_by_keys() {
    if !gated() {
        return;
    }
    let room = initialised("by-key-flg", &ALL_GATES).await;
    set_image(&room, "v2");
    phase(&room, &["Waiting"]).await;
    let mut console = Console::open(&room, "canary/web", "A advance");
    console.shows("waits for gate");
    console.does("C", "CONTINUE");
    phase(&room, &["Progressing"]).await;
    console.shows("0 % → 25 % of web");
    console.does("A", "ADVANCE");
    assert_eq!(weights(&room), (75, 25));
    console.does("X", "ABORT");
    assert_eq!((room.field(Kind::Canary, "web", "/status/phase"), weights(&room)), ("Failed".into(), (100, 0)));
    console.does("U", "UNDO");
    assert_eq!(room.image(Kind::Deployment, "web"), image("v1"));
    console.quit();
}
