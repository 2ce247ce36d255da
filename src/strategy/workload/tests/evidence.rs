//! Where an undo would go, why there, and how long it takes.

use crate::domain::history::Evidence;
use crate::domain::pod::Cause;
use crate::domain::workload::UpdateStrategy;
use crate::domain::{Kind, Revision, State, Timestamp, Uid};
use crate::strategy::Recorded;
use crate::strategy::testing::{World, ago};
use std::sync::Arc;

#[derive(Debug)]
struct Settles(&'static str);

impl Recorded for Settles {
    fn settled_at(&self, _: &Uid, hash: &str) -> Option<Timestamp> {
        (hash == self.0).then(|| ago(3_600))
    }
}

#[test]
fn after_a_good_one_and_two_bad_ones_the_good_one_is_offered() {
    // v1 served for days; v2 was bad for 20 minutes, then v3 came and is bad too.
    let rolling = |v2_serves: bool| {
        let world = World::rolling(4).revision(1, "v1", 500_000).pods(1, 3, true).revision(2, "v2", 1_500);
        let world = world.pods(2, 1, v2_serves).revision(3, "v3", 300).pods(3, 1, false);
        world.trouble(Cause::CrashLoop, "CrashLoopBackOff", 200).counts(5, 1, 3)
    };
    assert_eq!(rolling(false).release().back_to, Some(Revision(1)));
    assert_eq!(rolling(true).release().back_to, Some(Revision(1)), "one pod of v2 is less evidence than three of v1");
    let recreated = World::new(Kind::Deployment, UpdateStrategy::Recreate, 2);
    let recreated = recreated.revision(1, "v1", 500_000).revision(2, "v2", 1_500).revision(3, "v3", 300);
    let recreated = recreated.pods(3, 2, false).trouble(Cause::CrashLoop, "CrashLoopBackOff", 200).counts(2, 2, 0);
    let release = recreated.release();
    assert_eq!(release.back_to, Some(Revision(1)));
    assert_eq!(release.entry(Revision(1)).map(|entry| entry.evidence.word()), Some("likely"));
    assert_eq!(release.entry(Revision(2)).map(|entry| entry.evidence.clone()), Some(Evidence::None));
    let recorded = recreated.release_with(&Settles("h2"));
    assert_eq!(recorded.back_to, Some(Revision(2)), "what the journal saw settle outweighs a guess");
}

#[derive(Debug)]
struct GivesUp(&'static str);

impl Recorded for GivesUp {
    fn settled_at(&self, _: &Uid, _: &str) -> Option<Timestamp> {
        None
    }

    fn given_up_at(&self, _: &Uid, hash: &str) -> Option<Timestamp> {
        (hash == self.0).then(|| ago(60))
    }
}

#[derive(Debug)]
struct Undid(&'static str);

impl Recorded for Undid {
    fn settled_at(&self, _: &Uid, _: &str) -> Option<Timestamp> {
        None
    }

    fn undone_at(&self, _: &Uid, hash: &str) -> Option<Timestamp> {
        (hash == self.0).then(|| ago(20))
    }
}

#[test]
fn what_was_undone_is_told_so_and_comes_after_what_nobody_left() {
    let world = World::rolling(2).revision(1, "v1", 900).revision(3, "v3-crash", 300).revision(4, "v2", 100);
    let world = world.pods(4, 2, true).counts(2, 2, 2);
    assert_eq!(world.release().back_to, Some(Revision(3)));
    let release = world.release_with(&Undid("h3"));
    assert_eq!(release.back_to, Some(Revision(1)));
    let served = World::rolling(1).revision(2, "v2", 80_000).revision(3, "v3", 60).pods(3, 1, true);
    let release = served.release_with(&Undid("h2"));
    let evidence = release.entry(Revision(2)).map(|entry| entry.evidence.clone());
    assert_eq!(evidence, Some(Evidence::GivenUp { at: ago(20) }), "it served for a day, and then somebody left it");
}

#[test]
fn an_undo_in_mid_rollout_is_timed_by_the_pods_that_it_brings() {
    let mut world = World::rolling(6).revision(2, "v2-bad", 300).revision(3, "v1", 500_000);
    world = world.pods(3, 3, true).pods(2, 2, false).pods(3, 1, true).counts(6, 4, 4);
    for (place, pod) in world.pods.iter_mut().enumerate() {
        let pod = Arc::make_mut(pod);
        (pod.created, pod.ready_since) = match place {
            0..3 => (Some(ago(500_000)), Some(ago(499_990))),
            3..5 => (Some(ago(200)), None),
            _ => (Some(ago(10)), Some(ago(4))),
        };
    }
    let release = world.release();
    let estimate = release.progress.as_ref().and_then(|progress| progress.estimate);
    assert_eq!((release.state, release.since), (State::Progressing, Some(ago(10))));
    assert_eq!(estimate, Some(crate::domain::Age::seconds(8)), "6 s a pod, two left, 4 s of it gone");
}

#[test]
fn after_an_undo_the_revision_that_never_settled_is_not_offered_again() {
    let world = World::rolling(2).revision(1, "v1", 900).revision(3, "v3-crash", 300).revision(4, "v2", 100);
    let world = world.pods(4, 2, true).counts(2, 2, 2);
    assert_eq!(world.release().back_to, Some(Revision(3)), "nothing is known of it");
    let release = world.release_with(&GivesUp("h3"));
    assert_eq!(release.back_to, Some(Revision(1)));
    assert_eq!(release.entry(Revision(3)).map(|entry| entry.evidence.word()), Some("none"), "the word in JSON");
    let only = World::rolling(2).revision(3, "v3-crash", 300).revision(4, "v2", 100).pods(4, 2, true).counts(2, 2, 2);
    assert_eq!(only.release_with(&GivesUp("h3")).back_to, Some(Revision(3)), "there is no other");
}

#[test]
fn a_revision_does_not_count_the_time_that_one_with_a_missing_number_served() {
    // v2 was 2, went back to as 4, and again as 6: ControllerRevisions keep no earlier numbers.
    let world = World::rolling(1).revision(1, "v1", 90_000).revision(3, "v3-crash", 80_000);
    let world = world.revision(5, "v4-crash", 60).revision(6, "v2", 85_000).pods(6, 1, true);
    let evidence =
        |release: &crate::domain::Release, number| release.entry(Revision(number)).map(|entry| entry.evidence.word());
    let release = world.release();
    assert_eq!(evidence(&release, 3), Some("none"), "revision 4 took its place, nobody knows when");
    assert_eq!(evidence(&release, 1), Some("none"));
    let crashed = World::rolling(1).revision(1, "v1", 90_000).revision(2, "v2-crash", 80_000).revision(3, "v3", 60);
    let release = crashed.pods(3, 1, true).release_with(&GivesUp("h2"));
    assert_eq!(evidence(&release, 1), Some("likely"));
    assert_eq!(evidence(&release, 2), Some("none"), "what the journal saw fail outweighs a guess");
    assert_eq!(release.back_to, Some(Revision(1)));
}

#[test]
fn a_revision_that_an_undo_brought_back_does_not_count_the_time_that_others_served() {
    let world = World::rolling(1).revision(2, "v2", 400_000).revision(3, "v1", 500_000);
    let world = world.with(|it| it.aliases = vec![Revision(1)]).revision(4, "v3", 100).pods(4, 1, true);
    let release = world.release();
    let evidence = |number| release.entry(Revision(number)).map(|entry| entry.evidence.word());
    assert_eq!(evidence(3), Some("likely"), "as revision 1 it served for a day before revision 2 came");
    assert_eq!(evidence(2), Some("none"), "nobody knows when revision 3 took its place");
}
