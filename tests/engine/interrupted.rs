//! A plan of two calls whose process is killed (SIGKILL) at each point between its calls, and what another process then
//! finds and does. The cluster is served over loopback by this process; the plan runs in a child: this test binary again.

use crate::kit::{hear, sim_at};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use windlass::action::journal::Journal;
use windlass::action::{Consent, Engine, Policy, Progress, Settings};
use windlass::cluster::{Clock, Cluster, ConnectOptions, ObserveOptions};
use windlass::config::Freeze;
use windlass::domain::Direction;
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::{Intent, Kind, ObjectKey};
use windlass::sim::{Effect, Fault, On, SimCluster};
use windlass::strategy::strategy;

const KUBECONFIG: &str = "WINDLASS_TEST_CHILD_KUBECONFIG";
const HOME: &str = "WINDLASS_TEST_CHILD_HOME";
const PLAN: &str = "WINDLASS_TEST_CHILD_PLAN";

/// What the child plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// An undo with the deletion of the pod that blocks it.
    Undo,
    /// Half of the traffic to a canary by replicas.
    Weight,
}

impl What {
    fn wish(self) -> (ObjectKey, Intent) {
        match self {
            Self::Undo => (queue(), Intent::undo()),
            Self::Weight => (search(), Intent::SetWeight { weight: 50, rule: None }),
        }
    }
}

fn search() -> ObjectKey {
    ObjectKey::new(Kind::Service, "shop", "search")
}

fn queue() -> ObjectKey {
    ObjectKey::new(Kind::StatefulSet, "statefulset", "queue")
}

async fn engine(kubeconfig: &Path, home: &Path) -> (Cluster, Engine) {
    engine_with(kubeconfig, home, Policy::default()).await
}

async fn engine_with(kubeconfig: &Path, home: &Path, policy: Policy) -> (Cluster, Engine) {
    // Each test has one of its own; a second installation only says that there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = ConnectOptions { kubeconfig: Some(kubeconfig.into()), ..ConnectOptions::default() };
    let cluster = Cluster::connect(&options).await.expect("connects");
    cluster.check().await.expect("answers");
    let settings = Settings {
        policy,
        freeze: Freeze::none(),
        who: "ana".into(),
        clock: Clock::system(),
        snapshots: None,
        traffic: std::sync::Arc::default(),
    };
    let engine = Engine::new(&cluster, Journal::open(home), settings);
    (cluster, engine)
}

/// The child: plans an undo with its second call, applies it, and tells each step on its standard output until it is
/// killed. Does nothing in an ordinary run.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let (Some(kubeconfig), Some(home)) = (std::env::var_os(KUBECONFIG), std::env::var_os(HOME)) else { return };
    let (cluster, engine) = engine(Path::new(&kubeconfig), Path::new(&home)).await;
    let what = if std::env::var_os(PLAN).is_some() { What::Weight } else { What::Undo };
    let (key, intent) = what.wish();
    let options = ObserveOptions::default();
    let (release, details) = Box::pin(cluster.one_release_with(&key, &options)).await.expect("readable");
    let context = engine.context(&release.uid);
    let strategy = strategy(release.strategy).expect("known");
    let plan = strategy.plan(&release, &details, &intent, &context).expect("a plan");
    let mut news = engine.apply(plan.into(), Consent { optional: true, ..Consent::default() });
    while let Some(progress) = news.recv().await {
        let mut out = std::io::stdout();
        writeln!(out, "step {progress:?}").and_then(|()| out.flush()).expect("the parent listens");
    }
}

/// Runs the child until it tells `point`, kills it there, and returns where its journal is.
async fn killed_at(sim: &SimCluster, point: &'static str) -> (tempfile::TempDir, std::path::PathBuf) {
    killed_at_of(What::Undo, sim, point).await
}

async fn killed_at_of(what: What, sim: &SimCluster, point: &'static str) -> (tempfile::TempDir, std::path::PathBuf) {
    let home = tempfile::tempdir().expect("a directory");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let kubeconfig = home.path().join("kubeconfig");
    std::fs::write(&kubeconfig, sim.kubeconfig(&url)).expect("written");
    let server = sim.clone();
    tokio::spawn(async move { server.serve(listener).await });
    let (config, state) = (kubeconfig.clone(), home.path().to_owned());
    let reached = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(std::env::current_exe().expect("this binary"));
        if what == What::Weight {
            command.env(PLAN, "weight");
        }
        let mut child = command
            .args(["--exact", "interrupted::child", "--nocapture", "--test-threads=1"])
            .env(KUBECONFIG, config)
            .env(HOME, state)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut told = Vec::new();
        for line in lines.map_while(Result::ok) {
            told.push(line);
            if told.last().is_some_and(|line| line.contains(point)) {
                break;
            }
        }
        child.kill().expect("SIGKILL");
        child.wait().expect("ended");
        told
    });
    let told = reached.await.expect("the child ran");
    assert!(told.last().is_some_and(|line| line.contains(point)), "the child never came to {point}: {told:?}");
    (home, kubeconfig)
}

/// What each point leaves behind: the calls that the journal knows as answered.
async fn goes_on_after(faults: &[Fault], point: &'static str, answered: &[usize]) {
    let sim = sim_at("statefulset", 20.0);
    for fault in faults {
        sim.fault(fault.clone());
    }
    let (home, kubeconfig) = killed_at(&sim, point).await;
    sim.heal();
    let (_, engine) = engine(&kubeconfig, home.path()).await;
    let found = engine.unfinished().expect("readable");
    assert_eq!(found.len(), 1, "at {point}: {found:?}");
    assert_eq!(found[0].answered.iter().copied().collect::<Vec<_>>(), answered, "at {point}");
    assert_eq!(engine.way_back(&found[0]).is_ok(), !answered.is_empty(), "at {point}");
    let mut news = engine.go_on(&found[0], Consent::default()).expect("goes on");
    let (outcome, heard) = hear(&mut news).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "at {point}: {} after {heard:?}", outcome.reason);
    assert_eq!(engine.unfinished().expect("readable"), vec![], "at {point}");
    let taken = |verb: &str, of: &str| {
        let all = sim.requests();
        all.iter().filter(|it| it.verb == verb && it.code == 200 && it.path.contains(of)).count()
    };
    let calls = (taken("patch", "/statefulsets/queue"), taken("delete", "/pods/queue-"));
    assert_eq!(calls, (1, 1), "each call was taken once, at {point}: {:?}", sim.requests());
    let image = crate::kit::image(&sim, "statefulsets/statefulset/queue");
    assert_eq!(image, "registry.test/shop/queue:v1", "at {point}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_first_call_arrived_it_is_sent_again() {
    let stall = Fault::new(On::verb("patch"), Effect::Stall);
    goes_on_after(&[stall], "Sent(0)", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_the_first_call_was_done_and_not_answered_it_is_recognised() {
    let sim = sim_at("statefulset", 20.0);
    sim.fault(Fault::new(On::verb("patch"), Effect::LostAnswer).times(1));
    let (home, kubeconfig) = killed_at(&sim, "LookingAfterLostAnswer(0)").await;
    sim.heal();
    let patches = sim.count("patch");
    let (_, engine) = engine(&kubeconfig, home.path()).await;
    let found = engine.unfinished().expect("readable");
    assert_eq!(found.len(), 1);
    let (outcome, heard) = hear(&mut engine.go_on(&found[0], Consent::default()).expect("goes on")).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{} after {heard:?}", outcome.reason);
    assert_eq!(sim.count("patch"), patches, "what was done is not sent again");
    assert!(!heard.contains(&Progress::Sent(0)), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_calls_only_the_second_is_sent() {
    let stall = Fault::new(On::verb("delete"), Effect::Stall);
    goes_on_after(&[stall], "Sent(1)", &[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_waited_it_only_waits_on() {
    goes_on_after(&[], "Accepted", &[0, 1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_plan_can_be_left_as_it_is() {
    let sim = sim_at("statefulset", 20.0);
    sim.fault(Fault::new(On::verb("patch"), Effect::Stall));
    let (home, kubeconfig) = killed_at(&sim, "Sent(0)").await;
    sim.heal();
    let (_, engine) = engine(&kubeconfig, home.path()).await;
    let found = engine.unfinished().expect("readable");
    let before = sim.mutations();
    engine.leave(&found[0]).await.expect("written");
    assert_eq!((engine.unfinished().expect("readable"), sim.mutations()), (vec![], before));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_plan_meets_the_gates_before_it_goes_on() {
    let sim = sim_at("statefulset", 20.0);
    sim.fault(Fault::new(On::verb("patch"), Effect::Stall));
    let (home, kubeconfig) = killed_at(&sim, "Sent(0)").await;
    sim.heal();
    let protected = Policy { protected: true, ..Policy::default() };
    let (_, engine) = engine_with(&kubeconfig, home.path(), protected).await;
    let back = engine.unfinished().expect("readable").remove(0);
    let mut forward = back.clone();
    forward.record.direction = Direction::Forward;
    let before = sim.mutations();
    let (held, _) = hear(&mut engine.go_on(&forward, Consent::default()).expect("readable")).await;
    assert_eq!((held.kind, sim.mutations()), (OutcomeKind::Refused, before), "{}", held.reason);
    assert!(held.reason.contains("protected"), "{}", held.reason);
    let (done, _) = hear(&mut engine.go_on(&back, Consent::default()).expect("readable")).await;
    assert_eq!(done.kind, OutcomeKind::Applied, "back needs no word: {}", done.reason);
}

/// The patches that the server took, by the object's name.
fn patched(sim: &SimCluster) -> Vec<String> {
    let all = sim.requests();
    // The Lease that tells who steps is a notice beside the plan.
    let taken = |it: &&windlass::sim::Request| it.verb == "patch" && it.code == 200 && !it.path.contains("/leases/");
    let patches = all.iter().filter(taken);
    let name =
        |path: &str| path.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default().to_owned();
    patches.map(|request| name(&request.path)).collect()
}

fn shared(sim: &SimCluster) -> [i64; 2] {
    ["search", "search-canary"].map(|name| {
        let found = sim.object(&format!("deployments/shop/{name}")).expect("there");
        found["spec"]["replicas"].as_i64().expect("a number")
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_waited_between_its_calls_it_waits_again_and_sends_the_second() {
    let sim = sim_at("bluegreen", 4.0);
    let (home, kubeconfig) = killed_at_of(What::Weight, &sim, "Waiting(\"until 5 pods").await;
    assert_eq!((patched(&sim), shared(&sim)), (vec!["search-canary".to_owned()], [9, 5]));
    let (_, engine) = engine(&kubeconfig, home.path()).await;
    let found = engine.unfinished().expect("readable");
    assert_eq!(found[0].answered.iter().copied().collect::<Vec<_>>(), [0]);
    assert_eq!(found[0].next_call(), Some(1));
    let (outcome, heard) = hear(&mut engine.go_on(&found[0], Consent::default()).expect("goes on")).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{} after {heard:?}", outcome.reason);
    let place = |wanted: &Progress| heard.iter().position(|news| news == wanted);
    let waited = place(&Progress::Waiting("until 5 pods of search-canary are ready".into()));
    assert!(waited.is_some() && waited < place(&Progress::Sent(1)), "{heard:?}");
    assert_eq!(place(&Progress::Sent(0)), None, "what was done is not sent again");
    assert_eq!((patched(&sim), shared(&sim)), (vec!["search-canary".to_owned(), "search".to_owned()], [5, 5]));
    assert_eq!(engine.unfinished().expect("readable"), vec![]);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_its_calls_it_can_be_taken_back_by_what_was_done() {
    let sim = sim_at("bluegreen", 4.0);
    let (home, kubeconfig) = killed_at_of(What::Weight, &sim, "Waiting(\"until 5 pods").await;
    let (cluster, engine) = engine(&kubeconfig, home.path()).await;
    let found = engine.unfinished().expect("readable").remove(0);
    let back = engine.way_back(&found).expect("the first call was answered");
    assert_eq!((back.target.target(), back.also.len()), ("deployment/search-canary".into(), 0));
    let options = ObserveOptions::default();
    let (release, details) = Box::pin(cluster.one_release_with(&search(), &options)).await.expect("readable");
    let context = engine.context(&release.uid);
    let strategy = strategy(release.strategy).expect("known");
    let plan = strategy.plan(&release, &details, &Intent::Revert(Box::new(back)), &context).expect("a plan");
    let (outcome, _) = hear(&mut engine.apply(plan.into(), Consent::default())).await;
    assert_eq!((outcome.kind, shared(&sim)), (OutcomeKind::Applied, [9, 1]), "{}", outcome.reason);
}
