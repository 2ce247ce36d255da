//! The preconditions of writes on a Rollout, which the server itself checks.

use crate::domain::plan::{Call, Patch, PlannedCall};
use crate::domain::{Kind, RawObject};

/// The status subresource.
pub const STATUS: &str = "status";
const HASH: &str = "/status/currentPodHash";
const INDEX: &str = "/status/currentStepIndex";
/// What a pause is: its start time names this very pause.
pub const PAUSES: &str = "/status/pauseConditions";
const ABORT: &str = "/status/abort";

/// Only while it stands at this step and this pause of this version.
pub fn of_step(root: &RawObject) -> Patch<'_> {
    Patch::of(root).test(HASH).test(INDEX).test(PAUSES)
}

/// Only for this version, and only while it is aborted or not, as it is now.
pub fn of_run(root: &RawObject) -> Patch<'_> {
    Patch::of(root).test(HASH).test(ABORT)
}

/// A required patch with its words.
pub fn planned(call: Call, fence: &str) -> PlannedCall {
    let target = call.target();
    let part = match &call {
        Call::JsonPatch { subresource: Some(part), .. } => format!("/{part}"),
        Call::JsonPatch { .. } | Call::Delete { .. } | Call::Create { .. } | Call::ProxyPost { .. } => String::new(),
    };
    let what = format!("PATCH {} {}/{}{part}", target.kind.api_version(), target.kind.plural(), target.name).into();
    PlannedCall { call, what, fence: fence.into(), optional: false, then: None }
}

/// Whether a ReplicaSet, Deployment or Rollout keeps its template at `/spec/template`.
pub const fn has_template(kind: Kind) -> bool {
    matches!(kind, Kind::Deployment | Kind::Rollout | Kind::ReplicaSet)
}
