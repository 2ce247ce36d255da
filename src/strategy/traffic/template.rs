//! The verbs of a template (undo, set image, restart, scale, pause) on one workload of a release with traffic.

use crate::domain::intent::ReleaseId;
use crate::domain::plan::Refusal;
use crate::domain::traffic::view::Side;
use crate::domain::{Details, Intent, Plan, Release};
use crate::strategy::Context;
use crate::strategy::workload::plan::{self as workload_plan, titled};
use std::collections::BTreeMap;

/// The plan of `intent` on the workload of `side`, as of a release of its own; it is `release`'s plan all the same.
pub fn plan(
    release: &Release,
    side: &Side,
    details: &Details,
    intent: &Intent,
    context: &Context,
) -> Result<Plan, Refusal> {
    let Some(own) = &side.own else {
        return Err(Refusal::because(format!("the template of {} belongs to its controller", side.workload.key)));
    };
    let own_details = details_of(side, details)?;
    let mut plan = workload_plan::plan(own, &own_details, intent, context)?;
    let of = format!("{}: {}", release.key.qualified(), side.workload.key.target());
    plan.title = titled(intent.verb(), &of, &plan.goal);
    plan.release = ReleaseId { key: release.key.clone(), uid: release.uid.clone() };
    Ok(plan)
}

/// The bytes of one side's workload with its revisions, as the details of a release of its own.
pub fn details_of(side: &Side, details: &Details) -> Result<Details, Refusal> {
    let key = &side.workload.key;
    let root = details
        .object(key)
        .ok_or_else(|| Refusal::read_again(format!("{key} could not be read, so nothing can be planned on it")))?;
    Ok(Details {
        root: root.clone(),
        revisions: details.revisions_of(key).clone(),
        others: BTreeMap::new(),
        histories: BTreeMap::new(),
        autoscaler: side.autoscaler.clone(),
        quotas: details.quotas.clone(),
        read_at: details.read_at,
        fresh: details.fresh,
    })
}
