//! Who steps a release, over two commands of two people on a real API server: kubectl shows the Lease.

use crate::room::Room;
use crate::routes::gateway;
use serde_json::{Value, json};

const LEASE: &str = "windlass-step-httproute-shop";

fn step(room: &Room, who: &str, arguments: &[&str]) {
    let ended = room.windlass(&[arguments, &["--who", who, "--yes"]].concat());
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(!said.contains("presence off"), "{said}");
}

fn holder(room: &Room) -> String {
    room.kubectl(&["get", "lease", LEASE, "-o", "jsonpath={.spec.holderIdentity}"])
}

/// What a second person reads.
fn presence(room: &Room) -> Value {
    let ended = room.windlass(&["status", "httproute/shop", "-o", "json"]);
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let list: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    list["items"][0]["presence"].clone()
}

#[tokio::test]
#[ignore = "needs a cluster with the CRDs of the Gateway API"]
async fn a_step_is_seen_by_a_second_person_until_somebody_ends_it() {
    let room = gateway("presence", 80, 20).await;
    assert_eq!(presence(&room), Value::Null);
    step(&room, "ana", &["set-weight", "httproute/shop", "40"]);
    assert!(holder(&room).starts_with("ana@"), "{}", holder(&room));
    let owner = room.kubectl(&["get", "lease", LEASE, "-o", "jsonpath={.metadata.ownerReferences[0].kind}"]);
    assert_eq!(owner, "HTTPRoute");
    let seen = presence(&room);
    assert!(seen["by"].as_str().is_some_and(|by| by.starts_with("ana@")), "{seen}");
    step(&room, "ben", &["set-weight", "httproute/shop", "60"]);
    assert!(holder(&room).starts_with("ben@"), "{}", holder(&room));
    let listed = room.kubectl(&["get", "leases", "-l", "windlass.dev/presence", "-o", "name"]);
    assert_eq!(listed.lines().count(), 1, "{listed}");
    step(&room, "ana", &["abort", "httproute/shop"]);
    assert_eq!((holder(&room), presence(&room)), (String::new(), Value::Null));
}

#[tokio::test]
#[ignore = "needs a cluster with the CRDs of the Gateway API"]
async fn a_lease_that_nobody_renewed_for_longer_than_it_holds_is_nobody() {
    let room = gateway("presence-old", 80, 20).await;
    let renewed = |ago: i64| {
        let at = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(ago);
        let at = at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string();
        room.apply(&json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": LEASE, "namespace": room.name, "labels": {"windlass.dev/presence": "stepping"},
                "annotations": {"windlass.dev/release": "httproute/shop", "windlass.dev/console": "gone",
                    "windlass.dev/step": "ADVANCE shop"}},
            "spec": {"holderIdentity": "eve@desk", "leaseDurationSeconds": 150, "acquireTime": at, "renewTime": at}}));
    };
    renewed(200);
    assert_eq!(presence(&room), Value::Null, "its console was killed");
    renewed(5);
    assert_eq!(presence(&room)["by"], "eve@desk");
}
