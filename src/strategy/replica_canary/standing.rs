//! What a replica canary is doing, and whether it has come to rest.

use super::actions::step;
use super::weight::{Two, version_of};
use crate::domain::release::Role;
use crate::domain::said::ADVANCE;
use crate::domain::traffic::view::{Side, WaitingFor};
use crate::domain::{Release, State, Timestamp};
use crate::strategy::Settled;
use crate::strategy::traffic::standing::{Standing, settled as parts_settled};
use crate::strategy::workload::words::{count, stop};

/// When all workloads are well: at a rung, or at rest.
pub fn at_rest(two: &Two<'_>, ladder: &[u8], since: Option<Timestamp>) -> Standing {
    let asked = two.asked().unwrap_or(0);
    let (stable, candidate) = (two.stable, two.candidate);
    let total = count(i64::from(two.total()), "pod");
    let split = asked > 0 && asked < 100;
    if !split {
        let serving = if asked == 100 { candidate } else { stable };
        let reason = format!("{} {} takes all traffic, {total}", serving.name, version_of(serving));
        let comes = two.coming().ok().and_then(|()| two.next(ladder));
        let remedy = comes.map_or_else(String::new, |(rung, pods)| format!("A: {}.", step(two, rung, pods)));
        let state = if two.total() == 0 { State::Idle } else { State::Healthy };
        return Standing { state, reason: stop(&reason).into(), remedy: remedy.into(), since };
    }
    let pods = candidate.workload.replicas.desired;
    let reason = format!("{asked} % on {} {}: {pods} of {total}", candidate.name, version_of(candidate));
    let next = two.next(ladder).map_or_else(String::new, |(rung, _)| format!("{ADVANCE} goes to {rung} %, "));
    let remedy = format!("{next}X back to {}.", stable.name);
    Standing { state: State::Waiting, reason: stop(&reason).into(), remedy: remedy.into(), since }
}

/// A person is waited for at every rung but the first and the last.
pub fn waiting(state: State, since: Option<Timestamp>) -> Option<WaitingFor> {
    (state == State::Waiting).then(|| WaitingFor { what: "the next rung".into(), since })
}

/// Since when the replicas are what they are: the newest writer of either side's.
pub fn since(two: &Two<'_>) -> Option<Timestamp> {
    let writers = [two.stable, two.candidate].into_iter().flat_map(|side| &side.workload.writers);
    writers.filter(|writer| writer.touches.replicas).filter_map(|writer| writer.at).max()
}

/// It has come to rest when all workloads have, pods that are not wanted have ended, and every ready pod has an address.
pub fn settled(release: &Release) -> Settled {
    let of_parts = parts_settled(release);
    if of_parts != Settled::Yes {
        return of_parts;
    }
    let sides: &[Side] = release.traffic.as_ref().map_or(&[], |traffic| &traffic.rows.sides);
    if let Some(side) = sides.iter().find(|side| side.role == Role::Idle && side.workload.replicas.current > 0) {
        let left = count(i64::from(side.workload.replicas.current), "pod");
        return Settled::NotYet(format!("{}: {left} still to end", side.name).into());
    }
    let known = sides.iter().any(|side| side.endpoints.ready > 0);
    let behind = sides.iter().find(|side| i64::from(side.endpoints.ready) != i64::from(side.workload.replicas.ready));
    match behind.filter(|_| known) {
        Some(side) => {
            let (has, wanted) = (side.endpoints.ready, side.workload.replicas.ready);
            Settled::NotYet(format!("{}: {has} addresses take traffic, {wanted} pods are ready", side.name).into())
        }
        None => Settled::Yes,
    }
}
