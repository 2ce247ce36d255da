//! When waiting does not help any more, what helps instead, and that a wait ends there.

use super::stuck_world;
use crate::domain::pod::Cause;
use crate::domain::workload::{ConditionStatus, Limit, UpdateStrategy};
use crate::domain::{Kind, State};
use crate::strategy::Settled;
use crate::strategy::testing::{World, ago};
use std::sync::Arc;

#[test]
fn settled_follows_the_counts_and_ends_in_failure_when_it_sticks() {
    let settled = |world: &World| world.strategy().settled(&world.release());
    assert!(matches!(settled(&stuck_world()), Settled::Failed(reason) if reason.contains("can't pull")));
    let done = World::rolling(2).revision(1, "v1", 9_000).pods(1, 2, true);
    assert_eq!(settled(&done), Settled::Yes);
    let not_yet = |world: World| match settled(&world) {
        Settled::NotYet(why) => why.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(not_yet(done.clone().counts(3, 1, 2)), "1 pod still to be replaced");
    assert_eq!(not_yet(done.clone().counts(3, 2, 2)), "1 pod of before still to end");
    assert_eq!(not_yet(done.clone().counts(2, 2, 1)), "1 pod not available yet");
    assert!(not_yet(done.set(|workload| workload.generation = 9)).contains("not seen"));
}

/// One replica that may be missing: its only pod is replaced, and the new one is not ready.
fn only_pod(update: UpdateStrategy) -> World {
    World::new(Kind::Deployment, update, 1)
        .revision(1, "v1", 9_000)
        .revision(2, "v2", 120)
        .pods(2, 1, false)
        .counts(1, 1, 0)
}

#[test]
fn what_is_down_for_good_ends_the_wait_and_what_just_starts_does_not() {
    let one = UpdateStrategy::Rolling { surge: Limit::Count(0), unavailable: Limit::Count(1) };
    let ordered = UpdateStrategy::Ordered { partition: 0, parallel: false };
    let of = |kind, update: &UpdateStrategy| {
        World::new(kind, update.clone(), 1)
            .revision(1, "v1", 9_000)
            .revision(2, "v2", 120)
            .pods(2, 1, false)
            .counts(1, 1, 0)
    };
    let worlds = [
        of(Kind::Deployment, &one),
        of(Kind::Deployment, &UpdateStrategy::Recreate),
        of(Kind::StatefulSet, &ordered),
        of(Kind::StatefulSet, &UpdateStrategy::OnDelete),
        of(Kind::DaemonSet, &one),
        of(Kind::DaemonSet, &UpdateStrategy::OnDelete),
    ];
    for world in worlds {
        let settled = |world: &World| world.strategy().settled(&world.release());
        let lasting = world.clone().trouble(Cause::ImagePull, "ImagePullBackOff", 90);
        let release = lasting.release();
        assert_eq!((release.state, release.stuck), (State::Down, true), "{:?}", world.workload.update);
        assert!(
            matches!(settled(&lasting), Settled::Failed(why) if why.contains("can't pull")),
            "{:?}",
            world.workload.key
        );
        let young = world.clone().trouble(Cause::ImagePull, "ErrImagePull", 20);
        assert!(matches!(settled(&young), Settled::NotYet(_)), "{:?}", world.workload.key);
        let mut coming = world;
        coming.pods.iter_mut().for_each(|pod| Arc::make_mut(pod).created = Some(ago(5)));
        assert!(matches!(settled(&coming), Settled::NotYet(_)), "{:?}", coming.workload.key);
    }
}

#[test]
fn a_deadline_that_passed_with_nothing_ready_ends_the_wait() {
    let late = only_pod(UpdateStrategy::Recreate).trouble(Cause::NotReady, "Unready", 700);
    let late = late.condition("Progressing", ConditionStatus::False, "ProgressDeadlineExceeded", "timed out");
    assert_eq!(late.release().state, State::Down);
    assert!(matches!(late.strategy().settled(&late.release()), Settled::Failed(_)));
}

/// A rollout of which no new pod can be made, as a condition that holds for a minute says.
fn unmade(message: &str) -> World {
    World::rolling(4).revision(1, "v1", 260_000).revision(2, "v2", 120).pods(1, 4, true).counts(4, 0, 4).condition(
        "ReplicaFailure",
        ConditionStatus::True,
        "FailedCreate",
        message,
    )
}

#[test]
fn a_template_that_no_pod_may_be_made_of_fails_after_a_minute_and_names_the_way_back() {
    let messages = [
        "pods \"web-1\" is forbidden: violates PodSecurity \"restricted:latest\": privileged",
        "admission webhook \"deny.example.com\" denied the request: no",
        "pods \"web-1\" is forbidden: maximum cpu usage per Container is 1, but limit is 2",
    ];
    for message in messages {
        let release = unmade(message).release();
        assert_eq!((release.state, release.stuck), (State::Failed, true), "{message}");
        assert!(release.reason.starts_with("A pod can't be made: "), "{}", release.reason);
        assert!(release.remedy.starts_with("Back to: revision 1"), "{}", release.remedy);
        let young = unmade(message).set(|workload| workload.conditions[0].since = Some(ago(20)));
        let release = young.release();
        assert_eq!((release.state, release.stuck), (State::Degraded, false));
        assert!(release.remedy.starts_with("Back to: revision 1"), "{}", release.remedy);
        assert!(release.recheck_at.is_some_and(|at| at <= ago(-40)), "it must be looked at again by then");
        assert!(matches!(young.strategy().settled(&release), Settled::NotYet(_)));
    }
}

#[test]
fn a_full_quota_and_a_silent_webhook_are_not_the_templates_fault() {
    let quota = unmade("pods \"web-1\" is forbidden: exceeded quota: small, used: pods=4").release();
    assert_eq!((quota.state, quota.stuck), (State::Degraded, false));
    assert!(quota.remedy.contains("more quota"), "{}", quota.remedy);
    let silent = unmade("Internal error occurred: failed calling webhook \"x\": connection refused").release();
    assert_eq!(silent.state, State::Failed);
    assert!(silent.remedy.starts_with("The webhook must answer again"), "{}", silent.remedy);
}
