//! Which revision is guarded, which one served, and whether that one serves again.

use super::kept::{Kept, Lane};
use crate::domain::history::{Evidence, HistoryEntry};
use crate::domain::plan::Refusal;
use crate::domain::traffic::view::{Side, Traffic};
use crate::domain::{Release, Role, Str, Timestamp, Track};
use crate::strategy::Switched;
use crate::strategy::traffic::part::{Part, Templated};
use std::cmp::Ordering;
use std::sync::Arc;

/// Templates of about the same time were applied together: their age tells nothing.
const TOGETHER: jiff::SignedDuration = jiff::SignedDuration::from_secs(2);

/// What a guard on `release` watches, and what it would go back to: the candidate and the stable one; where there is no
/// candidate any more, what serves and the best revision to go back to. Refused while the release can't tell yet.
pub fn arm(release: &Release, switched: Option<&Switched>) -> Result<(Lane, Option<Lane>), Refusal> {
    let unsaid = || Refusal::read_again(format!("{} does not tell yet which revision it stands for", release.key));
    if let Some(traffic) = release.traffic.as_ref().filter(|traffic| !traffic.rows.sides.is_empty()) {
        // Which of two sides is the older one, and what each carries, is told by their revisions.
        let untold = |side: &Side| side.own.as_ref().is_some_and(|own| own.current().is_none());
        if traffic.rows.sides.iter().any(|side| side.workload.replicas.desired > 0 && untold(side)) {
            return Err(unsaid());
        }
        let guarded = release.track(Role::Candidate).or_else(|| release.track(Role::Stable)).ok_or_else(unsaid)?;
        let served =
            if guarded.role == Role::Candidate { release.track(Role::Stable) } else { before(release, switched) };
        return Ok((lane(release, guarded), served.map(|track| lane(release, track))));
    }
    if release.generation.observed < release.generation.spec {
        return Err(unsaid());
    }
    let current = release.current().ok_or_else(unsaid)?;
    let serving = release
        .history
        .iter()
        .filter(|entry| !entry.current)
        .filter_map(|entry| {
            Some((matches!(entry.evidence, Evidence::Serving { .. }).then_some(entry.replicas.ready)?, entry))
        })
        .max_by_key(|(ready, _)| *ready)
        .map(|(_, entry)| entry);
    let served = serving.or_else(|| release.entry(release.back_to?));
    Ok((of_entry(current), served.map(of_entry)))
}

/// The side that was live before: the one that our journal names, else the only other one. A side whose version is the
/// younger one is on its way in, or was taken back: an automatic way back never leads there.
fn before<'a>(release: &'a Release, switched: Option<&Switched>) -> Option<&'a Track> {
    let traffic = release.traffic.as_ref()?;
    let live = traffic.side(Role::Stable)?;
    let switched = switched.filter(|switched| switched.to == live.name);
    let named = switched.and_then(|switched| traffic.side_called(&switched.from));
    let named = named.filter(|side| side.role != Role::Stable);
    let side = named.or_else(|| traffic.other_than_stable())?;
    let older = match by_age(side, live) {
        Ordering::Less => true,
        // Brought in together: only our journal tells which one was live.
        Ordering::Equal => named.is_some(),
        Ordering::Greater => false,
    };
    release.tracks.iter().find(|track| older && track.name == side.name)
}

/// Which of two sides has the older version: `Less` means `a`. Images count before the rest of the template, as a restart
/// brings in no version.
fn by_age(a: &Side, b: &Side) -> Ordering {
    let templated = |side: &Side| {
        let own = side.own.as_ref()?;
        Some(Part { workload: Arc::clone(&side.workload), own: Arc::clone(own) }.templated())
    };
    let (a, b) = (templated(a).unwrap_or_default(), templated(b).unwrap_or_default());
    let order = |of: fn(&Templated) -> Option<Timestamp>| match (of(&a), of(&b)) {
        (Some(a), Some(b)) if a.duration_since(b).abs() < TOGETHER => Ordering::Equal,
        // No time at all is just now.
        (a, b) => a.unwrap_or(Timestamp::MAX).cmp(&b.unwrap_or(Timestamp::MAX)),
    };
    order(|side| side.images).then_with(|| order(|side| side.template))
}

fn lane(release: &Release, track: &Track) -> Lane {
    Lane {
        track: track.name.clone(),
        hash: side(release, &track.name).and_then(hash_of_side).or_else(|| hash_of_entry(release, &track.name)),
        version: track.version.clone(),
        revision: track.revision,
    }
}

fn of_entry(entry: &HistoryEntry) -> Lane {
    Lane {
        track: entry.object.name.clone(),
        hash: entry.hash.clone(),
        version: crate::strategy::workload::version::version(&entry.images),
        revision: Some(entry.revision),
    }
}

pub(super) fn side<'a>(release: &'a Release, name: &str) -> Option<&'a Side> {
    release.traffic.as_ref()?.side_called(name)
}

pub(super) fn hash_of_side(side: &Side) -> Option<Str> {
    side.own.as_ref()?.current()?.hash.clone()
}

pub(super) fn hash_of_entry(release: &Release, name: &str) -> Option<Str> {
    release.history.iter().find(|entry| *entry.object.name == *name)?.hash.clone()
}

/// Whether its versions are workloads of their own, whose templates a person writes.
pub(super) fn has_own_sides(release: &Release) -> bool {
    release.traffic.as_ref().is_some_and(|traffic| own_sides(traffic))
}

fn own_sides(traffic: &Traffic) -> bool {
    traffic.rows.sides.iter().any(|side| side.own.is_some())
}

/// Whether the release still carries the guarded revision, wherever its traffic goes. What can't be told is so.
pub(super) fn carries(release: &Release, guarded: &Lane) -> bool {
    let now = match side(release, &guarded.track) {
        Some(side) => hash_of_side(side),
        // One of several workloads, and it is gone.
        None if has_own_sides(release) => return false,
        None => release.current().and_then(|entry| entry.hash.clone()),
    };
    match (now, &guarded.hash) {
        (Some(now), Some(guarded)) => now == *guarded,
        _ => true,
    }
}

/// Whether nothing is asked for the guarded revision any more.
pub(super) fn is_back(release: &Release, guarded: &Lane) -> bool {
    if !carries(release, guarded) {
        return true;
    }
    let Some(traffic) = &release.traffic else { return false };
    let Some(track) = release.tracks.iter().find(|track| track.name == guarded.track) else { return false };
    if traffic.switch.is_some() {
        return track.role != Role::Stable;
    }
    match track.role {
        Role::Stable => false,
        Role::Idle => true,
        Role::Candidate => track.weight.asked == Some(0),
    }
}

/// Whether something is asked for the guarded revision.
pub(super) fn takes(release: &Release, guarded: &Lane) -> bool {
    let Some(track) = release.tracks.iter().find(|track| track.name == guarded.track) else { return false };
    match track.role {
        Role::Stable => true,
        Role::Candidate => track.weight.asked.is_some_and(|asked| asked > 0),
        Role::Idle => false,
    }
}

/// Whether what served when the guard was armed serves now, as far as that can be told.
pub(super) fn serves(release: &Release, kept: &Kept) -> bool {
    let Some(served) = &kept.served else { return true };
    let same = |now: Option<Str>| match (now, &served.hash) {
        (Some(now), Some(hash)) => now == *hash,
        _ => true,
    };
    match (&release.traffic, release.track(Role::Stable)) {
        (Some(traffic), Some(stable)) if own_sides(traffic) => {
            stable.name == served.track && same(side(release, &stable.name).and_then(hash_of_side))
        }
        // A controller has its traffic back, and the template is still there.
        (Some(_), Some(stable)) if carries(release, &kept.guarded) => stable.name != kept.guarded.track,
        _ => same(release.current().and_then(|entry| entry.hash.clone())),
    }
}

/// Whether there is another step, and whether it is the first one: nothing goes to the candidate yet.
pub(super) fn next_step(release: &Release, guarded: &Lane) -> Option<bool> {
    let step = release.step.as_ref()?;
    let candidate = release.track(Role::Candidate).filter(|track| track.name == guarded.track)?;
    let asked = candidate.weight.asked.unwrap_or(0);
    let more = if step.rungs.is_empty() { !step.next.is_empty() } else { asked < 100 };
    more.then_some(asked == 0)
}
