//! State and health of a release that has several workloads.

use super::part::Part;
use crate::domain::release::{Health, HealthReason, Role};
use crate::domain::state::Verdict;
use crate::domain::workload::Replicas;
use crate::domain::{State, Str, Timestamp};
use crate::strategy::Settled;
use crate::strategy::workload::settled;

/// A state with its words, before they are put into a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: State,
    /// Why: one sentence.
    pub reason: Str,
    /// What to do: one sentence that names the key, or nothing.
    pub remedy: Str,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// The worst of what the workloads say, each in its role; `None` when all of them are well. A candidate or idle side that
/// is down takes nothing down that serves: then the release has failed, and not fallen. What an idle side does counts only
/// while its pods are wanted.
pub fn of_parts(parts: &[(Role, u8, &Part)]) -> Option<Standing> {
    let of = |(role, asked, part): &(Role, u8, &Part)| {
        let own = &part.own;
        let state = match (own.state, role) {
            (State::Healthy | State::Idle, _) if *asked == 0 || own.replicas.ready > 0 => return None,
            (State::Idle, _) => State::Down,
            (State::Down, Role::Candidate | Role::Idle) if *asked < 100 => State::Failed,
            (State::Down | State::Failed | State::Degraded, Role::Idle) => return None,
            (state, _) => state,
        };
        let share = if *asked > 0 { format!(", {asked} % of the traffic") } else { String::new() };
        let reason = format!("{} ({}{share}): {}", own.key.name, role.word(), own.reason);
        Some(Standing { state, reason: reason.into(), remedy: own.remedy.clone(), since: own.since })
    };
    parts.iter().filter_map(of).min_by_key(|standing| standing.state)
}

/// The health of all workloads, each reason with the workload's name, the weightiest first; `more` is what the traffic
/// itself says.
pub fn health(parts: &[(Role, u8, &Part)], more: Vec<HealthReason>) -> Health {
    let of = |(role, _, part): &(Role, u8, &Part)| {
        let (name, role) = (part.own.key.name.clone(), *role);
        let told = part.own.health.reasons.iter();
        told.map(move |reason| HealthReason {
            verdict: softened(reason.verdict, role),
            text: format!("{name}: {}", reason.text).into(),
        })
        .collect::<Vec<_>>()
    };
    Health::of(more.into_iter().chain(parts.iter().flat_map(of)).collect())
}

/// What is wrong with an idle side harms nobody.
const fn softened(verdict: Verdict, role: Role) -> Verdict {
    match (verdict, role) {
        (Verdict::Bad, Role::Idle) => Verdict::Warn,
        (verdict, _) => verdict,
    }
}

/// The counts of all workloads together.
pub fn replicas(parts: &[Part]) -> Replicas {
    parts.iter().map(|part| part.own.replicas).fold(Replicas::default(), |sum, own| Replicas {
        desired: sum.desired.saturating_add(own.desired),
        current: sum.current.saturating_add(own.current),
        ready: sum.ready.saturating_add(own.ready),
        updated: sum.updated.saturating_add(own.updated),
        available: sum.available.saturating_add(own.available),
    })
}

/// Whether the workloads of a derived release have come to rest.
pub fn settled(release: &crate::domain::Release) -> Settled {
    let Some(traffic) = &release.traffic else { return Settled::Yes };
    let sides = traffic.rows.sides.iter().filter(|side| side.role != Role::Idle);
    let mut waiting = None;
    for side in sides {
        let Some(own) = &side.own else { continue };
        match settled::settled(own) {
            Settled::Yes => {}
            Settled::Failed(why) => return Settled::Failed(format!("{}: {why}", side.name).into()),
            Settled::NotYet(what) => waiting = waiting.or_else(|| Some(format!("{}: {what}", side.name))),
        }
    }
    waiting.map_or(Settled::Yes, |what| Settled::NotYet(what.into()))
}
