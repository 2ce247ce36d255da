//! Between two answers: what is told while the controller has not begun, while pods can't be read, while nothing moves.

use crate::domain::forecast::Forecast;
use crate::domain::history::Evidence;
use crate::domain::management::{Reverts, Touches, Writer};
use crate::domain::pod::Cause;
use crate::domain::workload::{ConditionStatus, Image, UpdateStrategy};
use crate::domain::{Intent, Kind, Revision, State, Timestamp, Uid};
use crate::strategy::Recorded;
use crate::strategy::testing::{World, ago, autoscaler, context};
use std::sync::Arc;

/// A recreate whose template was changed 3 s ago: its ReplicaSet is not there yet.
fn changed() -> World {
    let world = World::new(Kind::Deployment, UpdateStrategy::Recreate, 3)
        .revision(1, "v1", 1_700_000)
        .revision(2, "v2", 500_000)
        .counts(0, 0, 0)
        .condition("Progressing", ConditionStatus::True, "NewReplicaSetAvailable", "");
    world.set(|workload| {
        workload.conditions[0].updated = Some(ago(500_000));
        workload.images = vec![Image { container: "app".into(), reference: "reg/web:v3".into() }];
        workload.replicas.desired = 3;
        workload.writers = vec![Writer {
            manager: "kubectl-set".into(),
            at: Some(ago(3)),
            applies: false,
            touches: Touches { template: true, ..Touches::default() },
        }];
    })
}

#[test]
fn until_the_controller_has_begun_what_served_last_is_the_way_back_and_the_change_is_as_old_as_its_write() {
    let release = changed().release();
    assert_eq!(release.back_to, Some(Revision(2)), "{:?}", release.history);
    assert!(matches!(release.entry(Revision(2)).map(|entry| &entry.evidence), Some(Evidence::Likely { .. })));
    assert_eq!((release.state, release.since), (State::Progressing, Some(ago(3))));
    assert_eq!(release.progress.and_then(|progress| progress.deadline), None, "the old rollout's is over for days");
}

#[test]
fn where_pods_can_not_be_read_the_status_tells_how_many_are_ready() {
    let mut world = World::rolling(6).revision(4, "v4", 9_000).counts(6, 6, 6);
    world.pods_listed = false;
    let release = world.release();
    assert_eq!((release.state, &*release.reason), (State::Healthy, "6 of 6 pods ready at v4."));
    let none = world.counts(6, 6, 0).condition("Available", ConditionStatus::False, "MinimumReplicasUnavailable", "");
    assert_eq!(none.release().state, State::Down);
}

#[test]
fn what_stands_still_has_no_time_left_and_a_full_quota_keeps_its_remedy_over_the_deadline() {
    let full = "pods \"web-1\" is forbidden: exceeded quota: small, used: pods=3";
    let moving = World::rolling(5).revision(1, "v1", 9_000).pods(1, 3, true).revision(2, "v2", 100).pods(2, 1, true);
    let left = |world: &World| world.release().progress.and_then(|progress| progress.estimate);
    let moving = moving.counts(4, 1, 4);
    assert!(left(&moving).is_some());
    let quota = moving.clone().condition("ReplicaFailure", ConditionStatus::True, "FailedCreate", full);
    assert_eq!(left(&quota), None);
    let late = quota.condition("Progressing", ConditionStatus::False, "ProgressDeadlineExceeded", "timed out");
    let release = late.release();
    assert_eq!(release.state, State::Failed);
    assert!(release.remedy.contains("more quota"), "{}", release.remedy);
    let broken = moving.pods(2, 1, false).trouble(Cause::ImagePull, "ImagePullBackOff", 90);
    assert_eq!(left(&broken), None);
}

#[test]
fn a_stateful_set_that_is_down_says_since_when_in_a_new_console_too() {
    let world = World::new(Kind::StatefulSet, UpdateStrategy::OnDelete, 1).revision(1, "v1", 9_000);
    let release = world.pods(1, 1, false).trouble(Cause::ImagePull, "ImagePullBackOff", 700).counts(1, 1, 0).release();
    assert_eq!((release.state, release.since), (State::Down, Some(ago(700))));
}

#[derive(Debug)]
struct SettledAndUndone;

impl Recorded for SettledAndUndone {
    fn settled_at(&self, _: &Uid, _: &str) -> Option<Timestamp> {
        Some(ago(600))
    }

    fn undone_at(&self, _: &Uid, hash: &str) -> Option<Timestamp> {
        (hash == "h2").then(|| ago(20))
    }
}

#[test]
fn what_settled_and_was_undone_since_is_no_last_good() {
    let world = World::rolling(2).revision(1, "v1", 9_000).revision(2, "v2", 900).revision(3, "v1b", 20);
    let release = world.pods(3, 2, true).counts(2, 2, 2).release_with(&SettledAndUndone);
    let evidence = |revision| release.entry(Revision(revision)).map(|entry| entry.evidence.clone());
    assert_eq!(evidence(2), Some(Evidence::GivenUp { at: ago(20) }));
    assert_eq!((evidence(1), release.back_to), (Some(Evidence::Recorded { at: ago(600) }), Some(Revision(1))));
}

#[test]
fn what_an_autoscaler_does_to_a_number_of_replicas_depends_on_the_number_and_on_its_metrics() {
    let forecast = |replicas: i32, blind: bool| -> Forecast {
        let mut hpa = autoscaler(4, 9);
        if blind {
            let world = World::rolling(1).condition("ScalingActive", ConditionStatus::False, "FailedGetMetric", "");
            hpa.conditions.clone_from(&world.workload.conditions);
        }
        let world = World::rolling(4).revision(1, "v1", 900).pods(1, 4, true).counts(4, 4, 4);
        let world = World { autoscaler: Some(Arc::new(hpa)), ..world };
        let plan = world.strategy().plan(&world.release(), &world.details(), &Intent::Scale(replicas), &context());
        plan.expect("a plan").forecast
    };
    let reverts = |forecast: &Forecast| forecast.reverts.iter().map(|by| by.replicas).collect::<Vec<_>>();
    assert_eq!(reverts(&forecast(6, false)), [Reverts::Will]);
    assert_eq!(reverts(&forecast(6, true)), [Reverts::May], "it reads nothing now");
    assert_eq!(reverts(&forecast(12, true)), [Reverts::Will], "its bounds need no metrics");
    for blind in [false, true] {
        let off = forecast(0, blind);
        assert_eq!(reverts(&off), [], "it is off then");
        let told: String = off.warnings.join("\n");
        assert!(told.contains("switch hpa/web off") && !told.contains("sets them again"), "{told}");
    }
}
