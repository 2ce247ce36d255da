//! What a release under Flagger shows.

use super::world::{Cast, gated, progressing, succeeded};
use crate::domain::history::Evidence;
use crate::domain::release::Role;
use crate::domain::traffic::view::Mover;
use crate::domain::{Direction, Kind, ObjectKey, Revision, State, Verb};
use crate::strategy::testing::{ago, now};
use crate::strategy::{Settled, owner_of};
use jiff::SignedDuration;

fn key(kind: Kind, name: &str) -> ObjectKey {
    ObjectKey::new(kind, "shop", name.to_owned())
}

#[test]
fn canary_target_primary_services_and_route_are_one_release() {
    let cast = progressing();
    let root = key(Kind::Canary, "web");
    let parts = [
        root.clone(),
        key(Kind::Deployment, "web"),
        key(Kind::Deployment, "web-primary"),
        key(Kind::Service, "web"),
        key(Kind::Service, "web-canary"),
        key(Kind::VirtualService, "web"),
    ];
    let release = cast.release();
    for part in parts {
        let (strategy, claim) = owner_of(&part, &cast).unwrap_or_else(|| panic!("{part} is claimed"));
        assert_eq!((strategy.kind().0, &claim.root), ("flagger", &root), "{part}");
        assert!(release.members.contains(&part), "{part} is a member");
    }
    assert_eq!(&*release.why, "Canary web targets Deployment/web");
    assert!(owner_of(&key(Kind::Service, "web-other"), &cast).is_none());
}

#[test]
fn a_workload_that_only_has_a_primarys_name_is_left_alone() {
    let mut cast = progressing();
    let stranger = cast.primary.take().map(|world| {
        world.set(|workload| {
            let owner = workload.owner.as_mut().expect("owned");
            owner.kind = "Shop".into();
            owner.api_version = "example.com/v1".into();
        })
    });
    cast.primary = stranger;
    let (strategy, _) = owner_of(&key(Kind::Deployment, "web-primary"), &cast).expect("claimed");
    assert_eq!(strategy.kind().0, "rolling");
}

#[test]
fn the_run_is_told_with_weight_ladder_and_the_next_check() {
    let release = progressing().release();
    assert_eq!((release.state, release.held), (State::Progressing, false));
    assert_eq!(&*release.reason, "20 % of the traffic on v2, next 30 %.");
    let weights: Vec<_> =
        release.tracks.iter().map(|track| (track.role, &*track.version, track.weight.asked)).collect();
    assert_eq!(weights, [(Role::Stable, "v1", Some(80)), (Role::Candidate, "v2", Some(20))]);
    let step = release.step.as_ref().expect("a ladder");
    assert_eq!((step.index, step.weights.as_slice()), (None, &[10, 20, 30, 40, 50][..]));
    assert_eq!(&*step.next, "20 % → 30 % of web, by Flagger");
    let traffic = release.traffic.as_ref().expect("traffic");
    assert_eq!((traffic.mover, &traffic.holder), (Mover::Flagger, &Some(key(Kind::VirtualService, "web"))));
    // The last sign of life is 4 s old and Flagger looks every 10 s.
    assert_eq!(traffic.countdowns[0].due, now() + SignedDuration::from_secs(6));
    assert_eq!(release.recheck_at, Some(now() + SignedDuration::from_secs(6)));
    assert!(traffic.rules.iter().all(|rule| !rule.steered));
    assert_eq!(&*traffic.checks[1].limit, "≥ 99 %");
    assert_eq!(release.replicas.ready, 4);
}

#[test]
fn every_phase_has_its_state() {
    let state = |phase: &str| progressing().phase(phase).release().state;
    assert_eq!(state("Waiting"), State::Waiting);
    assert_eq!(state("WaitingPromotion"), State::Waiting);
    assert_eq!(state("Promoting"), State::Progressing);
    assert_eq!(state("Finalising"), State::Progressing);
    assert_eq!(state("Failed"), State::Failed);
    assert_eq!(state("Initializing"), State::Progressing);
    assert_eq!(state("WaitingForTheMoon"), State::Unknown);
    assert_eq!(succeeded().release().state, State::Healthy);
    assert_eq!(succeeded().phase("Initialized").release().state, State::Healthy);
}

#[test]
fn a_canary_of_which_flagger_says_nothing_is_unknown_after_a_while() {
    let silent = progressing().phase("");
    assert_eq!(silent.release().state, State::Unknown);
    let young = silent.set(|canary| canary.meta.created = Some(ago(30)));
    assert_eq!(young.release().state, State::Progressing);
}

#[test]
fn a_failed_run_is_over_once_the_old_template_is_back() {
    let failed = succeeded().phase("Failed").set(|canary| canary.status.last_promoted = Some("hash-v1".into()));
    assert_eq!(failed.release().state, State::Failed);
    let back = failed.set(|canary| canary.status.last_applied = Some("hash-v1".into()));
    let release = back.release();
    assert_eq!(release.state, State::Healthy, "{}", release.reason);
    assert!(release.reason.contains("rolled back"), "{}", release.reason);
}

#[test]
fn a_parked_target_that_holds_what_users_have_is_no_version_of_its_own() {
    let release = succeeded().release();
    assert_eq!(release.tracks.len(), 1);
    assert_eq!((release.tracks[0].role, &*release.tracks[0].version), (Role::Stable, "v2"));
    assert_eq!(release.tracks[0].revision, Some(Revision(2)));
    let sides = &release.traffic.as_ref().expect("traffic").rows.sides;
    assert_eq!(sides.iter().map(|side| side.role).collect::<Vec<_>>(), [Role::Stable, Role::Idle]);
}

#[test]
fn evidence_comes_from_what_the_primary_ran() {
    let evidence =
        |release: &crate::domain::Release, revision| release.entry(Revision(revision)).map(|e| e.evidence.clone());
    assert_eq!(evidence(&progressing().release(), 1), Some(Evidence::Serving { ready: 2 }));
    let after = succeeded();
    assert!(matches!(evidence(&after.release(), 1), Some(Evidence::Likely { .. })));
    assert_eq!(after.release().back_to, Some(Revision(1)));
    // v1 was the target's newest for days, but the primary never ran it.
    let mut never = after;
    never.primary = never.primary.map(|mut world| {
        world.revisions.remove(0);
        world
    });
    assert_eq!(evidence(&never.release(), 1), Some(Evidence::None));
}

#[test]
fn settled_means_promoted_and_ready() {
    assert_eq!(succeeded().settled(), Settled::Yes);
    assert!(matches!(progressing().settled(), Settled::NotYet(_)));
    assert!(matches!(progressing().phase("Failed").settled(), Settled::Failed(_)));
    let pending = succeeded().of_target(|world| world.revision(3, "v3", 5).counts(0, 0, 0));
    assert_eq!(pending.release().state, State::Progressing);
    assert!(matches!(pending.settled(), Settled::NotYet(_)));
}

#[test]
fn every_verb_says_what_follows_or_why_not() {
    let casts = [
        ("progressing", progressing()),
        ("gated", gated()),
        ("waiting", gated().phase("Waiting")),
        ("promotion", gated().phase("WaitingPromotion")),
        ("succeeded", succeeded()),
        ("failed", progressing().phase("Failed")),
        ("suspended", gated().set(|canary| canary.suspend = true)),
    ];
    for (name, cast) in casts {
        for verb in Verb::ALL.into_iter().filter(|verb| *verb != Verb::Revert) {
            let action = cast.action(verb);
            assert_eq!(action.enabled, action.why.is_empty(), "{name}: {verb}: {}", action.why);
            assert_eq!(action.enabled, !action.consequence.is_empty(), "{name}: {verb}");
            assert!(verb.direction().is_none_or(|direction| direction == action.direction), "{name}: {verb}");
        }
        assert_eq!(cast.action(Verb::Undo).direction, Direction::Back);
    }
}

#[test]
fn bad_input_is_shown_for_what_it_is_and_nothing_goes_forward() {
    let no_target = progressing().set(|canary| canary.target = None);
    let unknown_kind = progressing().set(|canary| {
        let target = canary.target.as_mut().expect("a target");
        target.kind = "Service".into();
        target.api_version = "serving.knative.dev/v1".into();
    });
    let mut gone = progressing();
    gone.target = None;
    let older = progressing().set(|canary| canary.meta.api_version = "flagger.app/v1alpha3".into());
    let unreadable = progressing().set(|canary| canary.meta.unreadable.push("spec.analysis.interval".into()));
    let cases: [(&str, Cast, State, &[Verb]); 5] = [
        ("names no target", no_target, State::Unknown, &[]),
        ("a kind that the console does not steer", unknown_kind, State::Unknown, &[Verb::Pause]),
        ("does not exist", gone, State::Failed, &[Verb::Pause]),
        ("flagger.app/v1alpha3", older, State::Unknown, &[Verb::Undo]),
        ("spec.analysis.interval can't be read", unreadable, State::Unknown, &[Verb::Undo, Verb::Pause]),
    ];
    for (why, cast, state, open) in cases {
        let release = cast.release();
        assert!(release.reason.contains(why), "{}", release.reason);
        assert_eq!(release.state, state, "{why}");
        for verb in Verb::ALL.into_iter().filter(|verb| *verb != Verb::Revert) {
            let action = cast.action(verb);
            assert_eq!(action.enabled, open.contains(&verb), "{verb}: {}", action.why);
            assert!(action.why.contains(why), "{verb}: {}", action.why);
        }
        for intent in super::plans::intents() {
            match cast.plan(&intent) {
                Ok(plan) => {
                    assert!(open.contains(&intent.verb()) && plan.direction == Direction::Back, "{why}: {intent:?}");
                    assert!(plan.forecast.warnings[0].contains(why), "{:?}", plan.forecast.warnings);
                }
                Err(refusal) => assert!(refusal.reason.contains(why), "{}", refusal.reason),
            }
        }
    }
    let mut absent = progressing();
    absent.canaries.clear();
    assert_eq!(owner_of(&key(Kind::Deployment, "web"), &absent).expect("claimed").0.kind().0, "rolling");
}

#[test]
fn absurd_numbers_are_shown_and_break_nothing() {
    let absurd = gated().weights(i64::MAX, -7).set(|canary| {
        canary.status.weight = Some(i64::MAX);
        canary.status.iterations = Some(i64::MIN);
        canary.status.failed_checks = i64::MAX;
        canary.analysis.step_weight = Some(i64::MAX);
        canary.analysis.max_weight = Some(i64::MIN);
        canary.analysis.interval = Some(SignedDuration::MAX);
    });
    let release = absurd.release();
    assert_eq!(release.track(Role::Candidate).and_then(|track| track.weight.asked), Some(0));
    for intent in super::plans::intents() {
        let _ = absurd.plan(&intent);
    }
}

#[test]
fn a_service_that_the_route_sends_to_and_that_is_gone_closes_the_ways_forward() {
    let mut cast = gated();
    cast.services.retain(|service| &*service.key.name != "web-canary");
    let release = cast.release();
    let why = "Its route goes nowhere: Service web-canary does not exist.";
    assert_eq!((release.state, &*release.reason), (State::Degraded, why));
    let of = |verb| cast.action(verb);
    for verb in [Verb::Advance, Verb::Continue, Verb::Promote, Verb::Skip] {
        assert!(!of(verb).enabled && of(verb).why.contains("web-canary does not exist"), "{verb}: {}", of(verb).why);
    }
    assert!(of(Verb::Abort).enabled && of(Verb::Undo).enabled, "the ways back are open");
    assert!(!matches!(cast.settled(), Settled::Failed(_)), "what was asked for may come to rest all the same");
    assert_eq!(cast.phase("Initializing").release().state, State::Progressing, "Flagger is at it");
}

#[test]
fn services_that_are_not_known_are_not_known_to_be_gone() {
    let mut cast = gated();
    cast.services.clear();
    assert!(!cast.release().reason.contains("goes nowhere"), "{}", cast.release().reason);
    assert!(cast.action(Verb::Abort).enabled);
}

#[test]
fn while_the_new_version_is_brought_over_it_stands_on_no_ladder_any_more() {
    let same = |cast: Cast| {
        let mut release = cast.release();
        let images = release.tracks[0].images.clone();
        release.tracks.iter_mut().for_each(|track| track.images = images.clone());
        (release.taken_over(), release.step_words())
    };
    assert_eq!(same(progressing().phase("Finalising")), (true, String::new()));
    assert_eq!(same(progressing()), (false, "2/5".to_owned()), "a run may change the configuration only");
    assert!(!progressing().phase("Promoting").release().taken_over());
}
