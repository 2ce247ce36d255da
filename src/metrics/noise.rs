//! Whether two shares differ by more than chance: the two-proportion z-test with a pooled share, two-sided, at 5 %.

use crate::domain::measurement::compare::deviations;

/// A share of so many cases.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// 0 to 1.
    pub share: f64,
    /// How many cases.
    pub cases: u64,
}

/// The test needs so many cases of either outcome in each group.
const LEAST: f64 = 5.0;

/// How the candidate's share compares with the stable one's, in words that name the test.
pub fn compare(stable: Sample, candidate: Sample) -> String {
    let difference = points(candidate.share - stable.share);
    let enough = |sample: &Sample| {
        let cases = sample.cases as f64;
        sample.share * cases >= LEAST && (1.0 - sample.share) * cases >= LEAST
    };
    if !enough(&stable) || !enough(&candidate) {
        return format!("{difference} points, too few cases to tell (two-proportion z-test)");
    }
    let z = deviations((stable.share, stable.cases), (candidate.share, candidate.cases));
    let p = two_sided(z);
    let word = if p < 0.05 { "clearly different" } else { "no clear difference" };
    let p = if p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {p:.3}") };
    format!("{difference} points, {word} (two-proportion z-test, {p})")
}

/// How two values compare; without their spread nothing can be tested.
pub fn of_values(stable: f64, candidate: f64) -> String {
    let difference = candidate - stable;
    let relative = if stable == 0.0 { String::new() } else { format!(" ({:+.1} %)", difference / stable * 100.0) };
    format!("{difference:+.3}{relative}, not tested: the spread of a value is not known")
}

/// A difference of shares in points.
pub fn points(difference: f64) -> String {
    format!("{:+.2}", difference * 100.0)
}

/// How likely a normal deviate is at least this far from 0.
fn two_sided(z: f64) -> f64 {
    complementary_error(z.abs() / std::f64::consts::SQRT_2)
}

/// Abramowitz and Stegun 7.1.26: off by 1.5e-7 at most.
fn complementary_error(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let terms = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let sum = terms.iter().fold(0.0, |sum, term| (sum + term) * t);
    sum * (-x * x).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(share: f64, cases: u64) -> Sample {
        Sample { share, cases }
    }

    #[test]
    fn the_normal_tail_is_the_known_one() {
        for (z, p) in [(0.0, 1.0), (1.0, 0.317_310_5), (1.959_964, 0.05), (3.0, 0.002_699_8)] {
            assert!((two_sided(z) - p).abs() < 1e-6, "{z}: {}", two_sided(z));
        }
    }

    #[test]
    fn a_difference_is_told_from_chance_by_the_size_of_the_sample() {
        let few = compare(sample(0.10, 400), sample(0.12, 400));
        assert!(few.starts_with("+2.00 points, no clear difference"), "{few}");
        // z = 0.02 / sqrt(0.11 · 0.89 · 2 / 10000) = 4.52.
        let many = compare(sample(0.10, 10_000), sample(0.12, 10_000));
        assert_eq!(many, "+2.00 points, clearly different (two-proportion z-test, p < 0.001)");
        // z = −1.8 with 0.5 ± 0.009 of 10,000: p = 0.072.
        let near = compare(sample(0.509, 5_000), sample(0.491, 5_000));
        assert!(near.contains("-1.80 points, no clear difference (two-proportion z-test, p = 0.07"), "{near}");
    }

    #[test]
    fn a_handful_of_cases_tells_nothing() {
        assert!(compare(sample(0.5, 8), sample(0.9, 8)).contains("too few cases"));
        assert!(compare(sample(0.0, 1_000), sample(0.1, 1_000)).contains("too few cases"));
    }

    #[test]
    fn values_are_compared_without_a_test_and_say_so() {
        assert_eq!(of_values(10.0, 12.5), "+2.500 (+25.0 %), not tested: the spread of a value is not known");
        assert!(of_values(0.0, 1.0).starts_with("+1.000, not tested"));
    }
}
