//! The way back of a guard: to what served when it was armed, and to nothing else.

use super::kept::{Kept, Lane};
use super::lanes::{has_own_sides, hash_of_entry, hash_of_side, side};
use crate::domain::guarding::OnBreach;
use crate::domain::history::HistoryEntry;
use crate::domain::intent::{PausedUndo, UndoTo};
use crate::domain::plan::Refusal;
use crate::domain::traffic::Traffic;
use crate::domain::{Direction, Intent, Plan, Release, Role, Track};

/// One write on the way back.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Back {
    /// What is asked for.
    pub intent: Intent,
    /// What comes of it.
    pub leads: Leads,
}

/// Where a write leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leads {
    /// Pods of what served are started; the traffic follows with the next write.
    Pods,
    /// To the very revision that served: it was compared.
    Served,
    /// To whatever the release calls stable: its strategy must call that the way back.
    Stable,
}

impl Back {
    /// The plan as the guard sends it; refused where it would go forward.
    pub fn stamped(&self, plan: Plan) -> Result<Plan, Refusal> {
        if self.leads == Leads::Stable && plan.direction == Direction::Forward {
            let reason = format!("'{}' would go forward: decide by hand", plan.title);
            return Err(Refusal::because(reason));
        }
        Ok(Plan { direction: Direction::Back, ..plan })
    }
}

/// The next write on the way back of `release`; `None` where nothing is done.
pub(super) fn way_back(release: &Release, kept: &Kept, on_breach: OnBreach) -> Result<Option<Back>, Refusal> {
    let traffic = release.traffic.as_deref();
    let switches = traffic.is_some_and(|traffic| traffic.switch.is_some());
    let candidate = release.track(Role::Candidate).filter(|_| traffic.is_some());
    match on_breach {
        OnBreach::Hold => return Ok(None),
        OnBreach::SwitchBack if !switches => {
            return Err(Refusal::because(format!(
                "{} has no sides to switch between: on breach undo, abort or hold",
                release.key
            )));
        }
        // A plain workload has no traffic to take back: its strategy says so.
        OnBreach::Abort if traffic.is_none() => return Ok(Some(to_stable())),
        OnBreach::SwitchBack | OnBreach::Undo | OnBreach::Abort => {}
    }
    let back = match (traffic, candidate) {
        (Some(traffic), None) if has_own_sides(release) => kept_beside(release, kept, traffic),
        (_, Some(track)) if track.name == kept.guarded.track => Ok(to_stable()),
        (_, Some(other)) => promoted(release, kept, other),
        (_, None) => template(release, kept),
    };
    back.map(Some)
}

fn to_stable() -> Back {
    Back { intent: Intent::Abort, leads: Leads::Stable }
}

fn nothing(release: &Release) -> Refusal {
    Refusal::because(format!("{} has nothing to go back to: nothing else served when it was armed", release.key))
}

/// The way back to a side that was kept: it must carry what served, and have pods that are ready.
fn kept_beside(release: &Release, kept: &Kept, traffic: &Traffic) -> Result<Back, Refusal> {
    let served = kept.served.as_ref().ok_or_else(|| nothing(release))?;
    let track = release.tracks.iter().find(|track| track.name == served.track && track.role == Role::Idle);
    let Some(track) = track.filter(|_| carried(release, served)) else {
        return Err(Refusal::because(format!(
            "{} of {} does not carry {} any more, which served when it was armed: decide by hand",
            served.track, release.key, served.version
        )));
    };
    let by_route = !traffic.rows.routes.is_empty();
    if (traffic.switch.is_some() || by_route)
        && let Some(first) = pods_first(release, kept, track)?
    {
        return Ok(first);
    }
    if traffic.switch.is_some() {
        return Ok(Back { intent: Intent::Switch { to: Some(served.track.clone()) }, leads: Leads::Served });
    }
    // An undo that goes to the best it knows means the traffic only where a rule has weights and one side is kept.
    let alone = traffic.other_than_stable().is_some_and(|side| side.name == served.track);
    let weighed = !by_route || traffic.rules.iter().any(|split| split.steered);
    if !alone || !weighed {
        let why = if alone { "no rule of it has weights" } else { "it has several other sides" };
        return Err(Refusal::because(format!("{} is not taken back by itself: {why}", release.key)));
    }
    let intent = Intent::Undo { to: UndoTo::Best, paused: PausedUndo::StayPaused };
    Ok(Back { intent, leads: Leads::Served })
}

/// Without a ready pod the side that served would serve nobody: its pods come before the traffic.
fn pods_first(release: &Release, kept: &Kept, track: &Track) -> Result<Option<Back>, Refusal> {
    if track.replicas.ready > 0 {
        return Ok(None);
    }
    let desired = |name: &str| side(release, name).map_or(0, |side| side.workload.replicas.desired);
    if desired(&track.name) > 0 {
        return Err(Refusal::moved(format!("no pod of {} is ready yet", track.name)));
    }
    let replicas = desired(&kept.guarded.track).max(1);
    Ok(Some(Back { intent: Intent::ScaleSide { side: track.name.clone(), replicas }, leads: Leads::Pods }))
}

/// Whether the side called as `lane` carries that very revision.
fn carried(release: &Release, lane: &Lane) -> bool {
    let now = side(release, &lane.track).and_then(hash_of_side).or_else(|| hash_of_entry(release, &lane.track));
    lane.hash.is_some() && lane.hash == now
}

/// The way back when the guarded revision is the stable one and another one is the candidate by now: all of the traffic to
/// that one where it is what served, and nothing where it is yet another.
fn promoted(release: &Release, kept: &Kept, other: &Track) -> Result<Back, Refusal> {
    if kept.served.as_ref().is_some_and(|served| served.track == other.name && carried(release, served)) {
        return Ok(Back { intent: Intent::SetWeight { weight: 100, rule: None }, leads: Leads::Served });
    }
    Err(Refusal::because(format!(
        "{} is the stable version of {} now, and {} is brought in beside it: what served is not there any more; \
         decide by hand",
        kept.guarded.version, release.key, other.version
    )))
}

/// The way back of one workload: the template that served.
fn template(release: &Release, kept: &Kept) -> Result<Back, Refusal> {
    let served = kept.served.as_ref().ok_or_else(|| nothing(release))?;
    let same = |entry: &&HistoryEntry| served.hash.is_some() && entry.hash == served.hash;
    // By its number only where it had no hash: another template may have come under it.
    let by_number = || release.entry(served.revision.filter(|_| served.hash.is_none())?);
    let entry = release.history.iter().find(same).or_else(by_number).ok_or_else(|| {
        let (version, key) = (&served.version, &release.key);
        Refusal::because(format!("{version}, which served when it was armed, is in the history of {key} no more"))
    })?;
    let paused = if release.held { PausedUndo::Resume } else { PausedUndo::StayPaused };
    Ok(Back { intent: Intent::Undo { to: UndoTo::Number(entry.revision), paused }, leads: Leads::Served })
}

#[cfg(test)]
mod tests;
