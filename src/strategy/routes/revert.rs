//! Taking back a write of ours on a route, or on one of its workloads.

use super::draft::{Ground, Written, plan, takes_effect};
use crate::domain::Intent;
use crate::domain::forecast::Risk;
use crate::domain::plan::{Operation, Patch, Plan, ReadyInverse, Refusal};
use crate::domain::said::{ABORT, SET_WEIGHT};
use crate::strategy::Context;
use crate::strategy::taking_back::{AGAIN, Kept, title};
use crate::strategy::traffic::template;

/// The plan that applies a ready inverse.
pub fn back(ground: &Ground<'_>, inverse: &ReadyInverse, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
    let key = &ground.release.key;
    if inverse.target != *key {
        let mut sides = ground.traffic.rows.sides.iter();
        let side = sides.find(|side| side.workload.key == inverse.target).ok_or_else(|| {
            Refusal::because(format!("that write was on {}, which is no part of {key} any more", inverse.target))
        })?;
        return template::plan(ground.release, side, ground.details, intent, context);
    }
    let kept = Kept::read(ground.root, inverse.first(), &format!("{SET_WEIGHT} and {ABORT} set the weights"))?;
    let fenced = kept.fenced_on().fold(Patch::of(ground.root), Patch::test);
    let patch = kept.written().fold(fenced, |patch, operation| match operation {
        Operation::Test { .. } => patch,
        Operation::Add { path, value } | Operation::Replace { path, value } => patch.replace(path, value.clone()),
        Operation::Remove { path } => patch.remove(path),
    });
    let written = Written {
        patch,
        back: kept.written().map(|operation| operation.path().to_owned()).collect(),
        fenced_on: kept.fenced_on().map(str::to_owned).collect(),
        fence: "only if it is still as that write left it",
        title: title(inverse),
        direction: inverse.direction,
        then: format!("the rules are as before that write, {}", takes_effect(key.kind)),
        warnings: Vec::new(),
        risk: Risk::Low,
        inverse: AGAIN.to_owned(),
    };
    let mut plan = plan(ground, intent, context, written);
    plan.intent = Intent::Revert(Box::new(inverse.clone()));
    Ok(plan)
}
