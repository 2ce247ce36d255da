//! Where a release stands on its ladder of weights, and how a share is spread over destinations.

use crate::domain::Release;
use crate::domain::intent::Standing;
use crate::domain::plan::Refusal;
use crate::domain::traffic::apportioned;

/// The next rung above `asked`; `None` at the top.
pub fn next(weights: &[u8], asked: u8) -> Option<u8> {
    weights.iter().copied().find(|weight| *weight > asked)
}

/// Refuses when the release does not stand where the person saw it.
pub fn stands_at(release: &Release, asked: Option<u8>, from: Option<Standing>) -> Result<(), Refusal> {
    let key = &release.key;
    match from {
        Some(Standing::Weight(seen)) if asked != Some(seen) => {
            let now = asked.map_or_else(|| "an unknown weight".to_owned(), |asked| format!("{asked} %"));
            Err(Refusal::moved(format!("{key} stands at {now} and not at {seen} %: look again, nothing was sent")))
        }
        Some(Standing::Step(seen)) => {
            let step = release.step.as_ref().and_then(|step| step.index);
            if step == Some(seen) {
                return Ok(());
            }
            let now = step.map_or_else(|| "no step".to_owned(), |step| format!("step {step}"));
            Err(Refusal::moved(format!("{key} stands at {now} and not at step {seen}: look again, nothing was sent")))
        }
        Some(Standing::Weight(_)) | None => Ok(()),
    }
}

/// `total` spread over places in proportion to `weights`, in whole numbers that sum to it; evenly where nothing has a
/// weight.
pub fn spread(total: u8, weights: &[i64]) -> Vec<u8> {
    apportioned(total, weights).or_else(|| apportioned(total, &vec![1; weights.len()])).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_next_rung_is_the_first_above_and_there_is_none_at_the_top() {
        let ladder = [5, 20, 50, 100];
        assert_eq!([0, 5, 19, 33, 99].map(|asked| next(&ladder, asked)), [5, 20, 20, 50, 100].map(Some));
        assert_eq!(next(&ladder, 100), None);
    }

    #[test]
    fn a_share_is_spread_in_proportion_and_evenly_where_nothing_tells() {
        assert_eq!(spread(80, &[60, 20]), [60, 20]);
        assert_eq!(spread(50, &[0, 0, 0]), [17, 17, 16]);
        assert_eq!(spread(20, &[-4, 1]), [0, 20]);
        assert!(spread(20, &[]).is_empty());
    }

    proptest! {
        #[test]
        fn whatever_is_spread_adds_up(total in 0_u8..=100, weights in proptest::collection::vec(any::<i64>(), 1..9)) {
            let sum: u32 = spread(total, &weights).into_iter().map(u32::from).sum();
            prop_assert_eq!(sum, u32::from(total));
        }
    }
}
