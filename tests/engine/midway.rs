//! Plans of several calls with a wait between.

use crate::kit::{Console, deployment, sim};
use jiff::SignedDuration;
use std::sync::Arc;
use windlass::action::Progress;
use windlass::cluster::{Cluster, ConnectOptions, SendMode};
use windlass::domain::milestone::{Midway, Milestone};
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::plan::{Inverse, InversePart, Operation, PlannedCall, json};
use windlass::domain::{Call, Intent, ObjectKey, Plan};

/// Cart to five pods, and once `pods` of them are ready, frontend to one.
async fn one_up_the_other_down(ana: &Console, pods: i32, limit: i64) -> Arc<Plan> {
    let (cart, frontend) = (deployment("cart"), deployment("frontend"));
    let mut plan = Plan::clone(&ana.propose(&cart, Intent::Scale(5)).await.expect("a plan"));
    let second = ana.propose(&frontend, Intent::Scale(1)).await.expect("a plan");
    plan.calls[0].then = Some(Midway {
        what: format!("until {pods} pods of cart are ready").into(),
        until: Milestone::Ready { workload: cart, pods },
        limit: SignedDuration::from_secs(limit),
        go_on: false,
    });
    plan.calls.push(PlannedCall { optional: false, ..second.calls[0].clone() });
    Arc::new(plan)
}

fn replicas(sim: &windlass::sim::SimCluster, name: &str) -> i64 {
    let object = sim.object(&format!("deployments/shop/{name}")).expect("there");
    object.pointer("/spec/replicas").and_then(serde_json::Value::as_i64).expect("a number")
}

#[tokio::test(start_paused = true)]
async fn the_second_call_waits_until_the_first_ones_pods_are_ready() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let plan = one_up_the_other_down(&ana, 5, 600).await;
    let (outcome, heard) = ana.confirm(&plan).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert_eq!((replicas(&sim, "cart"), replicas(&sim, "frontend")), (5, 1));
    let place = |wanted: &dyn Fn(&Progress) -> bool| heard.iter().position(wanted).expect("told");
    let waiting = place(&|news| matches!(news, Progress::Waiting(what) if what.contains("5 pods of cart")));
    assert!(place(&|news| *news == Progress::Sent(0)) < waiting && waiting < place(&|news| *news == Progress::Sent(1)));
}

#[tokio::test(start_paused = true)]
async fn a_wait_in_vain_ends_the_plan_and_says_how_far_it_came() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let before = replicas(&sim, "frontend");
    let plan = one_up_the_other_down(&ana, 50, 60).await;
    let (outcome, _) = ana.confirm(&plan).await;
    assert_eq!(outcome.kind, OutcomeKind::Partial);
    assert!(outcome.reason.contains("until 50 pods of cart are ready"), "{}", outcome.reason);
    assert_eq!((replicas(&sim, "cart"), replicas(&sim, "frontend")), (5, before), "the second call was not sent");
}

#[tokio::test(start_paused = true)]
async fn the_way_back_holds_every_object_that_was_written() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let before = replicas(&sim, "frontend");
    let mut plan = Plan::clone(&*one_up_the_other_down(&ana, 5, 600).await);
    let frontend: ObjectKey = deployment("frontend");
    let back = Operation::Replace { path: "/spec/replicas".into(), value: json(&before).expect("JSON") };
    let part = InversePart {
        target: frontend.clone(),
        operations: vec![back],
        fenced_on: vec!["/spec/replicas".into()],
        subresource: None,
    };
    let Inverse::Exact(steps) = &mut plan.inverse else { panic!("exact") };
    steps.also.push(part);
    ana.confirm(&Arc::new(plan)).await;
    let ready = ana.engine.inverse_of(&ana.release(&deployment("cart"), "there", |_| true).await.uid).expect("ready");
    assert_eq!(ready.target, deployment("cart"));
    assert_eq!(ready.also[0].target, frontend);
    let operations: Vec<Operation> = serde_json::from_str(&ready.also[0].operations).expect("operations");
    let call = Call::JsonPatch { target: frontend, subresource: None, operations };
    let cluster = Cluster::over(sim.client(), "sim", &ConnectOptions::default()).await.expect("connects");
    cluster.send(&call, SendMode::Apply).await.expect("its fence was cut from the answer");
    assert_eq!(replicas(&sim, "frontend"), before);
}
