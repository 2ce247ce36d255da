//! Weights of an Istio VirtualService, of an HTTPRoute and of a `GRPCRoute`: the same steps on all of them.

use super::{Console, Person};
use crate::room::Room;
use crate::routes::{applied_or_so, gateway, grpc, istio, weights};
use windlass::domain::Kind;

/// A kind of route, as it is named on the command line and in `status`.
struct Way {
    kind: Kind,
    target: &'static str,
    strategy: &'static str,
}

const ISTIO: Way = Way { kind: Kind::VirtualService, target: "vs/shop", strategy: "istio" };
const GATEWAY: Way = Way { kind: Kind::HttpRoute, target: "httproute/shop", strategy: "gateway" };
const GRPC: Way = Way { kind: Kind::GrpcRoute, target: "grpcroute/shop", strategy: "gateway" };

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn an_istio_canary_by_commands() {
    by_commands(&ISTIO, &istio("by-command-vs", 5).await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_gateway_canary_by_commands() {
    by_commands(&GATEWAY, &gateway("by-command-http", 95, 5).await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_grpc_canary_by_commands() {
    let room = grpc("by-command-grpc", 95, 5).await;
    by_commands(&GRPC, &room);
    assert_eq!(room.field(Kind::GrpcRoute, "shop", "/spec/rules/0/matches/0/method/service"), "shop.Cart");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_grpc_canary_by_keys() {
    by_keys(&GRPC, &grpc("by-key-grpc", 95, 5).await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn an_istio_canary_by_keys() {
    by_keys(&ISTIO, &istio("by-key-vs", 5).await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_gateway_canary_by_keys() {
    by_keys(&GATEWAY, &gateway("by-key-http", 95, 5).await).await;
}

fn by_commands(way: &Way, room: &Room) {
    let (target, now) = (way.target, || weights(room, way.kind));
    let person = Person::new(room);
    let status = person.status(target);
    assert_eq!((status["strategy"].as_str(), status["step"]["index"].as_u64()), (Some(way.strategy), Some(1)));
    person.does(&["advance", target, "--from-step", "1"]);
    assert_eq!(now(), [80, 20]);
    assert!(person.may_not(&["advance", target, "--from-step", "1"]).contains("stands at step 2"));
    person.does(&["set-weight", target, "33"]);
    assert_eq!(now(), [67, 33]);
    person.does(&["abort", target]);
    assert_eq!(now(), [100, 0]);
    person.brings_a_version_in_and_undoes_it(target, "shop-canary");
    assert_eq!(now(), [100, 0]);
    person.does(&["promote", target]);
    assert_eq!(now(), [0, 100]);
    person.does(&["set-weight", target, "0"]);
    assert_eq!(now(), [100, 0], "the version that served before has everything again");
}

async fn by_keys(way: &Way, room: &Room) {
    let now = || weights(room, way.kind);
    let mut console = Console::open(room, way.target, "A advance");
    console.shows("next      A ");
    console.does("A", "ADVANCE");
    assert_eq!(now(), [80, 20]);
    console.does("Z", "REVERT");
    assert_eq!(now(), [95, 5]);
    console.pty.types("W");
    console.shows("SET WEIGHT");
    console.does("\x1540\r", "SET WEIGHT");
    assert_eq!(now(), [60, 40]);
    console.does("X", "ABORT");
    assert_eq!(now(), [100, 0]);
    console.does("F", "PROMOTE");
    assert_eq!(now(), [0, 100]);
    console.does("U", "UNDO");
    assert_eq!(now(), [100, 0]);
    console.quit();
    applied_or_so(room, way.kind, 5).await;
}
