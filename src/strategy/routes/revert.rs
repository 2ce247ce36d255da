//! Taking back a write of ours on a route, or on one of its workloads.

use super::draft::{Ground, Written, plan, takes_effect};
use crate::domain::forecast::Risk;
use crate::domain::plan::{Operation, Patch, Plan, ReadyInverse, Refusal};
use crate::domain::{Intent, RawObject};
use crate::strategy::Context;
use crate::strategy::traffic::template;
use crate::strategy::workload::template::same;

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
    let operations: Vec<Operation> = serde_json::from_str(&inverse.operations)
        .map_err(|_| Refusal::because("the way back is not kept in full; set the weights instead (W)"))?;
    if let Some(path) = operations.iter().find_map(|operation| moved(ground.root, operation)) {
        return Err(Refusal::because(format!(
            "{} of {key} changed since that write, so it can't be taken back exactly; W and X set the weights",
            if path == "/metadata/uid" { "the identity".to_owned() } else { format!("what stands at {path}") }
        )));
    }
    let tested = operations.iter().filter_map(|operation| match operation {
        Operation::Test { path, .. } if path != "/metadata/uid" => Some(path.clone()),
        _ => None,
    });
    let tested: Vec<String> = tested.collect();
    let fenced = tested.iter().fold(Patch::of(ground.root), |patch, path| patch.test(path));
    let patch = operations.iter().fold(fenced, |patch, operation| match operation {
        Operation::Test { .. } => patch,
        Operation::Add { path, value } | Operation::Replace { path, value } => patch.replace(path, value.clone()),
        Operation::Remove { path } => patch.remove(path),
    });
    let back = operations.iter().filter_map(|operation| match operation {
        Operation::Test { .. } => None,
        Operation::Add { path, .. } | Operation::Replace { path, .. } | Operation::Remove { path } => {
            Some(path.clone())
        }
    });
    let written = Written {
        patch,
        back: back.collect(),
        fenced_on: tested,
        fence: "only if it is still as that write left it",
        title: inverse.words.to_string(),
        direction: inverse.direction,
        then: format!("the rules are as before that write, {}", takes_effect(key.kind)),
        warnings: Vec::new(),
        risk: Risk::Low,
        inverse: "what that write did, again".to_owned(),
    };
    let mut plan = plan(ground, intent, context, written);
    plan.intent = Intent::Revert(Box::new(inverse.clone()));
    Ok(plan)
}

/// The path of a test that our bytes already fail.
fn moved(root: &RawObject, operation: &Operation) -> Option<String> {
    let Operation::Test { path, value } = operation else { return None };
    let unchanged = match root.at(path) {
        Some(now) => same(now, value),
        None => value.get() == "null",
    };
    (!unchanged).then(|| path.clone())
}
