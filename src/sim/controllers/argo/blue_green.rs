//! Blue-green: the new version comes up beside the old one, and the active Service switches to it.

use super::sets::{Set, keep, scale};
use super::{NAME, Rollout, aborted, duration, pause, paused_since, resumed, select, unpause};
use crate::sim::json::Json;
use crate::sim::world::World;
use crate::sim::world::events::normal;
use serde_json::Value;

const SIDES: &str = "/spec/strategy/blueGreen";

/// One look at a blue-green Rollout.
pub fn reconcile(world: &mut World, rollout: &Rollout, status: &mut Value) {
    let Some(new) = rollout.new_set().cloned() else { return };
    let sides = rollout.value.at(SIDES).clone();
    let hash = new.hash().to_owned();
    let stable = status.text("/stableRS").to_owned();
    if status.flag("/promoteFull") {
        status.cut("/abort");
        status.cut("/abortedAt");
        unpause(status);
    }
    select(world, rollout, sides.text("/previewService"), &hash);
    status.put("/blueGreen/previewSelector", hash.as_str());
    if stable == hash {
        return settled(world, rollout, &new, status);
    }
    if status.flag("/abort") && !stable.is_empty() {
        return abort(world, rollout, &new, status);
    }
    // Pods that are kept from before are there at once, and nobody is asked again; of an aborted version somebody is.
    let tried = !status.text("/abortedAt").is_empty();
    let fast = new.is_kept() && new.available() >= rollout.replicas() && !tried;
    status.cut("/abortedAt");
    if new.replicas() != rollout.replicas() || (new.is_kept() && !fast) {
        scale(world, rollout, &new, rollout.replicas());
    }
    if new.available() < rollout.replicas() {
        return;
    }
    let asks = !stable.is_empty() && !fast && !status.flag("/promoteFull");
    if asks && waits(world, rollout, &sides, status) {
        return;
    }
    if fast {
        scale(world, rollout, &new, rollout.replicas());
    }
    status.put("/stableRS", hash.as_str());
    status.cut("/promoteFull");
    unpause(status);
    settled(world, rollout, &new, status);
    let message = format!("Switched selector for service '{}' to value '{hash}'", sides.text("/activeService"));
    world.say(&rollout.object, normal(NAME, "SwitchService"), &message);
}

/// Whether the switch waits: for a person, or for its time.
fn waits(world: &mut World, rollout: &Rollout, sides: &Value, status: &mut Value) -> bool {
    let by_person = sides.at("/autoPromotionEnabled") == &Value::Bool(false);
    let after = sides.get("autoPromotionSeconds").and_then(duration).filter(jiff::SignedDuration::is_positive);
    if resumed(status) || (!by_person && after.is_none()) {
        return false;
    }
    let now = world.now();
    pause(status, "BlueGreenPause", now);
    let (false, Some(after)) = (by_person, after) else { return true };
    let since = paused_since(status, "BlueGreenPause").unwrap_or(now);
    let left = (since + after).duration_since(now);
    if left.is_positive() {
        world.later(NAME, rollout.id(), left);
    }
    left.is_positive()
}

/// The new version is live; the others are kept for a while.
fn settled(world: &mut World, rollout: &Rollout, new: &Set, status: &mut Value) {
    let hash = new.hash().to_owned();
    for field in ["/abort", "/abortedAt", "/promoteFull"] {
        status.cut(field);
    }
    unpause(status);
    if new.replicas() != rollout.replicas() {
        scale(world, rollout, new, rollout.replicas());
    }
    select(world, rollout, rollout.value.text(&format!("{SIDES}/activeService")), &hash);
    status.put("/blueGreen/activeSelector", hash.as_str());
    let delay = rollout.value.int(&format!("{SIDES}/scaleDownDelaySeconds")).unwrap_or(30);
    for old in rollout.sets.iter().filter(|set| set.hash() != hash && set.replicas() > 0) {
        keep(world, old, delay);
    }
}

fn abort(world: &mut World, rollout: &Rollout, new: &Set, status: &mut Value) {
    let stable = status.text("/stableRS").to_owned();
    aborted(status, world.now());
    select(world, rollout, rollout.value.text(&format!("{SIDES}/activeService")), &stable);
    status.put("/blueGreen/activeSelector", stable);
    match rollout.value.int(&format!("{SIDES}/abortScaleDownDelaySeconds")).unwrap_or(30) {
        0 => {}
        delay => keep(world, new, delay),
    }
}
