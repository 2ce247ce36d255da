//! The target's revisions, and what speaks for each: Flagger's own promotions stand in the history of the primary.

use super::scene::Scene;
use crate::domain::history::{Evidence, HistoryEntry, RevisionReplicas};
use crate::domain::workload::Image;
use crate::domain::{Age, Uid};
use crate::strategy::Recorded;
use crate::strategy::workload::evidence::{LIKELY_AFTER, served};
use crate::strategy::workload::facts::Lane;

/// The numbered revisions of the target, newest first. A revision that was the target's newest for days may have been
/// rolled back in the first minute, so only what the primary ran counts: what it serves, and what it served long.
pub fn history(scene: &Scene, recorded: &dyn Recorded) -> Vec<HistoryEntry> {
    let Some(target) = &scene.target else { return Vec::new() };
    let root = &scene.canary.meta.uid;
    target.lanes.iter().filter_map(|lane| entry(scene, lane, target.pods_listed, root, recorded)).collect()
}

fn entry(scene: &Scene, lane: &Lane, listed: bool, root: &Uid, recorded: &dyn Recorded) -> Option<HistoryEntry> {
    let object = lane.object.as_ref()?;
    let by_primary = primary_serves(scene, &lane.images);
    let ready = lane.ready(listed);
    let recorded_at = lane.hash().and_then(|hash| recorded.settled_at(root, hash));
    let evidence = match (lane.current, recorded_at, by_primary, primary_served(scene, &lane.images)) {
        (false, Some(at), _, _) => Evidence::Recorded { at },
        (false, None, Some(ready), _) if ready > 0 => Evidence::Serving { ready },
        (false, None, _, Some(served)) if served >= LIKELY_AFTER => Evidence::Likely { served },
        _ => Evidence::None,
    };
    Some(HistoryEntry {
        revision: lane.revision()?,
        aliases: object.aliases.clone(),
        object: object.key.clone(),
        hash: object.hash.clone(),
        images: object.images.clone(),
        change_cause: object.change_cause.clone(),
        created: object.created,
        replicas: RevisionReplicas { current: lane.existing(listed), ready },
        current: lane.current,
        serving: ready > 0 || by_primary.is_some_and(|ready| ready > 0),
        evidence,
    })
}

/// Ready pods of the primary, if its template has these images.
fn primary_serves(scene: &Scene, images: &[Image]) -> Option<i32> {
    let primary = scene.primary.as_ref()?;
    (primary.workload.images == images).then(|| primary.ready())
}

/// How long a revision of the primary with these images was its newest.
fn primary_served(scene: &Scene, images: &[Image]) -> Option<Age> {
    let primary = scene.primary.as_ref()?;
    let spans = served(&primary.lanes, primary.now);
    let same = primary.lanes.iter().filter(|lane| lane.images == images).filter_map(Lane::revision);
    same.filter_map(|revision| spans.get(&revision).copied()).max()
}
