use crate::domain::guarding::GuardSettings;
use crate::guard::{Against, Check, Quantile, Rule, Rules, Terms, against, percent, seconds, with_terms};
use jiff::SignedDuration;
use proptest::prelude::*;

/// What sources take their numbers over.
const SOURCE: SignedDuration = SignedDuration::from_mins(1);

fn told(check: Check) -> String {
    told_over(check, None)
}

fn told_over(check: Check, window: Option<i64>) -> String {
    let mut rules = Rules::default();
    let window = window.map(SignedDuration::from_secs);
    rules.set(Rule { check, terms: Terms { window, ..Terms::default() } });
    rules.check(SOURCE).expect_err("it makes no sense").to_string()
}

#[test]
fn what_makes_no_sense_is_refused_with_the_reason() {
    assert_eq!(told(Check::ErrorsMax(5.0)), "error rate: 500 % is no share; it lies between 0 % and 100 %");
    assert!(told(Check::SuccessMin(-0.1)).contains("-10 % is no share"));
    assert!(told(Check::Latency(Quantile::P99, 0.0)).contains("no time that a request can take"));
    assert!(told(Check::Latency(Quantile::P99, f64::NAN)).contains("no time"));
    assert!(told(Check::SuccessMin(0.99)).contains("contradicts the error rate of at most 5 %"));
    assert!(told(Check::AgainstStable(Against::Times(0.5))).contains("1 or more"));
    assert!(told(Check::Health(0)).contains("always be a breach"));
    assert!(told(Check::Settled(SignedDuration::ZERO)).contains("can't settle"));
    let mut latencies = Rules::default();
    for (quantile, most) in [(Quantile::P50, 0.9), (Quantile::P99, 0.5)] {
        latencies.set(Rule { check: Check::Latency(quantile, most), terms: Terms::default() });
    }
    assert!(latencies.check(SOURCE).unwrap_err().to_string().contains("p50: at most 900 ms lies above"));
    assert_eq!(Rules::default().check(SOURCE), Ok(()));
}

#[test]
fn a_window_that_would_not_be_kept_is_refused() {
    let p50 = told_over(Check::Latency(Quantile::P50, 0.1), Some(300));
    assert_eq!(p50, "p50: it has no past to take a window of, as p99 and the error rate have");
    assert!(told_over(Check::Latency(Quantile::P90, 0.1), Some(300)).starts_with("p90: it has no past"));
    let short = told_over(Check::ErrorsMax(0.05), Some(20));
    assert_eq!(
        short,
        "error rate: a window of 20 s is shorter than the 1 min that every number is taken over (metrics.window)"
    );
    let mut kept = Rules::default();
    for (check, seconds) in [(Check::ErrorsMax(0.05), 60), (Check::Latency(Quantile::P99, 0.5), 300)] {
        let window = Some(SignedDuration::from_secs(seconds));
        kept.set(Rule { check, terms: Terms { window, ..Terms::default() } });
    }
    assert_eq!(kept.check(SOURCE), Ok(()));
}

#[test]
fn limits_are_read_as_people_write_them() {
    assert_eq!((percent("5%"), percent("0.05"), percent(" 0.5 %")), (Ok(0.05), Ok(0.05), Ok(0.005)));
    assert!(percent("5").unwrap_err().contains("did you mean 5%?"));
    assert_eq!((seconds("500ms"), seconds("1.5s")), (Ok(0.5), Ok(1.5)));
    assert!(seconds("500").is_err() && percent("NaN%").is_err() && against("3").is_err());
    assert_eq!((against("2x"), against("+1%")), (Ok(Against::Times(2.0)), Ok(Against::Above(0.01))));
    let terms = with_terms("5%,window=5m,requests=100,breaches=3", Terms::default(), percent);
    let wanted = Terms { window: Some(SignedDuration::from_mins(5)), requests: 100, in_a_row: 3 };
    assert_eq!(terms, Ok((0.05, wanted)));
    assert!(with_terms("5%,often=3", Terms::default(), percent).unwrap_err().contains("no term of a rule"));
}

#[test]
fn the_configuration_goes_before_what_is_built_in() {
    let settings = GuardSettings { error_rate: Some(2.0), breaches: Some(3), ..GuardSettings::default() };
    let rules = Rules::from(&settings);
    assert_eq!(rules.words(), "error rate at most 2 %, settled within 5 min");
    assert!(rules.rules.iter().all(|rule| rule.terms.in_a_row == 3 && rule.terms.requests == 50));
    assert_eq!((rules.settle, rules.undo), (SignedDuration::from_secs(30), SignedDuration::from_mins(3)));
}

proptest! {
    #[test]
    fn whatever_is_typed_is_read_or_refused_and_never_panics(text in ".{0,40}") {
        let _ = (percent(&text), seconds(&text), against(&text));
        let _ = with_terms(&text, Terms::default(), percent);
    }

    #[test]
    fn rules_that_pass_the_check_hold_shares_and_times(share in -2.0..3.0_f64, time in -1.0..2.0_f64) {
        let mut rules = Rules { rules: Vec::new(), ..Rules::default() };
        rules.set(Rule { check: Check::ErrorsMax(share), terms: Terms::default() });
        rules.set(Rule { check: Check::Latency(Quantile::P99, time), terms: Terms::default() });
        prop_assert_eq!(rules.check(SOURCE).is_ok(), (0.0..=1.0).contains(&share) && time > 0.0);
    }
}
