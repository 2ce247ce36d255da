//! Two sides behind one Service.

use super::{Console, Person};
use crate::room::{Room, image};
use crate::service::{behind, blue_green};
use windlass::domain::Kind;

fn live(room: &Room) -> String {
    room.field(Kind::Service, "app", "/spec/selector/color").as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_blue_green_service_by_commands() {
    let room = blue_green("by-command-bg").await;
    let person = Person::new(&room);
    assert_eq!(person.status("svc/app")["strategy"], "blue-green");
    person.does(&["switch", "svc/app", "--to", "green"]);
    assert_eq!((live(&room), behind(&room, "app")), ("green".into(), vec!["app-green".to_owned()]));
    person.does(&["abort", "svc/app"]);
    assert_eq!((live(&room), behind(&room, "app")), ("blue".into(), vec!["app-blue".to_owned()]));
    person.does(&["switch", "svc/app", "--to", "green"]);
    assert_eq!(live(&room), "green");
    person.does(&["switch", "svc/app", "--to", "blue"]);
    assert_eq!(live(&room), "blue");
    person.does(&["set-image", "svc/app", &format!("app={}", image("v3"))]);
    assert_eq!(room.image(Kind::Deployment, "app-green"), image("v3"), "the side that does not serve");
    person.does(&["switch", "svc/app", "--to", "green"]);
    person.does(&["undo", "svc/app", "--to-revision", "1"]);
    assert_eq!((live(&room), room.image(Kind::Deployment, "app-green")), ("green".into(), image("v2")));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_blue_green_service_by_keys() {
    let room = blue_green("by-key-bg").await;
    let mut console = Console::open(&room, "svc/app", "S switch");
    console.does("S", "SWITCH");
    assert_eq!((live(&room), behind(&room, "app")), ("green".into(), vec!["app-green".to_owned()]));
    console.does("Z", "REVERT");
    assert_eq!((live(&room), behind(&room, "app")), ("blue".into(), vec!["app-blue".to_owned()]));
    console.does("S", "SWITCH");
    console.does("S", "SWITCH");
    assert_eq!(live(&room), "blue");
    console.does("S", "SWITCH");
    assert_eq!(live(&room), "green");
    console.does("X", "ABORT");
    assert_eq!((live(&room), behind(&room, "app")), ("blue".into(), vec!["app-blue".to_owned()]));
    room.kubectl(&["set", "image", "deployment/app-blue", &format!("app={}", image("v3"))]);
    room.settle(Kind::Deployment, "app-blue");
    console.shows("v3");
    console.does("U", "UNDO");
    assert_eq!((live(&room), room.image(Kind::Deployment, "app-blue")), ("blue".into(), image("v1")));
    console.quit();
}
