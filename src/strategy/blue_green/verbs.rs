//! What a person can ask of a blue-green release, and the plan for it.

use super::switch::{Wish, ready};
use crate::domain::plan::{ReadyInverse, Refusal};
use crate::domain::raw::escape;
use crate::domain::release::Role;
use crate::domain::said::SWITCH;
use crate::domain::traffic::Traffic;
use crate::domain::traffic::view::Side;
use crate::domain::{Details, Direction, Intent, Plan, Release};
use crate::strategy::Context;
use crate::strategy::taking_back::Kept;
use crate::strategy::traffic::template;
use crate::strategy::workload::scale::NOTHING_SERVES;
use crate::strategy::workload::words::count;

/// The plan for `intent`.
pub fn plan(release: &Release, details: &Details, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
    match intent {
        Intent::Switch { to } => Wish::of(release, to.as_deref(), context)?.plan(details, intent, context),
        Intent::Abort => abort(release, details, intent, context),
        Intent::Revert(inverse) => revert(release, details, inverse, intent, context),
        Intent::ScaleSide { side, replicas } => scale(release, details, (side, *replicas), intent, context),
        Intent::SetImage(_) => template::plan(release, next_side(release)?, details, intent, context),
        Intent::Undo { .. } | Intent::Pause | Intent::Resume | Intent::Restart | Intent::Scale(_) => {
            template::plan(release, live_side(release)?, details, intent, context)
        }
        Intent::Advance { .. } | Intent::SetWeight { .. } | Intent::Promote { .. } => Err(Refusal::because(format!(
            "{} {}: all of its traffic goes to one side; {SWITCH} switches it to the other",
            intent.verb(),
            release.key
        ))),
        Intent::Continue | Intent::Skip | Intent::Retry => Err(Refusal::because(format!(
            "{} {}: no controller steps it; {SWITCH} switches it",
            intent.verb(),
            release.key
        ))),
    }
}

fn traffic(release: &Release) -> Result<&Traffic, Refusal> {
    release.traffic.as_deref().ok_or_else(|| Refusal::because(format!("{} has no sides any more", release.key)))
}

/// The side that serves: what an undo, a restart and a scale are for.
pub fn live_side(release: &Release) -> Result<&Side, Refusal> {
    traffic(release)?.side(Role::Stable).ok_or_else(|| {
        Refusal::because(format!("{} selects no workload: {SWITCH} switches to one that is there", release.key))
    })
}

/// The side that a new version goes to: the only one that does not serve.
pub fn next_side(release: &Release) -> Result<&Side, Refusal> {
    let traffic = traffic(release)?;
    let mut idle = traffic.rows.sides.iter().filter(|side| side.role != Role::Stable);
    match (idle.next(), idle.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => live_side(release),
        (Some(_), Some(_)) => Err(Refusal::because(format!(
            "{} has several idle sides: set the image on one of the workloads with kubectl",
            release.key
        ))),
    }
}

/// Back to the side that was live before.
fn abort(release: &Release, details: &Details, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
    let wish = Wish::of(release, None, context)?;
    if wish.direction == Direction::Forward {
        let went_back = wish.came_by(context).is_some_and(|last| last.direction == Direction::Back);
        if let (true, Some(live)) = (went_back, wish.live) {
            return Err(Refusal::unchanged(format!(
                "{} went back to {} already; {SWITCH} switches to {}",
                release.key, live.name, wish.target.name
            )));
        }
        return Err(Refusal::because(format!(
            "{} has nothing to abort: {} was not live before; {SWITCH} switches to it",
            release.key, wish.target.name
        )));
    }
    wish.plan(details, intent, context)
}

/// Takes a write of ours back: a switch like a switch, what was done to a workload on that workload.
fn revert(
    release: &Release,
    details: &Details,
    inverse: &ReadyInverse,
    intent: &Intent,
    context: &Context,
) -> Result<Plan, Refusal> {
    let traffic = traffic(release)?;
    if let Some(side) = traffic.rows.sides.iter().find(|side| side.workload.key == inverse.target) {
        return template::plan(release, side, details, intent, context);
    }
    if inverse.target != release.key {
        return Err(Refusal::because(format!("that write was on {}, not on {}", inverse.target, release.key)));
    }
    let kept = Kept::read(&details.root, inverse.first(), &format!("{SWITCH} switches it"))?;
    let pointer = traffic.switch.as_ref().map(|switch| format!("/spec/selector/{}", escape(&switch.key)));
    let to =
        pointer.and_then(|pointer| kept.sets(&pointer)).and_then(|to| serde_json::from_str::<String>(to.get()).ok());
    let to = to.ok_or_else(|| {
        Refusal::because(format!("that write left the sides of {} as they were; {SWITCH} switches it", release.key))
    })?;
    let mut wish = Wish::of(release, Some(&to), context)?;
    wish.direction = inverse.direction;
    wish.plan(details, intent, context)
}

/// Another number of pods of one side.
fn scale(
    release: &Release,
    details: &Details,
    (name, replicas): (&str, i32),
    intent: &Intent,
    context: &Context,
) -> Result<Plan, Refusal> {
    let traffic = traffic(release)?;
    let side =
        traffic.side_called(name).ok_or_else(|| Refusal::because(format!("{} has no side '{name}'", release.key)))?;
    if side.role == Role::Stable && replicas == 0 {
        return Err(Refusal::because(format!(
            "{} is the live side of {}: scaled to 0 nothing would be served; switch first ({SWITCH})",
            side.name, release.key
        )));
    }
    let mut plan = template::plan(release, side, details, &Intent::Scale(replicas), context)?;
    plan.intent = intent.clone();
    if side.role != Role::Stable && replicas == 0 {
        // Of an idle side no pod serves: what a plain workload's zero warns of is not true here.
        plan.forecast.warnings.retain(|warning| **warning != *NOTHING_SERVES);
        plan.risk = crate::domain::forecast::Risk::Low;
        let pods = count(i64::from(ready(side)), "pod");
        let warning = format!("switching back to {} is instant no more: its {pods} must start first", side.name);
        plan.forecast.warnings.insert(0, warning.into());
    }
    Ok(plan)
}
