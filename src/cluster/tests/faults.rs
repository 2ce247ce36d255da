//! Faults: rows stay, the reason is told, and the rest goes on.

use super::kit;
use crate::cluster::{NamespaceScope, ObserveOptions};
use crate::domain::snapshot::{Connection, Watch};
use crate::domain::{Age, Kind, ObjectKey, Snapshot, State};
use crate::sim::{Effect, Fault, On};
use serde_json::json;
use std::time::Duration;

fn away(connection: &Connection) -> bool {
    matches!(connection, Connection::Away { .. })
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_is_away_within_5_s_and_live_again_within_3_s_of_its_return() {
    let sim = kit::shop();
    let observer = kit::observe_by_tokio(&sim).await;
    let before = kit::until_live(&observer).await;
    sim.away();
    let noticed = kit::time_until(&observer, "it is away", |snapshot| away(&snapshot.connection)).await;
    assert!(noticed <= Duration::from_secs(5), "{noticed:?}");
    tokio::time::sleep(Duration::from_mins(1)).await;
    let during = observer.snapshots.borrow().clone();
    let keys = |snapshot: &Snapshot| -> Vec<_> {
        snapshot.releases.iter().map(|release| (release.key.clone(), release.replicas)).collect()
    };
    assert_eq!(keys(&during), keys(&before), "rows stay");
    assert!(during.age_of(Kind::Deployment, during.published) > Age::seconds(0));
    sim.edit("deployments/shop/cart", "test", |cart| cart["spec"]["paused"] = json!(true));
    sim.back();
    let back = kit::time_until(&observer, "all is live, and what happened meanwhile is shown", |snapshot| {
        kit::is_live(snapshot) && kit::deployment(snapshot, "shop", "cart").held
    })
    .await;
    assert!(back <= Duration::from_secs(3), "{back:?}");
}

#[tokio::test(start_paused = true)]
async fn a_network_that_swallows_everything_is_noticed_within_5_s_and_left_within_5_s() {
    let sim = kit::shop();
    let observer = kit::observe_by_tokio(&sim).await;
    kit::until_live(&observer).await;
    sim.stall();
    let noticed = kit::time_until(&observer, "it is away", |snapshot| away(&snapshot.connection)).await;
    assert!(noticed <= Duration::from_secs(5), "{noticed:?}");
    tokio::time::sleep(Duration::from_mins(1)).await;
    sim.back();
    let back = kit::time_until(&observer, "all is live", kit::is_live).await;
    assert!(back <= Duration::from_secs(5), "{back:?}");
}

#[tokio::test(start_paused = true)]
async fn a_watch_from_a_version_that_is_gone_lists_again_and_misses_nothing() {
    let sim = kit::shop();
    let observer = kit::observe_by_tokio(&sim).await;
    let before = kit::until_live(&observer).await;
    let cart = kit::deployment(&before, "shop", "cart").uid.clone();
    let lists = sim.count("list");
    sim.away();
    kit::until(&observer, "it is away", |snapshot| away(&snapshot.connection)).await;
    sim.remove("deployments/shop/cart");
    sim.advance(Duration::from_mins(1));
    sim.compact();
    sim.back();
    kit::until(&observer, "cart is gone", |snapshot| kit::is_live(snapshot) && snapshot.by_uid(&cart).is_none()).await;
    assert!(sim.count("list") > lists);
}

#[tokio::test(start_paused = true)]
async fn one_failing_kind_keeps_its_rows_tells_its_reason_and_heals() {
    let sim = kit::shop();
    let observer = kit::observe_by_tokio(&sim).await;
    let before = kit::until_live(&observer).await;
    for verb in ["list", "watch"] {
        let broken = Effect::Status { code: 500, retry_after: None };
        sim.fault(Fault::new(On::verb(verb).path("/replicasets"), broken));
    }
    let during = kit::until(&observer, "ReplicaSets fail", |snapshot| {
        matches!(snapshot.kinds[&Kind::ReplicaSet].watch, Watch::Failing { .. })
    })
    .await;
    assert_eq!(during.kinds[&Kind::ReplicaSet].count, before.kinds[&Kind::ReplicaSet].count);
    assert_eq!(during.kinds[&Kind::Pod].watch, Watch::Live);
    let Watch::Failing { reason, .. } = &during.kinds[&Kind::ReplicaSet].watch else { panic!("it fails") };
    assert!(reason.contains("500"), "{reason}");
    sim.heal();
    kit::until_live(&observer).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_to_slow_down_is_left_alone_for_as_long_as_it_says() {
    let sim = kit::shop();
    let slow = Effect::Status { code: 429, retry_after: Some(17) };
    sim.fault(Fault::new(On::verb("list").path("/deployments"), slow).times(1));
    let observer = kit::observe_by_tokio(&sim).await;
    let during = kit::until(&observer, "Deployments wait", |snapshot| {
        snapshot.kinds.get(&Kind::Deployment).is_some_and(|kind| matches!(kind.watch, Watch::Failing { .. }))
    })
    .await;
    let Watch::Failing { retry_at, .. } = &during.kinds[&Kind::Deployment].watch else { panic!("it waits") };
    let told = Age::between(during.published, *retry_at);
    assert!(told > Age::seconds(16) && told <= Age::seconds(17), "{told}");
    let waited = kit::time_until(&observer, "all is live", kit::is_live).await;
    assert!(waited > Duration::from_secs(15) && waited < Duration::from_secs(18), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_the_server_does_not_know_is_absent_and_is_asked_for_again() {
    let sim = kit::shop();
    let unknown = Effect::Status { code: 404, retry_after: None };
    sim.fault(Fault::new(On::all().path("/horizontalpodautoscalers"), unknown));
    let observer = kit::observe_by_tokio(&sim).await;
    let autoscalers = Kind::HorizontalPodAutoscaler;
    let snapshot = kit::until(&observer, "autoscalers are absent", |snapshot| {
        snapshot.kinds.get(&autoscalers).is_some_and(|kind| kind.watch == Watch::Absent)
    })
    .await;
    assert_eq!(snapshot.age_of(autoscalers, snapshot.published), Age::seconds(0), "absent is not stale");
    sim.heal();
    let found = kit::time_until(&observer, "all is live", kit::is_live).await;
    assert!(found <= Duration::from_secs(61), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn lists_that_are_cut_off_never_empty_the_board() {
    let sim = kit::shop();
    let observer = kit::observe_by_tokio(&sim).await;
    let before = kit::until_live(&observer).await;
    sim.away();
    kit::until(&observer, "it is away", |snapshot| away(&snapshot.connection)).await;
    sim.compact();
    sim.fault(Fault::new(On::verb("list"), Effect::Reset).times(20));
    sim.back();
    let after = kit::until_live(&observer).await;
    assert_eq!(after.releases.len(), before.releases.len());
}

#[tokio::test(start_paused = true)]
async fn a_malformed_object_costs_only_itself() {
    let sim = kit::shop();
    sim.fault(Fault::new(On::verb("list"), Effect::Malformed));
    let observer = kit::observe_by_tokio(&sim).await;
    let snapshot = kit::until_live(&observer).await;
    assert_eq!(snapshot.kinds[&Kind::Deployment].count, sim.objects("deployments", "").len());
    assert!(snapshot.releases.iter().any(|release| !release.unreadable.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_told_and_the_rows_stay() {
    let sim = kit::shop();
    let observer = kit::observe_by_tokio(&sim).await;
    let before = kit::until_live(&observer).await;
    sim.revoke_token("simulated");
    let during = kit::until(&observer, "it is away", |snapshot| away(&snapshot.connection)).await;
    assert_eq!(during.releases.len(), before.releases.len());
    let Connection::Away { reason, .. } = &during.connection else { panic!("it is away") };
    assert!(reason.contains("credentials"), "{reason}");
    sim.renew_token("simulated");
    kit::until_live(&observer).await;
}

/// The simulated time stands months before this machine's: what is young there must not be old here.
#[tokio::test(start_paused = true)]
async fn ages_are_told_by_the_servers_clock_however_far_ours_is_off() {
    let sim = kit::shop();
    let cluster = kit::cluster(&sim).await;
    let clock = cluster.clock();
    let options = ObserveOptions { namespaces: NamespaceScope::All, clock, ..ObserveOptions::default() };
    let observer = cluster.observe(options);
    let young = kit::until_live(&observer).await;
    let state = |snapshot: &Snapshot| kit::deployment(snapshot, "pay", "api").state;
    assert_eq!(state(&young), State::Progressing, "it fails to pull its image since 20 s only");
    sim.advance(Duration::from_mins(1));
    kit::until(&observer, "it is stuck", |snapshot| state(snapshot) == State::Failed).await;
}

#[tokio::test(start_paused = true)]
async fn events_whose_watch_is_always_too_old_are_listed_again_ever_more_slowly() {
    let sim = kit::live_shop();
    let observer = kit::observe(&sim).await;
    let live = kit::until_live(&observer).await;
    let release = kit::deployment(&live, "shop", "cart").clone();
    let too_old = Effect::Status { code: 410, retry_after: None };
    sim.fault(Fault::new(On::verb("watch").path("/events"), too_old).times(50));
    let mut told = kit::cluster(&sim).await.events(&release);
    let listening = async move { while told.recv().await.is_some() {} };
    assert!(tokio::time::timeout(Duration::from_secs(10), listening).await.is_err(), "it goes on");
    let asked = sim.requests();
    let lists = asked.iter().filter(|it| it.verb == "list" && it.path.contains("/events")).count();
    assert!((3..=9).contains(&lists), "{lists} lists in 10 s");
}

#[tokio::test]
async fn a_server_whose_clock_goes_astray_is_followed_there_and_back() {
    let sim = kit::shop();
    let cluster = kit::cluster(&sim).await;
    let clock = cluster.clock();
    let ahead = || clock.now().duration_since(sim.now()).as_secs().abs();
    let cart = ObjectKey::new(Kind::Deployment, "shop", "cart");
    cluster.one_release(&cart).await.expect("answers");
    assert!(ahead() < 60, "{}", ahead());
    sim.fault(Fault::new(On::all(), Effect::Ahead(Duration::from_mins(5))));
    cluster.one_release(&cart).await.expect("answers");
    assert!((240..360).contains(&ahead()), "{}", ahead());
    sim.heal();
    cluster.one_release(&cart).await.expect("answers");
    assert!(ahead() < 60, "{}", ahead());
}
