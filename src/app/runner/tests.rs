//! Going to another cluster: what runs there comes to its end, and all else stops.

mod contexts;

use super::{Connected, Home, News, Runner};
use crate::action::gates::Preview;
use crate::action::guard::GuardNews;
use crate::action::{Desks, Journal};
use crate::app::effect::{Effect, Terms};
use crate::app::guards::{Acts, GuardTerms};
use crate::app::messages::Level;
use crate::app::msg::WriteNews;
use crate::app::{Model, Msg, Session};
use crate::cluster::{Clock, Cluster, ConnectOptions, NamespaceScope};
use crate::config::{Config, Sources};
use crate::domain::guarding::OnBreach;
use crate::domain::intent::{PausedUndo, ReleaseId, UndoTo};
use crate::domain::outcome::OutcomeKind;
use crate::domain::{Intent, Kind, ObjectKey, Plan, Snapshot};
use crate::guard::Rules;
use crate::sim::{ClockMode, SimCluster, SimOptions};
use crate::strategy::{Context, strategy};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

fn sim() -> SimCluster {
    SimCluster::scenario("rolling", &SimOptions { clock: ClockMode::Follow { speed: 1.0 }, pods: None })
        .expect("starts")
}

async fn cluster(sim: &SimCluster, name: &str) -> Cluster {
    Cluster::over(sim.client(), name, &ConnectOptions::default()).await.expect("connects")
}

/// A console on the first cluster, without a screen.
struct Desk {
    runner: Runner,
    news: mpsc::Receiver<News>,
    model: Model,
    _home: tempfile::TempDir,
}

impl Desk {
    async fn on(sim: &SimCluster) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let cluster = cluster(sim, "first").await;
        let config = Arc::new(Config::resolve(&Sources::default()).expect("a configuration"));
        let session = Session::new(config, cluster.identity(), "ana");
        let times = sim.clone();
        let clock = Clock::new(move || times.now());
        let home_of = Home {
            cluster,
            scope: NamespaceScope::All,
            journal: Journal::open(home.path()),
            elsewhere: None,
            who: Some("ana".into()),
            user: "ana".into(),
            screens: home.path().to_owned(),
            desks: Desks::default(),
        };
        let model = Model::new(session, Arc::default(), clock.now(), jiff::tz::TimeZone::UTC);
        let (runner, news) = Runner::start(home_of, clock, &model.session);
        Self { runner, news, model, _home: home }
    }

    async fn go_to(&mut self, sim: &SimCluster, name: &str) {
        let connected = Connected { cluster: cluster(sim, name).await, scope: NamespaceScope::All };
        self.model.session = self.runner.adopt(connected, &self.model.session);
    }

    /// The first piece of news that `wanted` takes.
    async fn hear<T>(&mut self, wanted: impl Fn(&Msg) -> Option<T>) -> T {
        let heard = async {
            while let Some(news) = self.news.recv().await {
                if let News::Msg(msg) = &news
                    && let Some(found) = wanted(msg)
                {
                    return found;
                }
            }
            panic!("the news ended")
        };
        tokio::time::timeout(Duration::from_mins(10), heard).await.expect("it comes")
    }

    async fn live(&mut self, context: &str) -> Arc<Snapshot> {
        let context = context.to_owned();
        self.hear(|msg| match msg {
            Msg::Snapshot(snapshot) if *snapshot.cluster.context == *context && snapshot.complete() => {
                Some(snapshot.clone()).filter(|snapshot| !snapshot.releases.is_empty())
            }
            _ => None,
        })
        .await
    }
}

async fn undo_of(sim: &SimCluster, name: &str, now: crate::domain::Timestamp) -> Arc<Plan> {
    let key = ObjectKey::new(Kind::Deployment, "shop", name);
    let (release, details) = cluster(sim, "reader").await.one_release(&key).await.expect("reads");
    let context = Context { now, ..crate::strategy::testing::context() };
    let intent = Intent::Undo { to: UndoTo::Previous, paused: PausedUndo::StayPaused };
    Arc::new(strategy(release.strategy).expect("known").plan(&release, &details, &intent, &context).expect("a plan"))
}

#[tokio::test(start_paused = true)]
async fn a_write_is_watched_to_its_end_by_the_engine_that_sent_it_wherever_the_console_goes() {
    let (first, second) = (sim(), sim());
    let mut desk = Desk::on(&first).await;
    desk.live("first").await;
    let plan = undo_of(&first, "search", first.now()).await;
    let terms =
        Terms { reason: "".into(), optional: false, word: false, overrides: Vec::new(), preview: Preview::Free };
    desk.runner.run(Effect::Apply(plan.clone(), terms), &desk.model);
    desk.hear(|msg| matches!(msg, Msg::Write(_, WriteNews::Reached(..))).then_some(())).await;
    desk.go_to(&second, "second").await;
    let outcome = desk
        .hear(|msg| match msg {
            Msg::Write(id, WriteNews::Ended(outcome)) if *id == plan.id => Some(outcome.clone()),
            _ => None,
        })
        .await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{outcome:?}");
    assert_eq!(&*outcome.reason, "applied and settled");
    assert_eq!(second.mutations(), 0, "it is the first cluster's");
    desk.live("second").await;
}

#[tokio::test(start_paused = true)]
async fn ten_switches_leave_no_watch_and_no_task_behind() {
    let (first, second) = (sim(), sim());
    let alive = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let mut desk = Desk::on(&first).await;
    desk.live("first").await;
    // What every visit may leave for a moment ends by itself within a minute of virtual time.
    let quiet = async || tokio::time::sleep(Duration::from_mins(1)).await;
    desk.go_to(&second, "second").await;
    desk.live("second").await;
    quiet().await;
    let (tasks, watches) = (alive(), (first.open_watches(), second.open_watches()));
    assert_eq!(watches.0, 0, "the first cluster is watched no more");
    assert!(watches.1 > 5, "the second is");
    for _ in 0..5 {
        desk.go_to(&first, "first").await;
        desk.live("first").await;
        quiet().await;
        assert_eq!(second.open_watches(), 0);
        desk.go_to(&second, "second").await;
        desk.live("second").await;
        quiet().await;
        assert_eq!((first.open_watches(), second.open_watches()), watches);
    }
    assert_eq!(alive(), tasks, "tasks are as many as after the first switch");
}

#[tokio::test(start_paused = true)]
async fn a_guard_that_can_tell_nobody_says_so_and_guards() {
    let sim = sim();
    let mut desk = Desk::on(&sim).await;
    let snapshot = desk.live("first").await;
    let release = snapshot.by_key(&ObjectKey::new(Kind::Deployment, "shop", "cart")).expect("there");
    let text = "[guard]\nnotify = [\"slack\"]\n[notify.slack]\nurl_env = \"NOBODY_SETS_THIS_ONE\"\n";
    let sources = Sources { file: Some(("config.toml".into(), text.to_owned())), ..Sources::default() };
    desk.model.session.config = Arc::new(Config::resolve(&sources).expect("a configuration"));
    let id = ReleaseId { key: release.key.clone(), uid: release.uid.clone() };
    let terms = GuardTerms {
        acts: Acts::Asks,
        rules: Rules::default(),
        watch: jiff::SignedDuration::from_mins(1),
        on_breach: OnBreach::Undo,
        health: None,
    };
    desk.runner.run(Effect::Arm(id, Box::new(terms)), &desk.model);
    let said = desk
        .hear(|msg| match msg {
            Msg::Say(Level::Error, text) => Some(text.to_string()),
            _ => None,
        })
        .await;
    assert!(said.contains("this guard tells nobody") && said.contains("NOBODY_SETS_THIS_ONE"), "{said}");
    let armed = |msg: &Msg| matches!(msg, Msg::Guard(_, news) if matches!(**news, GuardNews::Armed(_))).then_some(());
    desk.hear(armed).await;
}
