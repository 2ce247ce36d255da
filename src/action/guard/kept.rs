//! What a guard goes on from: small enough for an annotation.

use super::told::Ending;
use crate::domain::intent::Standing;
use crate::domain::plan::PlanId;
use crate::domain::{Revision, Str, Timestamp, Uid};
use crate::guard::State;
use serde::{Deserialize, Serialize};

/// All that a guard knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// Its name.
    pub guard: PlanId,
    /// The release's identity.
    pub release: Uid,
    /// Who armed it.
    pub who: Str,
    /// When.
    pub armed: Timestamp,
    /// What is guarded.
    pub guarded: Lane,
    /// What served when it was armed: where it goes back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served: Option<Lane>,
    /// When the time is over; `None` while there are steps to take, or the rollout has not settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What the rules remember.
    pub state: State,
    /// A write that may have been sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
    /// Whether anything was asked for what is guarded since it was armed: taken back then, it is not stepped on again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub took: bool,
    /// The steps that were taken, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Str>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

/// One revision of a release, wherever it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lane {
    /// The name of its track.
    pub track: Str,
    /// Its pods' hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<Str>,
    /// Its version, as people say it.
    pub version: Str,
    /// Its number when the guard was armed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
}

/// A write that was decided and may have been sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    /// Which way.
    pub way: Way,
    /// Where the release stood: a step that was left is not left again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Standing>,
    /// The plan's name in the journal.
    pub plan: PlanId,
    /// Why.
    pub because: Str,
    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// Which way a guard's write goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// One step on.
    On,
    /// Back.
    Back,
}

/// How a guard ended, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// How.
    pub ending: Ending,
}
