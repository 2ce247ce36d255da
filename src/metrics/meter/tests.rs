//! The meter over scripted sources, in virtual time.

use super::{Focus, Meter, MeterOptions};
use crate::cluster::{Clock, Cluster, ConnectOptions};
use crate::config::{Config, HealthSettings, Origin, Sources, Written};
use crate::domain::measurement::{Reading, TrackMeasured};
use crate::domain::{Kind, Measurements, ObjectKey, Release, Role, Snapshot, Timestamp, Uid};
use crate::metrics::source::{Answering, BoardFound, BoardQuestion, Found, MetricSource, Question, Trouble};
use crate::strategy::testing::shop::Shop;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

/// What a scripted source does when it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Answers,
    Fails,
    KnowsNothing,
    /// Than the release called `web`.
    KnowsOthers,
    Stalls,
}

#[derive(Debug)]
struct Script {
    name: &'static str,
    mood: Mutex<Mood>,
    asked: Mutex<Vec<(String, Instant)>>,
}

impl Script {
    fn new(name: &'static str, mood: Mood) -> Arc<Self> {
        Arc::new(Self { name, mood: Mutex::new(mood), asked: Mutex::default() })
    }

    fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn asked(&self) -> Vec<(String, Instant)> {
        self.asked.lock().unwrap().clone()
    }

    fn note(&self, what: String) -> Mood {
        self.asked.lock().unwrap().push((what, Instant::now()));
        *self.mood.lock().unwrap()
    }

    fn tracks(question: &crate::metrics::lanes::Lanes) -> Vec<TrackMeasured> {
        let mut tracks = question.unmeasured();
        for track in &mut tracks {
            track.errors = Reading::Value(0.2);
        }
        tracks
    }
}

impl MetricSource for Script {
    fn name(&self) -> &'static str {
        self.name
    }

    fn queries(&self) -> bool {
        self.name == "prometheus"
    }

    fn release<'a>(&'a self, question: &'a Question) -> Answering<'a, Option<Found>> {
        let judged = question.recent.filter(|recent| *recent > question.span);
        let judged = judged.map(|judged| format!(", judged over {judged}")).unwrap_or_default();
        let mood = self.note(format!("{} over {}{judged}", question.release.key.name, question.span));
        Box::pin(async move {
            match mood {
                Mood::Answers => Ok(Some(Found {
                    source: self.name.into(),
                    tracks: Self::tracks(&question.lanes),
                    ..Found::default()
                })),
                Mood::Fails => Err(Trouble::new(format!("{} is away.", self.name))),
                Mood::KnowsNothing | Mood::KnowsOthers => Ok(None),
                Mood::Stalls => std::future::pending().await,
            }
        })
    }

    fn namespace<'a>(&'a self, question: &'a BoardQuestion) -> Answering<'a, Option<BoardFound>> {
        let mood = self.note(format!("namespace {}", question.namespace));
        let tracks = question.releases.iter().map(|(uid, lanes)| (uid.clone(), Self::tracks(lanes)));
        let mut found = BoardFound { source: self.name.into(), tracks: tracks.collect(), ..BoardFound::default() };
        if mood == Mood::KnowsOthers {
            found.tracks.retain(|_, tracks| tracks.iter().all(|track| !track.name.starts_with("web")));
        }
        Box::pin(async move {
            match mood {
                Mood::Answers | Mood::KnowsOthers => Ok(Some(found)),
                Mood::Fails => Err(Trouble::new(format!("{} is away.", self.name))),
                Mood::KnowsNothing => Ok(None),
                Mood::Stalls => std::future::pending().await,
            }
        })
    }
}

struct Stage {
    meter: Meter,
    snapshots: watch::Sender<Arc<Snapshot>>,
    uids: HashMap<String, Uid>,
}

/// A meter over `sources` and a shop of three Deployments.
async fn stage(sources: &[Arc<Script>]) -> Stage {
    let shop = ["web", "cart", "pay"]
        .into_iter()
        .fold(Shop::default(), |shop, name| shop.deployment(name, &[("app", name)], "v1", (2, 9_000)));
    let releases = shop.releases();
    let uids = releases.iter().map(|release| (release.key.name.to_string(), release.uid.clone())).collect();
    let sim = crate::sim::SimCluster::scenario("rolling", &crate::sim::SimOptions::manual()).unwrap();
    let cluster = Cluster::over(sim.client(), "test", &ConnectOptions::default()).await.unwrap();
    let now = Timestamp::from_second(1_000_000).unwrap();
    let mut snapshot = Snapshot::empty(cluster.identity(), now);
    snapshot.releases = releases;
    let (sender, receiver) = watch::channel(Arc::new(snapshot));
    let config = Config::resolve(&Sources::default()).unwrap();
    let options = MeterOptions { cluster, snapshots: receiver, config: Arc::new(config), clock: Clock::tokio(now) };
    let sources = sources.iter().map(|source| Arc::clone(source) as Arc<dyn MetricSource>).collect();
    Stage { meter: Meter::over(options, sources), snapshots: sender, uids }
}

impl Stage {
    fn open(&self, names: &[&str]) -> Focus {
        Focus { releases: names.iter().map(|name| self.uids[*name].clone()).collect(), ..Focus::default() }
    }

    async fn until(&mut self, what: &str, wanted: impl Fn(&Measurements) -> bool) -> Arc<Measurements> {
        let found = timeout(Duration::from_mins(5), self.meter.measurements.wait_for(|now| wanted(now))).await;
        Arc::clone(&found.unwrap_or_else(|_| panic!("never {what}")).unwrap())
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_while_nothing_is_looked_at() {
    let source = Script::new("prometheus", Mood::Answers);
    let mut stage = stage(&[Arc::clone(&source)]).await;
    sleep(Duration::from_mins(10)).await;
    assert_eq!(source.asked(), []);
    stage.meter.look_at(stage.open(&["web"]));
    let uid = stage.uids["web"].clone();
    stage.until("web is measured", |now| now.of(&uid).is_some()).await;
    stage.meter.look_at(Focus::default());
    sleep(Duration::from_secs(1)).await;
    let before = source.asked().len();
    sleep(Duration::from_mins(10)).await;
    assert_eq!(source.asked().len(), before, "and no more once nothing is looked at again");
}

#[tokio::test(start_paused = true)]
async fn a_release_in_focus_is_asked_for_every_five_seconds() {
    let source = Script::new("prometheus", Mood::Answers);
    let stage = stage(&[Arc::clone(&source)]).await;
    stage.meter.look_at(stage.open(&["web"]));
    let start = Instant::now();
    sleep(Duration::from_secs(31)).await;
    let times: Vec<u64> = source.asked().iter().map(|(_, at)| (*at - start).as_secs()).collect();
    assert_eq!(times, [0, 5, 10, 15, 20, 25, 30]);
}

#[tokio::test(start_paused = true)]
async fn the_board_costs_one_question_a_namespace_and_refresh() {
    let source = Script::new("prometheus", Mood::Answers);
    let mut stage = stage(&[Arc::clone(&source)]).await;
    let uids: Vec<Uid> = stage.uids.values().cloned().collect();
    stage.meter.look_at(Focus { board: true, ..Focus::default() });
    stage.until("all are measured", |now| uids.iter().all(|uid| now.of(uid).is_some())).await;
    sleep(Duration::from_secs(44)).await;
    let asked: Vec<String> = source.asked().into_iter().map(|(what, _)| what).collect();
    assert_eq!(asked, ["namespace shop", "namespace shop", "namespace shop"], "at 0, 15 and 30 s");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_leaves_the_numbers_with_their_age_and_says_why() {
    let source = Script::new("prometheus", Mood::Answers);
    let mut stage = stage(&[Arc::clone(&source)]).await;
    stage.meter.look_at(stage.open(&["web"]));
    let uid = stage.uids["web"].clone();
    let measured = stage.until("web is measured", |now| now.of(&uid).is_some()).await;
    let at = measured.of(&uid).unwrap().at;
    source.set(Mood::Fails);
    let failing = |now: &Measurements| now.of(&uid).is_some_and(|web| web.trouble.is_some());
    let later = stage.until("the failure is told", failing).await;
    let web = later.of(&uid).unwrap();
    assert_eq!(web.trouble.as_deref(), Some("prometheus is away."));
    assert_eq!((web.at, web.tracks[0].errors.value()), (at, Some(0.2)));
    source.set(Mood::Answers);
    let well = |now: &Measurements| now.of(&uid).is_some_and(|web| web.trouble.is_none() && web.at > at);
    stage.until("it is well again", well).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_source_that_knows_the_tracks_is_taken() {
    let first = Script::new("prometheus", Mood::KnowsNothing);
    let second = Script::new("scrape", Mood::Answers);
    let third = Script::new("kubernetes", Mood::Answers);
    let mut stage = stage(&[Arc::clone(&first), Arc::clone(&second), Arc::clone(&third)]).await;
    stage.meter.look_at(stage.open(&["web"]));
    let uid = stage.uids["web"].clone();
    let measured = stage.until("web is measured", |now| now.of(&uid).is_some()).await;
    assert_eq!(&*measured.of(&uid).unwrap().source, "scrape");
    assert!(third.asked().is_empty());
    first.set(Mood::Fails);
    second.set(Mood::KnowsNothing);
    third.set(Mood::KnowsNothing);
    let told = |now: &Measurements| now.of(&uid).is_some_and(|web| web.trouble.is_some());
    let measured = stage.until("the failure is told", told).await;
    assert_eq!(&*measured.of(&uid).unwrap().source, "scrape", "the numbers are still those");
}

#[tokio::test(start_paused = true)]
async fn another_span_replaces_a_round_that_has_not_ended() {
    let source = Script::new("prometheus", Mood::Stalls);
    let mut stage = stage(&[Arc::clone(&source)]).await;
    stage.meter.look_at(stage.open(&["web"]));
    sleep(Duration::from_secs(2)).await;
    source.set(Mood::Answers);
    let uid = stage.uids["web"].clone();
    let hour = Some(jiff::SignedDuration::from_hours(1));
    stage.meter.look_at(Focus { span: hour, ..stage.open(&["web"]) });
    let start = Instant::now();
    stage.until("web is measured", |now| now.of(&uid).is_some()).await;
    assert!(start.elapsed() < Duration::from_secs(1), "it did not wait for the first round to end");
    let asked: Vec<String> = source.asked().into_iter().map(|(what, _)| what).collect();
    assert_eq!(asked, ["web over PT15M", "web over PT1H"]);
}

#[tokio::test(start_paused = true)]
async fn a_rules_window_that_is_longer_than_the_charts_is_asked_for_whole() {
    let source = Script::new("prometheus", Mood::Answers);
    let mut stage = stage(&[Arc::clone(&source)]).await;
    let hour = Some(jiff::SignedDuration::from_hours(1));
    stage.meter.look_at(Focus { judged: hour, ..stage.open(&["web"]) });
    let uid = stage.uids["web"].clone();
    stage.until("web is measured", |now| now.of(&uid).is_some()).await;
    assert_eq!(source.asked()[0].0, "web over PT15M, judged over PT1H");
}

#[tokio::test(start_paused = true)]
async fn who_opens_a_release_and_comes_back_or_turns_the_charts_does_not_ask_the_namespaces_anew() {
    let source = Script::new("prometheus", Mood::Answers);
    let stage = stage(&[Arc::clone(&source)]).await;
    let board = Focus { board: true, ..Focus::default() };
    for _ in 0..3 {
        stage.meter.look_at(board.clone());
        sleep(Duration::from_secs(1)).await;
        stage.meter.look_at(Focus { span: Some(jiff::SignedDuration::from_hours(1)), ..board.clone() });
        sleep(Duration::from_secs(1)).await;
        stage.meter.look_at(stage.open(&["web"]));
        sleep(Duration::from_secs(1)).await;
    }
    let asked = source.asked().into_iter().filter(|(what, _)| what == "namespace shop").count();
    assert_eq!(asked, 1, "nine seconds are less than a refresh");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_stalls_is_given_up_and_asked_again() {
    let source = Script::new("prometheus", Mood::Stalls);
    let mut stage = stage(&[Arc::clone(&source)]).await;
    stage.meter.look_at(stage.open(&["web"]));
    let uid = stage.uids["web"].clone();
    let told = stage.until("it is told", |now| now.of(&uid).is_some()).await;
    let web = told.of(&uid).unwrap();
    assert!(web.trouble.as_deref().is_some_and(|why| why.contains("15 s")), "{web:?}");
    assert_eq!((web.at, web.tracks[0].errors.clone()), (None, Reading::NoSource));
    source.set(Mood::Answers);
    stage.until("it is measured", |now| now.of(&uid).is_some_and(|web| web.at.is_some())).await;
}

#[tokio::test(start_paused = true)]
async fn what_leaves_the_cluster_leaves_the_measurements() {
    let source = Script::new("prometheus", Mood::Answers);
    let mut stage = stage(&[Arc::clone(&source)]).await;
    let uid = stage.uids["web"].clone();
    stage.meter.look_at(Focus { board: true, ..stage.open(&["web"]) });
    stage.until("web is measured", |now| now.of(&uid).is_some()).await;
    stage.snapshots.send_modify(|snapshot| {
        let mut less = (**snapshot).clone();
        less.releases.retain(|release| release.uid != uid);
        *snapshot = Arc::new(less);
    });
    stage.until("web is gone", |now| now.of(&uid).is_none() && !now.releases.is_empty()).await;
    let before = source.asked().iter().filter(|(what, _)| what.starts_with("web")).count();
    sleep(Duration::from_mins(1)).await;
    assert_eq!(source.asked().iter().filter(|(what, _)| what.starts_with("web")).count(), before);
}

#[tokio::test(start_paused = true)]
async fn a_release_that_names_its_source_is_asked_for_there_only() {
    let first = Script::new("prometheus", Mood::Answers);
    let second = Script::new("scrape", Mood::Answers);
    let mut stage = stage(&[Arc::clone(&first), Arc::clone(&second)]).await;
    let uid = stage.uids["web"].clone();
    let marked = |name: &str| {
        stage.snapshots.send_modify(|snapshot| {
            let mut marked = (**snapshot).clone();
            for release in &mut marked.releases {
                *release = Arc::new(Release { measured_by: Some(name.into()), ..(**release).clone() });
            }
            *snapshot = Arc::new(marked);
        });
    };
    marked("scrape");
    stage.meter.look_at(stage.open(&["web"]));
    let measured = stage.until("web is measured", |now| now.of(&uid).is_some()).await;
    assert_eq!((&*measured.of(&uid).unwrap().source, first.asked().len()), ("scrape", 0));
}

#[tokio::test(start_paused = true)]
async fn the_board_leaves_out_who_names_another_source_or_none() {
    for (name, rounds) in [("none", 0), ("scrape", 0), ("prometheus", 3)] {
        let source = Script::new("prometheus", Mood::Answers);
        let stage = stage(&[Arc::clone(&source)]).await;
        stage.snapshots.send_modify(|snapshot| {
            let mut marked = (**snapshot).clone();
            for release in &mut marked.releases {
                *release = Arc::new(Release { measured_by: Some(name.into()), ..(**release).clone() });
            }
            *snapshot = Arc::new(marked);
        });
        stage.meter.look_at(Focus { board: true, ..Focus::default() });
        sleep(Duration::from_secs(44)).await;
        assert_eq!(source.asked().len(), rounds, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_a_guard_names_is_asked_as_long_as_it_does() {
    let source = Script::new("prometheus", Mood::Answers);
    let mut stage = stage(&[source]).await;
    let uid = stage.uids["web"].clone();
    let address = Written { text: "svc/web:80/health".into(), origin: Origin::Default };
    let endpoint = HealthSettings::at(address, Duration::from_secs(2), None);
    stage.meter.look_at(Focus { endpoints: vec![(uid.clone(), endpoint)], ..stage.open(&["web"]) });
    let health = |now: &Measurements| now.of(&uid).and_then(|web| web.health.clone());
    let now = stage.until("it is asked", |now| health(now).is_some()).await;
    assert_eq!(&*health(&now).unwrap().address, "svc/web:80/health");
    stage.meter.look_at(stage.open(&["web"]));
    stage.until("its answers are gone with the guard", |now| health(now).is_none()).await;
}

#[test]
fn an_annotation_of_the_root_names_the_source() {
    let note = |object: &mut serde_json::Value| {
        object["metadata"]["annotations"] = serde_json::json!({"windlass.dev/metrics": " scrape "});
    };
    let shop =
        Shop::default().deployment("web", &[("app", "web")], "v1", (2, 9_000)).set(Kind::Deployment, "web", note);
    assert_eq!(shop.release(Kind::Deployment, "web").measured_by.as_deref(), Some("scrape"));
}

/// Two thousand releases in fifty namespaces, as copies of one.
pub(in crate::metrics) fn crowd(one: &Release) -> Vec<Arc<Release>> {
    let copies = (0..2_000).map(|copy| {
        let key = ObjectKey::new(Kind::Deployment, format!("ns-{}", copy % 50), format!("web-{copy}"));
        Arc::new(Release { key, uid: Uid::new(format!("uid-{copy}")), ..one.clone() })
    });
    copies.collect()
}

#[tokio::test(start_paused = true)]
async fn a_board_of_two_thousand_releases_costs_one_question_a_namespace_and_refresh() {
    let source = Script::new("prometheus", Mood::Answers);
    let mut stage = stage(&[Arc::clone(&source)]).await;
    stage.snapshots.send_modify(|snapshot| {
        let mut many = (**snapshot).clone();
        many.releases = crowd(&many.releases[0]);
        *snapshot = Arc::new(many);
    });
    stage.meter.look_at(Focus { board: true, ..Focus::default() });
    let start = Instant::now();
    stage.until("all are measured", |now| now.releases.len() == 2_000).await;
    tokio::time::sleep_until(start + Duration::from_secs(59)).await;
    let asked = source.asked();
    assert_eq!(asked.len(), 4 * 50, "at 0, 15, 30 and 45 s");
    for namespace in 0..50 {
        let own = format!("namespace ns-{namespace}");
        let times: Vec<Instant> = asked.iter().filter(|(what, _)| *what == own).map(|(_, at)| *at).collect();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_secs(15)), "{own}: {times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_consoles_own_board_of_two_thousand_asks_each_namespace_once_a_refresh_and_no_release() {
    use crate::app::{Msg, measuring, update};
    use crate::ui::view::samples;
    let source = Script::new("prometheus", Mood::Answers);
    let mut stage = stage(&[Arc::clone(&source)]).await;
    let moving = samples::snapshot().releases.iter().find(|it| it.track(Role::Candidate).is_some()).cloned().unwrap();
    let mut model = samples::console(80, 24, "");
    let mut many = (*model.live).clone();
    many.releases = crowd(&moving);
    many.version += 1;
    let many = Arc::new(many);
    stage.snapshots.send_replace(Arc::clone(&many));
    update(&mut model, Msg::Snapshot(many));
    // As the console does it: what is looked at is told after every message.
    for _ in 0..59 {
        stage.meter.look_at(measuring::focus(&model));
        sleep(Duration::from_secs(1)).await;
        let told = stage.meter.measurements.borrow_and_update().clone();
        update(&mut model, Msg::Measured(told));
    }
    let asked = source.asked();
    let of_namespaces = asked.iter().filter(|(what, _)| what.starts_with("namespace")).count();
    assert_eq!(of_namespaces, 4 * 50, "at 0, 15, 30 and 45 s");
    assert_eq!(asked.len(), of_namespaces, "and nothing of those in sight that are on their way");
}

#[tokio::test(start_paused = true)]
async fn what_the_board_alone_follows_is_asked_of_what_costs_prometheus_nothing_and_in_full_once_it_is_opened() {
    let prometheus = Script::new("prometheus", Mood::KnowsOthers);
    let scrape = Script::new("scrape", Mood::Answers);
    let mut stage = stage(&[Arc::clone(&prometheus), Arc::clone(&scrape)]).await;
    let uid = stage.uids["web"].clone();
    stage.meter.look_at(Focus { board: true, followed: vec![uid.clone()], ..Focus::default() });
    stage.until("web is scraped", |now| now.of(&uid).is_some_and(|web| &*web.source == "scrape")).await;
    sleep(Duration::from_secs(42)).await;
    let of_web = |script: &Script| script.asked().iter().filter(|(what, _)| what.starts_with("web")).count();
    assert_eq!((of_web(&prometheus), of_web(&scrape)), (0, 9), "every 5 s");
    let web = stage.meter.measurements.borrow().of(&uid).unwrap().clone();
    assert_eq!((&*web.source, web.tracks[0].errors.value()), ("scrape", Some(0.2)), "its namespace's query leaves it");
    prometheus.set(Mood::Answers);
    let told = stage.until("its namespace tells", |now| now.of(&uid).is_some_and(|web| &*web.source == "prometheus"));
    assert!(told.await.of(&uid).unwrap().at > web.at);
    // A round that began before does not undo that.
    sleep(Duration::from_secs(7)).await;
    assert_eq!(&*stage.meter.measurements.borrow().of(&uid).unwrap().source, "prometheus");
    assert_eq!(of_web(&prometheus), 0);
    stage.meter.look_at(stage.open(&["web"]));
    sleep(Duration::from_millis(100)).await;
    assert_eq!(of_web(&prometheus), 1, "at once");
}
