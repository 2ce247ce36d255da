//! Rollouts that nothing can be written to with any effect, and why.

use super::view::View;
use crate::domain::traffic::Rollout;
use crate::domain::traffic::rollout::RolloutStrategy;
use crate::domain::workload::ConditionStatus;
use crate::domain::{Age, Str, Timestamp};
use crate::strategy::workload::words::clip;
use jiff::SignedDuration;

/// A change that its controller has not looked at for so long is one that nobody reconciles.
pub const UNSEEN_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// A change that its controller has not looked at for so long is more than a moment of its work.
pub const LONG: SignedDuration = SignedDuration::from_secs(5);

/// Why nothing goes forward; `None` when it may. What goes back is planned all the same, with this as a warning.
pub fn blocked(view: &View) -> Option<Str> {
    let rollout = &view.rollout;
    if rollout.meta.deleting.is_some() {
        return Some("it is being deleted".into());
    }
    if let Some(field) =
        rollout.meta.unreadable.iter().find(|field| field.starts_with("status") || &***field == "the whole object")
    {
        return Some(format!("the server's {} can't be read", clip(field, 60)).into());
    }
    if rollout.strategy == RolloutStrategy::Unclear {
        return Some("its strategy is neither canary nor blueGreen: mend spec.strategy first".into());
    }
    let since = unseen_since(rollout)?;
    if view.now().duration_since(since) < UNSEEN_AFTER {
        return None;
    }
    let age = Age::between(since, view.now()).words();
    Some(
        match &rollout.instance_id {
            Some(id) => format!(
                "no controller has looked at its last change for {age}: it is meant for the one with instance id '{}'",
                clip(id, 60)
            ),
            None => format!("no Argo Rollouts controller has looked at its last change for {age}"),
        }
        .into(),
    )
}

/// Since when the newest spec waits for a controller; `None` when it was seen, or nothing tells.
pub fn unseen_since(rollout: &Rollout) -> Option<Timestamp> {
    let seen = rollout.status.observed_generation;
    if seen.is_some_and(|seen| seen >= rollout.meta.generation) {
        return None;
    }
    // Whoever wrote last wrote what is not seen; the controller's own writes do not count.
    let writers = rollout.meta.writers.iter().filter(|writer| !writer.manager.contains("rollouts-controller"));
    writers.filter_map(|writer| writer.at).max().or(rollout.meta.created)
}

/// The controller's word on a spec that it can't use.
pub fn invalid(view: &View) -> Option<String> {
    let condition = view.rollout.status.conditions.iter().find(|condition| &*condition.kind == "InvalidSpec")?;
    (condition.status == ConditionStatus::True).then(|| clip(&condition.message, 200))
}
