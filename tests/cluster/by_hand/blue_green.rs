//! Two sides behind one Service.

use super::{Console, Person};
use crate::room::Room;
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
    person.does(&["switch", "svc/app"]);
    assert_eq!(live(&room), "green");
    person.does(&["switch", "svc/app"]);
    assert_eq!(live(&room), "blue");
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
    console.quit();
}
