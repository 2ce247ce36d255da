//! An undo from the confirmed dialog to the server's answer, over a simulated server in this process that answers each
//! request late: what is measured is the journal, the write and the way through the engine. It must cost one round trip.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use windlass::action::{Consent, Engine, Journal, Policy, Progress, Settings};
use windlass::cluster::{Clock, Cluster, ConnectOptions, ObserveOptions};
use windlass::config::Freeze;
use windlass::domain::intent::{PausedUndo, UndoTo};
use windlass::domain::plan::RefusalKind;
use windlass::domain::{Intent, Kind, ObjectKey, Plan};
use windlass::sim::{Effect, Fault, On, SimCluster, SimOptions};
use windlass::strategy::strategy;

/// One person's engine on a simulated shop.
struct Shop {
    sim: SimCluster,
    cluster: Cluster,
    engine: Engine,
    _home: tempfile::TempDir,
}

impl Shop {
    async fn open() -> Self {
        let sim = SimCluster::scenario("rolling", &SimOptions::live(1_000.0)).expect("starts");
        let cluster = Cluster::over(sim.client(), "sim", &ConnectOptions::default()).await.expect("connects");
        let home = tempfile::tempdir().expect("a folder");
        let settings = Settings {
            policy: Policy::default(),
            freeze: Freeze::none(),
            who: "ana".into(),
            clock: Clock::system(),
            snapshots: None,
            traffic: Arc::default(),
        };
        let engine = Engine::new(&cluster, Journal::open(home.path()), settings);
        Self { sim, cluster, engine, _home: home }
    }

    /// The plan of an undo, made as soon as the controller has taken in the one before.
    async fn plan(&self) -> Arc<Plan> {
        let key = ObjectKey::new(Kind::Deployment, "shop", "cart");
        let intent = Intent::Undo { to: UndoTo::Previous, paused: PausedUndo::StayPaused };
        loop {
            let options = ObserveOptions::default();
            let (release, details) = Box::pin(self.cluster.one_release_with(&key, &options)).await.expect("readable");
            let known = strategy(release.strategy).expect("known");
            match known.plan(&release, &details, &intent, &self.engine.context(&release.uid)) {
                Err(refusal) if refusal.kind == RefusalKind::ReadAgain => tokio::task::yield_now().await,
                planned => return Arc::new(planned.expect("a plan")),
            }
        }
    }

    /// From the confirmation to the answer.
    async fn undo(&self, plan: Arc<Plan>) -> Duration {
        let confirmed = Instant::now();
        let mut news = self.engine.apply(plan, Consent { wait: None, ..Consent::default() });
        let mut took = None;
        while let Some(progress) = news.recv().await {
            match progress {
                Progress::Accepted => took = Some(confirmed.elapsed()),
                Progress::Done(outcome) => return took.unwrap_or_else(|| panic!("{}", outcome.reason)),
                _ => {}
            }
        }
        panic!("an undo without an outcome");
    }
}

fn undo(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut group = criterion.benchmark_group("undo");
    group.sample_size(20);
    for delay in [0, 20, 100].map(Duration::from_millis) {
        let shop = runtime.block_on(Shop::open());
        let mut all: Vec<Duration> = Vec::new();
        let mut patches = 0;
        group.bench_function(
            BenchmarkId::new("confirm to answer, each request late by", format!("{delay:?}")),
            |bench| {
                bench.iter_custom(|times| {
                    let mut total = Duration::ZERO;
                    for _ in 0..times {
                        // Looking is not what is measured, so it is not delayed.
                        shop.sim.heal();
                        let plan = runtime.block_on(shop.plan());
                        shop.sim.fault(Fault::new(On::all(), Effect::Slow(delay)));
                        let before = shop.sim.count("patch");
                        let took = runtime.block_on(shop.undo(plan));
                        patches += shop.sim.count("patch") - before;
                        all.push(took);
                        total += took;
                    }
                    total
                });
            },
        );
        all.sort();
        let Some(median) = all.get(all.len() / 2) else { continue };
        let ratio = if delay.is_zero() {
            String::new()
        } else {
            format!(" = {:.2} x the delay", median.as_secs_f64() / delay.as_secs_f64())
        };
        let count = all.len();
        writeln!(
            std::io::stdout(),
            "undo at {delay:?} a request: median {:.1} ms{ratio}; {patches} patches for {count} undos",
            median.as_secs_f64() * 1_000.0
        )
        .expect("told");
        assert_eq!(patches, count, "one request an undo");
    }
    group.finish();
}

criterion_group!(benches, undo);
criterion_main!(benches);
