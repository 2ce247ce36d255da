//! The version lanes of a workload: which one serves, which one comes in, and which one is on its way out.

use super::facts::{Facts, Lane};
use super::version::{telling_digests, version};
use crate::domain::Kind;
use crate::domain::release::{Role, Track, Weight};
use crate::domain::traffic::percentages;
use crate::domain::workload::Replicas;
use std::cmp::Reverse;

/// The tracks, the stable one first. While old pods live, the revision that the spec stands for is the candidate and the
/// old ones are stable (the most ready pods first); pods that only end are an idle track.
pub fn tracks(facts: &Facts) -> Vec<Track> {
    let shown = with_roles(facts, |lane| role(facts, lane));
    let ready: Vec<i32> = shown.iter().map(|(_, lane)| lane.ready(facts.pods_listed)).collect();
    let shares = shares(&ready);
    shown.iter().zip(shares).map(|((role, lane), share)| track(facts, lane, *role, share)).collect()
}

/// The lanes that have a role, by role, then the most ready pods first, then the newest.
pub fn with_roles(facts: &Facts, role: impl Fn(&Lane) -> Option<Role>) -> Vec<(Role, &Lane)> {
    let mut lanes: Vec<_> = facts.lanes.iter().filter_map(|lane| Some((role(lane)?, lane))).collect();
    by_weight(&mut lanes, facts.pods_listed);
    lanes
}

fn by_weight(lanes: &mut [(Role, &Lane)], pods_listed: bool) {
    lanes.sort_by_key(|(role, lane)| (*role, Reverse(lane.ready(pods_listed)), Reverse(lane.revision())));
}

fn role(facts: &Facts, lane: &Lane) -> Option<Role> {
    let alive = lane.existing(facts.pods_listed) > 0;
    let old_pods = facts.outdated() > 0;
    let unborn = lane.object.is_none() && lane.pods.is_empty() && facts.lanes.len() > 1;
    match (lane.current, alive) {
        (true, _) if old_pods || unborn => Some(Role::Candidate),
        (true, _) | (false, true) => Some(Role::Stable),
        (false, false) if !lane.pods.is_empty() => Some(Role::Idle),
        (false, false) => None,
    }
}

fn track(facts: &Facts, lane: &Lane, role: Role, share: Option<u8>) -> Track {
    let workload = &facts.workload;
    let existing = lane.existing(facts.pods_listed);
    let told = lane.object.as_ref().and_then(|object| object.replicas);
    let desired = match told {
        Some(replicas) if workload.key.kind == Kind::Deployment => replicas.desired,
        _ if lane.current => workload.replicas.desired,
        _ => existing,
    };
    let available = match told {
        Some(replicas) if !facts.pods_listed => replicas.available,
        _ => lane.available(workload.min_ready, facts.now),
    };
    Track {
        role,
        name: lane.object.as_ref().map_or_else(|| workload.key.name.clone(), |object| object.key.name.clone()),
        revision: lane.revision(),
        images: lane.images.clone(),
        version: version(&lane.images),
        digests: telling_digests(&lane.images, &lane.pods),
        weight: Weight { asked: None, actual: share },
        replicas: Replicas {
            desired,
            current: existing,
            ready: lane.ready(facts.pods_listed),
            updated: if lane.current { existing } else { 0 },
            available,
        },
        pods: lane.pods.clone(),
    }
}

/// Shares of ready pods in whole per cent that sum to 100; `None` when nothing is ready.
pub fn shares(ready: &[i32]) -> Vec<Option<u8>> {
    percentages(&ready.iter().map(|ready| Some(i64::from(*ready))).collect::<Vec<_>>(), 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shares_sum_to_a_hundred_and_are_unknown_without_a_ready_pod() {
        assert_eq!(shares(&[1, 1, 1]), vec![Some(34), Some(33), Some(33)]);
        assert_eq!(shares(&[0, 0]), vec![None, None]);
        assert_eq!(shares(&[]), Vec::<Option<u8>>::new());
    }

    proptest! {
        #[test]
        fn shares_of_any_counts_sum_to_a_hundred(ready in proptest::collection::vec(any::<i32>(), 1..9)) {
            let shares = shares(&ready);
            let sum: u32 = shares.iter().flatten().map(|share| u32::from(*share)).sum();
            prop_assert!(sum == 100 || shares.iter().all(Option::is_none));
        }
    }
}
