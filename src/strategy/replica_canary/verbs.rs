//! What a person can ask of a replica canary, and the plan for it.

use super::weight::{Change, Two, of_changes, plan as weighted};
use crate::domain::intent::UndoTo;
use crate::domain::plan::{ReadyInverse, Refusal};
use crate::domain::said::{ABORT, ADVANCE, PROMOTE, SCALE, SET_WEIGHT};
use crate::domain::traffic::view::Side;
use crate::domain::{Details, Intent, ObjectKey, Plan, Release};
use crate::strategy::Context;
use crate::strategy::taking_back::{Kept, REPLICAS};
use crate::strategy::traffic::ladder::stands_at;
use crate::strategy::traffic::template;

/// The plan for `intent`.
pub fn plan(release: &Release, details: &Details, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
    match intent {
        Intent::SetWeight { weight, .. } => {
            coming(release)?;
            weighted(release, details, *weight, intent, context)
        }
        Intent::Advance { from, .. } => {
            let two = coming(release)?;
            stands_at(release, two.asked(), *from)?;
            let ladder = release.step.as_ref().map(|step| step.weights.clone()).unwrap_or_default();
            let (rung, _) = two.next(&ladder).ok_or_else(|| at_the_top(release, &two))?;
            weighted(release, details, rung, intent, context)
        }
        Intent::Abort => weighted(release, details, 0, intent, context),
        Intent::Promote { winner } => {
            let two = Two::of(release)?;
            let weight = match winner.as_deref() {
                None => coming(release).map(|_| 100)?,
                Some(name) if name == &*two.stable.name => 0,
                Some(name) if name == &*two.candidate.name => 100,
                Some(name) => return Err(unknown(release, name)),
            };
            weighted(release, details, weight, intent, context)
        }
        Intent::Revert(inverse) => revert(release, details, inverse, intent, context),
        Intent::ScaleSide { side, replicas } => {
            let named = side_called(release, side)?;
            let mut plan = template::plan(release, named, details, &Intent::Scale(*replicas), context)?;
            plan.intent = intent.clone();
            Ok(plan)
        }
        // After 100 % the older version is kept on the other side: that is the first way back.
        Intent::Undo { to: UndoTo::Best, .. } if Two::of(release)?.coming().is_err() => {
            weighted(release, details, 100, intent, context)
        }
        Intent::Undo { .. } | Intent::SetImage(_) | Intent::Restart | Intent::Pause | Intent::Resume => {
            template::plan(release, Two::of(release)?.candidate, details, intent, context)
        }
        Intent::Scale(_) => template::plan(release, Two::of(release)?.stable, details, intent, context),
        Intent::Switch { .. } => Err(Refusal::because(format!(
            "switch {}: its Service selects both sides at once; {PROMOTE} promotes the candidate, {ABORT} goes back",
            release.key
        ))),
        Intent::Continue | Intent::Skip | Intent::Retry => Err(Refusal::because(format!(
            "{} {}: no controller steps it; {ADVANCE} goes one rung further",
            intent.verb(),
            release.key
        ))),
    }
}

fn coming(release: &Release) -> Result<Two<'_>, Refusal> {
    let two = Two::of(release)?;
    two.coming().map_err(|why| Refusal::because(format!("{} has no candidate: {why}", release.key)))?;
    Ok(two)
}

fn at_the_top(release: &Release, two: &Two<'_>) -> Refusal {
    let key = &release.key;
    match two.asked() {
        None => Refusal::because(format!("{key} has no pods at all: scale it up first ({SCALE})")),
        Some(100) => Refusal::because(format!("{key} has no next step: {} takes everything", two.candidate.name)),
        Some(_) => Refusal::because(format!("{key} has no next step with its {} pods", two.total())),
    }
}

fn unknown(release: &Release, name: &str) -> Refusal {
    Refusal::because(format!("{} has no side '{name}'", release.key))
}

fn side_called<'a>(release: &'a Release, name: &str) -> Result<&'a Side, Refusal> {
    let found = release.traffic.as_deref().and_then(|traffic| traffic.side_called(name));
    found.ok_or_else(|| unknown(release, name))
}

/// Takes a write of ours back: replicas in the other order, what was done to a template on that workload.
fn revert(
    release: &Release,
    details: &Details,
    inverse: &ReadyInverse,
    intent: &Intent,
    context: &Context,
) -> Result<Plan, Refusal> {
    let of = |key: &ObjectKey| {
        let mut sides = release.traffic.iter().flat_map(|traffic| &traffic.rows.sides);
        let side = sides.find(|side| side.workload.key == *key);
        side.ok_or_else(|| {
            Refusal::because(format!("that write was on {key}, which is no side of {} now", release.key))
        })
    };
    let mut changes = Vec::new();
    for part in inverse.parts() {
        let side = of(part.target)?;
        let change = Change::of(side, details, side.workload.replicas.desired)?;
        if !part.writes_only(REPLICAS) {
            return template::plan(release, side, details, intent, context);
        }
        let kept = Kept::read(change.object, part, &format!("{SET_WEIGHT} sets a weight"))?;
        let to = kept.sets(REPLICAS).and_then(|to| serde_json::from_str(to.get()).ok());
        let to = to.ok_or_else(|| {
            Refusal::because(format!(
                "that write set no number of replicas on {}; {SET_WEIGHT} sets a weight",
                part.target
            ))
        })?;
        changes.push(Change { to, ..change });
    }
    let order = (inverse.words.to_string(), inverse.direction);
    Ok(of_changes(release, details, &changes, order, intent, context))
}
