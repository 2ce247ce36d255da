//! One Service over a stable and a candidate Deployment.

use super::{Console, Person};
use crate::room::Room;
use crate::service::canary;
use windlass::domain::Kind;

fn replicas(room: &Room) -> [i64; 2] {
    let of = |name| room.field(Kind::Deployment, name, "/spec/replicas").as_i64().unwrap_or(-1);
    ["web", "web-canary"].map(of)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_canary_by_replicas_by_commands() {
    let room = canary("by-command-rc", 3, 1).await;
    let person = Person::new(&room);
    let status = person.status("svc/web");
    assert_eq!(status["strategy"], "replica-canary");
    let step = status["step"]["index"].to_string();
    person.does(&["advance", "svc/web", "--from-step", &step]);
    assert_eq!(replicas(&room), [2, 2]);
    person.may_not(&["advance", "svc/web", "--from-step", &step]);
    person.does(&["set-weight", "svc/web", "25"]);
    assert_eq!(replicas(&room), [3, 1]);
    person.brings_a_version_in_and_undoes_it("svc/web", "web-canary");
    person.does(&["abort", "svc/web"]);
    assert_eq!(replicas(&room), [4, 0]);
    person.does(&["promote", "svc/web"]);
    assert_eq!(replicas(&room), [0, 4]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_canary_by_replicas_by_keys() {
    let room = canary("by-key-rc", 3, 1).await;
    let mut console = Console::open(&room, "svc/web", "A advance");
    console.does("A", "ADVANCE");
    assert_eq!(replicas(&room), [2, 2]);
    console.does("Z", "REVERT");
    assert_eq!(replicas(&room), [3, 1]);
    console.does("X", "ABORT");
    assert_eq!(replicas(&room), [4, 0]);
    console.does("Z", "REVERT");
    assert_eq!(replicas(&room), [3, 1]);
    console.does("F", "PROMOTE");
    assert_eq!(replicas(&room), [0, 4]);
    console.does("U", "UNDO");
    assert_eq!(replicas(&room), [4, 0]);
    console.quit();
}
