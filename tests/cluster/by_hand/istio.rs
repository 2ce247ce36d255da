//! Weights of an Istio VirtualService.

use super::{Console, Person};
use crate::routes::{applied_or_so, istio, weights};
use windlass::domain::Kind;

const VS: Kind = Kind::VirtualService;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn an_istio_canary_by_commands() {
    let room = istio("by-command-vs", 5).await;
    let person = Person::new(&room);
    let status = person.status("vs/shop");
    assert_eq!((status["strategy"].as_str(), status["step"]["index"].as_u64()), (Some("istio"), Some(1)));
    person.does(&["advance", "vs/shop", "--from-step", "1"]);
    assert_eq!(weights(&room, VS), [80, 20]);
    assert!(person.may_not(&["advance", "vs/shop", "--from-step", "1"]).contains("stands at step 2"));
    person.does(&["set-weight", "vs/shop", "33"]);
    assert_eq!(weights(&room, VS), [67, 33]);
    person.does(&["abort", "vs/shop"]);
    assert_eq!(weights(&room, VS), [100, 0]);
    person.does(&["promote", "vs/shop"]);
    assert_eq!(weights(&room, VS), [0, 100]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn an_istio_canary_by_keys() {
    let room = istio("by-key-vs", 5).await;
    let mut console = Console::open(&room, "vs/shop", "A advance");
    console.shows("next      A ");
    console.does("A", "ADVANCE");
    assert_eq!(weights(&room, VS), [80, 20]);
    console.does("Z", "REVERT");
    assert_eq!(weights(&room, VS), [95, 5]);
    console.pty.types("W");
    console.shows("SET WEIGHT");
    console.does("\x1540\r", "SET WEIGHT");
    assert_eq!(weights(&room, VS), [60, 40]);
    console.does("X", "ABORT");
    assert_eq!(weights(&room, VS), [100, 0]);
    console.does("F", "PROMOTE");
    assert_eq!(weights(&room, VS), [0, 100]);
    console.does("U", "UNDO");
    assert_eq!(weights(&room, VS), [100, 0]);
    console.quit();
    applied_or_so(&room, VS, 5).await;
}
