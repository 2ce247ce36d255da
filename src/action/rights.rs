//! Which permissions a verb needs, and what the cluster says about them: told before the press.

use super::engine::Engine;
use crate::cluster::rights::{Allowed, Rights};
use crate::domain::intent::ReleaseId;
use crate::domain::{Call, Kind, ObjectKey, Plan, Str, Verb};

/// A verb of the API on a kind.
type Needed = (&'static str, Kind);

/// What `verb` on a workload of `kind` needs: every one of them is a patch of the workload itself.
const fn of_verb(verb: Verb, kind: Kind) -> Needed {
    match verb {
        Verb::Undo | Verb::Pause | Verb::Resume | Verb::Restart | Verb::SetImage | Verb::Scale | Verb::Revert => {
            ("patch", kind)
        }
    }
}

const fn of_call(call: &Call) -> Needed {
    match call {
        Call::JsonPatch { target, .. } => ("patch", target.kind),
        Call::Delete { target, .. } => ("delete", target.kind),
        Call::Create { target, .. } => ("create", target.kind),
    }
}

/// The permission that `verb` lacks on `release`; `None` when it is there, and when that is not known.
pub fn lacks(rights: &Rights, release: &ObjectKey, verb: Verb) -> Option<Str> {
    missing(rights, of_verb(verb, release.kind))
}

/// The permission that one of the plan's calls lacks, offered second calls aside.
pub fn plan_lacks(rights: &Rights, plan: &Plan) -> Option<Str> {
    plan.calls.iter().filter(|call| !call.optional).find_map(|call| missing(rights, of_call(&call.call)))
}

fn missing(rights: &Rights, (verb, kind): Needed) -> Option<Str> {
    match rights.may(verb, kind, None) {
        Allowed::No(permission) => Some(permission),
        Allowed::Yes | Allowed::Unknown(_) => None,
    }
}

impl Engine {
    /// What the cluster lets us do with this release.
    pub async fn rights(&self, release: &ReleaseId) -> Rights {
        Box::pin(self.inner.cluster.may(release)).await
    }

    /// Whether what the plan's new template needs is there, in the plan's order.
    pub async fn needs(&self, plan: &Plan) -> Vec<(ObjectKey, crate::cluster::exists::Existence)> {
        self.inner.cluster.exists(&plan.needs).await
    }
}
