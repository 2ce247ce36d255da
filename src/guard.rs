//! Rules over measurements, and what they make of a release: pure, with the time passed in.
//!
//! ```text
//! Rules ─┐
//! Measured ─┼─► judge ─► Verdict: ok, hold, breach, no data, each with a sentence
//! Release, State ─┘
//! ```
//! No numbers are never good numbers, and old numbers never act.

pub mod bake;
mod judge;
mod numbers;
mod rest;
mod rules;
mod written;

pub use bake::{Baking, baking};
pub use judge::{Finding, Judgement, State, Verdict, Watched, judge};
pub use rest::{Rest, rest, rest_of};
pub use rules::{Against, Check, FURTHEST, NoData, Quantile, Rule, Rules, Terms, Wrong};
pub use rules::{millis as millis_words, percent as percent_words, short};
pub use written::{against, percent, seconds, with_terms};

#[cfg(test)]
mod tests;
