//! Quantiles of a classic histogram, as Prometheus takes them.

/// The quantile `q` (0 to 1) of cumulative buckets `(upper bound, count)`, in the unit of the bounds. `None` where
/// nothing was counted, or where the buckets do not end at infinity: then nothing can be said.
///
/// The rule is Prometheus' own (`histogram_quantile`): linear between a bucket's bounds, the lowest bucket begins at 0,
/// and what falls into the last one is at its lower bound.
pub fn quantile(q: f64, buckets: &[(f64, f64)]) -> Option<f64> {
    let mut sorted: Vec<(f64, f64)> = buckets.iter().copied().filter(|(_, count)| count.is_finite()).collect();
    sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.total_cmp(&b.1)));
    let (top, _) = *sorted.last()?;
    if top != f64::INFINITY || sorted.len() < 2 {
        return None;
    }
    // Buckets that were read at slightly different moments may fall: a count never does.
    let mut highest = 0.0_f64;
    for (_, count) in &mut sorted {
        highest = highest.max(*count);
        *count = highest;
    }
    if highest <= 0.0 {
        return None;
    }
    let mut rank = q * highest;
    let last = sorted.len() - 1;
    let at = sorted[..last].iter().position(|(_, count)| *count >= rank).unwrap_or(last);
    if at == last {
        return Some(sorted[last - 1].0);
    }
    let (end, mut count) = sorted[at];
    if at == 0 && end <= 0.0 {
        return Some(end);
    }
    let mut start = 0.0;
    if at > 0 {
        let (below, counted) = sorted[at - 1];
        start = below;
        count -= counted;
        rank -= counted;
    }
    if count <= 0.0 {
        return Some(end);
    }
    Some(start + (end - start) * (rank / count))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    #[test]
    fn a_quantile_is_linear_between_the_bounds_of_its_bucket() {
        let buckets = [(0.1, 50.0), (0.5, 90.0), (1.0, 100.0), (INF, 100.0)];
        assert_eq!(quantile(0.5, &buckets), Some(0.1));
        assert_eq!(quantile(0.7, &buckets), Some(0.1 + 0.4 * 0.5));
        assert_eq!(quantile(0.25, &buckets), Some(0.05), "the lowest bucket begins at 0");
        assert_eq!(quantile(1.0, &buckets), Some(1.0));
    }

    #[test]
    fn what_is_above_the_last_bound_is_at_that_bound() {
        assert_eq!(quantile(0.99, &[(0.1, 10.0), (INF, 100.0)]), Some(0.1));
    }

    #[test]
    fn nothing_is_said_of_nothing_and_of_half_a_histogram() {
        assert_eq!(quantile(0.5, &[]), None);
        assert_eq!(quantile(0.5, &[(0.1, 0.0), (INF, 0.0)]), None);
        assert_eq!(quantile(0.5, &[(0.1, 3.0), (0.5, 4.0)]), None, "it does not end at infinity");
        assert_eq!(quantile(0.5, &[(INF, 4.0)]), None);
        assert_eq!(quantile(0.5, &[(0.1, f64::NAN), (INF, f64::NAN)]), None);
    }

    #[test]
    fn counts_that_fall_are_taken_as_the_highest_so_far() {
        assert_eq!(quantile(0.5, &[(1.0, 10.0), (2.0, 9.0), (INF, 10.0)]), Some(0.5));
    }
}
