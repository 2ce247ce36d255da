//! How the candidate's numbers stand against stable's, and whether that can be told from chance.

use super::{Reading, TrackMeasured};

/// How far two shares must lie apart, in standard errors, to be called different: chance alone does that once in
/// twenty times.
const CLEAR: f64 = 1.96;

/// How a number stands against another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Difference {
    /// One of them is not known.
    Unknown,
    /// So few requests tell nothing.
    TooFew(u64),
    /// They differ by no more than chance would have it.
    Unclear,
    /// The candidate's is so much more: for shares in shares (0.007 is 0.7 points), for times as a part of stable's
    /// (0.04 is 4 %).
    By(f64),
}

/// The share of failed requests of `candidate` against that of `stable`, by the pooled two-proportion test at 5 %. Fewer
/// than `least` requests are too few; where the source does not tell how many there were, the difference is only told.
pub fn errors(stable: &TrackMeasured, candidate: &TrackMeasured, least: u64) -> Difference {
    let (Reading::Value(one), Reading::Value(other)) = (&stable.errors, &candidate.errors) else {
        return Difference::Unknown;
    };
    let by = other - one;
    let (Some(before), Some(after)) = (stable.samples, candidate.samples) else {
        return if by.abs() < 0.001 { Difference::Unclear } else { Difference::By(by) };
    };
    if before.min(after) < least {
        return Difference::TooFew(before.min(after));
    }
    if deviations((*one, before), (*other, after)).abs() < CLEAR { Difference::Unclear } else { Difference::By(by) }
}

/// A time of `candidate` against that of `stable`: how much longer it takes, as a part of stable's.
pub fn times(stable: (&Reading, Option<u64>), candidate: (&Reading, Option<u64>), least: u64) -> Difference {
    let (Reading::Value(one), Reading::Value(other)) = (stable.0, candidate.0) else { return Difference::Unknown };
    let fewest = stable.1.into_iter().chain(candidate.1).min();
    if let Some(few) = fewest.filter(|few| *few < least) {
        return Difference::TooFew(few);
    }
    if *one <= 0.0 {
        return Difference::Unknown;
    }
    let by = (other - one) / one;
    if by.abs() < 0.01 { Difference::Unclear } else { Difference::By(by) }
}

/// How many standard errors the second share lies above the first, each with how many cases it rests on.
pub fn deviations((one, before): (f64, u64), (other, after): (f64, u64)) -> f64 {
    let (before, after) = (before as f64, after as f64);
    if before <= 0.0 || after <= 0.0 {
        return 0.0;
    }
    let pooled = ((one * before + other * after) / (before + after)).clamp(0.0, 1.0);
    let spread = (pooled * (1.0 - pooled) * (1.0 / before + 1.0 / after)).sqrt();
    let by = other - one;
    if spread > 0.0 {
        by / spread
    } else if by == 0.0 {
        0.0
    } else {
        f64::INFINITY.copysign(by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;

    fn track(errors: f64, samples: Option<u64>) -> TrackMeasured {
        let base = TrackMeasured::unknown(Role::Stable, "web".into(), Reading::Value(0.2));
        TrackMeasured { errors: Reading::Value(errors), samples, ..base }
    }

    #[test]
    fn what_chance_would_do_is_no_clear_difference() {
        let stable = track(0.0011, Some(74_880));
        assert_eq!(errors(&stable, &track(0.0014, Some(18_720)), 50), Difference::Unclear);
        assert_eq!(errors(&stable, &track(0.0511, Some(18_720)), 50), Difference::By(0.05));
        assert_eq!(errors(&stable, &track(3.0 / 41.0, Some(41)), 50), Difference::TooFew(41));
    }

    #[test]
    fn without_samples_or_without_a_number_nothing_is_tested() {
        assert_eq!(errors(&track(0.0, None), &track(0.25, None), 50), Difference::By(0.25));
        let silent = TrackMeasured::unknown(Role::Candidate, "new".into(), Reading::NoTraffic);
        assert_eq!(errors(&track(0.0, Some(900)), &silent, 50), Difference::Unknown);
    }

    #[test]
    fn a_time_is_told_as_a_part_of_the_stable_one() {
        let (one, other) = (Reading::Value(0.2), Reading::Value(0.21));
        let Difference::By(by) = times((&one, Some(100)), (&other, Some(100)), 50) else { panic!("a difference") };
        assert!((by - 0.05).abs() < 1e-9);
        assert_eq!(times((&one, Some(100)), (&other, Some(3)), 50), Difference::TooFew(3));
        assert_eq!(times((&Reading::Value(0.0), None), (&other, None), 50), Difference::Unknown);
    }

    #[test]
    fn all_failing_against_none_failing_is_as_clear_as_it_gets() {
        assert_eq!(errors(&track(0.0, Some(60)), &track(1.0, Some(60)), 50), Difference::By(1.0));
        assert_eq!(errors(&track(0.0, Some(60)), &track(0.0, Some(60)), 50), Difference::Unclear);
    }
}
