//! What a plan opened is closed, whatever becomes of the calls between: gates of a Canary, an analysis that is skipped.

use crate::kit::{Console, hear, sim};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use windlass::action::{Consent, Progress};
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::{Intent, Kind, ObjectKey, Plan, Release};
use windlass::sim::{Effect, Fault, On, SimCluster};

const ADVANCE: Intent = Intent::Advance { from: None, rule: None };
const PROMOTE: Intent = Intent::Promote { winner: None };

fn gated() -> ObjectKey {
    ObjectKey::new(Kind::Canary, "flagger-gated", "podinfo")
}

fn plain() -> ObjectKey {
    ObjectKey::new(Kind::Canary, "flagger", "podinfo")
}

fn phase(release: &Release) -> &str {
    let canary = release.traffic.as_ref().and_then(|traffic| traffic.rows.canary.as_ref());
    canary.map_or("", |canary| &*canary.status.phase)
}

/// Whether the load tester's gate of the gated Canary lets through.
fn is_open(sim: &SimCluster, gate: &str) -> bool {
    sim.gate_is_open(gate, "podinfo", "flagger-gated")
}

/// Lets the gated run begin, up to its first weight's gate.
async fn begun(sim: &SimCluster, ana: &Console) {
    let outcome = ana.does(&gated(), ADVANCE).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    let held = |release: &Release| {
        phase(release) == "Progressing"
            && release.traffic.as_ref().is_some_and(|traffic| traffic.waiting.is_some())
            && release.tracks.iter().all(|track| track.replicas.ready >= track.replicas.desired)
    };
    ana.release(&gated(), "it stands at its gate", held).await;
    assert!(!is_open(sim, "gate"));
}

/// Confirms, and listens until it waits between its calls.
async fn waiting(ana: &Console, plan: &Arc<Plan>) -> windlass::action::News {
    let mut news = ana.engine.apply(Arc::clone(plan), Consent::default());
    while !matches!(news.recv().await.expect("news"), Progress::Waiting(_)) {}
    news
}

fn skips(sim: &SimCluster) -> bool {
    let canary = sim.object("canaries/flagger/podinfo").expect("there");
    canary["spec"].get("skipAnalysis").and_then(Value::as_bool).unwrap_or(false)
}

/// An abort takes over from an advance that waits at the gate that it opened.
async fn taken_over(sim: &SimCluster, late: Option<Fault>) {
    let ana = Console::of(sim, "ana").await;
    begun(sim, &ana).await;
    let on = ana.propose(&gated(), ADVANCE).await.expect("a plan");
    let back = ana.propose(&gated(), Intent::Abort).await.expect("a plan");
    let mut first = waiting(&ana, &on).await;
    if let Some(late) = late {
        sim.fault(late);
    }
    assert!(is_open(sim, "gate"));
    let (back, _) = ana.confirm(&back).await;
    assert_eq!(back.kind, OutcomeKind::Applied, "{}", back.reason);
    let (on, _) = hear(&mut first).await;
    assert!(on.reason.contains("a later abort took over") && on.reason.contains("closed again"), "{}", on.reason);
    assert_eq!((is_open(sim, "gate"), is_open(sim, "rollback")), (false, false));
    ana.release(&gated(), "it is rolled back", |release| phase(release) == "Failed").await;
}

#[tokio::test(start_paused = true)]
async fn a_gate_is_closed_when_a_later_verb_takes_over() {
    taken_over(&sim("flagger"), None).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_closed_late_takes_over_from_nobody() {
    // By then the way back waits for its own end.
    let late = Fault::new(On::all().path("/proxy/gate/close"), Effect::Slow(Duration::from_secs(3)));
    taken_over(&sim("flagger"), Some(late)).await;
}

#[tokio::test(start_paused = true)]
async fn a_rollback_gate_is_closed_when_the_resume_after_it_is_refused() {
    let sim = sim("flagger");
    let ana = Console::of(&sim, "ana").await;
    begun(&sim, &ana).await;
    assert!(sim.edit("canaries/flagger-gated/podinfo", "ben", |canary| canary["spec"]["suspend"] = json!(true)));
    let suspended = |release: &Release| {
        release.traffic.as_ref().and_then(|it| it.rows.canary.as_ref()).is_some_and(|canary| canary.suspend)
    };
    ana.release(&gated(), "it is suspended", suspended).await;
    let back = ana.propose(&gated(), Intent::Abort).await.expect("a plan");
    let refused = Effect::Status { code: 403, retry_after: None };
    sim.fault(Fault::new(On::verb("patch").path("/canaries/podinfo"), refused).times(1));
    let (outcome, _) = ana.confirm(&back).await;
    assert_eq!(outcome.kind, OutcomeKind::Partial, "{}", outcome.reason);
    assert!(outcome.reason.contains("closed again"), "{}", outcome.reason);
    assert!(!is_open(&sim, "rollback"), "an open one fails every later run");
}

#[tokio::test(start_paused = true)]
async fn a_gate_whose_opening_was_not_answered_is_closed() {
    let sim = sim("flagger");
    let ana = Console::of(&sim, "ana").await;
    begun(&sim, &ana).await;
    let on = ana.propose(&gated(), ADVANCE).await.expect("a plan");
    sim.fault(Fault::new(On::all().path("/proxy/gate/open"), Effect::LostAnswer).times(1));
    let (outcome, _) = ana.confirm(&on).await;
    assert!(outcome.reason.contains("no answer came") && outcome.reason.contains("closed again"), "{}", outcome.reason);
    assert!(!is_open(&sim, "gate"));
}

#[tokio::test(start_paused = true)]
async fn closing_is_tried_again_and_what_stays_open_is_told_with_the_command() {
    let sim = sim("flagger");
    let ana = Console::of(&sim, "ana").await;
    begun(&sim, &ana).await;
    let away = |times| {
        let effect = Effect::Status { code: 503, retry_after: None };
        Fault::new(On::all().path("/proxy/gate/close"), effect).times(times)
    };
    let on = ana.propose(&gated(), ADVANCE).await.expect("a plan");
    sim.fault(away(2));
    let (outcome, _) = ana.confirm(&on).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert!(!is_open(&sim, "gate"));
    let held = |release: &Release| release.traffic.as_ref().is_some_and(|traffic| traffic.waiting.is_some());
    ana.release(&gated(), "it stands at its gate", held).await;
    let on = ana.propose(&gated(), ADVANCE).await.expect("a plan");
    sim.fault(away(1_000));
    let (outcome, _) = ana.confirm(&on).await;
    assert_eq!(outcome.kind, OutcomeKind::Partial, "{}", outcome.reason);
    assert!(outcome.reason.contains("NOT closed"), "{}", outcome.reason);
    assert!(outcome.reason.contains("kubectl create --raw"), "{}", outcome.reason);
    assert!(outcome.reason.contains("/proxy/gate/close"), "{}", outcome.reason);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_closed_that_was_not_opened() {
    let sim = sim("flagger");
    let ana = Console::of(&sim, "ana").await;
    begun(&sim, &ana).await;
    let on = ana.propose(&gated(), ADVANCE).await.expect("a plan");
    assert!(sim.edit("canaries/flagger-gated/podinfo", "ben", |canary| canary["spec"]["suspend"] = json!(true)));
    let posts = || sim.requests().iter().filter(|request| request.path.contains("/proxy/gate/open")).count();
    let before = posts();
    let (outcome, _) = ana.confirm(&on).await;
    assert_eq!(outcome.kind, OutcomeKind::Conflict, "{}", outcome.reason);
    assert_eq!(posts(), before, "its fence stands before the gate");
}

#[tokio::test(start_paused = true)]
async fn a_skipped_analysis_is_set_back_when_a_later_verb_takes_over() {
    let sim = sim("flagger");
    let ana = Console::of(&sim, "ana").await;
    let ready = |release: &Release| {
        phase(release) == "Progressing" && release.tracks.iter().all(|it| it.replicas.ready >= it.replicas.desired)
    };
    ana.release(&plain(), "it runs", ready).await;
    let on = ana.propose(&plain(), PROMOTE).await.expect("a plan");
    let hold = ana.propose(&plain(), Intent::Pause).await.expect("a plan");
    let mut first = waiting(&ana, &on).await;
    assert!(skips(&sim));
    let (held, _) = ana.confirm(&hold).await;
    assert_eq!(held.kind, OutcomeKind::Applied, "{}", held.reason);
    let (on, _) = hear(&mut first).await;
    assert_eq!(on.kind, OutcomeKind::Partial, "{}", on.reason);
    assert!(!skips(&sim), "every later version would be promoted unchecked");
}
