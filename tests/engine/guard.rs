//! Guards over the simulated cluster, with measurements fed by hand: what is taken back, what is walked, what is left.

use crate::feed::{Told, feed, new_is_bad, silence, well};
use crate::kit::{Console, deployment, image, sim};
use jiff::SignedDuration;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use windlass::action::guard::{Ending, GuardNews, GuardOptions, Lane, News};
use windlass::action::journal::Journal;
use windlass::action::{Consent, Engine, Gauges, Policy, Settings};
use windlass::cluster::Clock;
use windlass::config::Freeze;
use windlass::domain::guarding::{Bake, GuardSettings, OnBreach};
use windlass::domain::history::HistoryEntry;
use windlass::domain::intent::{Override, PausedUndo, ReleaseId, UndoTo};
use windlass::domain::journal::Event;
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::traffic::TrafficSettings;
use windlass::domain::workload::Image;
use windlass::domain::{Direction, Intent, Kind, ObjectKey, Release};
use windlass::guard::{Rules, Verdict};
use windlass::notify::Notifier;
use windlass::sim::{Access, Effect, Fault, Level, On, SimCluster};

const SEARCH: &str = "virtualservices.networking.istio.io/shop/search";

pub fn search() -> ObjectKey {
    ObjectKey::new(Kind::VirtualService, "shop", "search")
}

pub fn weights(sim: &SimCluster) -> Vec<i64> {
    let found = sim.object(SEARCH).expect("there");
    let route = found.pointer("/spec/http/0/route").and_then(Value::as_array).expect("a list").clone();
    route.iter().map(|it| it["weight"].as_i64().unwrap_or(-1)).collect()
}

pub fn lease(sim: &SimCluster) -> Option<Value> {
    sim.objects("leases", "shop")
        .into_iter()
        .find(|lease| lease["metadata"]["name"].as_str().is_some_and(|name| name.starts_with("windlass-guard-")))
}

fn clock(sim: &SimCluster) -> Clock {
    let shared = sim.clone();
    Clock::new(move || shared.now())
}

pub async fn options(console: &Console, sim: &SimCluster, key: &ObjectKey, told: Told) -> GuardOptions {
    let release = console.release(key, "it is there", |release| !release.tracks.is_empty()).await;
    let snapshots = console.observer.snapshots.clone();
    GuardOptions {
        release: ReleaseId { key: key.clone(), uid: release.uid.clone() },
        rules: Rules { settle: SignedDuration::from_secs(5), ..Rules::default() },
        watch: SignedDuration::from_mins(2),
        on_breach: OnBreach::Undo,
        asks: false,
        step_when_ok: false,
        every: Duration::from_secs(5),
        measurements: feed(snapshots.clone(), key.clone(), clock(sim), told),
        snapshots,
        notifier: Notifier::default(),
        reason: "".into(),
        word: false,
        name: None,
        lanes: None,
        overrides: Vec::new(),
        holds: windlass::action::guard::HOLDS,
    }
}

pub async fn heard(news: &mut News) -> (Ending, Vec<GuardNews>) {
    let mut all = Vec::new();
    while let Some(told) = news.recv().await {
        if let GuardNews::Ended(ending) = told {
            return (ending, all);
        }
        all.push(told);
    }
    panic!("no end after {all:?}");
}

pub fn v2(container: &str) -> Intent {
    Intent::SetImage(vec![Image { container: container.into(), reference: "registry.test/shop/cart:v77".into() }])
}

#[tokio::test(start_paused = true)]
async fn a_bad_revision_of_a_deployment_is_taken_back_to_the_one_that_served() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let cart = deployment("cart");
    let before = image(&sim, "deployments/shop/cart");
    let container = ana.release(&cart, "there", |_| true).await.tracks[0].images[0].container.to_string();
    let plan = ana.propose(&cart, v2(&container)).await.expect("a plan");
    assert_eq!(ana.confirm(&plan).await.0.kind, OutcomeKind::Applied);
    let options = options(&ana, &sim, &cart, new_is_bad).await;
    let (ending, news) = heard(&mut ana.engine.guard(options)).await;
    assert_eq!(ending.kind, OutcomeKind::Failed, "{} after {news:?}", ending.reason);
    assert!(ending.reason.contains("error rate 20 % of 1200 requests (limit 5 %)"), "{}", ending.reason);
    assert!(ending.reason.contains("and settled"), "{}", ending.reason);
    assert_eq!(image(&sim, "deployments/shop/cart"), before);
    let entries = ana.engine.journal().entries().expect("readable");
    let lines = entries.iter().filter_map(|entry| match &entry.event {
        Event::Guard(line) => Some(line.what.to_string()),
        _ => None,
    });
    let lines: Vec<String> = lines.collect();
    assert!(lines[0].starts_with("guards") && lines.iter().any(|line| line.starts_with("UNDO")), "{lines:?}");
    assert!(lines.last().is_some_and(|line| line.starts_with("ended")), "{lines:?}");
    let state = lease(&sim).expect("a Lease")["metadata"]["annotations"]["windlass.dev/guard"].clone();
    assert!(state.as_str().is_some_and(|state| state.contains("\"ended\"")), "{state}");
}

#[tokio::test(start_paused = true)]
async fn a_bad_candidate_on_weights_loses_its_traffic() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    let (ending, news) = heard(&mut ana.engine.guard(options(&ana, &sim, &search(), new_is_bad).await)).await;
    assert_eq!((ending.kind, weights(&sim)), (OutcomeKind::Failed, vec![100, 0]), "{news:?}");
}

#[tokio::test(start_paused = true)]
async fn a_bad_side_of_a_service_is_switched_back() {
    let sim = sim("bluegreen");
    let ana = Console::of(&sim, "ana").await;
    let app = ObjectKey::new(Kind::Service, "bluegreen", "app");
    assert_eq!(ana.does(&app, Intent::Switch { to: None }).await.kind, OutcomeKind::Applied);
    ana.release(&app, "green is live", |release| &*release.tracks[0].name == "green").await;
    let told: Told =
        |_, track| windlass::domain::measurement::Reading::Value(if &*track.name == "green" { 0.2 } else { 0.0 });
    let (ending, news) = heard(&mut ana.engine.guard(options(&ana, &sim, &app, told).await)).await;
    let live = sim.object("services/bluegreen/app").expect("there")["spec"]["selector"]["color"].clone();
    assert_eq!((ending.kind, live), (OutcomeKind::Failed, "blue".into()), "{} {news:?}", ending.reason);
}

#[tokio::test(start_paused = true)]
async fn a_good_candidate_walks_its_ladder_and_is_kept() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    let options = GuardOptions { step_when_ok: true, ..options(&ana, &sim, &search(), well).await };
    let (ending, news) = heard(&mut ana.engine.guard(options)).await;
    assert_eq!((ending.kind, weights(&sim)), (OutcomeKind::Applied, vec![0, 100]), "{} {news:?}", ending.reason);
    let acted = news.iter().filter(|news| matches!(news, GuardNews::Acting(_))).count();
    assert_eq!(acted, 3, "10 → 25 → 50 → 100: {news:?}");
    let seen: Vec<Option<u8>> = news
        .iter()
        .filter_map(|news| if let GuardNews::Looked(look) = news { Some(look.weight) } else { None })
        .collect();
    for rung in [10, 25, 50] {
        assert!(seen.contains(&Some(rung)), "{rung} % was looked at: {seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_person_takes_back_is_not_walked_up_again() {
    let sim = sim("istio");
    let (ana, ben) = (Console::of(&sim, "ana").await, Console::of(&sim, "ben").await);
    // Slow looks: the person is quicker than the next step.
    let slow = Duration::from_secs(60);
    let options = GuardOptions { step_when_ok: true, every: slow, ..options(&ana, &sim, &search(), well).await };
    let mut news = ana.engine.guard(options);
    while !matches!(news.recv().await.expect("news"), GuardNews::Looked(look) if look.weight == Some(25)) {}
    // As ben sees it: a plan from an older picture would be a conflict.
    let seen = |release: &Release| release.tracks.iter().any(|track| track.weight.asked == Some(25));
    ben.release(&search(), "25 %", seen).await;
    // The guard steps in the round in which it looks: who was slower plans anew, and then it is at rest for a minute.
    loop {
        let Ok(plan) = ben.propose(&search(), Intent::Abort).await else { continue };
        let kind = ben.confirm(&plan).await.0.kind;
        if kind == OutcomeKind::Applied {
            break;
        }
        assert_eq!(kind, OutcomeKind::Conflict);
    }
    let (ending, news) = heard(&mut news).await;
    assert_eq!((ending.kind, weights(&sim)), (OutcomeKind::Refused, vec![100, 0]), "{news:?}");
    assert!(ending.reason.contains("somebody else took"), "{}", ending.reason);
}

#[tokio::test(start_paused = true)]
async fn under_hold_the_first_step_is_not_taken_on_what_is_broken_and_the_guard_ends() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    assert_eq!(ana.does(&search(), Intent::Abort).await.kind, OutcomeKind::Applied);
    ana.release(&search(), "0 %", |release| release.tracks.iter().any(|track| track.weight.asked == Some(0))).await;
    let options = options(&ana, &sim, &search(), new_is_bad).await;
    let options = GuardOptions { step_when_ok: true, on_breach: OnBreach::Hold, ..options };
    let (ending, news) = heard(&mut ana.engine.guard(options)).await;
    assert_eq!((ending.kind, weights(&sim)), (OutcomeKind::Refused, vec![100, 0]), "{} {news:?}", ending.reason);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_at_the_claim_is_waited_for_and_no_second_guard_begins() {
    let sim = sim("istio");
    let (ana, ben) = (Console::of(&sim, "ana").await, Console::of(&sim, "ben").await);
    let mut first = ana.engine.guard(options(&ana, &sim, &search(), well).await);
    while !matches!(first.recv().await, Some(GuardNews::Looked(_))) {}
    let first = tokio::spawn(async move { heard(&mut first).await.0 });
    let options = options(&ben, &sim, &search(), new_is_bad).await;
    sim.fault(Fault::new(On::verb("get"), Effect::Status { code: 503, retry_after: None }).times(4));
    let (ending, news) = heard(&mut ben.engine.guard(options)).await;
    assert!(!news.iter().any(|news| matches!(news, GuardNews::Acting(_))), "{news:?}");
    assert_eq!((ending, weights(&sim)), (first.await.expect("ran"), vec![90, 10]), "{news:?}");
}

#[tokio::test(start_paused = true)]
async fn without_numbers_nothing_is_taken_back_and_nothing_is_called_well() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    let before = weights(&sim);
    let options = GuardOptions { step_when_ok: false, ..options(&ana, &sim, &search(), silence).await };
    let (ending, _) = heard(&mut ana.engine.guard(options)).await;
    assert_eq!((ending.kind, weights(&sim)), (OutcomeKind::Refused, before));
    assert!(ending.reason.contains("no traffic"), "{}", ending.reason);
}

#[tokio::test(start_paused = true)]
async fn under_hold_a_breach_is_told_and_nothing_is_written() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    let before = weights(&sim);
    let options = GuardOptions { on_breach: OnBreach::Hold, ..options(&ana, &sim, &search(), new_is_bad).await };
    let (ending, news) = heard(&mut ana.engine.guard(options)).await;
    assert_eq!((ending.kind, weights(&sim)), (OutcomeKind::Refused, before), "{}", ending.reason);
    assert!(news.iter().any(|news| matches!(news, GuardNews::Looked(look) if look.verdict == Verdict::Breach)));
}

#[tokio::test(start_paused = true)]
async fn one_that_asks_names_the_way_back_to_what_served_and_writes_nothing() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let cart = deployment("cart");
    let container = ana.release(&cart, "there", |_| true).await.tracks[0].images[0].container.to_string();
    let plan = ana.propose(&cart, v2(&container)).await.expect("a plan");
    assert_eq!(ana.confirm(&plan).await.0.kind, OutcomeKind::Applied);
    let release = ana.release(&cart, "v77", |release| release.tracks[0].version.contains("v77")).await;
    // The oldest one served, by what is known better; an undo by itself goes to another.
    let entry = release.history.iter().rfind(|entry| Some(entry.revision) != release.back_to);
    let entry = entry.expect("an older revision").clone();
    let now = release.current().expect("current").clone();
    let lane = |entry: &HistoryEntry| Lane {
        track: entry.object.name.clone(),
        hash: entry.hash.clone(),
        version: entry.images[0].reference.clone(),
        revision: Some(entry.revision),
    };
    let (lanes, before) = (Some((lane(&now), Some(lane(&entry)))), image(&sim, "deployments/shop/cart"));
    let options = GuardOptions { asks: true, lanes, ..options(&ana, &sim, &cart, new_is_bad).await };
    let (_, news) = heard(&mut ana.engine.guard(options)).await;
    let asked = news.iter().find_map(|news| match news {
        GuardNews::Looked(look) => look.back.clone(),
        _ => None,
    });
    let promised = Intent::Undo { to: UndoTo::Number(entry.revision), paused: PausedUndo::StayPaused };
    assert_eq!(asked, Some(Ok(promised)), "{news:?}");
    assert!(!news.iter().any(|news| matches!(news, GuardNews::Acting(_))), "{news:?}");
    assert_eq!(image(&sim, "deployments/shop/cart"), before);
}

#[tokio::test(start_paused = true)]
async fn a_second_guard_stands_by_and_tells_the_same_end() {
    let sim = sim("istio");
    let (ana, ben) = (Console::of(&sim, "ana").await, Console::of(&sim, "ben").await);
    let mut first = ana.engine.guard(options(&ana, &sim, &search(), well).await);
    while !matches!(first.recv().await, Some(GuardNews::Armed(_))) {}
    let mut second = ben.engine.guard(options(&ben, &sim, &search(), new_is_bad).await);
    let first = tokio::spawn(async move { heard(&mut first).await.0 });
    let (ending, news) = heard(&mut second).await;
    assert!(matches!(&news[0], GuardNews::StandingBy(by) if by.starts_with("ana@")), "{news:?}");
    assert!(!news.iter().any(|news| matches!(news, GuardNews::Looked(_) | GuardNews::Acting(_))), "{news:?}");
    assert_eq!(ending, first.await.expect("ran"));
    assert_eq!(weights(&sim), [90, 10], "the one that stands by sees breaches and does nothing");
}

#[tokio::test(start_paused = true)]
async fn a_guard_that_fell_silent_is_taken_over_when_its_lease_is_over() {
    let sim = sim("istio");
    let (ana, ben) = (Console::of(&sim, "ana").await, Console::of(&sim, "ben").await);
    let mut first = ana.engine.guard(options(&ana, &sim, &search(), well).await);
    while !matches!(first.recv().await, Some(GuardNews::Looked(_))) {}
    let began = lease(&sim).expect("a Lease")["metadata"]["annotations"]["windlass.dev/guard"].clone();
    // It ends without a word, as if it were killed: its Lease stays as it is.
    drop(first);
    let (ending, news) = heard(&mut ben.engine.guard(options(&ben, &sim, &search(), new_is_bad).await)).await;
    assert_eq!((ending.kind, weights(&sim)), (OutcomeKind::Failed, vec![100, 0]), "{news:?}");
    let goes_on = |news: &GuardNews| matches!(news, GuardNews::Said(what) if what.starts_with("goes on from guard"));
    assert!(news.iter().any(goes_on), "{began}: {news:?}");
}

#[tokio::test(start_paused = true)]
async fn a_rehearsal_and_read_only_write_no_lease_and_change_nothing() {
    for policy in [Policy { rehearse: true, ..Policy::default() }, Policy { read_only: true, ..Policy::default() }] {
        let sim = sim("istio");
        let ana = Console::with(&sim, "ana", policy).await;
        let before = sim.mutations();
        let (ending, news) = heard(&mut ana.engine.guard(options(&ana, &sim, &search(), new_is_bad).await)).await;
        assert_eq!((ending.kind, sim.mutations()), (OutcomeKind::Refused, before), "{} {news:?}", ending.reason);
        assert!(lease(&sim).is_none());
        let said =
            news.iter().any(|news| matches!(news, GuardNews::Said(what) if what.contains("no Lease is written")));
        assert_eq!(said, policy.rehearse, "{news:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_right_to_leases_the_local_journal_holds_its_state_and_it_says_so() {
    let sim = sim("istio");
    let mut access = Access::new("demo", Level::Admin);
    access.without_kinds.insert("leases".to_owned());
    sim.set_access(access);
    let ana = Console::of(&sim, "ana").await;
    let mut first = ana.engine.guard(options(&ana, &sim, &search(), well).await);
    loop {
        match first.recv().await.expect("news") {
            GuardNews::Said(what) => assert!(what.contains("local journal only"), "{what}"),
            GuardNews::Looked(_) => break,
            _ => {}
        }
    }
    drop(first);
    // It notices at its next look that nobody listens, and leaves its state behind.
    let left = |engine: &Engine| {
        let entries = engine.journal().entries().expect("readable");
        entries.iter().any(|entry| matches!(&entry.event, Event::Guard(line) if line.what.starts_with("stopped")))
    };
    while !left(&ana.engine) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let (ending, news) = heard(&mut ana.engine.guard(options(&ana, &sim, &search(), new_is_bad).await)).await;
    assert_eq!((ending.kind, weights(&sim)), (OutcomeKind::Failed, vec![100, 0]), "{news:?}");
    assert!(news.iter().any(|news| matches!(news, GuardNews::Said(what) if what.starts_with("goes on"))), "{news:?}");
}

#[tokio::test(start_paused = true)]
async fn a_revision_that_another_one_replaced_is_guarded_no_more() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let cart = deployment("cart");
    let mut news = ana.engine.guard(options(&ana, &sim, &cart, well).await);
    while !matches!(news.recv().await, Some(GuardNews::Looked(_))) {}
    assert_eq!(ana.does(&cart, Intent::Restart).await.kind, OutcomeKind::Applied);
    let (ending, _) = heard(&mut news).await;
    assert_eq!(ending.kind, OutcomeKind::Refused);
    assert!(ending.reason.contains("another revision took the place"), "{}", ending.reason);
}

/// An engine whose ladders have this gate.
pub fn gated(console: &Console, sim: &SimCluster, bake: Bake, told: Told) -> (Engine, tempfile::TempDir) {
    let home = tempfile::tempdir().expect("a directory");
    let traffic =
        TrafficSettings { guard: GuardSettings { bake, ..GuardSettings::default() }, ..TrafficSettings::default() };
    let settings = Settings {
        policy: Policy::default(),
        freeze: Freeze::none(),
        who: "ana".into(),
        clock: clock(sim),
        snapshots: Some(console.observer.snapshots.clone()),
        traffic: Arc::new(traffic),
    };
    let engine = Engine::new(&console.cluster, Journal::open(home.path()), settings);
    let measurements = feed(console.observer.snapshots.clone(), search(), clock(sim), told);
    engine.look_at(Gauges { measurements: Some(measurements), release: None });
    (engine, home)
}

#[tokio::test(start_paused = true)]
async fn a_rung_that_has_not_baked_holds_an_advance_until_it_has_or_is_overridden_and_never_the_way_back() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    // It is at this rung since just now.
    assert_eq!(ana.does(&search(), Intent::Advance { from: None, rule: None }).await.kind, OutcomeKind::Applied);
    ana.release(&search(), "25 %", |release| release.standing().is_some() && weights(&sim) == [75, 25]).await;
    let bake = Bake { time: Some(SignedDuration::from_mins(5)), requests: None };
    let (engine, _home) = gated(&ana, &sim, bake, well);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let advance = ana.propose(&search(), Intent::Advance { from: None, rule: None }).await.expect("a plan");
    let back = ana.propose(&search(), Intent::Abort).await.expect("a plan");
    let refusal = engine.allow(&advance, &Consent::default()).expect_err("held");
    assert!(refusal.reason.contains("this rung has not baked: 4 min"), "{}", refusal.reason);
    assert!(engine.allow(&back, &Consent::default()).is_ok());
    let applied = |consent: Consent| {
        let mut news = engine.apply(Arc::clone(&advance), consent);
        async move { crate::kit::hear(&mut news).await.0 }
    };
    assert_eq!(applied(Consent::default()).await.kind, OutcomeKind::Refused, "asked again when it is applied");
    let silently = Consent { overrides: vec![Override::Bake], ..Consent::default() };
    assert!(engine.allow(&advance, &silently).expect_err("no reason").reason.contains("needs a reason"));
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert!(engine.allow(&advance, &Consent::default()).is_ok(), "{:?}", engine.baking(&advance.release.uid));
}

#[tokio::test(start_paused = true)]
async fn what_takes_a_way_back_back_meets_the_gate_of_its_rung_as_an_advance_does() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    let bake = Bake { time: Some(SignedDuration::from_mins(5)), requests: None };
    let (engine, _home) = gated(&ana, &sim, bake, well);
    let to = |weight| Intent::SetWeight { weight, rule: None };
    for (weight, split) in [(40, [60, 40]), (20, [80, 20])] {
        assert_eq!(ana.does(&search(), to(weight)).await.kind, OutcomeKind::Applied);
        ana.release(&search(), "moved", |release| {
            release.tracks.iter().any(|track| track.weight.asked == Some(weight)) && weights(&sim) == split
        })
        .await;
    }
    let release = ana.release(&search(), "there", |_| true).await;
    let inverse = ana.engine.inverse_of(&release.uid).expect("the way back was written");
    assert_eq!(inverse.direction, Direction::Forward);
    let again = ana.propose(&search(), Intent::Revert(Box::new(inverse))).await.expect("a plan");
    let refusal = engine.allow(&again, &Consent::default()).expect_err("held");
    assert!(refusal.reason.contains("this rung has not baked"), "{}", refusal.reason);
    let meant = Consent { overrides: vec![Override::Bake], reason: "known".into(), ..Consent::default() };
    assert!(engine.allow(&again, &meant).is_ok(), "overridable as an advance is");
    let further = ana.engine.inverse_of(&release.uid).map(|inverse| inverse.of);
    assert_eq!(ana.does(&search(), Intent::Advance { from: None, rule: None }).await.kind, OutcomeKind::Applied);
    let back = ana.engine.inverse_of(&release.uid).expect("of the advance");
    assert!(Some(&back.of) != further.as_ref() && back.direction == Direction::Back);
    let back = ana.propose(&search(), Intent::Revert(Box::new(back))).await.expect("a plan");
    assert!(engine.allow(&back, &Consent::default()).is_ok(), "back knows no gate");
}

#[tokio::test(start_paused = true)]
async fn a_breach_holds_an_advance_without_any_gate_configured() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    let (engine, _home) = gated(&ana, &sim, Bake::default(), new_is_bad);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let advance = ana.propose(&search(), Intent::Advance { from: None, rule: None }).await.expect("a plan");
    let refusal = engine.allow(&advance, &Consent::default()).expect_err("held");
    assert!(refusal.reason.contains("error rate 20 % of 1200 requests"), "{}", refusal.reason);
    let meant = Consent { overrides: vec![Override::Bake], reason: "known".into(), ..Consent::default() };
    let (outcome, _) = crate::kit::hear(&mut engine.apply(advance, meant)).await;
    assert_eq!((outcome.kind, weights(&sim)), (OutcomeKind::Applied, vec![75, 25]), "{}", outcome.reason);
    let entries = engine.journal().entries().expect("readable");
    assert!(entries.iter().any(|entry| matches!(&entry.event, Event::Intent(record) if &*record.reason == "known")));
}

#[tokio::test(start_paused = true)]
async fn the_gate_of_a_guarded_release_holds_by_what_its_guard_judges_by() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    let advance = ana.propose(&search(), Intent::Advance { from: None, rule: None }).await.expect("a plan");
    assert!(ana.engine.allow(&advance, &Consent::default()).is_ok(), "nothing is measured here but by the guard");
    let hold = GuardOptions { on_breach: OnBreach::Hold, ..options(&ana, &sim, &search(), new_is_bad).await };
    let news = ana.engine.guard(hold);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let refusal = ana.engine.allow(&advance, &Consent::default()).expect_err("held");
    assert!(refusal.reason.contains("error rate 20 % of 1200 requests"), "{}", refusal.reason);
    drop(news);
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert!(ana.engine.allow(&advance, &Consent::default()).is_ok(), "it is guarded no more");
}
