//! Rights that are missing somewhere close nothing that is open elsewhere.

use crate::kit::{Console, sim};
use std::collections::BTreeSet;
use windlass::action::{Consent, rights};
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::{Intent, Kind, ObjectKey, Plan, Release, Verb};
use windlass::sim::{Access, Level, SimCluster};

fn canary(namespace: &str) -> ObjectKey {
    ObjectKey::new(Kind::Canary, namespace, "podinfo")
}

/// `ana` may read everything, and write this.
fn may_only(sim: &SimCluster, writes: &[&str]) {
    let writes: BTreeSet<String> = writes.iter().map(|it| (*it).to_owned()).collect();
    sim.set_access(Access { writes: Some(writes), ..Access::new("ana", Level::Admin) });
}

/// Asks for the rights, as the console does while a plan is shown; the verbs that are told to be forbidden.
async fn denied(ana: &Console, plan: &Plan) -> Vec<Verb> {
    let told = ana.engine.rights(&plan.release).await;
    Verb::ALL.into_iter().filter(|verb| rights::lacks(&told, &plan.release.key, *verb).is_some()).collect()
}

#[tokio::test(start_paused = true)]
async fn who_may_patch_deployments_alone_takes_a_canarys_template_back() {
    let sim = sim("flagger");
    let ana = Console::of(&sim, "ana").await;
    let plan = ana.propose(&canary("flagger"), Intent::undo()).await.expect("a plan");
    may_only(&sim, &["deployments"]);
    let denied = denied(&ana, &plan).await;
    assert!(!denied.contains(&Verb::Undo), "{denied:?}");
    assert!(denied.contains(&Verb::Resume), "what writes the Canary is told: {denied:?}");
    ana.engine.allow(&plan, &Consent::default()).expect("the way back is open");
    let (outcome, _) = ana.confirm(&plan).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
}

#[tokio::test(start_paused = true)]
async fn the_load_testers_gate_in_another_namespace_needs_its_right_there() {
    let sim = sim("flagger");
    let ana = Console::of(&sim, "ana").await;
    let held = |release: &Release| release.traffic.as_ref().is_some_and(|traffic| traffic.waiting.is_some());
    ana.release(&canary("flagger-promotion"), "it waits for its promotion", held).await;
    let back = ana.propose(&canary("flagger-promotion"), Intent::Abort).await.expect("a plan");
    may_only(&sim, &["test:services/proxy"]);
    let denied = denied(&ana, &back).await;
    assert!(!denied.contains(&Verb::Abort), "{denied:?}");
    ana.engine.allow(&back, &Consent::default()).expect("the way back is open");
    let (outcome, _) = ana.confirm(&back).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    may_only(&sim, &["canaries"]);
    ana.engine.rights(&back.release).await;
    let (outcome, _) = ana.confirm(&back).await;
    assert_eq!(outcome.kind, OutcomeKind::Forbidden, "the server tells: {}", outcome.reason);
}
