//! What every strategy of the registry keeps to, shown on worlds of each: a strategy that is new in the registry fails here
//! until it has cases.
//!
//! A property is one test over all cases. What it does not ask of a case stands in a table with the reason, and the test
//! prints the table.

mod back;
mod case;
mod cases;
mod fences;
mod flagger;
mod inverses;
mod kept;
mod left_out;
mod plain;
mod repeated;
mod rooted;
mod told;
mod weighed;

use super::STRATEGIES;
use cases::cases;

#[test]
fn every_strategy_of_the_registry_has_cases() {
    let cases = cases();
    for strategy in STRATEGIES {
        let kind = strategy.kind().0;
        let own: Vec<_> = cases.iter().filter(|case| case.kind == kind).collect();
        assert!(own.len() >= 3, "{kind}: {} cases", own.len());
        assert!(own.iter().any(|case| case.broken), "{kind}: none of its cases is broken");
        assert!(own.iter().any(|case| !case.back.is_empty()), "{kind}: none of its cases has a way back");
        let plans: usize = own.iter().map(|case| case.plans().len()).sum();
        assert!(plans >= 4, "{kind}: {plans} plans");
    }
    for case in cases {
        assert!(STRATEGIES.iter().any(|strategy| strategy.kind().0 == case.kind), "{}: no such strategy", case.words());
        case.release();
    }
}
