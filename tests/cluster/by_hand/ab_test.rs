//! An A/B test by rules of a VirtualService, and of an HTTPRoute.

use super::{Console, Person};
use crate::room::Room;
use crate::routes::{gateway, istio};
use serde_json::{Value, json};
use windlass::domain::Kind;

async fn test(name: &str) -> Room {
    let room = istio(name, 0).await;
    let to = |subset: &str| json!([{"destination": {"host": "shop", "subset": subset}}]);
    let rules = json!([
        {"name": "variant-b", "match": [{"headers": {"x-experiment": {"exact": "b"}}}], "route": to("canary")},
        {"name": "variant-a", "route": to("stable")}]);
    let patch = json!([{"op": "replace", "path": "/spec/http", "value": rules}]).to_string();
    room.kubectl(&["patch", "virtualservice", "shop", "--type=json", "-p", &patch]);
    room
}

fn names(room: &Room) -> Vec<String> {
    let rules = room.field(Kind::VirtualService, "shop", "/spec/http");
    rules.as_array().expect("rules").iter().map(|rule| rule["name"].as_str().unwrap_or_default().to_owned()).collect()
}

fn everyone(room: &Room) -> Value {
    let rules = room.field(Kind::VirtualService, "shop", "/spec/http");
    rules.as_array().expect("rules").last().expect("one")["route"][0]["destination"]["subset"].clone()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn an_ab_test_by_commands() {
    let room = test("by-command-ab").await;
    let person = Person::new(&room);
    assert_eq!(person.status("vs/shop")["strategy"], "ab-test");
    person.may_not(&["advance", "vs/shop", "--from-step", "0"]);
    person.brings_a_version_in_and_undoes_it("vs/shop", "shop-canary");
    person.does(&["abort", "vs/shop"]);
    assert_eq!((names(&room), everyone(&room)), (vec!["variant-a".to_owned()], json!("stable")));
    drop(room);
    let room = test("by-command-ab-win").await;
    let person = Person::new(&room);
    person.does(&["promote", "vs/shop", "--winner", "variant-b"]);
    assert_eq!(everyone(&room), "canary");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn an_ab_test_by_keys() {
    let room = test("by-key-ab").await;
    let rules = room.field(Kind::VirtualService, "shop", "/spec/http");
    let mut console = Console::open(&room, "vs/shop", "X end the test");
    console.does("X", "ABORT");
    assert_eq!(names(&room), ["variant-a"]);
    console.does("Z", "REVERT");
    assert_eq!(room.field(Kind::VirtualService, "shop", "/spec/http"), rules);
    console.shows("variant-b");
    console.does("F", "PROMOTE");
    assert_eq!(everyone(&room), "canary");
    console.does("Z", "REVERT");
    assert_eq!(room.field(Kind::VirtualService, "shop", "/spec/http"), rules);
    console.quit();
}

/// The same on an HTTPRoute, whose rules have no names.
async fn on_a_gateway(name: &str) -> Room {
    let room = gateway(name, 100, 0).await;
    let to = |track: &str| json!([{"name": format!("shop-{track}"), "port": 80}]);
    let rules = json!([
        {"matches": [{"headers": [{"name": "x-experiment", "value": "b"}]}], "backendRefs": to("canary")},
        {"backendRefs": to("stable")}]);
    let patch = json!([{"op": "replace", "path": "/spec/rules", "value": rules}]).to_string();
    room.kubectl(&["patch", "httproute", "shop", "--type=json", "-p", &patch]);
    room
}

/// Where the rules of the HTTPRoute send, in their order.
fn backends(room: &Room) -> Vec<String> {
    let rules = room.field(Kind::HttpRoute, "shop", "/spec/rules");
    let to = |rule: &Value| rule["backendRefs"][0]["name"].as_str().unwrap_or_default().to_owned();
    rules.as_array().expect("rules").iter().map(to).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn an_ab_test_on_a_gateway_by_commands() {
    let room = on_a_gateway("by-command-abg").await;
    let person = Person::new(&room);
    let status = person.status("httproute/shop");
    assert_eq!((status["strategy"].as_str(), status["step"].is_null()), (Some("ab-test"), true), "{status}");
    person.may_not(&["advance", "httproute/shop", "--from-step", "0"]);
    person.brings_a_version_in_and_undoes_it("httproute/shop", "shop-canary");
    person.does(&["abort", "httproute/shop"]);
    assert_eq!(backends(&room), ["shop-stable"], "the group is gone");
    drop(room);
    let room = on_a_gateway("by-command-abg-win").await;
    let person = Person::new(&room);
    person.does(&["promote", "httproute/shop", "--winner", "group A"]);
    assert_eq!(backends(&room), ["shop-canary", "shop-canary"], "everyone gets what the group had");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn an_ab_test_on_a_gateway_by_keys() {
    let room = on_a_gateway("by-key-abg").await;
    let rules = room.field(Kind::HttpRoute, "shop", "/spec/rules");
    let mut console = Console::open(&room, "httproute/shop", "X end the test");
    console.shows("x-experiment is b");
    console.does("F", "PROMOTE");
    assert_eq!(backends(&room), ["shop-canary", "shop-canary"]);
    console.does("Z", "REVERT");
    assert_eq!(room.field(Kind::HttpRoute, "shop", "/spec/rules"), rules);
    console.quit();
    drop(room);
    let room = on_a_gateway("by-key-abg-end").await;
    let mut console = Console::open(&room, "httproute/shop", "X end the test");
    console.does("X", "ABORT");
    assert_eq!(backends(&room), ["shop-stable"]);
    console.quit();
}
