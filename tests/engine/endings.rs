//! How guards end where the server gives no answer, what another process finds of a write that was under way, and guards on
//! releases that a controller steers.

use crate::feed::{new_is_bad, well};
use crate::guard::{heard, lease, options, search, weights};
use crate::kit::{Console, sim};
use jiff::SignedDuration;
use std::time::Duration;
use windlass::action::guard::{GuardNews, GuardOptions};
use windlass::domain::guarding::OnBreach;
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::{Intent, Kind, ObjectKey};
use windlass::guard::Rules;
use windlass::sim::{Effect, Fault, On, SimCluster};

/// Requests to the route, by verb.
fn on_the_route(verb: &str) -> On {
    On::verb(verb).path("/virtualservices/search")
}

/// How often the route was to be written.
fn sent(sim: &SimCluster) -> usize {
    let all = sim.requests();
    all.iter().filter(|it| it.verb == "patch" && it.path.contains("/virtualservices/search")).count()
}

/// A guard whose candidate is bad, with little time for the way back.
async fn hurried(console: &Console, sim: &SimCluster) -> GuardOptions {
    let options = options(console, sim, &search(), new_is_bad).await;
    let rules = Rules { undo: SignedDuration::from_secs(20), ..options.rules.clone() };
    GuardOptions { rules, ..options }
}

#[tokio::test(start_paused = true)]
async fn a_way_back_that_can_not_be_sent_is_tried_beyond_the_guards_time_and_ends_as_unreachable() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    let began = tokio::time::Instant::now();
    let mut news = ana.engine.guard(hurried(&ana, &sim).await);
    while !matches!(news.recv().await.expect("news"), GuardNews::Looked(_)) {}
    sim.fault(Fault::new(on_the_route("get"), Effect::Status { code: 503, retry_after: None }));
    let (ending, told) = heard(&mut news).await;
    assert_eq!((ending.kind.exit_code(), ending.word(), sent(&sim)), (6, "not-rolled-back", 0), "{told:?}");
    assert!(began.elapsed() > Duration::from_secs(120), "not before its time is over: {:?}", began.elapsed());
    sim.heal();
    // Whoever runs it again finishes it.
    let (ending, told) = heard(&mut ana.engine.guard(hurried(&ana, &sim).await)).await;
    assert_eq!((ending.kind, weights(&sim)), (OutcomeKind::Failed, vec![100, 0]), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_way_back_that_was_sent_and_never_answered_ends_as_unknown() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    let mut news = ana.engine.guard(hurried(&ana, &sim).await);
    while !matches!(news.recv().await.expect("news"), GuardNews::Looked(_)) {}
    sim.fault(Fault::new(on_the_route("patch"), Effect::Stall));
    let seen = sim.clone();
    tokio::spawn(async move {
        while sent(&seen) == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        seen.fault(Fault::new(on_the_route("get"), Effect::Status { code: 503, retry_after: None }));
    });
    let (ending, told) = heard(&mut news).await;
    assert_eq!((ending.kind.exit_code(), ending.word()), (7, "not-rolled-back"), "{} {told:?}", ending.reason);
    assert!(ending.reason.contains("nobody knows what came of it"), "{}", ending.reason);
}

#[tokio::test(start_paused = true)]
async fn a_way_back_that_stands_in_the_lease_is_finished_by_whoever_comes_next_and_done_once() {
    let sim = sim("istio");
    let (ana, ben) = (Console::of(&sim, "ana").await, Console::of(&sim, "ben").await);
    let mut first = ana.engine.guard(options(&ana, &sim, &search(), new_is_bad).await);
    sim.fault(Fault::new(on_the_route("patch"), Effect::Stall).times(1));
    // Decided and kept, and never carried out: its process is gone.
    while !matches!(first.recv().await.expect("news"), GuardNews::Acting(_)) {}
    while sent(&sim) == 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let state = lease(&sim).expect("a Lease")["metadata"]["annotations"]["windlass.dev/guard"].clone();
    assert!(state.as_str().is_some_and(|state| state.contains("\"pending\"") && state.contains("back")), "{state}");
    // Another's numbers are good by now: what was decided is finished all the same.
    let mut second = ben.engine.guard(options(&ben, &sim, &search(), well).await);
    drop(first);
    let (ending, told) = heard(&mut second).await;
    assert_eq!((ending.kind, weights(&sim)), (OutcomeKind::Failed, vec![100, 0]), "{} {told:?}", ending.reason);
    let goes_on = |news: &GuardNews| matches!(news, GuardNews::Said(what) if what.contains("with a write under way"));
    assert!(told.iter().any(goes_on), "{told:?}");
    let route = sim.object("virtualservices.networking.istio.io/shop/search").expect("there");
    assert_eq!(route["metadata"]["generation"], 2, "written once");
}

/// The scenario's release of this strategy that has a candidate.
async fn steered(console: &Console, strategy: &str) -> ObjectKey {
    let of = |snapshot: &windlass::domain::Snapshot| {
        let mut all = snapshot.releases.iter();
        let own = all.find(|it| {
            it.strategy.0 == strategy
                && it.tracks.iter().any(|track| track.weight.asked.is_some_and(|asked| asked > 0 && asked < 100))
        });
        own.map(|release| release.key.clone())
    };
    let snapshot = console.until("a rollout is under way", |snapshot| of(snapshot).is_some()).await;
    of(&snapshot).expect("just seen")
}

#[tokio::test(start_paused = true)]
async fn a_bad_candidate_of_a_rollout_or_a_canary_is_taken_back_through_its_controller() {
    for (scenario, strategy, kind) in [("argo", "argo-canary", Kind::Rollout), ("flagger", "flagger", Kind::Canary)] {
        let sim = sim(scenario);
        let ana = Console::of(&sim, "ana").await;
        let key = steered(&ana, strategy).await;
        assert_eq!(key.kind, kind);
        let options = options(&ana, &sim, &key, new_is_bad).await;
        let options = GuardOptions { on_breach: OnBreach::Abort, ..options };
        let (ending, told) = heard(&mut ana.engine.guard(options)).await;
        assert_eq!(
            (ending.kind, ending.word()),
            (OutcomeKind::Failed, "rolled-back"),
            "{key}: {} {told:?}",
            ending.reason
        );
        let back = ana.release(&key, "stable has it all", |release| {
            release
                .tracks
                .iter()
                .all(|track| track.role == windlass::domain::Role::Stable || track.weight.asked.unwrap_or(0) == 0)
        });
        back.await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_person_undoes_by_hand_is_not_undone_again() {
    let sim = sim("istio");
    let (ana, ben) = (Console::of(&sim, "ana").await, Console::of(&sim, "ben").await);
    let mut news = ana.engine.guard(options(&ana, &sim, &search(), new_is_bad).await);
    while !matches!(news.recv().await.expect("news"), GuardNews::Looked(_)) {}
    assert_eq!(ben.does(&search(), Intent::Abort).await.kind, OutcomeKind::Applied);
    let (ending, told) = heard(&mut news).await;
    assert_eq!(weights(&sim), [100, 0]);
    assert!(!told.iter().any(|news| matches!(news, GuardNews::Acting(_))), "{} {told:?}", ending.reason);
}
