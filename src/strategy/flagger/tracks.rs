//! The two versions: what the primary serves, and what the target holds.

use super::route::Told;
use super::scene::Scene;
use crate::domain::release::{Role, Track, Weight};
use crate::domain::workload::{Image, Replicas};
use crate::domain::{Revision, Str};
use crate::strategy::workload::facts::{Facts, Lane};
use crate::strategy::workload::version::{telling_digests, version};

/// The tracks, stable first. A target that holds what the primary serves, and has no pods, is no version of its own.
pub fn tracks(scene: &Scene) -> Vec<Track> {
    let stable = scene.primary.as_ref().map(|facts| track(scene, facts, Role::Stable));
    let target = scene.target.as_ref().filter(|facts| {
        scene.target_role() != Role::Idle
            || facts.workload.replicas.current > 0
            || !same_as_primary(scene, &facts.workload.images)
    });
    let target = target.map(|facts| track(scene, facts, scene.target_role()));
    stable.into_iter().chain(target).collect()
}

/// Whether these are the primary's images.
pub fn same_as_primary(scene: &Scene, images: &[Image]) -> bool {
    scene.primary.as_ref().is_some_and(|primary| primary.workload.images == images)
}

fn track(scene: &Scene, facts: &Facts, role: Role) -> Track {
    let workload = &facts.workload;
    let pods: Vec<_> = facts.lanes.iter().flat_map(|lane| lane.pods.iter().cloned()).collect();
    let ready = facts.ready();
    let counts = workload.replicas;
    Track {
        role,
        name: workload.key.name.clone(),
        revision: revision(scene, facts),
        version: version(&workload.images),
        digests: telling_digests(&workload.images, &pods),
        images: workload.images.clone(),
        weight: weight(scene, role),
        replicas: Replicas {
            ready,
            available: counts.available.max(if facts.pods_listed { 0 } else { ready }),
            ..counts
        },
        pods,
    }
}

/// The target's revision with these images: the primary has a history of its own, in other numbers.
fn revision(scene: &Scene, facts: &Facts) -> Option<Revision> {
    let target = scene.target.as_ref()?;
    if facts.workload.key == target.workload.key {
        return target.current().and_then(Lane::revision);
    }
    let same = |lane: &&Lane| lane.images == facts.workload.images;
    let current = target.current().filter(same);
    current.or_else(|| target.lanes.iter().find(same)).and_then(Lane::revision)
}

fn weight(scene: &Scene, role: Role) -> Weight {
    let split = scene.split;
    let share = match role {
        Role::Stable => split.primary,
        Role::Candidate => split.candidate,
        Role::Idle => split.candidate.filter(|share| *share > 0),
    };
    match split.told {
        Told::ByRoute => Weight { asked: share, actual: share },
        Told::ByStatus => Weight { asked: share, actual: None },
        Told::Nominal | Told::Nobody if scene.primary.is_none() => Weight::default(),
        Told::Nominal => Weight { asked: None, actual: share },
        // Between runs Flagger sends everything to the primary, whatever its route is.
        Told::Nobody if role == Role::Stable && !scene.phase.in_flight() => Weight { asked: None, actual: Some(100) },
        Told::Nobody => Weight::default(),
    }
}

/// The version that the primary serves.
pub fn stable_version(scene: &Scene) -> Str {
    scene.primary.as_ref().map_or_else(|| "?".into(), |facts| version(&facts.workload.images))
}

/// The version that the target holds.
pub fn target_version(scene: &Scene) -> Str {
    scene.target.as_ref().map_or_else(|| "?".into(), |facts| version(&facts.workload.images))
}
