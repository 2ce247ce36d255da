//! The preconditions of writes on a Rollout, which the server itself checks.

use crate::domain::plan::Patch;
use crate::domain::{Kind, RawObject};
use crate::strategy::taking_back::{PAUSED, TEMPLATE};

/// The status subresource.
pub const STATUS: &str = "status";
const HASH: &str = "/status/currentPodHash";
const INDEX: &str = "/status/currentStepIndex";
/// What a pause is: its start time names this very pause.
pub const PAUSES: &str = "/status/pauseConditions";
/// Whether the run is aborted.
pub const ABORT: &str = "/status/abort";

/// Only while it stands at this step and this pause of this version, neither held nor given another template since: what
/// goes on while somebody holds it is lost, and with a template of which the controller has not heard yet it begins anew.
/// Absent where the template is in a referenced workload.
pub fn of_step(root: &RawObject) -> Patch<'_> {
    tests(root, &[HASH, INDEX, PAUSES]).test(PAUSED).test(TEMPLATE)
}

/// Only for this version, and only while it is aborted or not, as it is now.
pub fn of_run(root: &RawObject) -> Patch<'_> {
    tests(root, &[HASH, ABORT])
}

/// The same for what brings this very template in.
pub fn of_promotion(root: &RawObject) -> Patch<'_> {
    of_run(root).test(PAUSED).test(TEMPLATE)
}

/// Tests of the status; where no controller has written one yet, that there is none still: a test of a member of what is
/// absent is refused by the server.
fn tests<'a>(root: &'a RawObject, paths: &[&str]) -> Patch<'a> {
    if root.at("/status").is_none() {
        return Patch::of(root).test("/status");
    }
    paths.iter().fold(Patch::of(root), |patch, path| patch.test(path))
}

/// Whether a ReplicaSet, Deployment or Rollout keeps its template at `/spec/template`.
pub const fn has_template(kind: Kind) -> bool {
    matches!(kind, Kind::Deployment | Kind::Rollout | Kind::ReplicaSet)
}
