//! What a plan leads to, told before the press.

use super::Str;
use super::management::Management;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// What happens next, how long it takes, who may revert it, and what is missing for it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Forecast {
    /// One sentence: `rolling: 2 of 8 pods change, 6 of v41 stay up; about 40 s`.
    pub then: Str,
    /// How long, when it can be told.
    pub takes: Option<SignedDuration>,
    /// Managers that will or may revert it.
    pub reverts: Vec<Management>,
    /// What should be known before the press, the weightiest first.
    pub warnings: Vec<Str>,
}

/// How much can go wrong with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// It can be taken back exactly and pods stay up.
    Low,
    /// Pods are replaced.
    Medium,
    /// A gap in serving, or no exact way back.
    High,
}
