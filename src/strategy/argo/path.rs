//! The way that a template takes through a Rollout: back to stable, within the rollback window, into pods that still run,
//! or through all steps again. Foretold from the spec, the ReplicaSets and the clock.

use super::split::how_it_switches;
use super::steps::{Least, least};
use crate::domain::said::RESUME;
use crate::domain::traffic::Rollout;
use crate::domain::traffic::rollout::{BlueGreenStrategy, RolloutStrategy};
use crate::domain::{Age, RawObject, Release, Str, Timestamp};
use crate::strategy::workload::words::{clip, count};
use jiff::SignedDuration;

/// The ReplicaSet that a template goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its pods' hash.
    pub hash: Option<Str>,
    /// Its version.
    pub version: Str,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// How many pods it keeps.
    pub pods: i32,
    /// When they end.
    pub ends: Option<Timestamp>,
}

impl Target {
    /// As its bytes tell.
    pub fn read(set: &RawObject, version: Str) -> Self {
        let annotation = set.value::<String>("/metadata/annotations/scale-down-deadline");
        let hash = set.value::<String>("/metadata/labels/rollouts-pod-template-hash");
        Self {
            hash: hash.map(Into::into),
            version,
            created: set.value("/metadata/creationTimestamp"),
            pods: set.value("/status/availableReplicas").unwrap_or(0),
            ends: annotation.and_then(|text| text.parse().ok()),
        }
    }

    /// A template that no ReplicaSet has yet.
    pub fn new(version: Str) -> Self {
        Self { hash: None, version, created: None, pods: 0, ends: None }
    }
}

/// What follows, told before the press.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// One sentence without its stop.
    pub then: String,
    /// How long at least, where no person is waited for.
    pub takes: Option<SignedDuration>,
    /// Whether it comes to rest by itself: no person is waited for.
    pub alone: bool,
    /// What should be known.
    pub warnings: Vec<Str>,
}

/// The way to `target`.
pub fn path(release: &Release, target: &Target, now: Timestamp) -> Option<Path> {
    let rollout = release.traffic.as_ref()?.rows.rollout.as_ref()?;
    let mut path = match &rollout.strategy {
        RolloutStrategy::Canary(_) => canary(release, rollout, target),
        RolloutStrategy::BlueGreen(sides) => blue_green(rollout, sides, target, now),
        RolloutStrategy::Unclear => return None,
    };
    if rollout.workload.paused {
        path.then = format!("held by hand: nothing changes until it is resumed ({RESUME}); then {}", path.then);
        path.takes = None;
        path.alone = false;
    }
    Some(path)
}

fn canary(release: &Release, rollout: &Rollout, target: &Target) -> Path {
    let steps = rollout.steps().len();
    let (version, desired) = (clip(&target.version, 40), count(rollout.workload.replicas.desired, "pod"));
    let at_once = |then: String| Path { then, takes: None, alone: true, warnings: Vec::new() };
    let stable = rollout.status.stable_hash.as_ref().filter(|hash| !hash.is_empty());
    if stable.is_none() {
        return at_once(format!(
            "no steps are followed before the first version has taken over: {desired} of {version} start"
        ));
    }
    if target.hash.is_some() && target.hash.as_ref() == stable {
        return at_once(format!("skips its steps: {version} is the stable version and gets everything back at once"));
    }
    if steps == 0 {
        return at_once(format!("no steps: {version} takes over as fast as its {desired} come"));
    }
    let skips = i64::try_from(steps).unwrap_or(i64::MAX);
    if within_window(release, rollout, target) {
        let window = rollout.rollback_window.unwrap_or(0);
        return at_once(format!(
            "skips its {} and analyses (rollback window of {}): {version} takes over once its {desired} are available",
            count(skips, "step"),
            count(window, "revision")
        ));
    }
    let least = least(rollout, 0);
    let again = if target.hash.is_some() { " again" } else { "" };
    let mut warnings: Vec<Str> = Vec::new();
    if target.hash.is_some() {
        warnings.push("going back is a rollout of its own here: the old version takes weight step by step".into());
    }
    Path {
        then: format!("all {}{again}{}", count(skips, "step"), listed(&least)),
        takes: least.takes(),
        alone: least.waits == 0,
        warnings,
    }
}

/// `, at least 40 min, 1 wait for a person`.
pub fn listed(least: &Least) -> String {
    let words = least.words();
    if words.is_empty() { String::new() } else { format!(", {words}") }
}

/// The controller's rule: the target is older than the stable ReplicaSet, and fewer than `rollbackWindow.revisions` were
/// made between the two.
fn within_window(release: &Release, rollout: &Rollout, target: &Target) -> bool {
    let Some(window) = rollout.rollback_window.filter(|window| *window > 0) else { return false };
    let stable = release.history.iter().find(|entry| entry.hash == rollout.status.stable_hash);
    let (Some(from), Some(to)) = (target.created, stable.and_then(|entry| entry.created)) else { return false };
    let between = release.history.iter().filter_map(|entry| entry.created).filter(|made| from < *made && *made < to);
    from < to && i64::try_from(between.count()).is_ok_and(|between| between < window)
}

fn blue_green(rollout: &Rollout, sides: &BlueGreenStrategy, target: &Target, now: Timestamp) -> Path {
    let (version, desired) = (clip(&target.version, 40), rollout.workload.replicas.desired);
    let pods = count(desired, "pod");
    let live = rollout.status.active_selector.as_ref();
    let waits = !sides.auto_promotion;
    let at_once = |then: String| Path { then, takes: None, alone: true, warnings: Vec::new() };
    if live.is_none() || rollout.status.stable_hash.as_ref().is_none_or(|hash| hash.is_empty()) {
        return at_once(format!("{pods} of {version} start; the first version goes live without a preview"));
    }
    if target.hash.is_some() && target.hash.as_ref() == live {
        return at_once(format!("{version} is live already: the other side ends, and nothing switches"));
    }
    if target.hash.is_some() && target.pods >= desired && desired > 0 {
        let left = target.ends.map(|ends| format!(" for {} more", Age::between(now, ends).words())).unwrap_or_default();
        return at_once(format!("instant: the {pods} of {version} still run{left}, and all traffic switches to them"));
    }
    let analysis = if sides.pre_promotion.is_empty() { "" } else { "its analysis passes, " };
    let mut warnings = Vec::new();
    if !sides.post_promotion.is_empty() {
        warnings.push("an analysis after the switch may switch back".into());
    }
    Path {
        then: format!("{pods} of {version} start beside the live ones, {analysis}{}", how_it_switches(sides)),
        takes: sides.auto_promotion_after.filter(|_| !waits),
        alone: !waits,
        warnings,
    }
}
