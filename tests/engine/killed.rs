//! A guard whose process is killed (SIGKILL) at each write of a run, before it arrives and after it arrived unanswered, and
//! what another process then finds and does: no step is done twice, none is lost, and the journal tells.
//!
//! The cluster is served over loopback by this process; the guard runs in a child: this test binary again. A run has up to
//! two dozen writes; `WINDLASS_KILL_STEP=1` tries all of them (by default a few, spread over the run).

use crate::feed::{Told, feed, new_is_bad, well};
use crate::kit::sim_at;
use jiff::SignedDuration;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use windlass::action::guard::{GuardNews, GuardOptions};
use windlass::action::journal::Journal;
use windlass::action::{Engine, Policy, Settings};
use windlass::cluster::{Clock, Cluster, ConnectOptions, NamespaceScope, ObserveOptions};
use windlass::config::Freeze;
use windlass::domain::guarding::OnBreach;
use windlass::domain::intent::ReleaseId;
use windlass::domain::journal::{Entry, Event};
use windlass::domain::measurement::Reading;
use windlass::domain::{Kind, ObjectKey};
use windlass::guard::Rules;
use windlass::notify::Notifier;
use windlass::sim::{Effect, Fault, On, Request, SimCluster};

const KUBECONFIG: &str = "WINDLASS_TEST_GUARD_KUBECONFIG";
const HOME: &str = "WINDLASS_TEST_GUARD_HOME";
const RUN: &str = "WINDLASS_TEST_GUARD_RUN";

/// How long the Lease of a guard in a child holds: whoever stands by waits for it, by the clock.
const LEASE: Duration = Duration::from_secs(2);

/// What is guarded, and what comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Candidate {
    /// A version on a route that walks 10 → 25 → 50 → 100.
    Good,
    /// A version on a route that loses its traffic.
    Bad,
    /// A revision of a Deployment that is undone.
    Revision,
    /// A side of a Service that is switched back.
    Side,
}

impl Candidate {
    const ALL: [Self; 4] = [Self::Good, Self::Bad, Self::Revision, Self::Side];

    /// The scenario, and the object in it that is written.
    const fn scene(self) -> (&'static str, &'static str) {
        match self {
            Self::Good | Self::Bad => ("istio", "virtualservices.networking.istio.io/shop/search"),
            Self::Revision => ("rolling", "deployments/shop/cart"),
            Self::Side => ("bluegreen", "services/bluegreen/app"),
        }
    }

    fn key(self) -> ObjectKey {
        match self {
            Self::Good | Self::Bad => ObjectKey::new(Kind::VirtualService, "shop", "search"),
            Self::Revision => ObjectKey::new(Kind::Deployment, "shop", "cart"),
            Self::Side => ObjectKey::new(Kind::Service, "bluegreen", "app"),
        }
    }

    fn told(self) -> Told {
        match self {
            Self::Good => well,
            Self::Bad | Self::Revision => new_is_bad,
            Self::Side => |_, track| Reading::Value(if &*track.name == "green" { 0.2 } else { 0.001 }),
        }
    }

    /// What stands in the written object: weights, image, or side.
    fn stands(self, sim: &SimCluster) -> String {
        let object = sim.object(self.scene().1).expect("there");
        let at = |path: &str| object.pointer(path).cloned().unwrap_or_default().to_string();
        match self {
            Self::Good | Self::Bad => [0, 1].map(|place| at(&format!("/spec/http/0/route/{place}/weight"))).join(" "),
            Self::Revision => at("/spec/template/spec/containers/0/image"),
            Self::Side => at("/spec/selector/color"),
        }
    }

    /// How often the object was written: its generation. A Service has none: whether what stands there was not there
    /// before, which its fence lets happen once.
    fn written(self, sim: &SimCluster) -> i64 {
        let object = sim.object(self.scene().1).expect("there");
        let side = || i64::from(self == Self::Side && self.stands(sim) == self.end().0);
        object["metadata"]["generation"].as_i64().unwrap_or_else(side)
    }

    /// What stands there at the end, and how often the object was written for it.
    const fn end(self) -> (&'static str, i64) {
        match self {
            Self::Good => ("0 100", 3),
            Self::Bad => ("100 0", 1),
            Self::Revision => ("\"registry.test/shop/cart:v87\"", 1),
            Self::Side => ("\"blue\"", 1),
        }
    }
}

/// At which write it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// The one with this number, from 0.
    Write(u32),
    /// The first one of what is guarded, and not of the guard's own Lease.
    Release(&'static str),
}

impl At {
    /// The requests that are counted.
    fn on(self) -> On {
        match self {
            Self::Write(_) => On::all().path("fieldManager="),
            Self::Release(path) => On::verb("patch").path(path),
        }
    }

    /// How many of them come before the one at which it is killed.
    const fn before(self) -> u32 {
        match self {
            Self::Write(number) => number,
            Self::Release(_) => 0,
        }
    }

    /// Those that the server has seen, done or not.
    fn seen(self, sim: &SimCluster) -> usize {
        let counted = |request: &&Request| match self {
            Self::Write(_) => request.path.contains("fieldManager="),
            Self::Release(path) => request.verb == "patch" && request.path.contains(path),
        };
        sim.requests().iter().filter(counted).count()
    }
}

/// When a write is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Before it arrives.
    Before,
    /// After it was done, before its answer.
    After,
}

/// The child: guards to the end, and tells each step on its standard output. Does nothing in an ordinary run.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let (Some(kubeconfig), Some(home)) = (std::env::var_os(KUBECONFIG), std::env::var_os(HOME)) else { return };
    let run = std::env::var(RUN).expect("the run's name");
    let candidate = Candidate::ALL.into_iter().find(|it| format!("{it:?}") == run).expect("a run");
    let (key, told) = (candidate.key(), candidate.told());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let connect = ConnectOptions { kubeconfig: Some(kubeconfig.into()), ..ConnectOptions::default() };
    let cluster = Cluster::connect(&connect).await.expect("connects");
    cluster.check().await.expect("answers");
    let namespaces = NamespaceScope::List(vec![key.namespace.to_string()]);
    let observer = cluster.observe(ObserveOptions { namespaces, ..ObserveOptions::default() });
    let mut snapshots = observer.snapshots.clone();
    let found = snapshots.wait_for(|snapshot| snapshot.complete() && snapshot.by_key(&key).is_some()).await;
    let uid = found.expect("observed").by_key(&key).expect("there").uid.clone();
    let settings = Settings {
        policy: Policy::default(),
        freeze: Freeze::none(),
        who: "ana".into(),
        clock: Clock::system(),
        snapshots: Some(observer.snapshots.clone()),
        traffic: std::sync::Arc::default(),
    };
    let engine = Engine::new(&cluster, Journal::open(Path::new(&home)), settings);
    let options = GuardOptions {
        release: ReleaseId { key: key.clone(), uid },
        rules: Rules { settle: SignedDuration::ZERO, ..Rules::default() },
        watch: SignedDuration::from_millis(600),
        on_breach: OnBreach::Undo,
        asks: false,
        step_when_ok: candidate == Candidate::Good,
        every: Duration::from_millis(150),
        measurements: feed(observer.snapshots.clone(), key, Clock::system(), told),
        snapshots: observer.snapshots.clone(),
        notifier: Notifier::default(),
        reason: "".into(),
        word: false,
        name: None,
        lanes: None,
        overrides: Vec::new(),
        holds: LEASE,
    };
    let mut news = engine.guard(options);
    while let Some(told) = news.recv().await {
        let mut out = std::io::stdout();
        let line = match &told {
            GuardNews::Ended(ending) => format!("guard-ended {} {}", ending.kind.exit_code(), ending.reason),
            told => format!("news {told:?}").replace('\n', " "),
        };
        writeln!(out, "{line}").and_then(|()| out.flush()).expect("the parent listens");
    }
}

/// The served cluster and the place of the guard's journal.
struct Scene {
    sim: SimCluster,
    home: tempfile::TempDir,
    kubeconfig: PathBuf,
}

impl Scene {
    async fn new(candidate: Candidate) -> Self {
        let (scenario, object) = candidate.scene();
        let sim = sim_at(scenario, 1.0);
        if candidate == Candidate::Side {
            assert!(sim.edit(object, "ana", |service| service["spec"]["selector"]["color"] = "green".into()));
        }
        let home = tempfile::tempdir().expect("a directory");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let kubeconfig = home.path().join("kubeconfig");
        std::fs::write(&kubeconfig, sim.kubeconfig(&url)).expect("written");
        let server = sim.clone();
        tokio::spawn(async move { server.serve(listener).await });
        Self { sim, home, kubeconfig }
    }

    fn start(&self, candidate: Candidate, home: &Path) -> Child {
        let mut command = Command::new(std::env::current_exe().expect("this binary"));
        command.env(RUN, format!("{candidate:?}"));
        let arguments = ["--exact", "killed::child", "--nocapture", "--test-threads=1"];
        command.args(arguments).env(KUBECONFIG, &self.kubeconfig).env(HOME, home);
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts")
    }

    /// Runs the guard until the write `at`, and kills it there; false: it came to its end before.
    async fn kill_at(&self, candidate: Candidate, at: At, cut: Cut) -> bool {
        self.sim.fault(Fault::new(at.on(), Effect::Slow(Duration::ZERO)).times(at.before()));
        if cut == Cut::After {
            self.sim.fault(Fault::new(at.on(), Effect::LostAnswer).times(1));
        }
        self.sim.fault(Fault::new(at.on(), Effect::Stall));
        let mut child = self.start(candidate, self.home.path());
        let out = child.stdout.take().expect("piped");
        let (sim, before) = (self.sim.clone(), at.seen(&self.sim));
        let wanted = before + at.before() as usize + 1;
        let killed = tokio::task::spawn_blocking(move || {
            let (sender, lines) = std::sync::mpsc::channel();
            let reader = std::thread::spawn(move || {
                for line in BufReader::new(out).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
            let mut ended = false;
            // The write stands in the server's log as soon as it was seen; nothing after it gets an answer.
            while at.seen(&sim) < wanted && !ended {
                ended = lines
                    .recv_timeout(Duration::from_millis(5))
                    .is_ok_and(|line| line.contains("guard-ended ") || line.starts_with("test result"));
            }
            child.kill().expect("SIGKILL");
            child.wait().expect("ended");
            reader.join().expect("no panic");
            !ended
        });
        let killed = killed.await.expect("ran");
        self.sim.heal();
        killed
    }

    /// Runs the guard to its end, with the journal in `home`: the exit code.
    async fn finish(&self, candidate: Candidate, home: &Path) -> u8 {
        let mut child = self.start(candidate, home);
        let told = tokio::task::spawn_blocking(move || {
            let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
            let told: Vec<String> = lines.map_while(Result::ok).collect();
            child.wait().expect("ended");
            told
        });
        let told = told.await.expect("ran");
        // For whoever asks why it ended so.
        let _ = told.iter().try_for_each(|line| writeln!(std::io::stdout(), "{line}"));
        let end = told.iter().find_map(|line| line.split_once("guard-ended ")?.1.split(' ').next()?.parse().ok());
        end.unwrap_or_else(|| panic!("no end: {told:#?}"))
    }

    fn entries(&self) -> Vec<Entry> {
        Journal::open(self.home.path()).entries().expect("readable")
    }
}

/// Kills a guard at one point, lets another process go on, and looks at what came of it.
async fn survives(candidate: Candidate, place: At, cut: Cut) -> bool {
    let at = format!("{candidate:?}, {place:?}, {cut:?}");
    let scene = Scene::new(candidate).await;
    let before = candidate.written(&scene.sim);
    let killed = scene.kill_at(candidate, place, cut).await;
    let exit = if killed { Some(scene.finish(candidate, scene.home.path()).await) } else { None };
    let (wanted, steps) = candidate.end();
    assert_eq!(candidate.stands(&scene.sim), wanted, "at {at}");
    assert_eq!(candidate.written(&scene.sim), before + steps, "at {at}: each step was written once");
    let (_, object) = candidate.scene();
    let path = format!("/{}", object.rsplit('/').next().unwrap_or_default());
    let answered = |it: &&Request| it.verb == "patch" && it.path.contains(&path) && it.code == 200;
    let answered = scene.sim.requests().iter().filter(answered).filter(|it| !it.path.contains("/leases/")).count();
    assert!(answered as i64 <= steps, "at {at}: {answered} writes were answered");
    if let Some(exit) = exit {
        assert_eq!(exit, u8::from(candidate != Candidate::Good), "at {at}");
    }
    let entries = scene.entries();
    let intents: Vec<&Entry> = entries.iter().filter(|entry| matches!(entry.event, Event::Intent(_))).collect();
    for intent in &intents {
        let told = |entry: &&Entry| entry.plan == intent.plan && matches!(entry.event, Event::Outcome(_));
        assert!(entries.iter().any(|entry| told(&entry)), "at {at}: {:?} has no outcome", intent.plan);
    }
    assert!(intents.len() >= usize::try_from(steps).expect("few"), "at {at}: every step is in the journal");
    killed
}

/// Each point of a run in its order, until the run comes to its end before it: every write before it arrives and after,
/// or each `WINDLASS_KILL_STEP`th of these (an odd number finds both).
async fn at_every_point(candidate: Candidate) {
    let step = std::env::var("WINDLASS_KILL_STEP").ok().and_then(|number| number.parse().ok()).unwrap_or(9);
    let mut kills = 0;
    for point in (0..).step_by(step) {
        let cut = if point % 2 == 0 { Cut::Before } else { Cut::After };
        if !survives(candidate, At::Write(point / 2), cut).await {
            break;
        }
        kills += 1;
    }
    let _ = writeln!(std::io::stdout(), "{candidate:?}: killed {kills} times");
    assert!(kills * step >= 12, "{candidate:?} was killed {kills} times only");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_write_of_a_walk_no_step_is_doubled_and_none_is_lost() {
    at_every_point(Candidate::Good).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_write_of_a_rollback_it_is_rolled_back_once() {
    at_every_point(Candidate::Bad).await;
}

/// The Lease alone tells what was under way: it is waited for until it is over.
#[tokio::test(flavor = "multi_thread")]
async fn killed_on_one_machine_it_goes_on_from_its_lease_on_another_and_writes_once() {
    let one = async |cut| {
        let (candidate, scene) = (Candidate::Bad, Scene::new(Candidate::Bad).await);
        let before = candidate.written(&scene.sim);
        let route = At::Release("/virtualservices/search");
        assert!(scene.kill_at(candidate, route, cut).await);
        let lease = scene.sim.objects("leases", "shop").remove(0)["metadata"]["annotations"].to_string();
        assert!(lease.contains("pending") && lease.contains("back"), "{lease}");
        let elsewhere = tempfile::tempdir().expect("a directory");
        assert_eq!(scene.finish(candidate, elsewhere.path()).await, 1, "{cut:?}");
        assert_eq!((&*candidate.stands(&scene.sim), candidate.written(&scene.sim)), ("100 0", before + 1), "{cut:?}");
        let told = Journal::open(elsewhere.path()).entries().expect("readable");
        assert!(told.iter().any(|entry| matches!(&entry.event, Event::Guard(line) if line.ended)), "{cut:?}");
    };
    tokio::join!(one(Cut::Before), one(Cut::After));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_write_of_an_undo_a_deployment_is_undone_once() {
    at_every_point(Candidate::Revision).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_write_of_a_switch_back_a_service_is_switched_once() {
    at_every_point(Candidate::Side).await;
}
