use super::{canary, later, measured, series, ticks, track};
use crate::domain::measurement::{Measured, Reading};
use crate::domain::{Kind, Release, Role, State as Standing};
use crate::guard::{Against, Check, NoData, Quantile, Rule, Rules, State, Terms, Verdict, Watched, judge};
use crate::strategy::testing::shop::Shop;
use crate::strategy::testing::{ago, now};
use jiff::SignedDuration;
use proptest::prelude::*;
use std::sync::Arc;

/// The error rate alone, at most 5 %, `in_a_row` times.
fn errors_only(in_a_row: u32) -> Rules {
    only(Check::ErrorsMax(0.05), in_a_row)
}

fn only(check: Check, in_a_row: u32) -> Rules {
    let terms = Terms { in_a_row, ..Terms::default() };
    Rules { rules: vec![Rule { check, terms }], ..Rules::default() }
}

fn verdict(rules: &Rules, measured: Option<&Measured>) -> (Verdict, String) {
    let judgement = judge(rules, measured, &canary(20), &State::default(), now());
    (judgement.verdict, judgement.reason.to_string())
}

#[test]
fn an_error_rate_over_the_limit_is_a_breach_with_its_numbers_and_below_it_is_ok() {
    let (found, why) = verdict(&errors_only(1), Some(&measured(0.2, 840, 5)));
    assert_eq!((found, &*why), (Verdict::Breach, "error rate 20 % of 840 requests (limit 5 %)"));
    assert_eq!(verdict(&errors_only(1), Some(&measured(0.01, 840, 5))).0, Verdict::Ok);
}

#[test]
fn it_takes_as_many_breaches_in_a_row_as_asked_and_the_same_numbers_count_once() {
    let (rules, release) = (errors_only(3), canary(20));
    let mut state = State::default();
    let look = |age: i64, state: &State| judge(&rules, Some(&measured(0.2, 840, age)), &release, state, now());
    for (age, wanted) in [(10, Verdict::Hold), (10, Verdict::Hold), (8, Verdict::Hold), (6, Verdict::Breach)] {
        let judgement = look(age, &state);
        assert_eq!(judgement.verdict, wanted, "{}", judgement.reason);
        state = judgement.state;
    }
    let well = judge(&rules, Some(&measured(0.0, 840, 4)), &release, &state, now());
    assert!(well.state.broken.is_empty(), "one look in bounds begins anew");
}

#[test]
fn old_numbers_are_told_and_never_acted_upon() {
    let strict = Rules { no_data: NoData::Breach, ..errors_only(1) };
    let (found, why) = verdict(&strict, Some(&measured(0.2, 840, 60)));
    assert_eq!(found, Verdict::NoData);
    assert!(why.contains("20 %") && why.contains("1 min old") && why.contains("not acted upon"), "{why}");
}

#[test]
fn small_samples_are_called_small() {
    let (found, why) = verdict(&errors_only(1), Some(&measured(3.0 / 41.0, 41, 5)));
    assert_eq!((found, &*why), (Verdict::Hold, "3 errors of 41 requests: too few (50 are needed)"));
}

#[test]
fn no_numbers_are_never_good_ones_and_a_breach_only_where_that_was_asked_for() {
    let mut silent = measured(0.0, 840, 5);
    silent.tracks[1].errors = Reading::NoTraffic;
    for nothing in [None, Some(&silent)] {
        assert_eq!(verdict(&errors_only(1), nothing).0, Verdict::NoData);
        let strict = Rules { no_data: NoData::Breach, ..errors_only(1) };
        assert_eq!(verdict(&strict, nothing).0, Verdict::Breach);
    }
    let mut unusable = silent.clone();
    unusable.tracks[1].errors = Reading::Unusable("the query does not parse".into());
    assert!(verdict(&errors_only(1), Some(&unusable)).1.contains("does not parse"));
    assert_eq!(verdict(&Rules { rules: Vec::new(), ..Rules::default() }, None).0, Verdict::NoData);
}

#[test]
fn numbers_do_not_count_until_the_release_has_settled_down() {
    let state = State { since: Some(ago(20)), ..State::default() };
    let judgement = judge(&errors_only(1), Some(&measured(0.2, 840, 5)), &canary(20), &state, now());
    assert_eq!(judgement.verdict, Verdict::Hold);
    assert!(judgement.reason.contains("it counts in 10 s"), "{}", judgement.reason);
    let state = State { since: Some(ago(31)), ..State::default() };
    let judgement = judge(&errors_only(1), Some(&measured(0.2, 840, 5)), &canary(20), &state, now());
    assert_eq!(judgement.verdict, Verdict::Breach);
}

#[test]
fn a_track_is_followed_by_its_name_whatever_its_role() {
    let mut promoted = measured(0.2, 840, 5);
    promoted.tracks[0].role = Role::Idle;
    promoted.tracks[1].role = Role::Stable;
    let watched = Watched { track: "shop-canary".into(), hash: None };
    let state = State { watched, ..State::default() };
    let judgement = judge(&errors_only(1), Some(&promoted), &canary(20), &state, now());
    assert_eq!(judgement.verdict, Verdict::Breach);
    promoted.tracks.pop();
    let judgement = judge(&errors_only(1), Some(&promoted), &canary(20), &state, now());
    assert_eq!(judgement.verdict, Verdict::NoData, "{}", judgement.reason);
}

#[test]
fn every_rule_tells_what_it_saw_against_its_limit() {
    let (twice, above) = (Against::Times(2.0), Against::Above(0.05));
    let cases = [
        (Check::SuccessMin(0.95), Verdict::Breach, "success rate 80 % of 840 requests (at least 95 %)"),
        (Check::Latency(Quantile::P99, 0.3), Verdict::Breach, "p99 400 ms of 840 requests (limit 300 ms)"),
        (Check::Latency(Quantile::P50, 0.3), Verdict::Ok, "p50 20 ms of 840 requests (limit 300 ms)"),
        (Check::AgainstStable(twice), Verdict::Breach, "error rate 20 % of 840 requests, stable 1 % (limit 2 × 1 %)"),
        (
            Check::AgainstStable(above),
            Verdict::Breach,
            "error rate 20 % of 840 requests, stable 1 % (limit 1 % and 5 points)",
        ),
        (Check::Restarts(0), Verdict::Ok, "0 restarts (limit 0)"),
        (Check::Settled(SignedDuration::from_mins(5)), Verdict::Ok, "rollout settled"),
    ];
    for (check, wanted, words) in cases {
        assert_eq!(verdict(&only(check, 1), Some(&measured(0.2, 840, 5))), (wanted, words.to_owned()), "{check:?}");
    }
}

#[test]
fn the_health_endpoint_breaks_after_so_many_bad_answers_in_a_row() {
    let with = |answers: &[bool]| Measured { health: Some(ticks(answers)), ..measured(0.0, 840, 5) };
    let rules = only(Check::Health(3), 2);
    assert_eq!(verdict(&rules, Some(&with(&[true, true]))).0, Verdict::Ok);
    assert_eq!(verdict(&rules, Some(&with(&[true, false, false]))).0, Verdict::Hold);
    let (found, why) = verdict(&rules, Some(&with(&[false, false, false])));
    assert_eq!((found, &*why), (Verdict::Breach, "health endpoint bad 3 times in a row, last 503 (limit 3)"));
    assert_eq!(verdict(&rules, Some(&measured(0.0, 840, 5))).0, Verdict::NoData);
    let mut refused = with(&[false, false, false]);
    refused.health.as_mut().unwrap().trouble = Some("The health endpoint may not be asked.".into());
    assert_eq!(verdict(&rules, Some(&refused)).0, Verdict::NoData, "that we can't ask breaks nothing");
}

/// A Deployment whose controller has not seen its last change.
fn moving() -> Release {
    let mut release =
        Shop::default().deployment("web", &[("app", "web")], "v1", (2, 9_000)).release(Kind::Deployment, "web");
    Arc::make_mut(&mut release).generation.spec += 1;
    Arc::unwrap_or_clone(release)
}

#[test]
fn a_rollout_has_its_time_from_when_it_moves_and_what_moves_after_it_settled_breaks_nothing() {
    let (rules, release) = (only(Check::Settled(SignedDuration::from_mins(5)), 1), moving());
    let at = |state: &State| judge(&rules, None, &release, state, now());
    let armed = State { since: Some(ago(400)), ..State::default() };
    let first = at(&armed);
    assert_eq!((first.verdict, first.state.unsettled), (Verdict::Hold, Some(now())), "{}", first.reason);
    let late = State { unsettled: Some(ago(301)), ..armed };
    assert_eq!(at(&late).verdict, Verdict::Breach);
    let rested = State { rested: true, ..late };
    assert_eq!(at(&rested).verdict, Verdict::Hold);
}

#[test]
fn what_gets_no_request_and_what_has_just_changed_is_not_taken_back_for_want_of_numbers() {
    let strict = Rules { no_data: NoData::Breach, ..errors_only(1) };
    let found = |weight, since| {
        let state = State { since: Some(since), ..State::default() };
        judge(&strict, None, &canary(weight), &state, now()).verdict
    };
    assert_eq!(found(20, ago(29)), Verdict::NoData);
    assert_eq!(found(0, ago(60)), Verdict::NoData);
    assert_eq!(found(20, ago(60)), Verdict::Breach);
    let health = Rules { no_data: NoData::Breach, ..only(Check::Health(3), 2) };
    let first = judge(&health, None, &canary(20), &State::default(), now());
    assert_eq!(first.verdict, Verdict::Hold, "once of two times");
    assert_eq!(judge(&health, None, &canary(20), &first.state, now()).verdict, Verdict::Breach);
}

#[test]
fn a_longer_window_is_made_of_the_past() {
    let mut long = measured(0.0, 840, 5);
    // The last minute is well; the four before were not.
    let errors: Vec<f64> = (0..30).map(|point| if point < 24 { 0.2 } else { 0.0 }).collect();
    long.tracks[1].series = series(ago(300), &[10.0; 30], &errors);
    let rules = |window| Rules {
        rules: vec![Rule { check: Check::ErrorsMax(0.05), terms: Terms { window, in_a_row: 1, ..Terms::default() } }],
        ..Rules::default()
    };
    assert_eq!(verdict(&rules(None), Some(&long)).0, Verdict::Ok);
    let (found, why) = verdict(&rules(Some(SignedDuration::from_mins(5))), Some(&long));
    assert_eq!((found, &*why), (Verdict::Breach, "error rate 16 % of 3000 requests (limit 5 %)"));
}

proptest! {
    #[test]
    fn no_numbers_and_no_old_numbers_ever_roll_back(
        errors in prop_oneof![Just(f64::NAN), Just(f64::INFINITY), 0.0..=1.0_f64],
        samples in any::<u64>(),
        age in 31_i64..100_000,
        in_a_row in 1_u32..4,
        broken in 0_u32..9,
    ) {
        let mut old = measured(0.0, samples, age);
        old.tracks[1].errors = Reading::of(errors);
        let state = State { broken: [("error rate".into(), broken)].into(), ..State::default() };
        for (numbers, no_data) in [(Some(&old), NoData::Breach), (Some(&old), NoData::Hold), (None, NoData::Hold)] {
            let rules = Rules { no_data, ..errors_only(in_a_row) };
            let judgement = judge(&rules, numbers, &canary(20), &state, now());
            if judgement.verdict == Verdict::Breach {
                // Only the absence of traffic itself, where that was asked to be one; never a number.
                prop_assert!(no_data == NoData::Breach && !errors.is_finite());
            }
            prop_assert!(judgement.verdict != Verdict::Ok);
            prop_assert!(!judgement.reason.is_empty());
        }
    }

    #[test]
    fn fresh_numbers_are_judged_by_the_limit_alone(errors in 0.0..=1.0_f64, limit in 0.0..=1.0_f64, age in 0_i64..20) {
        let rules = only(Check::ErrorsMax(limit), 1);
        let judgement = judge(&rules, Some(&measured(errors, 5_000, age)), &canary(20), &State::default(), later(0));
        prop_assert_eq!(judgement.verdict == Verdict::Breach, errors > limit);
        prop_assert_eq!(judgement.verdict == Verdict::Ok, errors <= limit);
    }

    #[test]
    fn breaches_never_outrun_the_evaluations(looks in proptest::collection::vec(0.0..=1.0_f64, 1..20), in_a_row in 1_u32..5) {
        let (rules, release) = (errors_only(in_a_row), canary(20));
        let mut state = State::default();
        let mut running = 0_u32;
        for (place, errors) in looks.iter().enumerate() {
            running = if *errors > 0.05 { running + 1 } else { 0 };
            let numbers = measured(*errors, 5_000, 25 - place as i64);
            let judgement = judge(&rules, Some(&numbers), &release, &state, now());
            prop_assert_eq!(judgement.verdict == Verdict::Breach, running >= in_a_row);
            state = judgement.state;
        }
    }
}

#[test]
fn what_is_compared_needs_requests_on_stable_too() {
    let mut few = measured(0.2, 840, 5);
    few.tracks[0] = track(Role::Stable, "shop-stable", 0.5, 2);
    let (found, why) = verdict(&only(Check::AgainstStable(Against::Times(2.0)), 1), Some(&few));
    assert_eq!((found, &*why), (Verdict::Hold, "error rate against stable: 2 requests on stable: too few"));
}

/// The canary at 20 % on its way from one rung to the next, with a side of it changed.
fn with_side(role: Role, change: impl Fn(&mut Release)) -> Release {
    let mut release = Arc::unwrap_or_clone(canary(20));
    let traffic = Arc::make_mut(release.traffic.as_mut().unwrap());
    traffic.waiting = None;
    let side = traffic.rows.sides.iter_mut().find(|side| side.role == role).unwrap();
    change(Arc::make_mut(side.own.as_mut().unwrap()));
    release
}

#[test]
fn the_trouble_of_the_stable_side_takes_no_candidate_back_and_its_own_does() {
    let rules = only(Check::Settled(SignedDuration::from_mins(5)), 1);
    let watched = Watched { track: "shop-canary".into(), hash: None };
    let long = State { since: Some(ago(900)), unsettled: Some(ago(900)), watched, ..State::default() };
    let found = |release: &Release| judge(&rules, Some(&measured(0.0, 840, 5)), release, &long, now());
    let failed = |own: &mut Release| (own.state, own.reason) = (Standing::Failed, "2 pods can't pull v1".into());
    let stable = found(&with_side(Role::Stable, failed));
    assert_eq!(stable.verdict, Verdict::Hold, "{}", stable.reason);
    assert!(stable.reason.contains("can't pull v1"), "its words are told: {}", stable.reason);
    assert_eq!(found(&with_side(Role::Candidate, failed)).verdict, Verdict::Breach);
    let moves = |own: &mut Release| own.generation.spec += 1;
    let stable = found(&with_side(Role::Stable, moves));
    assert_eq!((stable.verdict, stable.state.unsettled), (Verdict::Hold, None), "{}", stable.reason);
    assert_eq!(found(&with_side(Role::Candidate, moves)).verdict, Verdict::Breach);
}

#[test]
fn a_stable_one_without_errors_makes_no_breach_of_a_single_one() {
    let rules = only(Check::AgainstStable(Against::Times(2.0)), 1);
    let found = |failed: f64| {
        let mut beside = measured(failed / 50.0, 50, 5);
        beside.tracks[0] = track(Role::Stable, "shop-stable", 0.0, 9_000);
        verdict(&rules, Some(&beside))
    };
    assert_eq!(found(0.0).0, Verdict::Ok);
    let (one, why) = found(1.0);
    assert_eq!(one, Verdict::Hold);
    assert!(why.contains("fewer than 3 failed requests"), "{why}");
    assert_eq!(found(3.0).0, Verdict::Breach);
}

#[test]
fn numbers_that_rest_on_nobody_knows_how_many_requests_break_nothing_unless_none_are_asked_for() {
    let mut uncounted = measured(0.2, 840, 5);
    uncounted.tracks[1].samples = None;
    let (found, why) = verdict(&errors_only(1), Some(&uncounted));
    assert_eq!(found, Verdict::Hold);
    assert!(why.contains("how many requests it rests on is not told"), "{why}");
    let mut rules = errors_only(1);
    rules.rules[0].terms.requests = 0;
    assert_eq!(verdict(&rules, Some(&uncounted)).0, Verdict::Breach);
}

#[test]
fn restarts_are_counted_pod_by_pod() {
    let restarts = |counts: &[(&str, u32)]| {
        let mut release = Arc::unwrap_or_clone(canary(20));
        let track = release.tracks.iter_mut().find(|track| &*track.name == "shop-canary").unwrap();
        let of = |(name, count): &(&str, u32)| {
            let mut pod = track.pods[0].clone();
            let row = Arc::make_mut(&mut pod);
            (row.uid, row.restarts) = (crate::domain::Uid::new(*name), *count);
            pod
        };
        track.pods = counts.iter().map(of).collect();
        release
    };
    let watched = Watched { track: "shop-canary".into(), hash: None };
    let state = State { restarted: [("old".into(), 7)].into(), watched, ..State::default() };
    let rules = only(Check::Restarts(0), 1);
    let found = |release: &Release| judge(&rules, None, release, &state, now());
    assert_eq!(found(&restarts(&[("old", 7), ("new", 0)])).verdict, Verdict::Ok);
    let replaced = found(&restarts(&[("new", 1)]));
    assert_eq!((replaced.verdict, &*replaced.reason), (Verdict::Breach, "1 restart (limit 0)"));
}

#[test]
fn an_endpoint_that_is_asked_seldom_is_not_old_between_two_answers() {
    let mut slow = Measured { health: Some(ticks(&[true])), ..measured(0.0, 840, 5) };
    let check = slow.health.as_mut().unwrap();
    (check.every, check.ticks[0].at) = (SignedDuration::from_mins(2), ago(110));
    let rules = only(Check::Health(3), 1);
    assert_eq!(verdict(&rules, Some(&slow)).0, Verdict::Ok);
    slow.health.as_mut().unwrap().ticks[0].at = ago(500);
    assert_eq!(verdict(&rules, Some(&slow)).0, Verdict::NoData);
}

#[test]
fn infinite_numbers_are_none() {
    for odd in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        let mut strange = measured(0.0, 840, 5);
        strange.tracks[1].errors = Reading::of(odd);
        assert_eq!(verdict(&errors_only(1), Some(&strange)).0, Verdict::NoData, "{odd}");
    }
}
