//! The weight of the new version: what is asked of it, and what it has.

use super::stand::Stand;
use crate::domain::traffic::percentages;
use crate::domain::traffic::rollout::{Rollout, RolloutStrategy};
use crate::domain::traffic::rollout_steps::RolloutStep;

/// The weight that stands for everything: `maxTrafficWeight`, 100 when absent.
pub fn most(rollout: &Rollout) -> i64 {
    rollout.routing().and_then(|routing| routing.max_weight).filter(|most| *most > 0).unwrap_or(100)
}

/// A weight of `most` in whole per cent.
pub fn percent(weight: i64, most: i64) -> u8 {
    let weight = weight.clamp(0, most);
    percentages(&[Some(weight), Some(most - weight)], 0)[0].unwrap_or(0)
}

/// The weight that the steps ask for the new version when it stands at `index`: the last `setWeight` at or before it,
/// everything once all steps are done.
pub fn asked_at(rollout: &Rollout, index: usize) -> u8 {
    let steps = rollout.steps();
    if index >= steps.len() {
        return 100;
    }
    let last = steps[..=index].iter().rev().find_map(|step| match step {
        RolloutStep::SetWeight(weight) => Some(*weight),
        RolloutStep::Pause(_)
        | RolloutStep::SetScale { .. }
        | RolloutStep::Analysis(_)
        | RolloutStep::Experiment { .. }
        | RolloutStep::HeaderRoute { .. }
        | RolloutStep::MirrorRoute { .. }
        | RolloutStep::Plugin(_)
        | RolloutStep::Other(_) => None,
    });
    percent(last.unwrap_or(0), most(rollout))
}

/// The weight asked for the new version now; `None` where there is no new version, or nothing asks.
pub fn asked(rollout: &Rollout, stand: &Stand) -> Option<u8> {
    if !stand.in_flight() {
        return None;
    }
    if stand.aborted {
        return Some(0);
    }
    match &rollout.strategy {
        RolloutStrategy::Canary(_) => Some(stand.index.map_or(100, |index| asked_at(rollout, index))),
        RolloutStrategy::BlueGreen(_) => {
            Some(if rollout.status.active_selector == rollout.status.current_hash { 100 } else { 0 })
        }
        RolloutStrategy::Unclear => None,
    }
}

/// The weights that the router has: (stable, new), in per cent; `None` where there is no router or it told none.
pub fn routed(rollout: &Rollout) -> Option<(u8, u8)> {
    rollout.routing()?;
    let weights = rollout.status.weights.as_ref()?;
    let shares = percentages(&[Some(weights.stable?), Some(weights.canary?)], 0);
    Some((shares[0]?, shares[1]?))
}
