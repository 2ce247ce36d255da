use super::{canary, measured, series};
use crate::domain::Release;
use crate::domain::guarding::Bake;
use crate::domain::measurement::{Measured, Series};
use crate::guard::{Baking, Check, Quantile, Rule, Rules, Terms, baking};
use crate::strategy::testing::{ago, now};
use jiff::SignedDuration;

/// The canary at 20 %, since so many seconds.
fn since(seconds: i64) -> Release {
    let mut release = Release::clone(&canary(20));
    release.step.as_mut().expect("a ladder").since = Some(ago(seconds));
    release
}

fn gate(minutes: i64, requests: u64) -> Bake {
    Bake {
        time: (minutes > 0).then(|| SignedDuration::from_mins(minutes)),
        requests: (requests > 0).then_some(requests),
    }
}

fn stands(bake: Bake, release: &Release, measured: Option<&Measured>) -> Baking {
    baking(bake, (&Rules::default(), false), release, measured, now())
}

/// How long a gate of five minutes still waits at a rung of ten, by this one rule.
fn left_by(check: Check, numbers: &Measured) -> String {
    let rules = Rules { rules: vec![Rule { check, terms: Terms::default() }], ..Rules::default() };
    baking(gate(5, 0), (&rules, true), &since(600), Some(numbers), now()).words()
}

/// Numbers in bounds with ten points of ten seconds, one request a second each.
fn busy() -> Measured {
    let mut numbers = measured(0.0, 840, 5);
    numbers.tracks[1].series = series(ago(100), &[1.0; 10], &[0.0; 10]);
    numbers
}

#[test]
fn a_rung_counts_its_time_and_its_requests_down() {
    let rung = since(50);
    let found = stands(gate(5, 252), &rung, Some(&busy()));
    assert_eq!(found.words(), "gate: 4 min 10 s and 212 requests to go");
    assert!(!found.open());
    assert_eq!(stands(gate(5, 0), &since(301), Some(&busy())), Baking::Done);
    assert_eq!(stands(gate(0, 30), &rung, Some(&busy())).words(), "gate: open");
}

#[test]
fn what_charts_show_does_not_change_what_a_gate_counts() {
    let mut week = busy();
    week.tracks[1].recent = std::mem::take(&mut week.tracks[1].series);
    week.tracks[1].series =
        Series { step: SignedDuration::from_mins(168), ..series(ago(600_000), &[1.0; 60], &[0.0; 60]) };
    assert_eq!(stands(gate(5, 252), &since(50), Some(&week)), stands(gate(5, 252), &since(50), Some(&busy())));
}

#[test]
fn a_breach_holds_every_rung_and_the_time_counts_from_the_last_one() {
    let held = stands(Bake::default(), &since(400), Some(&measured(0.2, 840, 5)));
    assert_eq!(held.holds().as_deref(), Some("this rung does not bake: error rate 20 % of 840 requests (limit 5 %)"));
    let mut recovered = busy();
    recovered.tracks[1].series.errors[7] = Some(0.3);
    // The eighth point ended 30 s ago.
    let counting = Baking::Counting { time: SignedDuration::from_secs(270), requests: 0 };
    assert_eq!(stands(gate(5, 0), &since(600), Some(&recovered)), counting);
}

#[test]
fn every_rule_with_a_past_starts_the_time_anew_and_not_the_error_rate_alone() {
    let mut past = busy();
    past.tracks[1].series.errors[7] = Some(0.3);
    past.tracks[1].series.p99[6] = Some(0.9);
    assert_eq!(left_by(Check::SuccessMin(0.95), &past), "gate: 4 min 30 s to go");
    assert_eq!(left_by(Check::SuccessMin(0.6), &past), "gate: open");
    assert_eq!(left_by(Check::Latency(Quantile::P99, 0.5), &past), "gate: 4 min 20 s to go");
    assert_eq!(left_by(Check::Latency(Quantile::P99, 1.0), &past), "gate: open");
    // Own queries may tell the errors and no requests.
    past.tracks[1].series.requests.clear();
    assert_eq!(left_by(Check::SuccessMin(0.95), &past), "gate: 4 min 30 s to go");
}

#[test]
fn time_in_which_nobody_told_numbers_does_not_count() {
    let silent = |places: std::ops::Range<usize>| {
        let mut past = busy();
        let series = &mut past.tracks[1].series;
        for numbers in [&mut series.requests, &mut series.errors, &mut series.p99] {
            numbers[places.clone()].fill(None);
        }
        left_by(Check::ErrorsMax(0.05), &past)
    };
    assert_eq!(silent(2..8), "gate: 4 min 30 s to go", "it counts from the first number after it");
    assert_eq!(silent(5..8), "gate: open", "half a minute is a round that was missed");
    assert_eq!(silent(0..8), "gate: open", "who was just asked has no past");
    let mut idle = busy();
    idle.tracks[1].series.requests.fill(Some(0.0));
    idle.tracks[1].series.errors.fill(None);
    idle.tracks[1].series.p99.fill(None);
    assert_eq!(left_by(Check::ErrorsMax(0.05), &idle), "gate: open", "no requests is a number, too");
}

#[test]
fn without_a_gate_and_without_a_breach_nothing_is_held() {
    assert_eq!(stands(Bake::default(), &since(1), None), Baking::Free);
    assert_eq!(stands(Bake::default(), &since(1), Some(&busy())), Baking::Free);
    let at_zero = Release::clone(&canary(0));
    assert_eq!(stands(gate(5, 100), &at_zero, None), Baking::Free, "nothing bakes without traffic");
}

#[test]
fn missing_numbers_hold_a_rung_only_where_something_was_asked_for() {
    let told = |found: Baking| found.holds().map(|why| why.to_string()).unwrap_or_default();
    assert!(told(stands(gate(5, 100), &since(400), None)).contains("nothing is measured yet"));
    let configured = baking(Bake::default(), (&Rules::default(), true), &since(400), None, now());
    assert!(!configured.open());
    let few = measured(3.0 / 41.0, 41, 5);
    assert!(told(stands(gate(5, 0), &since(400), Some(&few))).contains("3 errors of 41 requests: too few"));
    assert!(stands(Bake::default(), &since(400), Some(&few)).open(), "small samples hold no rung without a gate");
    let old = measured(0.2, 840, 90);
    assert!(stands(Bake::default(), &since(400), Some(&old)).open(), "old numbers are not acted upon");
}
