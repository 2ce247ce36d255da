//! Weights in whole pods.

use crate::strategy::workload::words::count;

/// The candidate's share in whole per cent, as the numbers of pods ask for it: never 0 while it has one, never 100 while
/// the other has one. `None` without any pod.
pub fn share(own: i32, other: i32) -> Option<u8> {
    let (own, other) = (i64::from(own.max(0)), i64::from(other.max(0)));
    let total = own + other;
    if total == 0 {
        return None;
    }
    let share = (own * 100 + total / 2) / total;
    let share = match (own, other) {
        (0, _) => 0,
        (_, 0) => 100,
        _ => share.clamp(1, 99),
    };
    u8::try_from(share).ok()
}

/// How many of `total` pods come nearest to `weight` per cent: at least one for any weight above 0, and all but one at
/// most for any below 100. `None` where that can't be (a weight between them, of less than two pods).
pub fn pods(weight: u8, total: i32) -> Option<i32> {
    match weight {
        0 => Some(0),
        100.. => Some(total),
        _ if total < 2 => None,
        weight => {
            let nearest = (i64::from(total) * i64::from(weight) + 50) / 100;
            i32::try_from(nearest).ok().map(|nearest| nearest.clamp(1, total - 1))
        }
    }
}

/// `5 % of 4 pods is less than one pod: 1 of 4 is 25 %`; nothing where the numbers agree.
pub fn rounding(weight: u8, candidate: i32, total: i32) -> Option<String> {
    let got = share(candidate, total - candidate)?;
    let exact = i64::from(candidate) * 100 == i64::from(weight) * i64::from(total);
    if exact || got == weight {
        return None;
    }
    let of = count(i64::from(total), "pod");
    let why = if i64::from(weight) * i64::from(total) < 100 { "less than one pod" } else { "no whole number" };
    Some(format!("{weight} % of {of} is {why}: {candidate} of {total} is {got} %"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_weight_is_rounded_to_whole_pods_and_the_rounding_is_told() {
        assert_eq!(pods(5, 4), Some(1));
        assert_eq!(rounding(5, 1, 4).as_deref(), Some("5 % of 4 pods is less than one pod: 1 of 4 is 25 %"));
        assert_eq!(pods(20, 10), Some(2));
        assert_eq!(rounding(20, 2, 10), None);
        assert_eq!(pods(50, 5), Some(3));
        assert_eq!(rounding(50, 3, 5).as_deref(), Some("50 % of 5 pods is no whole number: 3 of 5 is 60 %"));
        assert_eq!((pods(99, 4), pods(100, 4), pods(0, 4)), (Some(3), Some(4), Some(0)));
        assert_eq!((pods(50, 1), pods(100, 1)), (None, Some(1)));
    }

    #[test]
    fn a_share_is_never_rounded_to_nothing_or_to_everything() {
        assert_eq!((share(1, 999), share(999, 1)), (Some(1), Some(99)));
        assert_eq!((share(0, 3), share(3, 0), share(0, 0)), (Some(0), Some(100), None));
    }

    proptest! {
        #[test]
        fn the_pods_of_any_weight_stay_within_the_sum(weight in 0_u8..=100, total in 0..10_000_i32) {
            if let Some(candidate) = pods(weight, total) {
                prop_assert!((0..=total).contains(&candidate));
                prop_assert!(weight == 0 || weight == 100 || (candidate > 0 && candidate < total));
            }
        }
    }
}
