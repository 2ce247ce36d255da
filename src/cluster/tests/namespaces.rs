//! All namespaces, some, and only those that may be read.

use super::kit;
use crate::cluster::NamespaceScope;
use crate::cluster::observe::WATCHED;
use crate::domain::snapshot::{Connection, FRESH_LIMIT, Watch};
use crate::domain::{Age, Kind};
use crate::sim::{Access, Level, SimCluster};
use std::collections::BTreeSet;
use std::time::Duration;

const MANY: &str = r#"
namespaces = ["a", "b", "c", "d", "e", "f", "g"]
nodes = 1
"#;

fn many() -> SimCluster {
    let workload = |namespace: &str| {
        format!(
            "\n[[workload]]\nkind = \"Deployment\"\nnamespace = \"{namespace}\"\nname = \"web\"\nreplicas = 1\nrevisions = \
             [{{ ago = \"9d\", image = \"registry.test/web:v1\" }}]\n"
        )
    };
    let text = MANY.to_owned() + &["a", "b", "c", "d", "e", "f", "g"].map(workload).concat();
    SimCluster::from_toml(&text, &crate::sim::SimOptions::manual()).expect("a sound scenario")
}

fn names(namespaces: &[&str]) -> NamespaceScope {
    NamespaceScope::List(namespaces.iter().map(|name| (*name).to_owned()).collect())
}

fn seen(snapshot: &crate::domain::Snapshot) -> Vec<&str> {
    snapshot.releases.iter().map(|release| &*release.key.namespace).collect()
}

#[tokio::test(start_paused = true)]
async fn a_few_namespaces_are_watched_one_by_one_and_many_over_all_with_a_filter() {
    let sim = many();
    let few = kit::observe_some(&sim, names(&["b", "a"])).await;
    let snapshot = kit::until_live(&few).await;
    assert_eq!(seen(&snapshot), ["a", "b"]);
    assert_eq!(snapshot.namespaces.len(), 2);
    let over_all = |sim: &SimCluster| sim.requests().iter().filter(|it| it.path.starts_with("/api/v1/pods")).count();
    assert_eq!(over_all(&sim), 0, "{:#?}", sim.requests());
    drop(few);
    let many = kit::observe_some(&sim, names(&["a", "b", "c", "d", "e", "f"])).await;
    let snapshot = kit::until_live(&many).await;
    assert_eq!(seen(&snapshot), ["a", "b", "c", "d", "e", "f"]);
    assert!(over_all(&sim) > 0);
    assert_eq!(snapshot.kinds[&Kind::Pod].count, 6);
}

#[tokio::test(start_paused = true)]
async fn where_all_may_not_be_read_the_others_are_and_the_denied_are_named() {
    let sim = many();
    let access = Access { without_namespaces: BTreeSet::from(["c".to_owned()]), ..Access::new("ana", Level::Viewer) };
    sim.set_access(access);
    let observer = kit::observe(&sim).await;
    let snapshot = kit::until(&observer, "all but c is read", |snapshot| {
        seen(snapshot).len() == 6 && kit::is_live(snapshot) && snapshot.kinds[&Kind::Pod].denied.len() == 1
    })
    .await;
    assert_eq!(seen(&snapshot), ["a", "b", "d", "e", "f", "g"]);
    let denied: Vec<_> = snapshot.kinds[&Kind::Pod].denied.iter().map(|it| (&*it.namespace, it.since)).collect();
    assert_eq!(denied, [("c", None)], "never read: nothing of it is old");
    assert!(!snapshot.stale(snapshot.published));
    assert_eq!(snapshot.connection, Connection::Live);
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_may_not_be_read_is_told_and_the_rest_is_read() {
    let sim = many();
    let without_kinds = BTreeSet::from(["poddisruptionbudgets".to_owned()]);
    sim.set_access(Access { without_kinds, ..Access::new("ana", Level::Viewer) });
    let observer = kit::observe(&sim).await;
    let snapshot = kit::until(&observer, "budgets are forbidden and pods are live", |snapshot| {
        let watch = |kind| snapshot.kinds.get(&kind).map(|status| status.watch.clone());
        matches!(watch(Kind::PodDisruptionBudget), Some(Watch::Forbidden { .. }))
            && watch(Kind::Pod) == Some(Watch::Live)
            && seen(snapshot).len() == 7
    })
    .await;
    assert!(snapshot.complete());
}

#[tokio::test(start_paused = true)]
async fn somebody_without_any_right_gets_a_word_for_every_kind() {
    let sim = many();
    sim.set_access(Access::new("nobody", Level::Nobody));
    let observer = kit::observe(&sim).await;
    let snapshot = kit::until(&observer, "all is forbidden", |snapshot| {
        // What the server does not have needs no right.
        let told = |(kind, status): (&Kind, &crate::domain::snapshot::KindStatus)| {
            matches!(status.watch, Watch::Forbidden { .. }) || kind.optional() && status.watch == Watch::Absent
        };
        snapshot.kinds.len() == WATCHED.len() && snapshot.kinds.iter().all(told)
    })
    .await;
    assert!(snapshot.releases.is_empty() && snapshot.complete());
    assert_eq!(snapshot.connection, Connection::Live, "a refusal is an answer");
}

#[tokio::test(start_paused = true)]
async fn rows_that_may_not_be_read_any_more_stay_and_grow_old() {
    let sim = many();
    let observer = kit::observe_by_tokio(&sim).await;
    let before = kit::until_live(&observer).await;
    sim.set_access(Access::new("ana", Level::Nobody));
    let lost = |snapshot: &crate::domain::Snapshot| snapshot.out_of_sight(Kind::Deployment, "c");
    let after = kit::until(&observer, "Deployments are out of sight", lost).await;
    tokio::time::sleep(Duration::from_mins(3)).await;
    let now = sim.now() + jiff::SignedDuration::from_mins(3);
    assert_eq!(seen(&after), seen(&before), "rows stay");
    assert!(after.stale(now), "{:#?}", after.kinds);
    assert!(after.age_in(Kind::Deployment, "c", now) > FRESH_LIMIT);
    // Rights that come back make it live again.
    sim.set_access(Access::new("ana", Level::Viewer));
    let back = kit::until_live(&observer).await;
    assert_eq!(back.age(back.published), Age::seconds(0));
}

#[tokio::test(start_paused = true)]
async fn one_namespace_of_many_that_may_not_be_read_any_more_is_old_and_the_others_are_not() {
    let sim = many();
    let observer = kit::observe_by_tokio(&sim).await;
    kit::until_live(&observer).await;
    let access = Access { without_namespaces: BTreeSet::from(["c".to_owned()]), ..Access::new("ana", Level::Viewer) };
    sim.set_access(access);
    let snapshot = kit::until(&observer, "c is out of sight and the rest is live", |snapshot| {
        let live = |kind| snapshot.kinds[kind].watch == Watch::Live && snapshot.out_of_sight(*kind, "c");
        [Kind::Deployment, Kind::Pod].iter().all(live)
    })
    .await;
    assert_eq!(seen(&snapshot), ["a", "b", "c", "d", "e", "f", "g"], "rows stay");
    let now = snapshot.published + jiff::SignedDuration::from_mins(1);
    assert!(snapshot.age_in(Kind::Deployment, "c", now) > FRESH_LIMIT && snapshot.stale(now));
    assert_eq!(snapshot.age_in(Kind::Deployment, "d", now), Age::seconds(0));
}
