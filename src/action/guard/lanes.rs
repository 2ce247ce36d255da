//! Which revision is guarded, which one served, and the way from one to the other.

use super::kept::{Kept, Lane};
use crate::domain::guarding::OnBreach;
use crate::domain::history::{Evidence, HistoryEntry};
use crate::domain::intent::{PausedUndo, UndoTo};
use crate::domain::plan::Refusal;
use crate::domain::traffic::view::{Side, Traffic};
use crate::domain::{Intent, Release, Role, Str, Track};
use crate::strategy::Switched;

/// What a guard on `release` watches, and what it would go back to: the candidate and the stable one; where there is no
/// candidate any more, what serves and the best revision to go back to. Refused while the release can't tell yet.
pub fn arm(release: &Release, switched: Option<&Switched>) -> Result<(Lane, Option<Lane>), Refusal> {
    let unsaid = || Refusal::read_again(format!("{} does not tell yet which revision it stands for", release.key));
    if release.traffic.as_ref().is_some_and(|traffic| !traffic.rows.sides.is_empty()) {
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

/// The side that was live before: as our journal has it, else the only other one.
fn before<'a>(release: &'a Release, switched: Option<&Switched>) -> Option<&'a Track> {
    let traffic = release.traffic.as_ref()?;
    let named = switched.and_then(|switched| traffic.side_called(&switched.from));
    let side = named.filter(|side| side.role != Role::Stable).or_else(|| traffic.other_than_stable())?;
    release.tracks.iter().find(|track| track.name == side.name)
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

fn side<'a>(release: &'a Release, name: &str) -> Option<&'a Side> {
    release.traffic.as_ref()?.side_called(name)
}

fn hash_of_side(side: &Side) -> Option<Str> {
    side.own.as_ref()?.current()?.hash.clone()
}

fn hash_of_entry(release: &Release, name: &str) -> Option<Str> {
    release.history.iter().find(|entry| *entry.object.name == *name)?.hash.clone()
}

/// Whether the release still carries the guarded revision, wherever its traffic goes. What can't be told is so.
pub(super) fn carries(release: &Release, guarded: &Lane) -> bool {
    let now = match side(release, &guarded.track) {
        Some(side) => hash_of_side(side),
        None if release
            .traffic
            .as_ref()
            .is_some_and(|traffic| traffic.rows.sides.iter().any(|side| side.own.is_some())) =>
        {
            // One of several workloads, and it is gone.
            return false;
        }
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
    let own_sides = |traffic: &Traffic| traffic.rows.sides.iter().any(|side| side.own.is_some());
    match (&release.traffic, release.track(Role::Stable)) {
        (Some(traffic), Some(stable)) if own_sides(traffic) => {
            stable.name == served.track && same(side(release, &stable.name).and_then(hash_of_side))
        }
        // A controller has its traffic back, and the template is still there.
        (Some(_), Some(stable)) if carries(release, &kept.guarded) => stable.name != kept.guarded.track,
        _ => same(release.current().and_then(|entry| entry.hash.clone())),
    }
}

/// The way back on `release`; `None` where nothing is done.
pub(super) fn way_back(release: &Release, kept: &Kept, on_breach: OnBreach) -> Result<Option<Intent>, Refusal> {
    let nothing = || {
        Refusal::because(format!("{} has nothing to go back to: nothing else served when it was armed", release.key))
    };
    let switch = || Ok(Some(Intent::Switch { to: Some(kept.served.as_ref().ok_or_else(nothing)?.track.clone()) }));
    let other = release.track(Role::Candidate).filter(|track| track.name != kept.guarded.track);
    let candidate = release.track(Role::Candidate).is_some() && other.is_none();
    let traffic = release.traffic.as_ref();
    match on_breach {
        OnBreach::Hold => Ok(None),
        OnBreach::SwitchBack => switch(),
        OnBreach::Undo if traffic.is_some_and(|traffic| traffic.switch.is_some()) => switch(),
        OnBreach::Undo | OnBreach::Abort if other.is_some() => promoted(release, kept, other),
        OnBreach::Abort if candidate || traffic.is_none() => Ok(Some(Intent::Abort)),
        OnBreach::Undo | OnBreach::Abort => {
            let own_sides = traffic.is_some_and(|traffic| traffic.rows.sides.iter().any(|side| side.own.is_some()));
            if candidate && traffic.is_some() && !own_sides {
                // A controller steps it: it takes its own traffic back.
                return Ok(Some(Intent::Abort));
            }
            let to = if own_sides { UndoTo::Best } else { served(release, kept).ok_or_else(nothing)? };
            let paused = if release.held { PausedUndo::Resume } else { PausedUndo::StayPaused };
            Ok(Some(Intent::Undo { to, paused }))
        }
    }
}

/// The way back when the guarded revision is the stable one and another one is the candidate by now: all of the traffic to
/// that one where it is what served, and nothing where it is yet another.
fn promoted(release: &Release, kept: &Kept, other: Option<&Track>) -> Result<Option<Intent>, Refusal> {
    let hash = |name: &str| side(release, name).and_then(hash_of_side).or_else(|| hash_of_entry(release, name));
    let served = kept.served.as_ref().zip(other).filter(|(served, other)| {
        served.track == other.name && served.hash.is_some() && served.hash == hash(&other.name)
    });
    if served.is_some() {
        return Ok(Some(Intent::SetWeight { weight: 100, rule: None }));
    }
    let version = other.map_or_else(|| "another version".into(), |other| other.version.clone());
    Err(Refusal::because(format!(
        "{} is the stable version of {} now, and {version} is brought in beside it: what served is not there any more; \
         decide by hand",
        kept.guarded.version, release.key
    )))
}

/// The number that the served revision has now.
fn served(release: &Release, kept: &Kept) -> Option<UndoTo> {
    let served = kept.served.as_ref()?;
    let same = |entry: &&HistoryEntry| served.hash.is_some() && entry.hash == served.hash;
    let entry = release.history.iter().find(same);
    let entry = entry.or_else(|| release.entry(served.revision?))?;
    Some(UndoTo::Number(entry.revision))
}

/// Whether there is another step, and whether it is the first one: nothing goes to the candidate yet.
pub(super) fn next_step(release: &Release, guarded: &Lane) -> Option<bool> {
    let step = release.step.as_ref()?;
    let candidate = release.track(Role::Candidate).filter(|track| track.name == guarded.track)?;
    let asked = candidate.weight.asked.unwrap_or(0);
    let more = if step.rungs.is_empty() { !step.next.is_empty() } else { asked < 100 };
    more.then_some(asked == 0)
}
