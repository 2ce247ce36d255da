//! What the console says of workloads in the states that people meet.

mod between;
mod evidence;
mod stuck;

use crate::domain::intent::{PausedUndo, UndoTo};
use crate::domain::objects::Outage;
use crate::domain::plan::{Call, Operation, RefusalKind, Wait};
use crate::domain::pod::Cause;
use crate::domain::release::Role;
use crate::domain::said::{SET_IMAGE, UNDO};
use crate::domain::workload::{ConditionStatus, Image, Limit, UpdateStrategy};
use crate::domain::{Direction, Intent, Kind, Plan, Revision, State, Str};
use crate::strategy::Settled;
use crate::strategy::testing::{World, ago, apply, autoscaler, context, now, template};
use proptest::prelude::*;
use std::sync::Arc;

/// v41 served for days, v42 can't be pulled: the board's example.
fn stuck_world() -> World {
    World::rolling(8)
        .revision(41, "v41", 260_000)
        .revision(42, "v42", 400)
        .pods(41, 6, true)
        .pods(42, 2, false)
        .trouble(Cause::ImagePull, "ImagePullBackOff", 360)
        .counts(8, 2, 6)
}

fn undo(world: &World, to: UndoTo) -> Plan {
    undo_as(world, to, PausedUndo::StayPaused).expect("a plan")
}

fn undo_as(world: &World, to: UndoTo, paused: PausedUndo) -> Result<Plan, crate::domain::plan::Refusal> {
    world.strategy().plan(&world.release(), &world.details(), &Intent::Undo { to, paused }, &context())
}

#[test]
fn a_release_stuck_on_a_bad_image_says_why_and_where_to_go_back_to() {
    let release = stuck_world().release();
    assert_eq!((release.state, release.held), (State::Failed, false));
    assert_eq!(&*release.reason, "2 new pods can't pull reg/web:v42 (ImagePullBackOff, 6 min).");
    assert_eq!(&*release.remedy, "Back to: revision 41, v41, likely good (served 3 d, 6 pods still serve it).");
    assert_eq!(release.since, Some(ago(360)));
    let lanes: Vec<_> = release.tracks.iter().map(|track| (track.role, &*track.version, track.pods.len())).collect();
    assert_eq!(lanes, [(Role::Stable, "v41", 6), (Role::Candidate, "v42", 2)]);
    assert_eq!(release.tracks[0].weight.actual, Some(100));
    let progress = release.progress.expect("an update runs");
    assert_eq!((progress.done, progress.total, progress.blockers.len()), (0, 8, 2));
    assert_eq!(release.back_to, Some(Revision(41)));
}

#[test]
fn a_new_pod_in_trouble_fails_the_release_after_a_minute_and_not_before() {
    let young = stuck_world().trouble(Cause::ImagePull, "ErrImagePull", 20);
    let release = young.release();
    assert_eq!(release.state, State::Progressing);
    assert_eq!(release.recheck_at, Some(ago(-40)), "it must be looked at again when the minute is over");
    assert_eq!(stuck_world().trouble(Cause::NotReady, "Unready", 600).release().state, State::Progressing);
}

#[test]
fn none_ready_is_down_unless_it_is_just_starting() {
    let crashed = World::rolling(2)
        .revision(1, "v1", 9_000)
        .pods(1, 2, false)
        .trouble(Cause::CrashLoop, "CrashLoopBackOff", 120)
        .counts(2, 2, 0);
    let release = crashed.release();
    assert_eq!(release.state, State::Down);
    assert_eq!(&*release.reason, "None of 2 pods is ready: 2 pods crash again and again (CrashLoopBackOff, 2 min).");
    let mut fresh = World::rolling(2).revision(1, "v1", 5).pods(1, 2, false).counts(2, 2, 0);
    fresh.pods.iter_mut().for_each(|pod| Arc::make_mut(pod).created = Some(ago(5)));
    assert_eq!(fresh.release().state, State::Progressing);
    assert_eq!(fresh.release().recheck_at, Some(ago(-55)));
}

#[test]
fn a_recreate_gap_is_progress_while_nothing_is_wrong_and_its_outage_is_shown() {
    let world = World::new(Kind::Deployment, UpdateStrategy::Recreate, 2)
        .revision(1, "v1", 9_000)
        .revision(2, "v2", 30)
        .pods(2, 2, false)
        .counts(2, 2, 0)
        .condition("Progressing", ConditionStatus::True, "ReplicaSetUpdated", "");
    let gap = World { outage: Some(Outage { from: ago(12), until: None }), ..world };
    let release = gap.release();
    assert_eq!((release.state, release.strategy.0), (State::Progressing, "recreate"));
    assert!(release.reason.contains("no pod is ready for 12 s, as announced"), "{}", release.reason);
    assert_eq!(release.outage.map(|outage| outage.from), Some(ago(12)));
    let broken = gap.trouble(Cause::CrashLoop, "CrashLoopBackOff", 90).release();
    assert_eq!((broken.state, broken.since), (State::Down, Some(ago(12))));
    let plan = undo(&stuck_recreate(), UndoTo::Previous);
    assert!(plan.forecast.then.contains("a gap of about 20 s without any ready pod"), "{}", plan.forecast.then);
}

fn stuck_recreate() -> World {
    let world = World::new(Kind::Deployment, UpdateStrategy::Recreate, 2);
    world.revision(1, "v1", 9_000).revision(2, "v2", 3_000).pods(2, 2, true).counts(2, 2, 2)
}

#[test]
fn paused_is_held_healthy_when_nothing_is_pending_and_held_waiting_when_something_is() {
    let paused = |world: World| world.set(|workload| workload.paused = true);
    let quiet = paused(World::rolling(3).revision(1, "v1", 9_000).pods(1, 3, true)).release();
    assert_eq!((quiet.state, quiet.held), (State::Healthy, true));
    let half = World::rolling(3).revision(1, "v1", 9_000).revision(2, "v2", 60).pods(1, 2, true).pods(2, 1, true);
    let half = paused(half.counts(3, 1, 3)).release();
    assert_eq!((half.state, half.held), (State::Waiting, true));
    assert_eq!(&*half.reason, "Paused with 1 of 3 pods at v2.");
    let mut unborn = World::rolling(3).revision(1, "v1", 9_000).pods(1, 3, true).counts(3, 0, 3);
    unborn.template = template("v2");
    let unborn = paused(unborn.set(|w| w.images[0].reference = "reg/web:v2".into())).release();
    assert_eq!((unborn.state, unborn.revision), (State::Waiting, None));
    assert_eq!(&*unborn.reason, "Paused with v2 pending.");
    assert_eq!(unborn.back_to, Some(Revision(1)), "what runs is what to go back to");
}

#[test]
fn the_deadline_the_quota_idleness_and_a_controller_that_is_behind_have_reasons_of_their_own() {
    let late = stuck_world()
        .trouble(Cause::NotReady, "Unready", 700)
        .condition("Progressing", ConditionStatus::False, "ProgressDeadlineExceeded", "timed out")
        .release();
    assert_eq!(late.state, State::Failed);
    assert!(late.reason.starts_with("The progress deadline of 10 min is exceeded: 2 new pods run"), "{}", late.reason);
    let message = "pods \"web-1\" is forbidden: exceeded quota: small, used: pods=2";
    let quota = World::rolling(3).revision(1, "v1", 9_000).pods(1, 2, true).counts(2, 2, 2);
    let quota = quota.condition("ReplicaFailure", ConditionStatus::True, "FailedCreate", message).release();
    assert_eq!(quota.state, State::Degraded);
    assert!(quota.reason.starts_with("The quota is exceeded: "), "{}", quota.reason);
    let idle = World::rolling(0).revision(1, "v1", 9_000).release();
    assert_eq!((idle.state, &*idle.reason), (State::Idle, "Scaled to 0."));
    let behind = World::rolling(3).revision(1, "v1", 9_000).pods(1, 3, true).set(|w| w.generation = 9).release();
    assert_eq!(
        (behind.state, &*behind.reason),
        (State::Progressing, "The controller has not seen the last change yet.")
    );
}

#[test]
fn on_delete_and_a_partition_wait_for_a_person() {
    let on_delete = World::new(Kind::DaemonSet, UpdateStrategy::OnDelete, 3);
    let on_delete = on_delete.revision(1, "v1", 9_000).revision(2, "v2", 60).pods(1, 2, true).pods(2, 1, true);
    let release = on_delete.counts(3, 1, 3).release();
    assert_eq!((release.state, &*release.reason), (State::Waiting, "2 pods of v1 wait to be deleted, then v2 comes."));
    let held_back = World::new(Kind::StatefulSet, UpdateStrategy::Ordered { partition: 2, parallel: false }, 3);
    let held_back = held_back.revision(1, "v1", 9_000).revision(2, "v2", 60).pods(1, 2, true).pods(2, 1, true);
    let release = held_back.counts(3, 1, 3).release();
    assert_eq!(release.state, State::Waiting);
    assert_eq!(&*release.reason, "The partition 2 keeps 2 pods at the old revision.");
}

#[test]
fn an_undo_sends_the_revisions_own_bytes_and_tests_the_whole_template() {
    let world = stuck_world();
    let plan = undo(&world, UndoTo::Best);
    let Call::JsonPatch { operations, target, .. } = &plan.calls[0].call else { panic!("a patch") };
    assert_eq!(target.target(), "deployment/web");
    let details = world.details();
    let whole = details.root.at("/spec/template").expect("a template").get();
    assert!(whole.contains(r"a \u0026\u0026 b \u003c c"), "the fixture writes as Go does");
    let told: Vec<_> = operations
        .iter()
        .map(|operation| match operation {
            Operation::Test { path, value } => ("test", path.as_str(), value.get().to_owned()),
            Operation::Replace { path, value } => ("replace", path.as_str(), value.get().to_owned()),
            other => panic!("unexpected {other:?}"),
        })
        .collect();
    let old = details.revisions[&Revision(41)].at("/spec/template").expect("a template").get();
    let bare = old.replace(r#","pod-template-hash":"h41""#, "");
    assert_eq!(
        told,
        [
            ("test", "/metadata/uid", "\"uid-web\"".to_owned()),
            ("test", "/spec/template", whole.to_owned()),
            ("replace", "/spec/template", bare),
        ]
    );
    assert_eq!(&*plan.title, "UNDO shop/web → revision 41");
    assert_eq!((plan.direction, plan.until), (Direction::Back, Wait::Settled));
    assert_eq!(
        &*plan.forecast.then,
        "rolling: 2 of 8 pods change, up to 2 extra and 2 missing at a time, 6 of v41 stay up; about 20 s"
    );
    assert_eq!(&*plan.kubectl[0], "kubectl -n shop rollout undo deployment/web --to-revision=41");
}

#[test]
fn the_change_cause_goes_with_the_revision_or_goes_away() {
    let path = "/metadata/annotations/kubernetes.io~1change-cause";
    let cause_after = |old: Option<&str>, new: Option<&str>| {
        let world = World::rolling(2).revision(1, "v1", 9_000).with(|it| it.change_cause = old.map(Into::into));
        let world = world.revision(2, "v2", 60).set(|workload| workload.change_cause = new.map(Into::into));
        let plan = undo(&world, UndoTo::Previous);
        let after = apply(&world.details().root, &plan.calls[0].call).expect("applies");
        after.value::<String>(path)
    };
    assert_eq!(cause_after(Some("first"), Some("second")).as_deref(), Some("first"));
    assert_eq!(cause_after(Some("first"), None).as_deref(), Some("first"));
    assert_eq!(cause_after(None, Some("second")), None);
    assert_eq!(cause_after(None, None), None);
}

#[test]
fn a_paused_deployment_goes_back_staying_paused_or_resuming_in_the_same_write() {
    let world = stuck_world().set(|workload| workload.paused = true);
    let after = |paused| {
        let plan = undo_as(&world, UndoTo::Best, paused).expect("a plan");
        assert_eq!(plan.calls.len(), 1);
        let root = apply(&world.details().root, &plan.calls[0].call).expect("applies");
        (root.value::<bool>("/spec/paused"), plan.until, plan.forecast.then.starts_with("paused:"))
    };
    assert_eq!(after(PausedUndo::StayPaused), (Some(true), Wait::Observed, true));
    assert_eq!(after(PausedUndo::Resume), (Some(false), Wait::Settled, false));
}

#[test]
fn previous_is_read_again_while_the_controller_is_at_work_and_a_named_revision_is_not() {
    let ahead = World::rolling(2).revision(1, "v1", 9_000).revision(2, "v2", 60).revision(3, "v3", 1);
    let ahead = ahead.set(|workload| workload.revision = Some(Revision(2)));
    let behind = stuck_world().set(|workload| workload.generation = 7);
    for world in [ahead, behind] {
        for to in [UndoTo::Best, UndoTo::Previous] {
            let refusal = undo_as(&world, to, PausedUndo::StayPaused).expect_err("a race");
            assert_eq!(refusal.kind, RefusalKind::ReadAgain);
        }
        let oldest = world.revisions[0].revision.expect("numbered");
        assert!(undo_as(&world, UndoTo::Number(oldest), PausedUndo::StayPaused).is_ok());
    }
}

#[test]
fn what_is_so_already_is_unchanged_and_what_is_not_there_is_refused_with_what_is() {
    let world = stuck_world();
    let same = undo_as(&world, UndoTo::Number(Revision(42)), PausedUndo::StayPaused).expect_err("the same");
    assert_eq!(
        (same.kind, &*same.reason),
        (RefusalKind::Unchanged, "deployment/web in shop is at revision 42 already")
    );
    let missing = undo_as(&world, UndoTo::Number(Revision(9)), PausedUndo::StayPaused).expect_err("missing");
    assert_eq!(&*missing.reason, "deployment/web in shop has no revision 9; it has 42 and 41");
    let unrecorded = undo_as(&world, UndoTo::LastGood, PausedUndo::StayPaused).expect_err("not recorded");
    assert!(unrecorded.reason.contains("no revision") && unrecorded.kind == RefusalKind::Refused);
    let image =
        |reference: &str| Intent::SetImage(vec![Image { container: "app".into(), reference: reference.into() }]);
    let ask = |intent| world.strategy().plan(&world.release(), &world.details(), &intent, &context()).expect_err("no");
    assert_eq!(ask(image("reg/web:v42")).kind, RefusalKind::Unchanged);
    assert_eq!(ask(Intent::Scale(8)).kind, RefusalKind::Unchanged);
    assert!(ask(image("reg/web: v43")).reason.contains("white space"));
    assert!(ask(Intent::Scale(-1)).reason.contains("-1"));
}

#[test]
fn a_stateful_set_stuck_on_a_broken_pod_is_offered_its_deletion_as_a_second_call() {
    let world = World::new(Kind::StatefulSet, UpdateStrategy::Ordered { partition: 0, parallel: false }, 3);
    let world = world.revision(1, "v1", 500_000).revision(2, "v2", 600).pods(1, 2, true).pods(2, 1, false);
    let world = world.trouble(Cause::CrashLoop, "CrashLoopBackOff", 300).counts(3, 1, 2);
    let plan = undo(&world, UndoTo::Best);
    let [first, second] = &plan.calls[..] else { panic!("two calls: {:?}", plan.calls) };
    assert!(!first.optional && second.optional);
    let pod = &world.pods[2];
    let Call::Delete { target, uid } = &second.call else { panic!("a deletion") };
    assert_eq!((target, uid), (&pod.key(), &pod.uid));
    assert!(plan.forecast.warnings[0].contains("must be deleted"), "{:?}", plan.forecast.warnings);
    let then = &plan.forecast.then;
    assert!(then.starts_with("nothing until pod web-2-2 is deleted (second call); then "), "{then}");
    assert_eq!(plan.forecast.takes, None, "nobody knows when somebody deletes it");
}

#[test]
fn a_broken_pod_that_blocks_a_template_that_is_back_already_is_what_an_undo_deletes() {
    let world = World::new(Kind::StatefulSet, UpdateStrategy::Ordered { partition: 0, parallel: false }, 3);
    let world = world.revision(2, "v2", 600).revision(3, "v1", 500_000).pods(3, 2, true).pods(2, 1, false);
    // As a real server tells it after an undo in mid-rollout.
    let world = world.counts(3, 2, 2).set(|workload| workload.current_revision = workload.update_revision.clone());
    let young = world.clone().trouble(Cause::ImagePull, "ErrImagePull", 20).release();
    assert_eq!(
        (young.state, young.recheck_at),
        (State::Progressing, Some(ago(-40))),
        "nothing tells when the minute is over"
    );
    let world = world.trouble(Cause::ImagePull, "ImagePullBackOff", 300);
    let release = world.release();
    assert_eq!(release.state, State::Failed);
    assert!(
        release.reason.starts_with("Pod web-2-2 of an earlier revision blocks the update: 1 pod can't pull"),
        "{}",
        release.reason
    );
    assert_eq!(&*release.remedy, format!("It must be deleted: {UNDO} to revision 3, the current one, does so."));
    let plan = undo(&world, UndoTo::Number(Revision(3)));
    let [only] = &plan.calls[..] else { panic!("one call: {:?}", plan.calls) };
    assert!(matches!(&only.call, Call::Delete { uid, .. } if *uid == world.pods[2].uid) && !only.optional);
    assert_eq!((plan.direction, plan.until), (Direction::Back, Wait::Settled));
}

#[test]
fn a_tag_under_both_revisions_is_warned_about_with_the_digest_that_would_help() {
    let mut world = World::rolling(4).revision(1, "reg/web:latest", 500_000).revision(2, "reg/web:latest", 600);
    world.template["metadata"]["labels"]["build"] = "2".into();
    world.templates.insert(Revision(2), world.template.clone());
    let world = world.pods(1, 3, true).pods(2, 1, true).counts(4, 1, 4);
    let warnings = undo(&world, UndoTo::Best).forecast.warnings;
    assert_eq!(
        &*warnings[0],
        format!(
            "reg/web:latest is the tag of both revisions: an undo may bring back nothing; to get that image set \
         app=reg/web@sha256:d1 ({SET_IMAGE})"
        )
    );
    assert!(undo(&stuck_world(), UndoTo::Best).forecast.warnings.is_empty());
}

#[test]
fn going_where_the_last_undo_came_from_is_forward() {
    let world = World::rolling(2).revision(1, "v1", 9_000).revision(2, "v2", 3_000).pods(2, 2, true);
    let mut context = context();
    context.left_by_undo = Some("h1".into());
    let plan = world.strategy().plan(&world.release(), &world.details(), &Intent::undo(), &context).expect("a plan");
    assert_eq!(plan.direction, Direction::Forward);
    assert!(plan.forecast.warnings.iter().any(|it| it.contains("went away from revision 1")), "{:?}", plan.forecast);
}

#[test]
fn scaling_warns_of_the_autoscaler_that_owns_the_replicas() {
    let world = World { autoscaler: Some(Arc::new(autoscaler(4, 9))), ..stuck_world() };
    let plan =
        world.strategy().plan(&world.release(), &world.details(), &Intent::Scale(5), &context()).expect("a plan");
    assert!(plan.forecast.warnings[0].starts_with("hpa/web owns the replicas (2 to 9)"));
    assert_eq!(plan.forecast.reverts.len(), 1);
    assert!(undo(&world, UndoTo::Best).forecast.reverts.is_empty(), "an autoscaler leaves the template alone");
}

fn any_text() -> impl Strategy<Value = Str> {
    prop_oneof![".{0,40}", "\\PC{0,10}", Just("\u{1b}]52;c;x\u{7}\u{202e}".to_owned())].prop_map(Into::into)
}

proptest! {
    #[test]
    fn any_numbers_and_texts_give_sentences_without_control_characters(
        counts in proptest::array::uniform5(any::<i32>()),
        numbers in proptest::array::uniform3(any::<i64>()),
        text in any_text(),
        surge in any::<i32>(),
        paused in any::<bool>(),
    ) {
        let world = World::rolling(counts[0]).revision(1, "v1", 9_000).revision(2, "v2", 60).pods(1, 1, true).pods(2, 1, false);
        let world = world.trouble(Cause::Unschedulable, &text, 90).counts(counts[1], counts[2], counts[3]);
        let world = world.condition("ReplicaFailure", ConditionStatus::True, &text, &text).set(|workload| {
            workload.generation = numbers[0];
            workload.observed_generation = numbers[1];
            workload.progress_deadline = Some(jiff::SignedDuration::from_secs(numbers[2]));
            workload.paused = paused;
            workload.images[0].reference = text.clone();
            workload.update = UpdateStrategy::Rolling { surge: Limit::Percent(surge), unavailable: Limit::Count(surge) };
        });
        let release = world.release();
        let mut told = vec![release.reason.clone(), release.remedy.clone()];
        told.extend(release.health.reasons.iter().map(|reason| reason.text.clone()));
        let intents = [Intent::undo(), Intent::Restart, Intent::Scale(counts[4]), Intent::Pause, Intent::Resume];
        for intent in intents {
            match world.strategy().plan(&release, &world.details(), &intent, &context()) {
                Ok(plan) => told.extend([plan.title, plan.forecast.then]),
                Err(refusal) => told.push(refusal.reason),
            }
        }
        let ordered = UpdateStrategy::Ordered { partition: surge, parallel: false };
        let set = World::new(Kind::StatefulSet, ordered, counts[0]).revision(1, "v1", 90).revision(2, "v2", 9);
        let set = set.counts(counts[1], counts[2], counts[3]);
        for world in [world, set] {
            match world.strategy().settled(&world.release()) {
                Settled::Yes => {}
                Settled::NotYet(why) | Settled::Failed(why) => told.push(why),
            }
        }
        for text in told {
            prop_assert!(!text.chars().any(char::is_control), "{text:?}");
        }
        prop_assert!(release.recheck_at.is_none_or(|at| at > now()));
    }
}

#[test]
fn a_rollout_in_trouble_tells_the_trouble_first() {
    let world = World::rolling(3).revision(1, "v1", 9_000).pods(1, 2, true).revision(2, "v2", 20).pods(2, 1, false);
    let release = world.trouble(Cause::CrashLoop, "CrashLoopBackOff", 5).counts(3, 1, 2).release();
    assert!(release.reason.contains("crashes again and again (CrashLoopBackOff"), "{}", release.reason);
    assert!(release.reason.contains("); 1 of 3 pods at v2"), "{}", release.reason);
}

#[test]
fn what_was_taken_back_is_well_since_it_came_to_rest_and_not_since_its_pods_are_ready() {
    let well = World::rolling(3).revision(1, "v1", 90_000).pods(1, 3, true).counts(3, 3, 3);
    let ready = well.release().since;
    let rested = well
        .condition("Progressing", ConditionStatus::True, "NewReplicaSetAvailable", "")
        .set(|workload| workload.conditions.iter_mut().for_each(|it| it.updated = Some(ago(4))));
    assert_eq!((rested.release().state, rested.release().since), (State::Healthy, Some(ago(4))));
    assert_ne!(ready, Some(ago(4)));
}
