//! Which permissions a verb needs, and what the cluster says about them: told before the press.

use super::engine::Engine;
use super::preview::PATIENCE;
use crate::cluster::policies::not_known;
use crate::cluster::rights::{Allowed, Rights};
use crate::domain::management::Management;
use crate::domain::{Call, Kind, ObjectKey, Plan, Str, Verb};
use tokio::time::timeout;

/// A verb of the API on a kind.
type Needed = (&'static str, Kind, Option<&'static str>);

/// What `verb` on a release rooted at an object of `kind` needs: a patch of that object, of a Rollout's status for the
/// verbs that Argo reads there. Where a plan writes other objects, its own calls tell.
const fn of_verb(verb: Verb, kind: Kind) -> Needed {
    match (verb, kind) {
        (Verb::Advance | Verb::Abort | Verb::Promote | Verb::Continue | Verb::Skip | Verb::Retry, Kind::Rollout) => {
            ("patch", kind, Some("status"))
        }
        (
            Verb::Undo
            | Verb::Pause
            | Verb::Resume
            | Verb::Restart
            | Verb::SetImage
            | Verb::Scale
            | Verb::Revert
            | Verb::Advance
            | Verb::Switch
            | Verb::SetWeight
            | Verb::Abort
            | Verb::Promote
            | Verb::Continue
            | Verb::Skip
            | Verb::Retry,
            _,
        ) => ("patch", kind, None),
    }
}

const fn of_call(call: &Call) -> Needed {
    match call {
        Call::JsonPatch { target, subresource, .. } => ("patch", target.kind, *subresource),
        Call::Delete { target, .. } => ("delete", target.kind, None),
        Call::Create { target, .. } => ("create", target.kind, None),
        Call::ProxyPost { target, .. } => ("create", target.kind, Some("proxy")),
    }
}

/// The permission that `verb` lacks on `release`; `None` when it is there, and when that is not known.
pub fn lacks(rights: &Rights, release: &ObjectKey, verb: Verb) -> Option<Str> {
    missing(rights, of_verb(verb, release.kind))
}

/// The permission that one of the calls lacks.
pub fn lacks_any<'a>(rights: &Rights, mut calls: impl Iterator<Item = &'a Call>) -> Option<Str> {
    calls.find_map(|call| missing(rights, of_call(call)))
}

fn missing(rights: &Rights, (verb, kind, subresource): Needed) -> Option<Str> {
    match rights.may(verb, kind, subresource) {
        Allowed::No(permission) => Some(permission),
        Allowed::Yes | Allowed::Unknown(_) => None,
    }
}

impl Engine {
    /// The managers that the plan's forecast names, with the policies that they really follow, as far as those can be read
    /// within three seconds.
    pub async fn managers(&self, plan: &Plan) -> Vec<Management> {
        let marked = &plan.forecast.reverts;
        match timeout(PATIENCE, Box::pin(self.inner.cluster.policies(marked))).await {
            Ok(managers) => managers,
            Err(_) => marked.iter().map(|management| not_known(management, "no answer yet")).collect(),
        }
    }

    /// Whether what the plan's new template needs is there, in the plan's order.
    pub async fn needs(&self, plan: &Plan) -> Vec<(ObjectKey, crate::cluster::exists::Existence)> {
        self.inner.cluster.exists(&plan.needs).await
    }
}
