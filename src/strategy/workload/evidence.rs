//! The history of a workload, and what speaks for each revision as the one to go back to.

use super::facts::{Facts, Lane};
use super::version::version;
use super::words::{brackets, clip, count, form};
use crate::domain::history::{Evidence, HistoryEntry, RevisionReplicas};
use crate::domain::{Age, Revision, Timestamp};
use crate::strategy::Recorded;
use std::collections::BTreeMap;

/// A revision that was the newest for so long is likely good: a bad one is noticed sooner (the default progress deadline
/// is 10 minutes).
pub const LIKELY_AFTER: Age = Age::seconds(3_600);

/// The numbered revisions, newest first, each with its evidence.
pub fn history(facts: &Facts, recorded: &dyn Recorded) -> Vec<HistoryEntry> {
    let served = served(&facts.lanes, facts.now);
    let oldest_serving =
        facts.others().filter(|lane| lane.ready(facts.pods_listed) > 0).filter_map(Lane::revision).min();
    facts
        .lanes
        .iter()
        .filter_map(|lane| {
            let object = lane.object.as_ref()?;
            let revision = lane.revision()?;
            let ready = lane.ready(facts.pods_listed);
            let recorded_at = lane.hash().and_then(|hash| recorded.settled_at(&facts.workload.uid, hash));
            // A revision newer than one that still serves never finished its rollout, however long it stood there.
            let finished = oldest_serving.is_none_or(|serving| revision <= serving);
            let likely = served.get(&revision).filter(|served| **served >= LIKELY_AFTER && finished);
            // What the journal saw fail outweighs a guess from creation times.
            let given_up = lane.hash().and_then(|hash| recorded.given_up_at(&facts.workload.uid, hash));
            let undone = lane.hash().and_then(|hash| recorded.undone_at(&facts.workload.uid, hash));
            let evidence = if lane.current {
                Evidence::None
            } else if let Some(at) = undone {
                // Whoever went back from a revision has seen more of it than that it settled, or serves.
                Evidence::GivenUp { at }
            } else if let Some(at) = recorded_at {
                Evidence::Recorded { at }
            } else if ready > 0 {
                Evidence::Serving { ready }
            } else if let Some(at) = given_up {
                Evidence::GivenUp { at }
            } else {
                likely.map_or(Evidence::None, |served| Evidence::Likely { served: *served })
            };
            Some(HistoryEntry {
                revision,
                aliases: object.aliases.clone(),
                object: object.key.clone(),
                hash: object.hash.clone(),
                images: object.images.clone(),
                change_cause: object.change_cause.clone(),
                created: object.created,
                replicas: RevisionReplicas { current: lane.existing(facts.pods_listed), ready },
                current: lane.current,
                serving: ready > 0,
                evidence,
            })
        })
        .collect()
}

/// How long each revision was the newest, as far as creation times tell. A ReplicaSet that an undo brought back keeps
/// its creation time and gets a new number, so only its first number has a known start; `aliases` hold the earlier ones.
/// ControllerRevisions keep no aliases: there a number that is missing is the earlier one of an object that was brought
/// back, and an object older than one with a lower number was. What such a number hides is not guessed.
///
/// Between a change of the template and its revision's object no lane is the newest any more: what was is still, until now.
pub fn served(lanes: &[Lane], now: Timestamp) -> BTreeMap<Revision, Age> {
    let mut starts: BTreeMap<Revision, (Option<Timestamp>, Revision)> = BTreeMap::new();
    for object in lanes.iter().filter_map(|lane| lane.object.as_ref()) {
        let Some(revision) = object.revision else { continue };
        let mut numbers: Vec<Revision> = object.aliases.iter().copied().chain([revision]).collect();
        numbers.sort_unstable();
        for (place, number) in numbers.into_iter().enumerate() {
            starts.insert(number, (object.created.filter(|_| place == 0), revision));
        }
    }
    let unborn = lanes.iter().any(|lane| lane.current && lane.object.is_none());
    let last = starts.last_key_value().map(|(last, (_, revision))| (Revision(last.0 + 1), (Some(now), *revision)));
    let last = last.filter(|_| unborn);
    let mut served: BTreeMap<Revision, Age> = BTreeMap::new();
    let mut newest: Option<Timestamp> = None;
    let nexts = starts.iter().skip(1).chain(last.iter().map(|(number, what)| (number, what)));
    for ((number, (start, revision)), (next, (end, _))) in starts.iter().zip(nexts) {
        let brought_back = matches!((newest, start), (Some(newest), Some(start)) if *start < newest);
        newest = newest.max(*start);
        let (Some(start), Some(end)) = (start, end) else { continue };
        if brought_back || next.0 != number.0 + 1 {
            continue;
        }
        let age = Age::between(*start, *end);
        let longest = served.entry(*revision).or_insert(age);
        *longest = age.max(*longest);
    }
    served
}

/// `revision 41, v41, likely good (served 3 d, 6 pods still serve it)`; `served` is how long it was the newest.
pub fn in_words(entry: &HistoryEntry, served: Option<Age>, now: Timestamp) -> String {
    let name = format!("revision {}, {}", entry.revision, clip(&version(&entry.images), 40));
    let long = served.filter(|served| *served >= LIKELY_AFTER).map(|served| format!("served {}", served.words()));
    let likely = if long.is_some() { ", likely good" } else { "" };
    match &entry.evidence {
        Evidence::Recorded { at } => format!("{name}, last good (settled {} ago)", Age::between(*at, now).words()),
        Evidence::Serving { ready } => {
            let (pods, serve) = (count(i64::from(*ready), "pod"), form(i64::from(*ready), "serves", "serve"));
            format!("{name}{likely}{}", brackets(&[long, Some(format!("{pods} still {serve} it"))]))
        }
        Evidence::Likely { served } => format!("{name}, likely good (served {})", served.words()),
        Evidence::GivenUp { at } => {
            format!("{name}, which was undone {} ago", Age::between(*at, now).words())
        }
        Evidence::None => format!("{name}, of which nothing is known"),
    }
}
