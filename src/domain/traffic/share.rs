//! Weights as whole shares of a total.

use std::cmp::Reverse;

/// `total` spread over places in proportion to `weights`, in whole numbers that sum to it: the remainder goes to the
/// largest fractions, of equal ones to the first. A negative weight counts as 0. `None` when nothing has a weight.
pub fn apportioned(total: u8, weights: &[i64]) -> Option<Vec<u8>> {
    let weights: Vec<i128> = weights.iter().map(|weight| i128::from((*weight).max(0))).collect();
    let sum: i128 = weights.iter().sum();
    if sum == 0 {
        return None;
    }
    let exact = |place: usize| weights[place] * i128::from(total);
    let mut shares: Vec<i128> = (0..weights.len()).map(|place| exact(place) / sum).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_unstable_by_key(|place| (Reverse(exact(*place) % sum), *place));
    let missing = usize::try_from(i128::from(total) - shares.iter().sum::<i128>()).unwrap_or(0);
    for place in order.into_iter().take(missing) {
        shares[place] += 1;
    }
    Some(shares.into_iter().map(|share| u8::try_from(share).unwrap_or(u8::MAX)).collect())
}

/// Shares in whole per cent that sum to 100, the remainder going to the largest fractions. An absent weight counts as
/// `absent`; a negative one as 0. `None` everywhere when nothing has a weight: then it can't be told.
///
/// Istio: a rule's only destination may leave its weight out and gets everything, several without any share equally
/// (`absent` 0, or 1 when none has one). Gateway API: an absent weight is 1.
pub fn percentages(weights: &[Option<i64>], absent: i64) -> Vec<Option<u8>> {
    let whole: Vec<i64> = weights.iter().map(|weight| weight.unwrap_or(absent)).collect();
    match apportioned(100, &whole) {
        Some(shares) => shares.into_iter().map(Some).collect(),
        None => vec![None; weights.len()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn any_sum_becomes_a_hundred_and_no_weight_at_all_is_unknown() {
        assert_eq!(percentages(&[Some(90), Some(10)], 0), [Some(90), Some(10)]);
        assert_eq!(percentages(&[Some(1), Some(1), Some(1)], 0), [Some(34), Some(33), Some(33)]);
        assert_eq!(percentages(&[None, Some(3)], 1), [Some(25), Some(75)]);
        assert_eq!(percentages(&[None], 1), [Some(100)]);
        assert_eq!(percentages(&[Some(0), Some(-5)], 0), [None, None]);
        assert_eq!(percentages(&[Some(i64::MAX), Some(i64::MAX)], 0), [Some(50), Some(50)]);
        assert!(percentages(&[], 1).is_empty());
    }

    proptest! {
        #[test]
        fn shares_of_any_weights_sum_to_a_hundred(weights in proptest::collection::vec(any::<Option<i64>>(), 1..9)) {
            let shares = percentages(&weights, 1);
            let sum: u32 = shares.iter().flatten().map(|share| u32::from(*share)).sum();
            prop_assert!(sum == 100 || shares.iter().all(Option::is_none));
        }
    }
}
