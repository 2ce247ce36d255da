//! Which plan an intent on a route with weights becomes.

use super::draft::Ground;
use super::{abort, revert, undo, weights};
use crate::domain::plan::Refusal;
use crate::domain::{Details, Intent, Plan, Release};
use crate::strategy::Context;
use crate::strategy::traffic::template;

/// The plan for `intent` on a release whose weights a person moves.
pub fn plan(release: &Release, details: &Details, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
    let ground = match intent {
        Intent::Revert(_) => Ground::as_read(release, details)?,
        _ => Ground::of(release, details)?,
    };
    match intent {
        Intent::Advance { from, rule } => weights::advance(&ground, *from, rule.as_ref(), intent, context),
        Intent::SetWeight { weight, rule } => weights::set(&ground, *weight, rule.as_ref(), intent, context),
        Intent::Promote { winner: None } => weights::promote(&ground, intent, context),
        Intent::Promote { winner: Some(_) } => {
            Err(Refusal::because(format!("{} is no A/B test, so it has no winner to name", release.key)))
        }
        Intent::Abort => abort::back(&ground, intent, context),
        Intent::Undo { to, .. } => undo::plan(&ground, *to, intent, context),
        other => of_sides(&ground, other, context),
    }
}

/// What is done to the workloads behind a route, whatever its rules are.
pub fn of_sides(ground: &Ground<'_>, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
    let (release, details) = (ground.release, ground.details);
    match intent {
        Intent::SetImage(_) => template::plan(release, undo::next(ground)?, details, intent, context),
        Intent::Restart => template::plan(release, undo::main(ground)?, details, intent, context),
        Intent::ScaleSide { side, replicas } => {
            let found = ground.traffic.side_called(side).ok_or_else(|| no_side(ground, side))?;
            let mut plan = template::plan(release, found, details, &Intent::Scale(*replicas), context)?;
            plan.intent = intent.clone();
            Ok(plan)
        }
        Intent::Scale(_) => Err(Refusal::because(format!(
            "{} has several workloads ({}): say which one to scale",
            release.key,
            sides(ground)
        ))),
        Intent::Revert(inverse) => revert::back(ground, inverse, intent, context),
        Intent::Undo { .. }
        | Intent::Advance { .. }
        | Intent::SetWeight { .. }
        | Intent::Promote { .. }
        | Intent::Abort
        | Intent::Pause
        | Intent::Resume
        | Intent::Switch { .. }
        | Intent::Continue
        | Intent::Skip
        | Intent::Retry => Err(Refusal::because(format!("{} {}: {NOTHING_MOVES}", intent.verb(), release.key))),
    }
}

/// Why nothing is held, continued, skipped or begun again.
pub const NOTHING_MOVES: &str = "nothing moves its weights but a person";

fn no_side(ground: &Ground<'_>, name: &str) -> Refusal {
    let name = crate::strategy::workload::words::clip(name, 60);
    Refusal::because(format!("{} has no side '{name}'; it has {}", ground.release.key, sides(ground)))
}

fn sides(ground: &Ground<'_>) -> String {
    let names: Vec<&str> = ground.traffic.rows.sides.iter().map(|side| &*side.name).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
