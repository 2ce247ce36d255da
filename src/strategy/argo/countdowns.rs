//! What happens by itself, and when.

use super::steps;
use super::view::View;
use crate::domain::Timestamp;
use crate::domain::traffic::rollout::RolloutStrategy;
use crate::domain::traffic::rollout_steps::{PauseFor, RolloutStep};
use crate::domain::traffic::view::Countdown;

/// Every countdown, the nearest first.
pub fn countdowns(view: &View) -> Vec<Countdown> {
    let mut found: Vec<Countdown> =
        pause_ends(view).into_iter().chain(switches(view)).chain(scale_downs(view)).collect();
    found.sort_by_key(|countdown| countdown.due);
    found
}

/// When the timed pause that it stands at ends; `None` where a person is waited for.
pub fn pause_end(view: &View) -> Option<Timestamp> {
    if view.stand.held || view.stand.aborted || view.stand.inconclusive() {
        return None;
    }
    let pause = view.rollout.status.pauses.iter().find(|pause| &*pause.reason == "CanaryPauseStep")?;
    let RolloutStep::Pause(PauseFor::Time(time)) = view.rollout.steps().get(view.stand.index?)? else { return None };
    pause.since?.checked_add(*time).ok()
}

/// When a blue-green Rollout switches by itself; `None` where a person is waited for.
pub fn switch_at(view: &View) -> Option<Timestamp> {
    let RolloutStrategy::BlueGreen(sides) = &view.rollout.strategy else { return None };
    if view.stand.held || !sides.auto_promotion {
        return None;
    }
    let pause = view.rollout.status.pauses.iter().find(|pause| &*pause.reason == "BlueGreenPause")?;
    pause.since?.checked_add(sides.auto_promotion_after?).ok()
}

fn pause_ends(view: &View) -> Option<Countdown> {
    let due = pause_end(view)?;
    let then = steps::after(&view.rollout, &view.stand, view.stand.index? + 1);
    Some(Countdown { what: "the pause ends".into(), then: then.into(), due })
}

fn switches(view: &View) -> Option<Countdown> {
    let due = switch_at(view)?;
    Some(Countdown { what: format!("all traffic switches to {}", view.new_version()).into(), then: "".into(), due })
}

fn scale_downs(view: &View) -> Vec<Countdown> {
    let due = |lane: &crate::strategy::workload::facts::Lane| {
        let object = lane.object.as_ref()?;
        let due = object.scale_down_at?;
        let pods = object.replicas.map_or(0, |replicas| replicas.desired).max(lane.existing(view.facts.pods_listed));
        (pods > 0).then(|| Countdown {
            what: format!("the pods of {} end", view.version(Some(lane))).into(),
            then: "until then going back to it is quick".into(),
            due,
        })
    };
    view.facts.lanes.iter().filter_map(due).collect()
}
