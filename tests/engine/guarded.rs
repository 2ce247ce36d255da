//! Guards where something else goes wrong, too: notifiers, rights, other people's writes, numbers that end.

use crate::feed::{Told, new_is_bad, well};
use crate::guard::{heard, lease, options, search, weights};
use crate::kit::{Console, deployment, image, sim};
use jiff::SignedDuration;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use windlass::action::Consent;
use windlass::action::guard::{GuardNews, GuardOptions};
use windlass::config::{CommandSettings, NotifySettings};
use windlass::domain::guarding::OnBreach;
use windlass::domain::measurement::Reading;
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::{Intent, Kind, ObjectKey, Role, Snapshot};
use windlass::guard::{Check, Rest, Rule, Rules, State, Verdict, judge, rest};
use windlass::notify::{Happened, Notifier};
use windlass::sim::{Access, Effect, Fault, Level, On, SimCluster};

/// What this version has answers badly, wherever it stands.
fn v41_is_bad(_: &windlass::domain::Release, track: &windlass::domain::Track) -> Reading {
    Reading::Value(if track.version.contains("v41") { 0.2 } else { 0.001 })
}

fn replicas(sim: &SimCluster, name: &str) -> i64 {
    let deployment = sim.object(&format!("deployments/shop/{name}")).expect("there");
    deployment["spec"]["replicas"].as_i64().expect("a number")
}

#[tokio::test(start_paused = true)]
async fn a_bad_canary_by_replicas_loses_its_pods_and_keeps_its_template() {
    let sim = sim("bluegreen");
    let ana = Console::of(&sim, "ana").await;
    let release = ObjectKey::new(Kind::Service, "shop", "search");
    let before = image(&sim, "deployments/shop/search-canary");
    let (ending, news) = heard(&mut ana.engine.guard(options(&ana, &sim, &release, new_is_bad).await)).await;
    assert_eq!(ending.kind, OutcomeKind::Failed, "{} after {news:?}", ending.reason);
    assert_eq!((replicas(&sim, "search"), replicas(&sim, "search-canary")), (10, 0));
    assert_eq!(image(&sim, "deployments/shop/search-canary"), before, "its template is not what was bad");
}

#[tokio::test(start_paused = true)]
async fn at_100_per_cent_the_side_that_served_gets_its_pods_and_then_the_traffic() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    assert_eq!(ana.does(&search(), Intent::SetWeight { weight: 100, rule: None }).await.kind, OutcomeKind::Applied);
    ana.release(&search(), "v41 is stable", |release| release.tracks[0].version.contains("v41")).await;
    let mut news = ana.engine.guard(options(&ana, &sim, &search(), v41_is_bad).await);
    while !matches!(news.recv().await.expect("news"), GuardNews::Looked(_)) {}
    let none = Intent::ScaleSide { side: "search-stable".into(), replicas: 0 };
    assert_eq!(ana.does(&search(), none).await.kind, OutcomeKind::Applied);
    let before = ["search-stable", "search-canary"].map(|name| image(&sim, &format!("deployments/shop/{name}")));
    let (ending, told) = heard(&mut news).await;
    assert_eq!((ending.kind, weights(&sim)), (OutcomeKind::Failed, vec![100, 0]), "{} after {told:?}", ending.reason);
    assert!(replicas(&sim, "search-stable") > 0);
    let after = ["search-stable", "search-canary"].map(|name| image(&sim, &format!("deployments/shop/{name}")));
    assert_eq!(after, before, "no template was written");
    assert_eq!(ending.happened, Some(Happened::RolledBack));
}

#[tokio::test(start_paused = true)]
async fn a_persons_write_without_an_answer_puts_a_way_back_off_and_does_not_end_it() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    let scale = Intent::ScaleSide { side: "search-stable".into(), replicas: 3 };
    let plan = ana.propose(&search(), scale).await.expect("a plan");
    let slow = Fault::new(On::verb("patch").path("/deployments/"), Effect::Slow(Duration::from_secs(60))).times(1);
    sim.fault(slow);
    // The breach comes while the answer is missing, and all tries of a refused way back would be over before it is there.
    let options = GuardOptions { every: Duration::from_secs(1), ..options(&ana, &sim, &search(), new_is_bad).await };
    let mut news = ana.engine.guard(options);
    loop {
        let told = news.recv().await.expect("news");
        if matches!(&told, GuardNews::Looked(look) if look.reason.contains("1 of 2 times")) {
            break;
        }
    }
    let mut written = ana.engine.apply(plan, Consent { wait: None, ..Consent::default() });
    let (ending, news) = heard(&mut news).await;
    assert_eq!((ending.kind, weights(&sim)), (OutcomeKind::Failed, vec![100, 0]), "{} after {news:?}", ending.reason);
    drop(crate::kit::hear(&mut written).await);
}

#[tokio::test(start_paused = true)]
async fn a_way_back_that_is_forbidden_says_so_with_its_own_end() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    let before = weights(&sim);
    let mut news = ana.engine.guard(options(&ana, &sim, &search(), new_is_bad).await);
    while !matches!(news.recv().await.expect("news"), GuardNews::Looked(_)) {}
    sim.set_access(Access::new("demo", Level::Viewer));
    let (ending, news) = heard(&mut news).await;
    assert_eq!((ending.kind, ending.kind.exit_code(), weights(&sim)), (OutcomeKind::Forbidden, 5, before), "{news:?}");
    assert_eq!(ending.word(), "not-rolled-back");
}

#[tokio::test(start_paused = true)]
async fn what_went_back_and_did_not_settle_in_time_is_told_apart() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let cart = deployment("cart");
    let before = image(&sim, "deployments/shop/cart");
    let container = ana.release(&cart, "there", |_| true).await.tracks[0].images[0].container.to_string();
    assert_eq!(ana.does(&cart, crate::guard::v2(&container)).await.kind, OutcomeKind::Applied);
    let options = options(&ana, &sim, &cart, new_is_bad).await;
    let rules = Rules { undo: SignedDuration::from_millis(100), ..options.rules.clone() };
    let (ending, news) = heard(&mut ana.engine.guard(GuardOptions { rules, ..options })).await;
    assert_eq!(
        (ending.kind, ending.kind.exit_code(), ending.word()),
        (OutcomeKind::Timeout, 4, "not-settled"),
        "{news:?}"
    );
    assert_eq!(image(&sim, "deployments/shop/cart"), before);
}

fn telling(run: &[&str]) -> Notifier {
    let command = CommandSettings { run: run.iter().map(ToString::to_string).collect() };
    let settings = NotifySettings { command, ..NotifySettings::default() };
    Notifier::new(&["command".into()], &settings, &|_| None).expect("usable")
}

#[tokio::test(start_paused = true)]
async fn a_notifier_that_fails_or_never_ends_stops_no_rollback() {
    let cases: [(&[&str], &[&str]); 2] = [
        (&["/no/such/program"], &["command was not told: /no/such/program can't be started"]),
        (&["sleep", "600"], &["not everybody could be told in time", "did not end within 30 s"]),
    ];
    for (program, whys) in cases {
        let sim = sim("istio");
        let ana = Console::of(&sim, "ana").await;
        let options = GuardOptions { notifier: telling(program), ..options(&ana, &sim, &search(), new_is_bad).await };
        let (ending, news) = heard(&mut ana.engine.guard(options)).await;
        assert_eq!((ending.kind, weights(&sim)), (OutcomeKind::Failed, vec![100, 0]), "{program:?}: {news:?}");
        let said =
            |news: &GuardNews| matches!(news, GuardNews::Said(what) if whys.iter().any(|why| what.contains(why)));
        assert!(news.iter().any(said), "{program:?}: {news:?}");
    }
}

// In real time: the program that is told runs in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_notice_says_from_which_version_to_which_with_the_numbers() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("notice");
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    let notifier = telling(&["sh", "-c", &format!("cat >> {}", file.display())]);
    let options = GuardOptions {
        notifier,
        step_when_ok: true,
        rules: Rules { settle: SignedDuration::ZERO, ..Rules::default() },
        watch: SignedDuration::from_millis(600),
        every: Duration::from_millis(150),
        ..options(&ana, &sim, &search(), well).await
    };
    let (ending, _) = heard(&mut ana.engine.guard(options)).await;
    assert_eq!(ending.kind, OutcomeKind::Applied, "{}", ending.reason);
    let text = std::fs::read_to_string(&file).expect("told");
    let notices: Vec<Value> =
        serde_json::Deserializer::from_str(&text).into_iter().map(|notice| notice.expect("JSON")).collect();
    let stepped: Vec<&Value> = notices.iter().filter(|notice| notice["event"] == "stepped").collect();
    assert_eq!(stepped.len(), 3, "{text}");
    assert!(stepped.iter().all(|notice| notice["from"] == "v41"), "{text}");
    let mut to: Vec<&str> = stepped.iter().filter_map(|notice| notice["to"].as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, ["100 %", "25 %", "50 %"], "{text}");
    assert!(notices.iter().all(|notice| notice["numbers"]["samples"] == 1_200), "{text}");
}

static SILENT: AtomicBool = AtomicBool::new(false);

/// The candidate is bad for one look, and then its series are gone.
fn bad_until_it_vanishes(release: &windlass::domain::Release, track: &windlass::domain::Track) -> Reading {
    if SILENT.load(Ordering::SeqCst) { Reading::NoSource } else { new_is_bad(release, track) }
}

#[tokio::test(start_paused = true)]
async fn series_that_vanish_between_two_looks_take_nothing_back() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    let before = weights(&sim);
    let mut news = ana.engine.guard(options(&ana, &sim, &search(), bad_until_it_vanishes).await);
    loop {
        let told = news.recv().await.expect("news");
        if matches!(&told, GuardNews::Looked(look) if look.reason.contains("1 of 2 times")) {
            break;
        }
    }
    SILENT.store(true, Ordering::SeqCst);
    let (ending, news) = heard(&mut news).await;
    assert_eq!((ending.kind, weights(&sim)), (OutcomeKind::Refused, before), "{} {news:?}", ending.reason);
    assert!(!news.iter().any(|news| matches!(news, GuardNews::Acting(_))), "{news:?}");
}

#[tokio::test(start_paused = true)]
async fn on_old_numbers_nothing_is_done_but_said() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    let before = weights(&sim);
    let made = options(&ana, &sim, &search(), new_is_bad as Told).await;
    // Numbers of one moment, which age.
    let mut feed = made.measurements.clone();
    feed.wait_for(|now| now.version > 0).await.expect("fed");
    let (_kept, frozen) = tokio::sync::watch::channel(feed.borrow().clone());
    tokio::time::sleep(Duration::from_mins(2)).await;
    let old = GuardOptions { measurements: frozen, ..made };
    let (ending, news) = heard(&mut ana.engine.guard(old)).await;
    assert_eq!((ending.kind, weights(&sim)), (OutcomeKind::Refused, before.clone()), "{news:?}");
    assert!(ending.reason.contains("not acted upon"), "{}", ending.reason);
}

/// Whether the candidate fails by now.
static FAILS: AtomicBool = AtomicBool::new(false);

fn fails_by_then(release: &windlass::domain::Release, track: &windlass::domain::Track) -> Reading {
    if FAILS.load(Ordering::SeqCst) { new_is_bad(release, track) } else { well(release, track) }
}

#[tokio::test(start_paused = true)]
async fn fresh_numbers_of_a_cluster_that_is_not_heard_of_take_nothing_back_until_it_is() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    let before = weights(&sim);
    let made = options(&ana, &sim, &search(), fails_by_then as Told).await;
    let mut news = ana.engine.guard(GuardOptions { watch: SignedDuration::from_mins(10), ..made });
    while !matches!(news.recv().await.expect("news"), GuardNews::Armed(_)) {}
    for verb in ["get", "list", "watch"] {
        sim.fault(Fault::new(On::verb(verb), Effect::Stall));
    }
    let look = async |news: &mut windlass::action::guard::News| loop {
        match news.recv().await.expect("news") {
            GuardNews::Looked(look) => break look,
            GuardNews::Acting(what) => panic!("it acts: {what}"),
            _ => {}
        }
    };
    while !look(&mut news).await.reason.contains("not heard of") {}
    // The numbers turn bad while nobody can tell what they are of.
    FAILS.store(true, Ordering::SeqCst);
    for _ in 0..6 {
        let look = look(&mut news).await;
        assert_eq!(look.verdict, Verdict::NoData, "{}", look.reason);
        assert!(look.reason.contains("not heard of"), "{}", look.reason);
    }
    assert_eq!(weights(&sim), before);
    sim.heal();
    let (ending, told) = heard(&mut news).await;
    assert_eq!((ending.kind, weights(&sim)), (OutcomeKind::Failed, vec![100, 0]), "{} {told:?}", ending.reason);
}

#[tokio::test(start_paused = true)]
async fn a_version_that_was_rolled_back_is_guarded_again_after_a_while_or_under_a_name() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    let (first, _) = heard(&mut ana.engine.guard(options(&ana, &sim, &search(), new_is_bad).await)).await;
    assert_eq!(first.kind, OutcomeKind::Failed);
    let looks = async |name: Option<&str>| {
        let options = options(&ana, &sim, &search(), well).await;
        let options = GuardOptions {
            name: name.map(Into::into),
            step_when_ok: true,
            on_breach: OnBreach::Undo,
            asks: false,
            watch: SignedDuration::from_secs(10),
            ..options
        };
        let (ending, news) = heard(&mut ana.engine.guard(options)).await;
        (ending.kind, news.iter().any(|news| matches!(news, GuardNews::Looked(_))))
    };
    assert_eq!(looks(None).await, (OutcomeKind::Failed, false), "at once it is told again");
    assert_eq!(weights(&sim), [100, 0]);
    tokio::time::sleep(Duration::from_mins(11)).await;
    assert_eq!(looks(None).await, (OutcomeKind::Applied, true), "later it is begun anew");
    assert!(lease(&sim).is_some());
}

#[tokio::test(start_paused = true)]
async fn what_was_rolled_back_is_told_again_although_its_revisions_are_read_late() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    let (first, _) = heard(&mut ana.engine.guard(options(&ana, &sim, &search(), new_is_bad).await)).await;
    assert_eq!(first.kind, OutcomeKind::Failed);
    // The next process knows the release before it knows what its sides carry.
    let late = On::verb("list").path("/replicasets");
    sim.fault(Fault::new(late, Effect::Slow(Duration::from_secs(8))));
    let ben = Console::of(&sim, "ben").await;
    let made = GuardOptions { step_when_ok: true, ..options(&ben, &sim, &search(), well).await };
    let (ending, news) = heard(&mut ben.engine.guard(made)).await;
    assert_eq!((ending.kind, weights(&sim)), (OutcomeKind::Failed, vec![100, 0]), "{} {news:?}", ending.reason);
    assert!(!news.iter().any(|news| matches!(news, GuardNews::Looked(_))), "it is not walked up again: {news:?}");
}

#[tokio::test(start_paused = true)]
async fn a_controller_at_a_pause_or_an_analysis_stands_and_breaks_no_rollout() {
    for (scenario, kind) in [("argo", "argo-canary"), ("flagger", "flagger")] {
        let sim = sim(scenario);
        let ana = Console::of(&sim, "ana").await;
        let waits = |rest: &Option<Rest>| matches!(rest, Some(Rest::Stands(_)));
        let of = |snapshot: &Snapshot| {
            let own = snapshot.releases.iter().filter(|release| release.strategy.0 == kind);
            own.filter(|release| release.track(Role::Candidate).is_some())
                .map(|release| rest(release))
                .collect::<Vec<_>>()
        };
        let snapshot = ana.until("a rollout is under way", |snapshot| of(snapshot).iter().any(waits)).await;
        let rules = Rules { rules: vec![Rules::default().rules[1].clone()], ..Rules::default() };
        for release in snapshot.releases.iter().filter(|release| release.strategy.0 == kind && waits(&rest(release))) {
            // However long it takes: it has deadlines of its own.
            let late = snapshot.published.checked_add(SignedDuration::from_hours(5)).expect("soon");
            let state =
                State { unsettled: Some(snapshot.published), since: Some(snapshot.published), ..State::default() };
            let judged = judge(&rules, None, release, &state, late);
            assert_ne!(judged.verdict, Verdict::Breach, "{scenario} {}: {}", release.key, judged.reason);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_step_waives_missing_numbers_and_not_a_health_endpoint_that_has_not_answered() {
    let sim = sim("istio");
    let ana = Console::of(&sim, "ana").await;
    assert_eq!(ana.does(&search(), Intent::Abort).await.kind, OutcomeKind::Applied);
    ana.release(&search(), "0 %", |release| release.tracks.iter().any(|track| track.weight.asked == Some(0))).await;
    let mut options = options(&ana, &sim, &search(), well).await;
    options.step_when_ok = true;
    let terms = options.rules.rules[0].terms;
    options.rules.set(Rule { check: Check::Health(3), terms });
    let (ending, news) = heard(&mut ana.engine.guard(options)).await;
    assert_eq!((ending.kind, weights(&sim)), (OutcomeKind::Refused, vec![100, 0]), "{} {news:?}", ending.reason);
    assert!(ending.reason.contains("health endpoint"), "{}", ending.reason);
}
