//! Answers that do not come, servers that refuse, objects that go away.

use crate::kit::{Console, deployment, image, sim};
use jiff::SignedDuration;
use std::sync::Arc;
use windlass::action::Progress;
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::workload::Image;
use windlass::domain::{Intent, Plan};
use windlass::sim::{Access, Effect, Fault, Level, On, SimCluster};

const OLD: &str = "registry.test/shop/search:v41";
const NEW: &str = "registry.test/shop/search:v42-bad";

fn set_image(version: &str) -> Intent {
    let reference = format!("registry.test/shop/frontend:{version}").into();
    Intent::SetImage(vec![Image { container: "frontend".into(), reference }])
}

async fn undo_with(fault: Effect) -> (SimCluster, windlass::domain::Outcome, Vec<Progress>) {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let plan = ana.propose(&deployment("search"), Intent::undo()).await.expect("a plan");
    sim.fault(Fault::new(On::verb("patch"), fault).times(1));
    let (outcome, heard) = ana.confirm(&plan).await;
    (sim, outcome, heard)
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_looked_into_and_found_applied() {
    let (sim, outcome, heard) = undo_with(Effect::LostAnswer).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert!(heard.contains(&Progress::LookingAfterLostAnswer(0)), "{heard:?}");
    assert_eq!(image(&sim, "deployments/shop/search"), OLD);
    assert_eq!(sim.count("patch"), 1, "it is never sent twice");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_cut_before_it_arrived_is_found_not_applied() {
    let (sim, outcome, _) = undo_with(Effect::Reset).await;
    assert_eq!(outcome.kind, OutcomeKind::Failed, "{}", outcome.reason);
    assert!(outcome.reason.starts_with("not applied"), "{}", outcome.reason);
    assert_eq!(image(&sim, "deployments/shop/search"), NEW);
}

/// Our clock is a minute behind, so an earlier write of ours seems to be later than the one that was lost.
#[tokio::test(start_paused = true)]
async fn an_earlier_write_of_ours_is_not_taken_for_the_lost_one_whatever_the_clock_says() {
    let sim = sim("rolling");
    let ana = Console::behind(&sim, "ana", SignedDuration::from_mins(1)).await;
    let first = ana.does(&deployment("frontend"), set_image("v9")).await;
    assert_eq!(first.kind, OutcomeKind::Applied, "{}", first.reason);
    let plan = ana.propose(&deployment("frontend"), set_image("v10")).await.expect("a plan");
    sim.fault(Fault::new(On::verb("patch"), Effect::Reset).times(1));
    let (outcome, _) = ana.confirm(&plan).await;
    assert_eq!(outcome.kind, OutcomeKind::Failed, "{}", outcome.reason);
    assert!(outcome.reason.starts_with("not applied"), "{}", outcome.reason);
    // The same over bytes that were read before our own write: the write is known from its answer.
    let older = Arc::new(Plan { seen: Vec::new(), ..Plan::clone(&plan) });
    sim.fault(Fault::new(On::verb("patch"), Effect::Reset).times(1));
    let (outcome, _) = ana.confirm(&older).await;
    assert!(outcome.reason.starts_with("not applied"), "{}", outcome.reason);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_is_found_not_applied_after_the_limit() {
    let (sim, outcome, _) = undo_with(Effect::Stall).await;
    assert_eq!(outcome.kind, OutcomeKind::Failed, "{}", outcome.reason);
    assert_eq!(image(&sim, "deployments/shop/search"), NEW);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_of_a_server_that_is_gone_is_unknown_and_never_a_guess() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let plan = ana.propose(&deployment("search"), Intent::undo()).await.expect("a plan");
    sim.fault(Fault::new(On::verb("patch"), Effect::LostAnswer).times(1));
    sim.fault(Fault::new(On::verb("get"), Effect::Stall));
    let (outcome, _) = ana.confirm(&plan).await;
    assert_eq!(outcome.kind, OutcomeKind::Unknown, "{}", outcome.reason);
    assert_eq!(outcome.kind.exit_code(), 7);
    // Pressed again, the fence holds: that is our own write, and not a conflict.
    sim.heal();
    let (again, _) = ana.confirm(&plan).await;
    assert_eq!(again.kind, OutcomeKind::Applied, "{}", again.reason);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_means_that_nothing_was_sent() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let plan = ana.propose(&deployment("search"), Intent::undo()).await.expect("a plan");
    sim.away();
    let (outcome, _) = ana.confirm(&plan).await;
    assert_eq!(outcome.kind, OutcomeKind::Unreachable, "{}", outcome.reason);
    sim.back();
    assert_eq!(image(&sim, "deployments/shop/search"), NEW);
}

#[tokio::test(start_paused = true)]
async fn each_refusal_has_its_outcome_and_its_sentence() {
    let (_, outcome, _) = undo_with(Effect::Status { code: 429, retry_after: Some(7) }).await;
    assert_eq!(outcome.kind, OutcomeKind::Failed);
    assert!(outcome.reason.contains("in 7 s"), "{}", outcome.reason);
    for code in [500, 503] {
        let (sim, outcome, _) = undo_with(Effect::Status { code, retry_after: None }).await;
        assert!(outcome.kind == OutcomeKind::Failed && outcome.reason.starts_with("not applied"), "{}", outcome.reason);
        assert_eq!((sim.count("patch"), image(&sim, "deployments/shop/search").as_str()), (1, NEW));
    }
    let (_, outcome, _) = undo_with(Effect::Status { code: 409, retry_after: None }).await;
    assert_eq!(outcome.kind, OutcomeKind::Conflict);
    assert!(outcome.reason.contains("is not what you looked at any more"), "{}", outcome.reason);
    // With causes it is no fence: what is wrong is told, and nobody is said to have moved anything.
    let (_, outcome, _) = undo_with(Effect::Status { code: 422, retry_after: None }).await;
    assert_eq!(outcome.kind, OutcomeKind::Failed, "{}", outcome.reason);
    assert!(outcome.reason.contains("must be greater than or equal to 0"), "{}", outcome.reason);
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let plan = ana.propose(&deployment("search"), Intent::undo()).await.expect("a plan");
    sim.set_access(Access::new("ana", Level::Viewer));
    let (outcome, _) = ana.confirm(&plan).await;
    assert_eq!(outcome.kind, OutcomeKind::Forbidden, "{}", outcome.reason);
    sim.set_access(Access::new("ana", Level::Admin));
    assert!(sim.remove("deployments/shop/search"));
    let (outcome, _) = ana.confirm(&plan).await;
    assert_eq!(outcome.kind, OutcomeKind::Conflict);
    assert!(outcome.reason.contains("was deleted"), "{}", outcome.reason);
}
