//! Switches and weights over the simulated cluster: what is sent, in which order, and what ends a wait between two calls.

use crate::kit::{Console, sim};
use std::time::Duration;
use windlass::action::Progress;
use windlass::domain::journal::Event;
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::said::plain;
use windlass::domain::{Direction, Intent, Kind, ObjectKey, State};
use windlass::sim::SimCluster;

fn service(namespace: &str, name: &str) -> ObjectKey {
    ObjectKey::new(Kind::Service, namespace, name)
}

fn weight(weight: u8) -> Intent {
    Intent::SetWeight { weight, rule: None }
}

fn switch() -> Intent {
    Intent::Switch { to: None }
}

fn color(sim: &SimCluster) -> String {
    let app = sim.object("services/bluegreen/app").expect("there");
    app["spec"]["selector"]["color"].as_str().expect("a color").to_owned()
}

fn replicas(sim: &SimCluster, name: &str) -> i64 {
    let found = sim.object(&format!("deployments/shop/{name}")).expect("there");
    found["spec"]["replicas"].as_i64().expect("a number")
}

/// The object's name in the path of a request.
fn name_in(path: &str) -> &str {
    let path = path.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

/// The patches sent since, by the object's name.
fn patched(sim: &SimCluster, since: usize) -> Vec<String> {
    let all = sim.requests();
    let patches = all.iter().skip(since).filter(|request| request.verb == "patch" && request.code == 200);
    // The Lease that tells who switches is a notice beside the write.
    let patches = patches.filter(|request| !request.path.contains("/leases/"));
    patches.map(|request| name_in(&request.path).to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_switch_is_one_request_settles_with_the_addresses_and_goes_back_in_one() {
    let sim = sim("bluegreen");
    let ana = Console::of(&sim, "ana").await;
    let app = service("bluegreen", "app");
    let plan = ana.propose(&app, switch()).await.expect("a plan");
    assert_eq!(plan.direction, Direction::Forward);
    let before = sim.requests().len();
    let (outcome, _) = ana.confirm(&plan).await;
    assert_eq!((outcome.kind, &*outcome.reason), (OutcomeKind::Applied, "applied and settled"));
    assert_eq!((color(&sim), patched(&sim, before)), ("green".to_owned(), vec!["app".to_owned()]));
    let timed = |release: &windlass::domain::Release| {
        release.traffic.as_ref().is_some_and(|it| it.switch.as_ref().is_some_and(|it| it.took.is_some()))
    };
    let release = ana.release(&app, "green is live", |it| &*it.tracks[0].name == "green" && timed(it)).await;
    let view = release.traffic.as_ref().and_then(|traffic| traffic.switch.clone()).expect("a switch");
    assert_eq!((view.moved, view.took.is_some(), view.switched_at.is_some()), ((3, 0), true, true));
    assert!(plain(&release.remedy).contains("`windlass switch` switches back to blue at once"), "{}", release.remedy);
    let again = ana.propose(&app, switch()).await.expect("a plan");
    assert_eq!(again.direction, Direction::Back, "where the journal saw it before");
    let inverse = ana.engine.inverse_of(&release.uid).expect("ready");
    let before = sim.requests().len();
    let outcome = ana.does(&app, Intent::Revert(Box::new(inverse))).await;
    assert_eq!((outcome.kind, color(&sim)), (OutcomeKind::Applied, "blue".to_owned()), "{}", outcome.reason);
    assert_eq!(patched(&sim, before), ["app"]);
    let forward = ana.propose(&app, switch()).await.expect("a plan").direction;
    assert_eq!(forward, Direction::Forward, "green was left by a way back: to go there again is none");
}

#[tokio::test(start_paused = true)]
async fn two_people_switch_and_one_is_told() {
    let sim = sim("bluegreen");
    let (ana, ben) = (Console::of(&sim, "ana").await, Console::of(&sim, "ben").await);
    let app = service("bluegreen", "app");
    let theirs = ana.propose(&app, switch()).await.expect("a plan");
    let mine = ben.propose(&app, switch()).await.expect("a plan");
    assert_eq!(ben.confirm(&mine).await.0.kind, OutcomeKind::Applied);
    let (outcome, _) = ana.confirm(&theirs).await;
    assert_eq!((outcome.kind, color(&sim)), (OutcomeKind::Conflict, "green".to_owned()), "{}", outcome.reason);
}

#[tokio::test(start_paused = true)]
async fn a_weight_brings_the_new_pods_up_before_it_takes_the_old_ones_down() {
    let sim = sim("bluegreen");
    let ana = Console::of(&sim, "ana").await;
    let search = service("shop", "search");
    let release = ana.release(&search, "a canary", |release| release.strategy.0 == "replica-canary").await;
    assert_eq!((release.tracks[1].weight.asked, release.state), (Some(10), State::Waiting), "{}", release.reason);
    let plan = ana.propose(&search, weight(50)).await.expect("a plan");
    let before = sim.requests().len();
    let (outcome, heard) = ana.confirm(&plan).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert_eq!(patched(&sim, before), ["search-canary", "search"]);
    assert_eq!((replicas(&sim, "search"), replicas(&sim, "search-canary")), (5, 5));
    let place = |wanted: &Progress| heard.iter().position(|news| news == wanted).expect("told");
    let waits = Progress::Waiting("until 5 pods of search-canary are ready".into());
    assert!(place(&Progress::Sent(0)) < place(&waits) && place(&waits) < place(&Progress::Sent(1)), "{heard:?}");
    let release = ana.release(&search, "half", |release| release.tracks[1].weight.actual == Some(50)).await;
    assert_eq!(release.tracks[1].weight.asked, Some(50));
    let events: Vec<Event> = ana.engine.journal().entries().expect("readable").into_iter().map(|it| it.event).collect();
    let calls: Vec<usize> =
        events.iter().filter_map(|it| if let Event::Call { index, .. } = it { Some(*index) } else { None }).collect();
    assert_eq!(calls, [0, 1]);
    let inverse = ana.engine.inverse_of(&release.uid).expect("ready");
    let outcome = ana.does(&search, Intent::Revert(Box::new(inverse))).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert_eq!((replicas(&sim, "search"), replicas(&sim, "search-canary")), (9, 1));
}

#[tokio::test(start_paused = true)]
async fn a_candidate_that_does_not_come_up_leaves_the_stable_side_as_it_is() {
    let sim = sim("bluegreen");
    let ana = Console::of(&sim, "ana").await;
    let search = service("shop", "search");
    let image = windlass::domain::workload::Image {
        container: "search".into(),
        reference: "registry.test/shop/search:v43-bad".into(),
    };
    let plan = ana.propose(&search, Intent::SetImage(vec![image])).await.expect("on the candidate");
    drop(ana.engine.apply(plan, windlass::action::Consent { wait: None, ..Default::default() }));
    ana.release(&search, "rolling out", |release| release.tracks[1].version.contains("bad")).await;
    let plan = ana.propose(&search, weight(50)).await.expect("a plan");
    let (outcome, _) = ana.confirm(&plan).await;
    assert_eq!(outcome.kind, OutcomeKind::Partial, "{}", outcome.reason);
    assert!(outcome.reason.contains("until 5 pods of search-canary are ready"), "{}", outcome.reason);
    assert_eq!((replicas(&sim, "search"), replicas(&sim, "search-canary")), (9, 5), "no old pod was taken down");
    let outcome = ana.does(&search, Intent::Abort).await;
    assert_eq!(replicas(&sim, "search-canary"), 0, "{}", outcome.reason);
}

#[tokio::test(start_paused = true)]
async fn another_verb_of_ours_ends_the_wait_and_the_second_call_is_never_sent() {
    let sim = sim("bluegreen");
    let ana = Console::of(&sim, "ana").await;
    let search = service("shop", "search");
    let plan = ana.propose(&search, weight(50)).await.expect("a plan");
    let mut news = ana.engine.apply(plan, windlass::action::Consent::default());
    while let Some(progress) = news.recv().await {
        if matches!(&progress, Progress::Waiting(what) if what.starts_with("until 5 pods")) {
            break;
        }
    }
    ana.release(&search, "five asked", |release| release.tracks.iter().any(|it| it.replicas.desired == 5)).await;
    let inverse = ana.engine.inverse_of(&plan_uid(&ana, &search).await).expect("ready after the first call");
    let outcome = ana.does(&search, Intent::Revert(Box::new(inverse))).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    let (first, _) = crate::kit::hear(&mut news).await;
    assert_eq!(first.kind, OutcomeKind::Partial, "{}", first.reason);
    assert!(first.reason.contains("took over"), "{}", first.reason);
    tokio::time::sleep(Duration::from_mins(20)).await;
    assert_eq!((replicas(&sim, "search"), replicas(&sim, "search-canary")), (9, 1));
}

async fn plan_uid(ana: &Console, key: &ObjectKey) -> windlass::domain::Uid {
    ana.release(key, "there", |_| true).await.uid.clone()
}
