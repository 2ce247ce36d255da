//! Writes: one request, and an answer that says whether it was done.

use super::kit;
use crate::cluster::{SendError, SendMode};
use crate::domain::plan::{Call, Patch, json};
use crate::domain::{Kind, ObjectKey, RawObject, Uid};
use crate::sim::{Access, Effect, Fault, Level, On, SimCluster};

fn key() -> ObjectKey {
    ObjectKey::new(Kind::Deployment, "shop", "cart")
}

fn paused(object: &RawObject) -> Call {
    Patch::of(object).test("/spec/paused").add("/spec/paused", json(&true).expect("JSON")).call()
}

fn is_paused(sim: &SimCluster) -> bool {
    sim.object("deployments/shop/cart").expect("it is there")["spec"]["paused"] == true
}

#[tokio::test(start_paused = true)]
async fn a_fenced_write_is_done_once_and_the_second_meets_the_fence() {
    let sim = kit::shop();
    let cluster = kit::cluster(&sim).await.with_who("ana");
    let seen = cluster.read(&key()).await.expect("reads");
    let call = paused(&seen);
    let answer = cluster.send(&call, SendMode::DryRun).await.expect("accepted");
    assert_eq!((answer.status, is_paused(&sim)), (200, false));
    let answer = cluster.send(&call, SendMode::Apply).await.expect("done");
    let body = answer.body.expect("the object");
    assert_eq!(body.at("/spec/paused").map(|raw| raw.get().to_owned()).as_deref(), Some("true"));
    assert!(is_paused(&sim));
    assert_eq!(cluster.send(&call, SendMode::Apply).await.expect_err("fenced"), SendError::Fence);
    let manager = sim.object("deployments/shop/cart").expect("it is there")["metadata"]["managedFields"].to_string();
    assert!(manager.contains("windlass-ana"), "{manager}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_lost_and_a_refused_connection_was_never_sent() {
    let sim = kit::shop();
    let cluster = kit::cluster(&sim).await;
    let seen = cluster.read(&key()).await.expect("reads");
    sim.fault(Fault::new(On::verb("patch"), Effect::LostAnswer).times(1));
    let lost = cluster.send(&paused(&seen), SendMode::Apply).await.expect_err("no answer");
    assert!(matches!(lost, SendError::Lost(_)), "{lost:?}");
    assert!(is_paused(&sim), "it was done all the same");
    let mutations = sim.mutations();
    sim.fault(Fault::new(On::verb("patch"), Effect::Stall));
    let stalled = cluster.send(&paused(&seen), SendMode::Apply).await.expect_err("no answer");
    assert!(matches!(stalled, SendError::Lost(_)), "{stalled:?}");
    assert_eq!(sim.count("patch"), 2, "a write is never repeated");
    assert_eq!(sim.mutations(), mutations);
}

#[tokio::test(start_paused = true)]
async fn refusals_are_told_apart() {
    let sim = kit::shop();
    let cluster = kit::cluster(&sim).await;
    let seen = cluster.read(&key()).await.expect("reads");
    let missing = ObjectKey::new(Kind::Pod, "shop", "none");
    let delete = Call::Delete { target: missing, uid: Uid::new("x") };
    assert!(matches!(cluster.send(&delete, SendMode::Apply).await, Err(SendError::NotFound(_))));
    let other = Call::Delete { target: key(), uid: Uid::new("another") };
    assert!(matches!(cluster.send(&other, SendMode::Apply).await, Err(SendError::Conflict(_))));
    let negative = Patch::of(&seen).replace("/spec/replicas", json(&-1).expect("JSON")).call();
    assert!(matches!(cluster.send(&negative, SendMode::Apply).await, Err(SendError::Invalid(_))));
    sim.fault(Fault::new(On::verb("patch"), Effect::Status { code: 429, retry_after: Some(3) }).times(1));
    let slow = cluster.send(&paused(&seen), SendMode::Apply).await.expect_err("slow down");
    assert_eq!(slow, SendError::TooMany { retry_after: Some(std::time::Duration::from_secs(3)) });
    sim.set_access(Access::new("ana", Level::Viewer));
    let viewer = kit::cluster(&sim).await;
    assert!(matches!(viewer.send(&paused(&seen), SendMode::Apply).await, Err(SendError::Forbidden(_))));
    sim.revoke_token("simulated");
    assert!(matches!(viewer.send(&paused(&seen), SendMode::Apply).await, Err(SendError::Unauthorized(_))));
    assert!(!is_paused(&sim));
}
