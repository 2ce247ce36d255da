//! What a command was said to leave: sent twice, it is a conflict and no second step.
//!
//! Between its start and its promotion a run is told by its weight. At either end it may stand twice with the same weight,
//! before a gate and behind it, so these two have numbers: `step.index` is 0 before the start and the count of the rungs
//! before the promotion.

use super::gate::{self, Place};
use super::verbs::{Seen, refused};
use crate::domain::Verb;
use crate::domain::intent::Standing;
use crate::domain::plan::{Refusal, RefusalKind};
use crate::domain::traffic::Canary;
use crate::domain::traffic::hook::HookKind;

/// The number of the gate that a run stands at; `None` where its weight tells.
pub fn number(canary: &Canary, weight: Option<u8>) -> Option<u32> {
    match gate::ahead(canary, weight)?.place {
        Place::Start => Some(0),
        Place::Promotion => Some(u32::try_from(canary.ladder().len()).unwrap_or(u32::MAX).max(1)),
        Place::Weight => None,
    }
}

/// Refuses when it stands elsewhere than at what `verb` was said to leave.
pub fn stands_at(seen: &Seen<'_>, verb: Verb, leaves: Option<Standing>) -> Result<(), Refusal> {
    let stands = number(seen.canary, seen.weight());
    match leaves {
        None => Ok(()),
        Some(Standing::Step(from)) => at_gate(seen, verb, from, stands),
        Some(Standing::Weight(from)) => at_weight(seen, verb, from, stands),
    }
}

fn at_gate(seen: &Seen<'_>, verb: Verb, from: u32, stands: Option<u32>) -> Result<(), Refusal> {
    let gated = |kind| seen.canary.hooks(&kind).next().is_some();
    match stands {
        Some(stands) if stands == from => Ok(()),
        Some(stands) => Err(moved(seen, verb, &format!("it stands at step {stands}, not at step {from}"))),
        None if gated(HookKind::ConfirmRollout) || gated(HookKind::ConfirmPromotion) => {
            let weight = seen.weight().map_or_else(String::new, |now| format!(" of {now} %"));
            Err(moved(seen, verb, &format!("it stands at its weight{weight} (--from-weight), not at step {from}")))
        }
        None => {
            let why = "Flagger counts no steps: name the weight that it leaves (--from-weight)";
            Err(refused(seen, verb, why))
        }
    }
}

fn at_weight(seen: &Seen<'_>, verb: Verb, from: u8, stands: Option<u32>) -> Result<(), Refusal> {
    let Some(now) = seen.weight() else { return Ok(()) };
    if from != now {
        return Err(moved(seen, verb, &format!("it stands at {now} %, not at {from} %")));
    }
    let gated = |kind| seen.canary.hooks(&kind).next().is_some();
    match (verb, stands) {
        // To skip what is left is one step from wherever it stands.
        (Verb::Skip, _) => Ok(()),
        // From the start on there is a weight: what continues from 0 % is the start, and what advances from it is not.
        (Verb::Continue, Some(0)) => Ok(()),
        (Verb::Continue, None) if now == 0 && gated(HookKind::ConfirmRollout) => {
            let why = "it has started since, and stands before its first weight, which an advance from 0 % leaves";
            Err(moved(seen, verb, why))
        }
        (_, Some(step)) if gated(HookKind::ConfirmTrafficIncrease) => {
            let what = if step == 0 { "start" } else { "promotion" };
            let why =
                format!("it waits for its {what}, not at the weight of {now} %: that is step {step} (--from-step)");
            Err(moved(seen, verb, &why))
        }
        _ => Ok(()),
    }
}

fn moved(seen: &Seen<'_>, verb: Verb, why: &str) -> Refusal {
    Refusal { kind: RefusalKind::Moved, ..refused(seen, verb, &format!("{why}; look at it anew")) }
}
