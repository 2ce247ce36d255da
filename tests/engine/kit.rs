//! A console without a screen: a simulated cluster, its observer, and an engine. Time is tokio's paused time, which the
//! cluster follows.

use jiff::SignedDuration;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use windlass::action::journal::Journal;
use windlass::action::{Consent, Desks, Engine, News, Policy, Progress, Settings};
use windlass::cluster::{Clock, Cluster, ConnectOptions, NamespaceScope, ObserveOptions, Observer};
use windlass::config::Freeze;
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::plan::{Refusal, RefusalKind};
use windlass::domain::{Intent, ObjectKey, Outcome, Plan, Release, Snapshot};
use windlass::sim::{ClockMode, SimCluster, SimOptions};
use windlass::strategy::strategy;

/// The cluster's own clock.
pub fn clock(sim: &SimCluster) -> Clock {
    let sim = sim.clone();
    Clock::new(move || sim.now())
}

/// The plain shop with one rollout that works and whatever a test adds.
pub fn sim(scenario: &str) -> SimCluster {
    sim_at(scenario, 1.0)
}

/// A scenario whose time runs so many times as fast as tokio's.
pub fn sim_at(scenario: &str, speed: f64) -> SimCluster {
    SimCluster::scenario(scenario, &SimOptions { clock: ClockMode::Follow { speed }, pods: None }).expect("starts")
}

/// One person's console.
pub struct Console {
    pub cluster: Cluster,
    pub engine: Engine,
    pub observer: Observer,
    pub desks: Desks,
    _told: Told,
    _home: Option<tempfile::TempDir>,
}

/// A journal that tells in words of its own: at the end no mark of a sentence may be in it.
struct Told(std::path::PathBuf);

impl Drop for Told {
    fn drop(&mut self) {
        let journal = std::fs::read_to_string(&self.0).unwrap_or_default();
        assert!(std::thread::panicking() || !journal.contains(windlass::domain::said::MARK), "{journal}");
    }
}

impl Console {
    /// A console of `who`, which may do everything.
    pub async fn of(sim: &SimCluster, who: &str) -> Self {
        Self::with(sim, who, Policy::default()).await
    }

    /// A console of `who` in a context with this policy.
    pub async fn with(sim: &SimCluster, who: &str, policy: Policy) -> Self {
        Self::frozen(sim, who, policy, Freeze::none()).await
    }

    /// The same in a context with a change freeze.
    pub async fn frozen(sim: &SimCluster, who: &str, policy: Policy, freeze: Freeze) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let journal = Journal::open(home.path());
        Self { _home: Some(home), ..Self::made(sim, who, (policy, freeze), journal, clock(sim)).await }
    }

    /// A console with a journal of the test's.
    pub async fn with_journal(sim: &SimCluster, who: &str, policy: Policy, journal: Journal) -> Self {
        Self::made(sim, who, (policy, Freeze::none()), journal, clock(sim)).await
    }

    /// A console on a machine whose clock is so far behind the server's.
    pub async fn behind(sim: &SimCluster, who: &str, behind: SignedDuration) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let journal = Journal::open(home.path());
        let times = sim.clone();
        let clock = Clock::new(move || times.now() - behind);
        let terms = (Policy::default(), Freeze::none());
        Self { _home: Some(home), ..Self::made(sim, who, terms, journal, clock).await }
    }

    async fn made(
        sim: &SimCluster,
        who: &str,
        (policy, freeze): (Policy, Freeze),
        journal: Journal,
        clock: Clock,
    ) -> Self {
        let client = sim.client_as(&format!("user:{who}"));
        let cluster = Cluster::over(client, "sim", &ConnectOptions::default()).await.expect("connects");
        let observer = cluster.observe(ObserveOptions {
            namespaces: NamespaceScope::All,
            recorded: journal.recorded(),
            settings: Arc::default(),
            presence: true,
            clock: clock.clone(),
        });
        let snapshots = Some(observer.snapshots.clone());
        let settings = Settings { policy, freeze, who: who.into(), clock, snapshots, traffic: Arc::default() };
        let desks = Desks::default();
        let told = Told(journal.file().to_owned());
        let engine = Engine::at(&desks, &cluster, journal, settings);
        let console = Self { cluster, engine, observer, desks, _told: told, _home: None };
        console.until("everything is listed", |snapshot| snapshot.complete() && !snapshot.releases.is_empty()).await;
        console
    }

    /// Waits for a snapshot.
    pub async fn until(&self, what: &str, wanted: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let mut snapshots = self.observer.snapshots.clone();
        let found = tokio::time::timeout(Duration::from_mins(5), snapshots.wait_for(|snapshot| wanted(snapshot))).await;
        Arc::clone(&found.unwrap_or_else(|_| panic!("never: {what}")).expect("observed"))
    }

    /// Waits until the release is as wanted.
    pub async fn release(&self, key: &ObjectKey, what: &str, wanted: impl Fn(&Release) -> bool) -> Arc<Release> {
        let snapshot = self.until(what, |snapshot| snapshot.by_key(key).is_some_and(|release| wanted(release))).await;
        Arc::clone(snapshot.by_key(key).expect("it is there"))
    }

    /// Plans, as the console does when a key is pressed.
    pub async fn propose(&self, key: &ObjectKey, intent: Intent) -> Result<Arc<Plan>, Refusal> {
        let end = tokio::time::Instant::now() + Duration::from_secs(5);
        loop {
            match self.propose_once(key, intent.clone()).await {
                Err(refusal) if refusal.kind == RefusalKind::ReadAgain && tokio::time::Instant::now() < end => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                planned => return planned,
            }
        }
    }

    async fn propose_once(&self, key: &ObjectKey, intent: Intent) -> Result<Arc<Plan>, Refusal> {
        let release = self.release(key, "the release is there", |release| !release.history.is_empty()).await;
        let details = self.cluster.details(&release).await.expect("readable");
        let context = self.engine.context(&release.uid);
        let strategy = strategy(release.strategy).expect("known");
        strategy.plan(&release, &details, &intent, &context).map(Arc::new)
    }

    /// Confirms, and hears it out.
    pub async fn confirm(&self, plan: &Arc<Plan>) -> (Outcome, Vec<Progress>) {
        hear(&mut self.engine.apply(Arc::clone(plan), Consent::default())).await
    }

    /// Confirms, and does not wait for what comes of it.
    pub async fn accepted(&self, plan: &Arc<Plan>) -> OutcomeKind {
        let consent = Consent { wait: None, ..Consent::default() };
        hear(&mut self.engine.apply(Arc::clone(plan), consent)).await.0.kind
    }

    /// Plans and confirms.
    pub async fn does(&self, key: &ObjectKey, intent: Intent) -> Outcome {
        let plan = self.propose(key, intent).await.expect("a plan");
        self.confirm(&plan).await.0
    }
}

/// Listens until the outcome.
pub async fn hear(news: &mut News) -> (Outcome, Vec<Progress>) {
    let mut heard = Vec::new();
    while let Some(progress) = news.recv().await {
        if let Progress::Done(outcome) = &progress {
            return (outcome.clone(), heard);
        }
        heard.push(progress);
    }
    panic!("no outcome after {heard:?}");
}

/// A Deployment of the shop.
pub fn deployment(name: &str) -> ObjectKey {
    ObjectKey::new(windlass::domain::Kind::Deployment, "shop", name)
}

/// The image that the spec asks for.
pub fn image(sim: &SimCluster, path: &str) -> String {
    let object = sim.object(path).expect("it is there");
    object.pointer("/spec/template/spec/containers/0/image").and_then(Value::as_str).expect("an image").to_owned()
}
