//! Weights of an HTTPRoute.

use super::{Console, Person};
use crate::routes::{applied_or_so, gateway, weights};
use windlass::domain::Kind;

const HTTP: Kind = Kind::HttpRoute;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_gateway_canary_by_commands() {
    let room = gateway("by-command-http", 95, 5).await;
    let person = Person::new(&room);
    let status = person.status("httproute/shop");
    assert_eq!((status["strategy"].as_str(), status["step"]["index"].as_u64()), (Some("gateway"), Some(1)));
    person.does(&["advance", "httproute/shop", "--from-step", "1"]);
    assert_eq!(weights(&room, HTTP), [80, 20]);
    assert!(person.may_not(&["advance", "httproute/shop", "--from-step", "1"]).contains("stands at step 2"));
    person.does(&["set-weight", "httproute/shop", "33"]);
    assert_eq!(weights(&room, HTTP), [67, 33]);
    person.does(&["abort", "httproute/shop"]);
    assert_eq!(weights(&room, HTTP), [100, 0]);
    person.does(&["promote", "httproute/shop"]);
    assert_eq!(weights(&room, HTTP), [0, 100]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_gateway_canary_by_keys() {
    let room = gateway("by-key-http", 95, 5).await;
    let mut console = Console::open(&room, "httproute/shop", "A advance");
    console.shows("next      A ");
    console.does("A", "ADVANCE");
    assert_eq!(weights(&room, HTTP), [80, 20]);
    console.does("Z", "REVERT");
    assert_eq!(weights(&room, HTTP), [95, 5]);
    console.pty.types("W");
    console.shows("SET WEIGHT");
    console.does("\x1540\r", "SET WEIGHT");
    assert_eq!(weights(&room, HTTP), [60, 40]);
    console.does("X", "ABORT");
    assert_eq!(weights(&room, HTTP), [100, 0]);
    console.does("F", "PROMOTE");
    assert_eq!(weights(&room, HTTP), [0, 100]);
    console.does("U", "UNDO");
    assert_eq!(weights(&room, HTTP), [100, 0]);
    console.quit();
    applied_or_so(&room, HTTP, 5).await;
}
