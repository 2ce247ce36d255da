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

/// What `verb` on a release rooted at an object of `kind` needs for certain: a patch of that object, or of a Rollout's
/// status for the verbs that Argo reads there. `None` where the plan may write another object (a Canary's target, the
/// workloads behind a Service, a Rollout's referenced workload): then its own calls tell, and a right that is missing here
/// closes no way that is open there.
const fn of_verb(verb: Verb, kind: Kind) -> Option<Needed> {
    let root = Some(("patch", kind, None));
    let status = Some(("patch", kind, Some("status")));
    let (rollout, canary, service) =
        (matches!(kind, Kind::Rollout), matches!(kind, Kind::Canary), matches!(kind, Kind::Service));
    let workload = matches!(kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet);
    match verb {
        Verb::Advance | Verb::Abort | Verb::Promote | Verb::Continue | Verb::Skip | Verb::Retry if rollout => status,
        Verb::Advance | Verb::Promote | Verb::Continue | Verb::Skip | Verb::SetWeight if !service => root,
        Verb::Abort | Verb::Retry if !service && !canary => root,
        Verb::Restart if workload || rollout => root,
        Verb::Pause if workload || rollout => root,
        Verb::Resume if workload || rollout || canary => root,
        Verb::Undo | Verb::Revert | Verb::SetImage | Verb::Scale if workload => root,
        Verb::Switch => root,
        Verb::Undo
        | Verb::Pause
        | Verb::Resume
        | Verb::Restart
        | Verb::SetImage
        | Verb::Scale
        | Verb::Revert
        | Verb::Advance
        | Verb::SetWeight
        | Verb::Abort
        | Verb::Promote
        | Verb::Continue
        | Verb::Skip
        | Verb::Retry => None,
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
    missing(rights, of_verb(verb, release.kind)?)
}

/// The permission that one of the calls lacks. Of calls to another namespace nothing is known: the server tells.
pub fn lacks_any<'a>(rights: &Rights, calls: impl Iterator<Item = &'a Call>) -> Option<Str> {
    let mut here = calls.filter(|call| *call.target().namespace == *rights.namespace());
    here.find_map(|call| missing(rights, of_call(call)))
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
