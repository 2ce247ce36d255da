//! The durable record of what was asked for and what became of it: one JSON line each.

use super::forecast::Risk;
use super::intent::ReleaseId;
use super::milestone::Midway;
use super::plan::{Change, PlanId, ReadyInverse, Wait};
use super::{Direction, ObjectKey, Outcome, Revision, Str, Uid, Verb};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Which plan.
    pub plan: PlanId,
    /// What happened.
    pub event: Event,
}

/// What a journal line tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Written and synced before the first call.
    Intent(Box<Record>),
    /// A call was answered.
    Call {
        /// Its place in the plan, from 0.
        index: usize,
        /// The HTTP status; `None` when no answer came.
        status: Option<u16>,
        /// One sentence.
        answer: Str,
    },
    /// The way back became ready.
    Inverse(Box<ReadyInverse>),
    /// The controller saw it.
    Observed,
    /// The release came to rest under our eyes at this revision: what makes it "last good".
    Settled {
        /// The pods' hash label of the revision.
        hash: Str,
        /// Its number.
        revision: Option<Revision>,
    },
    /// The end.
    Outcome(Outcome),
    /// A manager put the template back.
    Reverted {
        /// Who.
        by: Str,
    },
    /// What a guard was armed for, saw or did. The entry's plan is the guard's own name.
    Guard(Box<GuardLine>),
}

/// One line about a guard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GuardLine {
    /// Who armed it.
    pub who: Str,
    /// The context's name.
    pub context: Str,
    /// The cluster's fingerprint.
    pub fingerprint: Str,
    /// The release.
    pub release: ReleaseId,
    /// In words.
    pub what: Str,
    /// All that it goes on from after an interruption, as JSON text; absent where a line only tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
    /// Whether it has ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ended: bool,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Who (`--who`, else the cluster's name for us, else `$USER`).
    pub who: Str,
    /// The context's name.
    pub context: Str,
    /// The cluster's fingerprint.
    pub fingerprint: Str,
    /// The release.
    pub release: ReleaseId,
    /// The verb.
    pub verb: Verb,
    /// Which way.
    pub direction: Direction,
    /// The plan's title.
    pub title: Str,
    /// The calls in words.
    pub calls: Vec<Str>,
    /// The same calls as they are sent, so that an interrupted plan can go on.
    #[serde(default)]
    pub kept: Vec<KeptCall>,
    /// What is waited for after each call, in the same order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<Option<Midway>>,
    /// The places of the calls that end what an earlier one began: they are sent whatever becomes of those between.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closes: Vec<usize>,
    /// The changed places, secret-like values masked.
    pub changes: Vec<Change>,
    /// What it waits for.
    #[serde(default)]
    pub until: Wait,
    /// Where it stood before: revision and hash of the template.
    pub before: Before,
    /// The person's reason; empty when none was given.
    pub reason: Str,
    /// How much could go wrong.
    pub risk: Risk,
    /// A rehearsal or dry run: nothing was persisted.
    pub rehearsal: bool,
}

/// A call as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "kebab-case")]
pub enum KeptCall {
    /// A JSON patch.
    Patch {
        /// The object.
        target: ObjectKey,
        /// The operations, tests first, as JSON text.
        operations: String,
        /// `status`, or none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subresource: Option<Str>,
    },
    /// A request to a Service through the API server's proxy.
    Proxy {
        /// The Service.
        target: ObjectKey,
        /// `http` or `https`.
        scheme: Str,
        /// The port.
        port: Str,
        /// The path.
        path: Str,
        /// The body, as JSON text.
        body: String,
    },
    /// A deletion.
    Delete {
        /// The object.
        target: ObjectKey,
        /// Its identity.
        uid: Uid,
    },
    /// Not kept: it holds values that look like secrets, or is of a form that is never repeated.
    Left {
        /// The object.
        target: ObjectKey,
    },
}

/// Where the release stood before a write.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Before {
    /// The revision.
    pub revision: Option<Revision>,
    /// The pods' template hash.
    pub hash: Option<Str>,
    /// SHA-256 of the template's bytes as the server sent them, in hex; empty where no template was fenced.
    pub template_sha256: Str,
    /// The sides of a switch, by the value of the switch key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch: Option<Sides>,
}

/// The sides of a switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sides {
    /// Live before.
    pub from: Str,
    /// Live after.
    pub to: Str,
}
