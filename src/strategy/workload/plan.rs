//! What every plan on a workload has in common.

use super::{image, pause, restart, revert, scale, undo};
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::intent::ReleaseId;
use crate::domain::journal::Before;
pub use crate::domain::management::Part;
use crate::domain::management::{Management, Reverts};
use crate::domain::plan::{Call, Change, Inverse, PlannedCall, Refusal, Wait};
use crate::domain::{Details, Direction, Intent, Kind, ObjectKey, Plan, Release, Str, Verb};
use crate::strategy::Context;

/// The parts of a plan that its verb decides.
#[derive(Debug)]
pub struct Draft {
    /// What it does: `revision 41`, `reg/web:v2`; the verb and the target are put before it.
    pub title: String,
    /// Which way.
    pub direction: Direction,
    /// The calls.
    pub calls: Vec<PlannedCall>,
    /// When it counts as done.
    pub until: Wait,
    /// The way back.
    pub inverse: Inverse,
    /// What follows; the managers that revert are added.
    pub forecast: Forecast,
    /// How much can go wrong.
    pub risk: Risk,
    /// The changed places.
    pub diff: Vec<Change>,
    /// What the new template needs.
    pub needs: Vec<ObjectKey>,
    /// The same with kubectl.
    pub kubectl: Vec<Str>,
}

/// Refuses when the bytes are of another life of the object than the release.
pub fn same_object(release: &Release, details: &Details) -> Result<(), Refusal> {
    if details.root.uid == release.uid && details.root.key == release.key {
        return Ok(());
    }
    Err(Refusal::read_again(format!("{} was deleted and made again; look at it anew", release.key)))
}

/// The finished plan.
pub fn finish(
    release: &Release,
    details: &Details,
    intent: &Intent,
    context: &Context,
    part: Part,
    draft: Draft,
) -> Plan {
    let mut forecast = draft.forecast;
    forecast.reverts = reverting(release, part);
    let seen = draft.calls.iter().filter_map(|planned| details.object(planned.call.target()).cloned()).collect();
    Plan {
        id: context.plan_id.clone(),
        release: ReleaseId { key: release.key.clone(), uid: release.uid.clone() },
        made: context.now,
        intent: intent.clone(),
        direction: draft.direction,
        title: titled(intent.verb(), &release.key.qualified(), &draft.title),
        goal: draft.title.into(),
        calls: draft.calls,
        until: draft.until,
        before: Before {
            revision: release.revision,
            hash: release.current().and_then(|entry| entry.hash.clone()),
            template_sha256: "".into(),
            switch: None,
        },
        inverse: draft.inverse,
        forecast,
        touches: part,
        risk: draft.risk,
        diff: draft.diff,
        needs: draft.needs,
        kubectl: draft.kubectl,
        blind: !details.fresh,
        read_at: details.read_at,
        seen,
    }
}

/// What a plan does, in words: `UNDO shop/search → revision 41`.
pub fn titled(verb: Verb, of: &str, goal: &str) -> Str {
    let heading = verb.heading();
    if goal.is_empty() { format!("{heading} {of}").into() } else { format!("{heading} {of} → {goal}").into() }
}

fn reverting(release: &Release, part: Part) -> Vec<Management> {
    release.management.iter().filter(|management| management.on(part) != Reverts::WillNot).cloned().collect()
}

/// A required patch of the root object.
pub fn patch(call: Call, fence: &str) -> PlannedCall {
    let target = call.target();
    let part = match &call {
        Call::JsonPatch { subresource: Some(part), .. } => format!("/{part}"),
        Call::JsonPatch { .. } | Call::Delete { .. } | Call::Create { .. } | Call::ProxyPost { .. } => String::new(),
    };
    let what = format!("PATCH {} {}/{}{part}", target.kind.api_version(), target.kind.plural(), target.name).into();
    PlannedCall { call, what, fence: fence.into(), optional: false, closes: false, then: None }
}

/// Whether the workload can be paused: only Deployments can.
pub const fn pausable(kind: Kind) -> bool {
    matches!(kind, Kind::Deployment)
}

/// The plan for `intent`: what rolling, recreate and on-delete share.
pub fn plan(release: &Release, details: &Details, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
    match intent {
        Intent::Undo { to, paused } => undo::plan(release, details, *to, *paused, context),
        Intent::Pause => pause::plan(release, details, true, context),
        Intent::Resume => pause::plan(release, details, false, context),
        Intent::Restart if release.replicas.desired == 0 => {
            Err(Refusal::because(format!("{} is scaled to 0: there is no pod to restart", release.key)))
        }
        Intent::Restart => restart::plan(release, details, context),
        Intent::SetImage(images) => image::plan(release, details, images, context),
        Intent::Scale(replicas) => scale::plan(release, details, *replicas, context),
        Intent::Revert(inverse) => revert::plan(release, details, inverse, context),
        Intent::ScaleSide { .. }
        | Intent::Advance { .. }
        | Intent::Switch { .. }
        | Intent::SetWeight { .. }
        | Intent::Abort
        | Intent::Promote { .. }
        | Intent::Continue
        | Intent::Skip
        | Intent::Retry => Err(Refusal::because(format!(
            "{} {}: it is a plain workload without traffic to shift ({})",
            intent.verb(),
            release.key,
            release.why
        ))),
    }
}
