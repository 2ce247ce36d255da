//! Who steps a release is told by a Lease beside it, which others see, and which nothing ever waits for.

use crate::kit::{Console, clock, deployment, hear, sim};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use windlass::action::presence::{Announced, Parting, lease_of};
use windlass::action::{Consent, Desks, Engine, Journal, Policy, Progress, Settings};
use windlass::cluster::SendMode;
use windlass::config::Freeze;
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::presence::Presence;
use windlass::domain::{Intent, Kind, ObjectKey, Snapshot};
use windlass::sim::{Access, Effect, Fault, Level, On, SimCluster};

fn checkout() -> ObjectKey {
    ObjectKey::new(Kind::VirtualService, "shop", "checkout")
}

fn advance() -> Intent {
    Intent::Advance { from: None, rule: None }
}

fn lease(sim: &SimCluster) -> Option<Value> {
    sim.object("leases/shop/windlass-step-virtualservice-checkout")
}

fn holder(sim: &SimCluster) -> String {
    let lease = lease(sim).unwrap_or_default();
    lease["spec"]["holderIdentity"].as_str().unwrap_or_default().to_owned()
}

/// What `console` sees of the checkout now.
fn seen(console: &Console, sim: &SimCluster) -> Option<Presence> {
    console.observer.snapshots.borrow().presence.of(&checkout(), sim.now()).cloned()
}

/// Waits until `console` sees `who` at the checkout, or nobody.
async fn until_seen(console: &Console, sim: &SimCluster, who: Option<&str>) {
    let end = tokio::time::Instant::now() + Duration::from_mins(2);
    while seen(console, sim).as_ref().map(|presence| presence.who().to_owned()).as_deref() != who {
        assert!(tokio::time::Instant::now() < end, "never seen: {who:?}, but {:?}", seen(console, sim));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The requests about Leases of this kind since; `list` and `watch` are the observers'.
fn about_leases(sim: &SimCluster) -> Vec<String> {
    let all = sim.requests();
    let ours = all.iter().filter(|it| it.path.contains("/leases") && !matches!(&*it.verb, "list" | "watch"));
    ours.filter(|it| !it.path.contains("kube-controller-manager")).map(|it| it.verb.clone()).collect()
}

/// Another engine of ana's with a journal in `home`, to which `snapshots` are all that is.
fn seeing(
    sim: &SimCluster,
    ana: &Console,
    snapshots: tokio::sync::watch::Receiver<Arc<Snapshot>>,
    home: &std::path::Path,
) -> Engine {
    let settings = Settings {
        policy: Policy::default(),
        freeze: Freeze::none(),
        who: "ana".into(),
        clock: clock(sim),
        snapshots: Some(snapshots),
        traffic: Arc::default(),
    };
    Engine::at(&Desks::default(), &ana.cluster, Journal::open(home), settings)
}

#[tokio::test(start_paused = true)]
async fn a_step_is_told_to_the_other_console_after_the_write_that_it_is() {
    let sim = sim("istio");
    let (ana, ben) = (Console::of(&sim, "ana").await, Console::of(&sim, "ben").await);
    let plan = ana.propose(&checkout(), advance()).await.expect("a plan");
    assert_eq!(ana.engine.announced(&plan), Announced::Lease(lease_of(&checkout())), "the plan lists it");
    let began = sim.now();
    assert_eq!(ana.confirm(&plan).await.0.kind, OutcomeKind::Applied);
    until_seen(&ben, &sim, Some("ana")).await;
    let presence = seen(&ben, &sim).expect("seen");
    assert!(presence.holder.starts_with("ana@") && presence.step.contains("ADVANCE"), "{presence:?}");
    assert_eq!(&presence.console, ana.desks.console(), "which console it is");
    let began = began.duration_since(presence.since).as_secs();
    assert_eq!(began, 0, "{presence:?}");
    let lease = lease(&sim).expect("a Lease");
    let root = ana.release(&checkout(), "there", |_| true).await;
    assert_eq!(lease["metadata"]["ownerReferences"][0]["uid"], root.uid.as_str(), "it goes with the release");
    let requests = sim.requests();
    let place = |part: &str, verb: &str| {
        requests.iter().position(|it| it.path.contains(part) && it.verb == verb && !it.path.contains("dryRun"))
    };
    assert!(place("/virtualservices/checkout", "patch") < place("/leases", "create"), "the write comes first");
}

#[tokio::test(start_paused = true)]
async fn a_write_on_a_plain_workload_is_no_step() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let plan = ana.propose(&deployment("web"), Intent::Restart).await.expect("a plan");
    assert_eq!(ana.engine.announced(&plan), Announced::No);
    assert_eq!(ana.confirm(&plan).await.0.kind, OutcomeKind::Applied);
    let plan = ana.propose(&deployment("web"), Intent::undo()).await.expect("a plan");
    assert_eq!(ana.confirm(&plan).await.0.kind, OutcomeKind::Applied);
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert_eq!(about_leases(&sim), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn without_the_right_presence_is_off_and_the_write_goes_through() {
    let sim = sim("istio");
    let mut access = Access::new("ana", Level::Admin);
    access.writes = Some(["virtualservices".to_owned()].into());
    access.without_kinds.insert("leases".to_owned());
    sim.set_access(access);
    let ana = Console::of(&sim, "ana").await;
    let plan = ana.propose(&checkout(), advance()).await.expect("a plan");
    ana.engine.rights(&plan.release).await;
    let announced = ana.engine.announced(&plan);
    assert!(matches!(&announced, Announced::Off(why) if why.contains("create leases.coordination.k8s.io")));
    assert_eq!(ana.confirm(&plan).await.0.kind, OutcomeKind::Applied);
    let snapshot = ana.until("it is known that it is not known", |it| it.presence.unknown("shop").is_some()).await;
    assert!(!snapshot.kinds.contains_key(&Kind::Lease), "and the board says nothing of it");
    assert_eq!(snapshot.age(sim.now()).0, jiff::SignedDuration::ZERO);
    let why = ana.desks.part(Parting::Ends).await.expect("it could not be written");
    assert!(why.contains("leases") && lease(&sim).is_none(), "{why}");
}

#[tokio::test(start_paused = true)]
async fn read_only_rehearsal_and_a_dry_run_write_no_lease() {
    for policy in [
        Policy { read_only: true, ..Policy::default() },
        Policy { rehearse: true, ..Policy::default() },
        Policy::default(),
    ] {
        let sim = sim("istio");
        let ana = Console::with(&sim, "ana", policy).await;
        let plan = ana.propose(&checkout(), advance()).await.expect("a plan");
        let off = matches!(ana.engine.announced(&plan), Announced::Off(_));
        assert_eq!(off, policy != Policy::default(), "{policy:?}");
        let consent = Consent { mode: SendMode::DryRun, ..Consent::default() };
        hear(&mut ana.engine.apply(Arc::clone(&plan), consent)).await;
        ana.desks.part(Parting::Ends).await;
        tokio::time::sleep(Duration::from_mins(2)).await;
        assert_eq!(about_leases(&sim), [""; 0], "{policy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_was_refused_is_none() {
    let sim = sim("istio");
    let (ana, ben) = (Console::of(&sim, "ana").await, Console::of(&sim, "ben").await);
    let late = ben.propose(&checkout(), advance()).await.expect("a plan");
    assert_eq!(ana.does(&checkout(), advance()).await.kind, OutcomeKind::Applied);
    assert_eq!(ben.confirm(&late).await.0.kind, OutcomeKind::Conflict);
    until_seen(&ben, &sim, Some("ana")).await;
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert!(holder(&sim).starts_with("ana@"), "{}", holder(&sim));
}

#[tokio::test(start_paused = true)]
async fn leases_that_hang_or_fail_hold_up_no_write() {
    let stall = Effect::Stall;
    let broken = Effect::Status { code: 500, retry_after: None };
    for effect in [stall, broken, Effect::LostAnswer, Effect::Reset] {
        let sim = sim("istio");
        let ana = Console::of(&sim, "ana").await;
        sim.fault(Fault::new(On::all().path("/leases"), effect.clone()));
        for intent in [advance(), Intent::Abort] {
            let plan = ana.propose(&checkout(), intent).await.expect("a plan");
            let began = tokio::time::Instant::now();
            let (outcome, heard) = ana.confirm(&plan).await;
            assert_eq!(outcome.kind, OutcomeKind::Applied, "{effect:?}: {}", outcome.reason);
            assert!(heard.contains(&Progress::Accepted));
            assert!(began.elapsed() < Duration::from_secs(5), "{effect:?}: {:?}", began.elapsed());
        }
        let began = tokio::time::Instant::now();
        ana.desks.part(Parting::Leaves).await;
        assert!(began.elapsed() <= Duration::from_secs(1), "nor the end: {:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_renewed_while_the_release_stands_between_its_ends_and_lapses_after_a_crash() {
    let sim = sim("istio");
    let (ana, ben) = (Console::of(&sim, "ana").await, Console::of(&sim, "ben").await);
    assert_eq!(ana.does(&checkout(), advance()).await.kind, OutcomeKind::Applied);
    until_seen(&ben, &sim, Some("ana")).await;
    let since = seen(&ben, &sim).expect("seen").since;
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert_eq!(seen(&ben, &sim).expect("still there").since, since);
    let writes = about_leases(&sim).len();
    assert!((8..=12).contains(&writes), "a small request a minute: {writes}");
    // From here on nothing more is heard of ana, as after a crash.
    sim.fault(Fault::new(On::all().path("/leases/"), Effect::Status { code: 500, retry_after: None }));
    tokio::time::sleep(Duration::from_secs(75)).await;
    assert!(seen(&ben, &sim).is_some(), "it holds for a while");
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert!(seen(&ben, &sim).is_none(), "it lapsed: {:?}", lease(&sim));
    assert!(holder(&sim).starts_with("ana@"), "nobody gave it back");
}

#[tokio::test(start_paused = true)]
async fn long_after_the_last_step_it_is_given_back() {
    let sim = sim("istio");
    let (ana, ben) = (Console::of(&sim, "ana").await, Console::of(&sim, "ben").await);
    assert_eq!(ana.does(&checkout(), advance()).await.kind, OutcomeKind::Applied);
    until_seen(&ben, &sim, Some("ana")).await;
    tokio::time::sleep(Duration::from_mins(32)).await;
    assert_eq!((holder(&sim), seen(&ben, &sim)), (String::new(), None));
    let before = about_leases(&sim).len();
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!(about_leases(&sim).len(), before, "and nothing more is sent");
}

#[tokio::test(start_paused = true)]
async fn at_the_end_of_the_ladder_it_is_given_back_by_whomever_it_came_there() {
    let sim = sim("istio");
    let (ana, ben) = (Console::of(&sim, "ana").await, Console::of(&sim, "ben").await);
    assert_eq!(ana.does(&checkout(), advance()).await.kind, OutcomeKind::Applied);
    until_seen(&ben, &sim, Some("ana")).await;
    assert_eq!(ana.does(&checkout(), Intent::Abort).await.kind, OutcomeKind::Applied);
    until_seen(&ben, &sim, None).await;
    assert_eq!(holder(&sim), "");
    assert_eq!(ana.does(&checkout(), advance()).await.kind, OutcomeKind::Applied);
    until_seen(&ben, &sim, Some("ana")).await;
    sim.edit("virtualservices.networking.istio.io/shop/checkout", "kubectl", |route| {
        for rule in route["spec"]["http"].as_array_mut().expect("rules") {
            rule["route"][0]["weight"] = 100.into();
            rule["route"][1]["weight"] = 0.into();
        }
    });
    until_seen(&ben, &sim, None).await;
    assert_eq!(holder(&sim), "", "somebody else brought it to an end");
}

#[tokio::test(start_paused = true)]
async fn whoever_takes_the_next_step_takes_it_over_and_the_first_one_lets_it_go() {
    let sim = sim("istio");
    let (ana, ben) = (Console::of(&sim, "ana").await, Console::of(&sim, "ben").await);
    assert_eq!(ana.does(&checkout(), advance()).await.kind, OutcomeKind::Applied);
    until_seen(&ben, &sim, Some("ana")).await;
    assert_eq!(ben.does(&checkout(), advance()).await.kind, OutcomeKind::Applied);
    until_seen(&ana, &sim, Some("ben")).await;
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!(lease(&sim).expect("a Lease")["spec"]["leaseTransitions"], 1, "nobody fought for it");
    ana.desks.part(Parting::Leaves).await;
    until_seen(&ana, &sim, Some("ben")).await;
    assert_eq!(ana.does(&checkout(), Intent::SetWeight { weight: 30, rule: None }).await.kind, OutcomeKind::Applied);
    until_seen(&ben, &sim, Some("ana")).await;
}

#[tokio::test(start_paused = true)]
async fn a_step_is_told_although_the_release_is_still_seen_at_the_end_that_it_leaves() {
    let sim = sim("istio");
    let (ana, ben) = (Console::of(&sim, "ana").await, Console::of(&sim, "ben").await);
    assert_eq!(ana.does(&checkout(), Intent::Abort).await.kind, OutcomeKind::Applied);
    ana.release(&checkout(), "at its end", |release| release.tracks[1].weight.asked == Some(0)).await;
    until_seen(&ben, &sim, None).await;
    // What this engine sees never comes up to date, its Leases are slow, and its plans wait for nothing.
    let (_old, snapshots) = tokio::sync::watch::channel(ana.observer.snapshots.borrow().clone());
    let home = tempfile::tempdir().expect("a directory");
    let engine = seeing(&sim, &ana, snapshots, home.path());
    sim.fault(Fault::new(On::all().path("/leases/"), Effect::Slow(Duration::from_secs(2))));
    for weight in [20, 40] {
        let plan = ana.propose(&checkout(), Intent::SetWeight { weight, rule: None }).await.expect("a plan");
        let consent = Consent { wait: None, ..Consent::default() };
        assert_eq!(hear(&mut engine.apply(plan, consent)).await.0.kind, OutcomeKind::Applied);
        ana.release(&checkout(), "moved", |release| release.tracks[1].weight.asked == Some(weight)).await;
    }
    let end = tokio::time::Instant::now() + Duration::from_mins(1);
    while !seen(&ben, &sim).is_some_and(|presence| presence.step.contains("40 %")) {
        assert!(tokio::time::Instant::now() < end, "never told: {:?}", lease(&sim));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_steps_again_at_once_takes_it_back_from_the_other() {
    let sim = sim("istio");
    let (ana, ben) = (Console::of(&sim, "ana").await, Console::of(&sim, "ben").await);
    let to = |weight| Intent::SetWeight { weight, rule: None };
    assert_eq!(ana.does(&checkout(), to(30)).await.kind, OutcomeKind::Applied);
    until_seen(&ben, &sim, Some("ana")).await;
    assert_eq!(ben.does(&checkout(), to(40)).await.kind, OutcomeKind::Applied);
    until_seen(&ana, &sim, Some("ben")).await;
    // Long before ana's Lease would be renewed: she has not noticed yet that it is ben's.
    assert_eq!(ana.does(&checkout(), to(50)).await.kind, OutcomeKind::Applied);
    until_seen(&ben, &sim, Some("ana")).await;
    tokio::time::sleep(Duration::from_mins(3)).await;
    assert!(holder(&sim).starts_with("ana@"), "{}", holder(&sim));
}

#[tokio::test(start_paused = true)]
async fn whoever_ends_it_ends_what_an_earlier_command_left_there() {
    let sim = sim("istio");
    let (ana, ben) = (Console::of(&sim, "ana").await, Console::of(&sim, "ben").await);
    assert_eq!(ana.does(&checkout(), advance()).await.kind, OutcomeKind::Applied);
    assert_eq!(ana.desks.part(Parting::Ends).await, None);
    until_seen(&ben, &sim, Some("ana")).await;
    assert_eq!(ben.does(&checkout(), Intent::Abort).await.kind, OutcomeKind::Applied);
    until_seen(&ana, &sim, None).await;
    assert_eq!(holder(&sim), "");
}

#[tokio::test(start_paused = true)]
async fn a_console_that_ends_gives_it_back_and_a_command_leaves_it_for_the_next() {
    let sim = sim("istio");
    let (ana, ben) = (Console::of(&sim, "ana").await, Console::of(&sim, "ben").await);
    assert_eq!(ana.does(&checkout(), advance()).await.kind, OutcomeKind::Applied);
    assert_eq!(ana.desks.part(Parting::Ends).await, None);
    until_seen(&ben, &sim, Some("ana")).await;
    tokio::time::sleep(Duration::from_mins(9)).await;
    assert!(seen(&ben, &sim).is_some(), "between two commands of a pipeline");
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert!(seen(&ben, &sim).is_none(), "none came");
    assert_eq!(ana.does(&checkout(), advance()).await.kind, OutcomeKind::Applied);
    until_seen(&ben, &sim, Some("ana")).await;
    assert_eq!(ana.desks.part(Parting::Leaves).await, None);
    until_seen(&ben, &sim, None).await;
}

#[tokio::test(start_paused = true)]
async fn no_other_lease_is_ever_read() {
    let sim = sim("istio");
    Console::of(&sim, "ana").await;
    let node = serde_json::json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "node-1", "namespace": "shop"}, "spec": {"holderIdentity": "node-1"}});
    assert!(sim.add(node, "kubelet"));
    tokio::time::sleep(Duration::from_mins(1)).await;
    let requests = sim.requests();
    let lists: Vec<&str> = requests
        .iter()
        .filter(|it| it.path.contains("/leases") && matches!(&*it.verb, "list" | "watch"))
        .map(|it| &*it.path)
        .collect();
    assert!(!lists.is_empty());
    for path in lists {
        assert!(path.contains("labelSelector=windlass.dev%2Fpresence"), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_was_refused_ends_no_presence_of_the_one_that_runs() {
    let sim = sim("bluegreen");
    let ana = Console::of(&sim, "ana").await;
    let app = ObjectKey::new(Kind::Service, "bluegreen", "app");
    let switch = || Intent::Switch { to: Some("green".into()) };
    let plan = ana.propose(&app, switch()).await.expect("a plan");
    let late = ana.propose(&app, switch()).await.expect("a plan");
    // What this engine sees never comes up to date: its switch is on its way for long.
    let (_old, snapshots) = tokio::sync::watch::channel(ana.observer.snapshots.borrow().clone());
    let home = tempfile::tempdir().expect("a directory");
    let engine = seeing(&sim, &ana, snapshots, home.path());
    let mut runs = engine.apply(plan, Consent::default());
    while !matches!(runs.recv().await.expect("it runs"), Progress::Accepted) {}
    tokio::time::sleep(Duration::from_secs(1)).await;
    let held = || {
        let lease = sim.object("leases/bluegreen/windlass-step-service-app").expect("a Lease");
        lease["spec"]["holderIdentity"].as_str().unwrap_or_default().to_owned()
    };
    assert!(held().starts_with("ana@"), "{}", held());
    let (outcome, _) = hear(&mut engine.apply(late, Consent::default())).await;
    assert_eq!(outcome.kind, OutcomeKind::Conflict, "{}", outcome.reason);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(held().starts_with("ana@"), "it was given back while the switch is on its way");
    while let Ok(news) = runs.try_recv() {
        assert!(!matches!(news, Progress::Done(_)), "it is on its way still: {news:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_says_nothing_more_at_its_end_and_is_seen_until_the_next_one() {
    let sim = sim("istio");
    let (ana, ben) = (Console::of(&sim, "ana").await, Console::of(&sim, "ben").await);
    let home = tempfile::tempdir().expect("a directory");
    let settings = Settings {
        policy: Policy::default(),
        freeze: Freeze::none(),
        who: "ana".into(),
        clock: clock(&sim),
        snapshots: Some(ana.observer.snapshots.clone()),
        traffic: Arc::default(),
    };
    let desks = Desks::of_command();
    let engine = Engine::at(&desks, &ana.cluster, Journal::open(home.path()), settings);
    let plan = ana.propose(&checkout(), advance()).await.expect("a plan");
    assert_eq!(hear(&mut engine.apply(plan, Consent::default())).await.0.kind, OutcomeKind::Applied);
    until_seen(&ben, &sim, Some("ana")).await;
    // A server that answers slowly is not waited for.
    let before = about_leases(&sim).len();
    sim.fault(Fault::new(On::all().path("/leases/"), Effect::Slow(Duration::from_secs(5))));
    let began = tokio::time::Instant::now();
    assert_eq!(desks.part(Parting::Ends).await, None);
    assert_eq!((began.elapsed(), about_leases(&sim).len()), (Duration::ZERO, before));
    tokio::time::sleep(Duration::from_mins(8)).await;
    assert!(seen(&ben, &sim).is_some(), "between two commands of a pipeline");
    tokio::time::sleep(Duration::from_mins(3)).await;
    assert!(seen(&ben, &sim).is_none(), "none came");
}
