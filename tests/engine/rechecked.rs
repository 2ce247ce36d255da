//! What held when a plan was shown and holds no more when it is confirmed: the engine asks again, for the console and the
//! commands alike, and what goes back passes.

use crate::kit::{Console, clock, deployment, hear, sim};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use windlass::action::gates::Preview;
use windlass::action::journal::{Journal, Unfinished};
use windlass::action::{Consent, Engine, Policy, Settings};
use windlass::cluster::{Clock, Cluster, ConnectOptions};
use windlass::config::{Freeze, Window};
use windlass::domain::intent::Override;
use windlass::domain::journal::{Event, Record};
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::traffic::TrafficSettings;
use windlass::domain::{Intent, Kind, ObjectKey, Outcome, Plan};
use windlass::sim::{Access, Effect, Fault, Level, On, SimCluster};
use windlass::strategy::strategy;

/// A freeze of an hour that begins so many minutes from now.
fn freeze_in(sim: &SimCluster, minutes: i64) -> Freeze {
    let at = |minutes| (sim.now() + SignedDuration::from_mins(minutes)).strftime("%Y-%m-%d %H:%M").to_string();
    let window = Window::parse("sale", &at(minutes), &at(minutes + 60), &[]).expect("a window");
    Freeze::new(TimeZone::UTC, vec![window])
}

async fn confirm(engine: &Engine, plan: &Arc<Plan>, consent: Consent) -> Outcome {
    hear(&mut engine.apply(Arc::clone(plan), consent)).await.0
}

#[tokio::test(start_paused = true)]
async fn a_freeze_that_began_after_the_plan_was_opened_holds_it() {
    let sim = sim("rolling");
    let ana = Console::frozen(&sim, "ana", Policy::default(), freeze_in(&sim, 5)).await;
    let forward = ana.propose(&deployment("cart"), Intent::Restart).await.expect("a plan");
    let back = ana.propose(&deployment("search"), Intent::undo()).await.expect("a plan");
    assert!(ana.engine.allow(&forward, &Consent::default()).is_ok(), "it has not begun");
    tokio::time::sleep(Duration::from_mins(6)).await;
    let before = sim.count("patch");
    let held = confirm(&ana.engine, &forward, Consent::default()).await;
    assert_eq!(held.kind, OutcomeKind::Refused, "{}", held.reason);
    assert!(held.reason.contains("change freeze 'sale' until"), "{}", held.reason);
    let overridden = Consent { overrides: vec![Override::Freeze], ..Consent::default() };
    let silent = confirm(&ana.engine, &forward, overridden.clone()).await;
    assert_eq!(silent.kind, OutcomeKind::Refused, "an override needs a reason");
    assert_eq!(sim.count("patch"), before);
    assert_eq!(confirm(&ana.engine, &back, Consent::default()).await.kind, OutcomeKind::Applied, "back is open");
    let loud = confirm(&ana.engine, &forward, Consent { reason: "hotfix".into(), ..overridden }).await;
    assert_eq!(loud.kind, OutcomeKind::Applied, "{}", loud.reason);
}

#[tokio::test(start_paused = true)]
async fn a_preview_check_that_failed_holds_a_switch_at_the_engine_too_and_never_the_way_back() {
    let sim = sim("bluegreen");
    let ana = Console::of(&sim, "ana").await;
    let app = ObjectKey::new(Kind::Service, "bluegreen", "app");
    let forward = ana.propose(&app, Intent::Switch { to: Some("green".into()) }).await.expect("a plan");
    let failed = Consent { preview: Preview::Failed("answered 503".into()), ..Consent::default() };
    let before = sim.count("patch");
    let awaited = Consent { preview: Preview::Awaited, ..Consent::default() };
    for (consent, words) in
        [(awaited, "has not answered yet"), (failed.clone(), "the preview check failed: answered 503")]
    {
        let held = confirm(&ana.engine, &forward, consent).await;
        assert_eq!(held.kind, OutcomeKind::Refused, "{}", held.reason);
        assert!(held.reason.contains(words), "{}", held.reason);
    }
    let silent = Consent { overrides: vec![Override::PreviewCheck], ..failed.clone() };
    assert_eq!(confirm(&ana.engine, &forward, silent.clone()).await.kind, OutcomeKind::Refused, "it needs a reason");
    assert_eq!(sim.count("patch"), before);
    let loud = confirm(&ana.engine, &forward, Consent { reason: "known".into(), ..silent }).await;
    assert_eq!(loud.kind, OutcomeKind::Applied, "{}", loud.reason);
    let back = ana.propose(&app, Intent::Switch { to: Some("blue".into()) }).await.expect("a plan");
    assert_eq!(confirm(&ana.engine, &back, failed).await.kind, OutcomeKind::Applied, "back is open");
}

#[tokio::test]
async fn an_interrupted_switch_asks_its_preview_check_again_before_it_goes_on() {
    let sim = sim("bluegreen");
    let ana = Console::with(&sim, "ana", Policy { rehearse: true, ..Policy::default() }).await;
    let app = ObjectKey::new(Kind::Service, "bluegreen", "app");
    let forward = ana.propose(&app, Intent::Switch { to: Some("green".into()) }).await.expect("a plan");
    confirm(&ana.engine, &forward, Consent { wait: None, ..Consent::default() }).await;
    let entries = ana.engine.journal().entries().expect("readable");
    let record = entries.into_iter().find_map(|entry| match entry.event {
        Event::Intent(record) => Some(Record { rehearsal: false, ..*record }),
        _ => None,
    });
    let (plan, at, record) = (forward.id.clone(), forward.made, record.expect("it was journalled"));
    let interrupted = Unfinished { plan, at, record, answered: BTreeSet::new(), inverse: None };
    let goes_on = async |check: &str| {
        let checks = BTreeMap::from([("bluegreen/app".into(), check.into())]);
        let settings = Settings {
            policy: Policy::default(),
            freeze: Freeze::none(),
            who: "ana".into(),
            clock: clock(&sim),
            snapshots: None,
            traffic: Arc::new(TrafficSettings { preview_checks: checks, ..TrafficSettings::default() }),
        };
        let home = tempfile::tempdir().expect("a directory");
        let engine = Engine::new(&ana.cluster, Journal::open(home.path()), settings);
        let consent = Consent { wait: None, ..Consent::default() };
        let (outcome, _) = hear(&mut engine.go_on(&interrupted, consent).expect("readable")).await;
        (outcome, engine.journal().entries().expect("readable").len())
    };
    let color = || sim.object("services/bluegreen/app").expect("there")["spec"]["selector"]["color"].clone();
    let (held, lines) = goes_on("echo smoke of $WINDLASS_SIDE; exit 1").await;
    assert_eq!(lines, 0, "it stays interrupted: it can still go on, be taken back, or be left");
    assert_eq!((held.kind, color()), (OutcomeKind::Refused, "blue".into()), "{}", held.reason);
    assert!(held.reason.contains("the preview check failed") && held.reason.contains("green"), "{}", held.reason);
    let (done, _) = goes_on("true").await;
    assert_eq!((done.kind, color()), (OutcomeKind::Applied, "green".into()), "{}", done.reason);
}

#[tokio::test(start_paused = true)]
async fn what_switches_forward_again_has_a_preview_check_whichever_verb_it_is() {
    let sim = sim("bluegreen");
    let ana = Console::of(&sim, "ana").await;
    let app = ObjectKey::new(Kind::Service, "bluegreen", "app");
    let checks = BTreeMap::from([("bluegreen/app".into(), "true".into())]);
    let settings = TrafficSettings { preview_checks: checks, ..TrafficSettings::default() };
    let check = |plan: &Plan| settings.preview_check(&plan.release.key, plan.direction, plan.switches_to());
    assert_eq!(ana.does(&app, Intent::Switch { to: Some("green".into()) }).await.kind, OutcomeKind::Applied);
    let back = ana.propose(&app, Intent::Abort).await.expect("a plan");
    assert_eq!(check(&back), None, "back is never held");
    assert_eq!(confirm(&ana.engine, &back, Consent::default()).await.kind, OutcomeKind::Applied);
    let inverse = ana.engine.inverse_of(&back.release.uid).expect("of the abort");
    let again = ana.propose(&app, Intent::Revert(Box::new(inverse))).await.expect("a plan");
    assert_eq!(check(&again), Some(("true".into(), "green".into())), "forward again by Z");
}

#[tokio::test(start_paused = true)]
async fn a_right_that_was_taken_away_since_stops_the_plan() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let plan = ana.propose(&deployment("search"), Intent::undo()).await.expect("a plan");
    ana.engine.rights(&plan.release).await;
    sim.set_access(Access::new("ana", Level::Viewer));
    let before = sim.count("patch");
    let told_by_the_write = confirm(&ana.engine, &plan, Consent::default()).await;
    assert_eq!(told_by_the_write.kind, OutcomeKind::Forbidden, "{}", told_by_the_write.reason);
    assert_eq!(sim.count("patch"), before + 1, "what was known allowed it, and the server did not");
    ana.engine.rights(&plan.release).await;
    let told_before = confirm(&ana.engine, &plan, Consent::default()).await;
    assert_eq!(told_before.kind, OutcomeKind::Forbidden, "{}", told_before.reason);
    assert!(told_before.reason.contains("patch deployments.apps in shop"), "{}", told_before.reason);
    assert_eq!(sim.count("patch"), before + 1, "nothing is sent");
    sim.set_access(Access::new("ana", Level::Admin));
    ana.engine.rights(&plan.release).await;
    assert_eq!(confirm(&ana.engine, &plan, Consent::default()).await.kind, OutcomeKind::Applied);
}

#[tokio::test(start_paused = true)]
async fn a_plan_whose_second_call_is_forbidden_does_not_stop_half_way() {
    let sim = sim("statefulset");
    let mut access = Access::new("ana", Level::Admin);
    access.without_kinds.insert("pods".to_owned());
    let ana = Console::of(&sim, "ana").await;
    let queue = ObjectKey::new(Kind::StatefulSet, "statefulset", "queue");
    let stuck = |release: &windlass::domain::Release| release.state == windlass::domain::State::Failed;
    ana.release(&queue, "stuck", stuck).await;
    let plan = ana.propose(&queue, Intent::undo()).await.expect("a plan");
    assert!(plan.calls.iter().any(|call| call.optional), "the broken pod is offered");
    sim.set_access(access);
    ana.engine.rights(&plan.release).await;
    let before = sim.count("patch");
    let both = confirm(&ana.engine, &plan, Consent { optional: true, ..Consent::default() }).await;
    assert_eq!((both.kind, sim.count("patch")), (OutcomeKind::Forbidden, before), "{}", both.reason);
    assert!(both.reason.contains("delete pods"), "{}", both.reason);
    let consent = Consent { wait: None, ..Consent::default() };
    assert_eq!(
        confirm(&ana.engine, &plan, consent).await.kind,
        OutcomeKind::Applied,
        "the first call alone may be sent"
    );
}

/// A server that does not answer is not waited for where it would not matter what it says.
#[tokio::test(start_paused = true)]
async fn what_a_gate_holds_anyway_is_held_without_asking_the_server() {
    let sim = sim("rolling");
    let ana = Console::with(&sim, "ana", Policy { read_only: true, ..Policy::default() }).await;
    let forward = ana.propose(&deployment("cart"), Intent::Restart).await.expect("a plan");
    sim.stall();
    tokio::time::sleep(Duration::from_secs(30)).await;
    let (asked, begun) = (sim.count("get"), tokio::time::Instant::now());
    let held = confirm(&ana.engine, &forward, Consent::default()).await;
    assert!(held.kind == OutcomeKind::Refused && held.reason.contains("read-only"), "{}", held.reason);
    assert_eq!((begun.elapsed(), sim.count("get")), (Duration::ZERO, asked));
}

#[tokio::test(start_paused = true)]
async fn forward_is_not_sent_to_what_was_not_heard_of_and_back_is() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let forward = ana.propose(&deployment("cart"), Intent::Restart).await.expect("a plan");
    let back = ana.propose(&deployment("search"), Intent::undo()).await.expect("a plan");
    sim.stall();
    tokio::time::sleep(Duration::from_secs(30)).await;
    let held = confirm(&ana.engine, &forward, Consent::default()).await;
    assert_eq!(held.kind, OutcomeKind::Refused, "{}", held.reason);
    assert!(held.reason.contains("was not heard of for"), "{}", held.reason);
    let sent = confirm(&ana.engine, &back, Consent::default()).await;
    assert_eq!(sent.kind, OutcomeKind::Unknown, "it is sent, blind: {}", sent.reason);
    sim.back();
    ana.until("live again", |snapshot| snapshot.age(sim.now()).0.is_zero()).await;
    assert_eq!(confirm(&ana.engine, &forward, Consent::default()).await.kind, OutcomeKind::Applied);
}

#[tokio::test(start_paused = true)]
async fn without_an_observer_a_plan_that_waited_long_for_its_answer_is_looked_after_first() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let plan = ana.propose(&deployment("cart"), Intent::Restart).await.expect("a plan");
    let waited = Arc::new(Plan { read_at: Timestamp::now() - SignedDuration::from_mins(1), ..Plan::clone(&plan) });
    let home = tempfile::tempdir().expect("a directory");
    let settings = Settings {
        policy: Policy::default(),
        freeze: Freeze::none(),
        who: "ana".into(),
        clock: Clock::system(),
        snapshots: None,
        traffic: Arc::default(),
    };
    let command = Engine::new(&ana.cluster, Journal::open(home.path()), settings);
    let consent = Consent { wait: None, ..Consent::default() };
    sim.stall();
    let held = confirm(&command, &waited, consent.clone()).await;
    assert_eq!(held.kind, OutcomeKind::Refused, "{}", held.reason);
    sim.back();
    assert_eq!(confirm(&command, &waited, consent).await.kind, OutcomeKind::Applied, "it answers");
}

/// A cluster behind a kubeconfig that is pointed to another one under the running console.
struct Repointed {
    ours: SimCluster,
    other: SimCluster,
    cluster: Cluster,
    engine: Engine,
    plan: Arc<Plan>,
    home: tempfile::TempDir,
    config: String,
}

async fn served(sim: &SimCluster) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let server = sim.clone();
    tokio::spawn(async move { server.serve(listener).await });
    sim.kubeconfig(&url)
}

impl Repointed {
    async fn new(intent: Intent) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (ours, other) = (sim("rolling"), sim("stuck"));
        let home = tempfile::tempdir().expect("a directory");
        let kubeconfig = home.path().join("kubeconfig");
        std::fs::write(&kubeconfig, served(&ours).await).expect("written");
        let options = ConnectOptions { kubeconfig: Some(kubeconfig), ..ConnectOptions::default() };
        let cluster = Cluster::connect(&options).await.expect("connects");
        cluster.check().await.expect("answers");
        let settings = Settings {
            policy: Policy::default(),
            freeze: Freeze::none(),
            who: "ana".into(),
            clock: Clock::system(),
            snapshots: None,
            traffic: Arc::default(),
        };
        let engine = Engine::new(&cluster, Journal::open(home.path()), settings);
        let key = deployment("cart");
        let (release, details) =
            Box::pin(cluster.one_release_with(&key, &windlass::cluster::ObserveOptions::default()))
                .await
                .expect("there");
        let strategy = strategy(release.strategy).expect("known");
        let plan = strategy.plan(&release, &details, &intent, &engine.context(&release.uid)).expect("a plan");
        let config = served(&other).await;
        Self { ours, other, cluster, engine, plan: Arc::new(plan), home, config }
    }

    /// From here on the context leads to the other cluster.
    fn repoint(&self) {
        std::fs::write(self.home.path().join("kubeconfig"), &self.config).expect("written");
    }

    fn patches(&self) -> usize {
        self.ours.requests().iter().filter(|it| it.verb == "patch" && it.code < 300).count() + self.other.count("patch")
    }
}

/// The first answer is 401: the client is made again, from the kubeconfig as it is then.
fn expired(verb: &str) -> Fault {
    Fault::new(On::verb(verb), Effect::Status { code: 401, retry_after: None }).times(1)
}

#[tokio::test]
async fn a_client_that_was_rebuilt_onto_another_cluster_writes_nothing_not_even_back() {
    for intent in [Intent::Restart, Intent::undo()] {
        let at = Repointed::new(intent).await;
        at.repoint();
        at.ours.fault(expired("get"));
        let _ = at.cluster.read(&at.plan.release.key).await;
        // The comparison runs beside; what it finds can be asked for.
        let found = async {
            while at.cluster.moved().is_none() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), found).await.expect("it is found out");
        let outcome = confirm(&at.engine, &at.plan, Consent::default()).await;
        assert_eq!(outcome.kind, OutcomeKind::Refused, "{}", outcome.reason);
        assert!(outcome.reason.contains("points to another cluster now"), "{}", outcome.reason);
        assert!(at.engine.allow(&at.plan, &Consent::default()).is_err(), "and it is told before the press");
        assert_eq!(at.patches(), 0);
    }
}

#[tokio::test]
async fn a_write_whose_own_401_rebuilds_the_client_does_not_go_to_the_other_cluster() {
    let at = Repointed::new(Intent::undo()).await;
    at.repoint();
    at.ours.fault(expired("patch"));
    let outcome = confirm(&at.engine, &at.plan, Consent::default()).await;
    assert_eq!(outcome.kind, OutcomeKind::Unreachable, "{}", outcome.reason);
    assert!(outcome.reason.contains("nothing was sent"), "{}", outcome.reason);
    assert_eq!(at.patches(), 0);
}

#[tokio::test]
async fn a_write_whose_own_401_rebuilds_the_client_onto_the_same_cluster_is_done() {
    let at = Repointed::new(Intent::undo()).await;
    at.ours.fault(expired("patch"));
    let outcome = confirm(&at.engine, &at.plan, Consent { wait: None, ..Consent::default() }).await;
    assert_eq!((outcome.kind, at.patches()), (OutcomeKind::Applied, 1), "{}", outcome.reason);
}
