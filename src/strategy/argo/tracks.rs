//! The versions of a Rollout: the controller's own word tells which one is stable.

use super::view::View;
use super::weight::{asked, routed};
use crate::domain::release::{Role, Track, Weight};
use crate::domain::workload::Replicas;
use crate::strategy::workload::facts::Lane;
use crate::strategy::workload::tracks::{shares, with_roles};
use crate::strategy::workload::version::{telling_digests, version};

/// The tracks, the stable one first: `stableRS` is stable, a `currentPodHash` that differs is the candidate, and what else
/// still has pods is idle (kept until its scale-down is due, or on its way out).
pub fn tracks(view: &View) -> Vec<Track> {
    let shown = with_roles(&view.facts, |lane| role(view, lane));
    let weights = weights(view, &shown);
    shown.iter().zip(weights).map(|((role, lane), weight)| track(view, lane, *role, weight)).collect()
}

/// The role of a lane; `None` for one without pods that is neither stable nor wanted.
pub fn role(view: &View, lane: &Lane) -> Option<Role> {
    let stable = view.stable().is_some_and(|stable| std::ptr::eq(stable, lane));
    match (stable, lane.current) {
        (true, _) => Some(Role::Stable),
        (false, true) if view.stable().is_none() => Some(Role::Stable),
        (false, true) => Some(Role::Candidate),
        (false, false) => (!lane.pods.is_empty() || lane.existing(view.facts.pods_listed) > 0).then_some(Role::Idle),
    }
}

fn weights(view: &View, shown: &[(Role, &Lane)]) -> Vec<Weight> {
    let asked_new = asked(&view.rollout, &view.stand);
    let routed = routed(&view.rollout);
    let live = view.rollout.status.active_selector.as_ref();
    let by_pods: Vec<i32> = shown.iter().map(|(_, lane)| lane.ready(view.facts.pods_listed)).collect();
    let by_pods = shares(&by_pods);
    let alone = !shown.iter().any(|(role, _)| *role == Role::Candidate);
    shown
        .iter()
        .zip(by_pods)
        .map(|((role, lane), share)| {
            let asked = match role {
                Role::Stable if alone => Some(100),
                Role::Stable => asked_new.map(|new| 100 - new),
                Role::Candidate => asked_new,
                Role::Idle => None,
            };
            let actual = if view.blue_green() {
                // Users reach what the active Service selects; a Service that is gone reaches nothing.
                live_hash(view).or(live).map(|live| if lane.hash() == Some(live) { 100 } else { 0 })
            } else if view.rollout.routing().is_some() {
                match role {
                    Role::Stable if alone => routed.map(|(stable, new)| stable.max(new)),
                    Role::Stable => routed.map(|(stable, _)| stable),
                    Role::Candidate => routed.map(|(_, new)| new),
                    Role::Idle => Some(0),
                }
            } else {
                share
            };
            Weight { asked, actual }
        })
        .collect()
}

/// The hash that the active Service of a blue-green Rollout selects now.
pub fn live_hash(view: &View) -> Option<&crate::domain::Str> {
    let crate::domain::traffic::rollout::RolloutStrategy::BlueGreen(sides) = &view.rollout.strategy else {
        return None;
    };
    view.service(&sides.active_service)?.selector.labels.get(HASH)
}

/// The label that tells a Rollout's ReplicaSets apart.
pub const HASH: &str = "rollouts-pod-template-hash";

fn track(view: &View, lane: &Lane, role: Role, weight: Weight) -> Track {
    let facts = &view.facts;
    let existing = lane.existing(facts.pods_listed);
    let told = lane.object.as_ref().and_then(|object| object.replicas);
    let available = match told {
        Some(replicas) if !facts.pods_listed => replicas.available,
        _ => lane.available(facts.workload.min_ready, facts.now),
    };
    Track {
        role,
        name: lane.object.as_ref().map_or_else(|| view.rollout.meta.key.name.clone(), |object| object.key.name.clone()),
        revision: lane.revision(),
        images: lane.images.clone(),
        version: version(&lane.images),
        digests: telling_digests(&lane.images, &lane.pods),
        weight,
        replicas: Replicas {
            desired: told.map_or(0, |replicas| replicas.desired),
            current: existing,
            ready: lane.ready(facts.pods_listed),
            updated: if lane.current { existing } else { 0 },
            available,
        },
        pods: lane.pods.clone(),
    }
}
