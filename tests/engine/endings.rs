//! How guards end where the server gives no answer, and guards on releases that a controller steers.

use crate::feed::{new_is_bad, well};
use crate::guard::{gated, heard, options, search, weights};
use crate::kit::{Console, sim};
use jiff::SignedDuration;
use std::time::Duration;
use windlass::action::guard::{GuardNews, GuardOptions};
use windlass::domain::guarding::{Bake, OnBreach};
use windlass::domain::intent::Override;
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::workload::Image;
use windlass::domain::{Intent, Kind, ObjectKey, Role, State, Track};
use windlass::guard::{Rules, Verdict};
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

/// A release of this strategy, in a namespace that is meant, that has a candidate with a share.
async fn steered(console: &Console, strategy: &str, meant: fn(&str) -> bool) -> ObjectKey {
    let of = |snapshot: &windlass::domain::Snapshot| {
        let mut all = snapshot.releases.iter();
        let own = all.find(|it| {
            it.strategy.0 == strategy
                && meant(&it.key.namespace)
                && it.tracks.iter().any(|track| track.weight.asked.is_some_and(|asked| asked > 0 && asked < 100))
        });
        own.map(|release| release.key.clone())
    };
    let snapshot = console.until("a rollout is under way", |snapshot| of(snapshot).is_some()).await;
    of(&snapshot).expect("just seen")
}

#[tokio::test(start_paused = true)]
async fn a_bad_candidate_of_a_rollout_is_aborted_through_its_controller() {
    let sim = sim("argo");
    let ana = Console::of(&sim, "ana").await;
    let key = steered(&ana, "argo-canary", |_| true).await;
    let (ending, told) = heard(&mut ana.engine.guard(options(&ana, &sim, &key, new_is_bad).await)).await;
    assert_eq!((ending.kind, ending.word()), (OutcomeKind::Failed, "rolled-back"), "{}: {told:?}", ending.reason);
    let nothing = |track: &Track| track.role == Role::Stable || track.weight.asked.unwrap_or(0) == 0;
    ana.release(&key, "stable has it all", |release| release.tracks.iter().all(nothing)).await;
    let rollout = sim.object(&format!("rollouts.argoproj.io/{}", key.qualified())).expect("there");
    assert_eq!(rollout["status"]["abort"], true, "by its own way");
}

#[tokio::test(start_paused = true)]
async fn a_bad_candidate_of_a_canary_is_taken_back_through_its_rollback_hook() {
    let sim = sim("flagger");
    let ana = Console::of(&sim, "ana").await;
    let key = steered(&ana, "flagger", |namespace| namespace != "flagger").await;
    let (ending, told) = heard(&mut ana.engine.guard(options(&ana, &sim, &key, new_is_bad).await)).await;
    assert_eq!((ending.kind, ending.word()), (OutcomeKind::Failed, "rolled-back"), "{}: {told:?}", ending.reason);
    let canary = sim.object(&format!("canaries.flagger.app/{}", key.qualified())).expect("there");
    assert_eq!(
        (&canary["status"]["phase"], &canary["status"]["canaryWeight"]),
        (&"Failed".into(), &0.into()),
        "{told:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_canary_without_a_hook_to_roll_it_back_is_only_watched() {
    let sim = sim("flagger");
    let ana = Console::of(&sim, "ana").await;
    let key = steered(&ana, "flagger", |namespace| namespace == "flagger").await;
    let before = sim.mutations();
    let made = options(&ana, &sim, &key, new_is_bad).await;
    let (ending, told) = heard(&mut ana.engine.guard(made.clone())).await;
    assert_eq!(ending.kind.exit_code(), 3, "{told:?}");
    assert!(
        ending.reason.contains("nothing is guarded") && ending.reason.contains("rollback hook"),
        "{}",
        ending.reason
    );
    assert!(ending.reason.contains("overriding 'break-glass' with a reason"), "the next step: {}", ending.reason);
    let lease = sim.objects("leases", &key.namespace).remove(0);
    let holder = lease["spec"]["holderIdentity"].clone();
    assert_eq!(holder, "", "what did not begin keeps nobody waiting");
    let watching = GuardOptions { on_breach: OnBreach::Hold, watch: SignedDuration::from_secs(20), ..made };
    let (ending, told) = heard(&mut ana.engine.guard(watching)).await;
    assert_eq!(ending.kind.exit_code(), 3, "{told:?}");
    let looked = |news: &GuardNews| matches!(news, GuardNews::Looked(look) if look.verdict == Verdict::Breach);
    assert!(told.iter().any(looked), "a breach is told: {told:?}");
    let leases = sim.requests().iter().filter(|it| it.is_mutation() && it.path.contains("/leases")).count();
    assert_eq!(sim.mutations() - before, leases, "nothing but its own Lease was written");
}

#[tokio::test(start_paused = true)]
async fn a_canary_without_a_hook_loses_its_traffic_where_breaking_the_glass_was_overridden() {
    let sim = sim("flagger");
    let ana = Console::of(&sim, "ana").await;
    let key = steered(&ana, "flagger", |namespace| namespace == "flagger").await;
    let made = options(&ana, &sim, &key, new_is_bad).await;
    let meant = GuardOptions { overrides: vec![Override::BreakGlass], reason: "night shift".into(), ..made };
    let (ending, told) = heard(&mut ana.engine.guard(meant)).await;
    assert_eq!((ending.kind, ending.word()), (OutcomeKind::Failed, "rolled-back"), "{}: {told:?}", ending.reason);
    let said = |text: &str| told.iter().any(|news| matches!(news, GuardNews::Armed(words) if words.contains(text)));
    assert!(said("breaking the glass where nothing else"), "it is said when it is armed: {told:?}");
    let canary = sim.object(&format!("canaries.flagger.app/{}", key.qualified())).expect("there");
    assert_eq!(canary["spec"]["suspend"], true, "Flagger does not go on: {told:?}");
    let nothing = |track: &Track| track.role == Role::Stable || track.weight.asked == Some(0);
    ana.release(&key, "the primary has it all", |release| release.tracks.iter().all(nothing)).await;
    let entries = ana.engine.journal().entries().expect("readable");
    let broke = |entry: &&windlass::domain::journal::Entry| format!("{:?}", entry.event).contains("BREAK GLASS");
    let line = entries.iter().find(broke).expect("it is in the journal");
    assert!(
        entries.iter().any(|entry| format!("{:?}", entry.event).contains("night shift")),
        "with its reason: {line:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn breaking_the_glass_is_no_way_back_where_there_is_no_route_to_write() {
    let sim = sim("flagger");
    let ana = Console::of(&sim, "ana").await;
    let key = ObjectKey::new(Kind::Canary, "flagger", "billing");
    let with_candidate = |release: &windlass::domain::Release| release.track(Role::Candidate).is_some();
    ana.release(&key, "there", with_candidate).await;
    let made = options(&ana, &sim, &key, new_is_bad).await;
    let meant = GuardOptions { overrides: vec![Override::BreakGlass], reason: "night shift".into(), ..made };
    let (ending, told) = heard(&mut ana.engine.guard(meant)).await;
    assert_eq!(ending.kind.exit_code(), 3, "{told:?}");
    assert!(ending.reason.contains("nothing is guarded") && ending.reason.contains("no route"), "{}", ending.reason);
}

#[tokio::test(start_paused = true)]
async fn a_canary_without_a_hook_is_not_guarded_before_its_traffic_either() {
    let sim = sim("flagger");
    let ana = Console::of(&sim, "ana").await;
    let nothing_yet = |release: &windlass::domain::Release| {
        let candidate = release.track(Role::Candidate);
        candidate.is_some_and(|track| track.weight.asked.unwrap_or(0) == 0)
    };
    let settled = |it: &windlass::domain::Release| {
        it.strategy.0 == "flagger" && &*it.key.namespace == "flagger" && it.state == State::Healthy
    };
    let snapshot = ana.until("one has come to rest", |snapshot| snapshot.releases.iter().any(|it| settled(it))).await;
    let key = snapshot.releases.iter().find(|it| settled(it)).expect("just seen").key.clone();
    let container = ana.release(&key, "there", |_| true).await.tracks[0].images[0].container.clone();
    let image = Image { container, reference: "registry.test/flagger/new:v99".into() };
    let set = ana.propose(&key, Intent::SetImage(vec![image])).await.expect("a plan");
    assert_eq!(ana.accepted(&set).await, OutcomeKind::Applied);
    ana.release(&key, "nothing goes to the new version yet", nothing_yet).await;
    let (ending, told) = heard(&mut ana.engine.guard(options(&ana, &sim, &key, new_is_bad).await)).await;
    assert_eq!(ending.kind.exit_code(), 3, "{told:?}");
    assert!(
        ending.reason.contains("nothing is guarded") && ending.reason.contains("'break-glass'"),
        "{}",
        ending.reason
    );
}

#[tokio::test(start_paused = true)]
async fn a_walk_whose_gate_never_opens_ends_with_what_the_gate_waits_for() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    let bake = Bake { time: None, requests: Some(1_000_000) };
    let (engine, _home) = gated(&ana, &sim, bake, well);
    let made = options(&ana, &sim, &search(), well).await;
    let before = weights(&sim);
    let (ending, told) = heard(&mut engine.guard(GuardOptions { step_when_ok: true, ..made })).await;
    assert_eq!((ending.kind.exit_code(), weights(&sim)), (3, before), "{told:?}");
    assert!(ending.reason.contains("requests to go"), "not that all is well: {}", ending.reason);
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
