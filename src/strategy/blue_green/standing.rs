//! What a blue-green release is doing, and whether a switch has come through.

use super::sides::Sides;
use super::times::Kept;
use crate::domain::release::{HealthReason, Role};
use crate::domain::said::{SCALE, SWITCH};
use crate::domain::state::Verdict;
use crate::domain::traffic::view::SwitchView;
use crate::domain::{Age, Release, State, Str, Timestamp};
use crate::strategy::Settled;
use crate::strategy::traffic::part::Part;
use crate::strategy::traffic::standing::{Standing, of_parts};
use crate::strategy::workload::settled::settled as of_workload;
use crate::strategy::workload::words::{clip, count, some_of, stop};

/// What the sentences are made from.
pub struct View<'a> {
    /// The Service and its sides.
    pub sides: &'a Sides,
    /// The live side first.
    pub parts: &'a [(Role, Str, &'a Part)],
    /// Where the addresses are.
    pub switch: &'a SwitchView,
    /// The old side, while it is kept.
    pub kept: Option<&'a Kept>,
    /// The time.
    pub now: Timestamp,
}

/// The worst that holds.
pub fn standing(view: &View<'_>) -> Standing {
    let Some((_, _, live)) = view.parts.iter().find(|(role, ..)| *role == Role::Stable) else {
        return nobody(view);
    };
    let of_all: Vec<(Role, u8, &Part)> = view
        .parts
        .iter()
        .map(|(role, _, part)| match role {
            Role::Stable => (Role::Stable, 100, *part),
            // What comes in next must come up; what was left behind need not.
            _ if is_younger(part, live) => (Role::Candidate, 0, *part),
            Role::Candidate | Role::Idle => (Role::Idle, 0, *part),
        })
        .collect();
    let worst = of_parts(&of_all).into_iter().chain(moving(view)).min_by_key(|standing| standing.state);
    worst.unwrap_or_else(|| healthy(view, live))
}

/// Whether `part` has a younger template than `other`.
pub fn is_younger(part: &Part, other: &Part) -> bool {
    match (part.templated().template, other.templated().template) {
        (Some(own), Some(other)) => own > other,
        (None, Some(_)) => true,
        (_, None) => false,
    }
}

fn nobody(view: &View<'_>) -> Standing {
    let values: Vec<&str> = view.sides.workloads.iter().map(|(value, _)| &**value).collect();
    let reason = format!(
        "Service {} selects {}={}, which no workload has: nothing is served",
        view.sides.service.key.name,
        view.sides.key,
        clip(view.sides.live(), 40),
    );
    let remedy = format!("{SWITCH} switches to {}.", some_of(&values, 3));
    Standing { state: State::Down, reason: stop(&reason).into(), remedy: remedy.into(), since: view.switch.switched_at }
}

fn moving(view: &View<'_>) -> Option<Standing> {
    let (own, others) = view.switch.moved;
    if others == 0 {
        return None;
    }
    let reason = format!(
        "{own} of {} of Service {} belong to {}, {others} still to another side",
        count(i64::from(own) + i64::from(others), "address").replace("addresss", "addresses"),
        view.sides.service.key.name,
        view.switch.live,
    );
    let since = view.switch.switched_at;
    Some(Standing { state: State::Progressing, reason: stop(&reason).into(), remedy: "".into(), since })
}

fn healthy(view: &View<'_>, live: &Part) -> Standing {
    let own = &live.own;
    let ready = count(i64::from(own.replicas.desired), "pod");
    let mut reason = format!(
        "{} {} takes all traffic, {} of {ready} ready",
        view.switch.live,
        clip(&live.version(), 40),
        own.replicas.ready
    );
    for (_, name, part) in view.parts.iter().filter(|(role, ..)| *role != Role::Stable) {
        let pods = part.own.replicas.ready;
        reason.push_str(&format!("; {name} {} has {pods} ready", clip(&part.version(), 40)));
    }
    let state = if own.state == State::Idle { State::Idle } else { State::Healthy };
    let since = view.switch.switched_at.or(own.since);
    Standing { state, reason: stop(&reason).into(), remedy: remedy(view, live).into(), since }
}

fn remedy(view: &View<'_>, live: &Part) -> String {
    if let Some(kept) = view.kept {
        let side = &kept.side;
        return if kept.until <= view.now {
            format!("{side} can be scaled down ({SCALE}); until then {SWITCH} switches back at once.")
        } else {
            let left = Age::between(view.now, kept.until).words();
            format!("{SWITCH} switches back to {side} at once; it is kept for {left} more.")
        };
    }
    let mut next = view.parts.iter().filter(|(role, _, part)| *role != Role::Stable && is_younger(part, live));
    match (next.next(), next.next()) {
        (Some((_, name, part)), None) if part.own.replicas.ready > 0 => {
            format!("{SWITCH} switches to {name} {}.", clip(&part.version(), 40))
        }
        _ => String::new(),
    }
}

/// What the addresses say for the health.
pub fn of_addresses(switch: &SwitchView) -> HealthReason {
    let (own, others) = switch.moved;
    let (verdict, text) = match (own, others) {
        (0, 0) => (Verdict::Unknown, "No address of the Service is known.".to_owned()),
        (own, 0) => (Verdict::Ok, format!("All addresses of the Service belong to {} ({own}).", switch.live)),
        (own, others) => (
            Verdict::Warn,
            format!("{others} of {} addresses belong to another side than {}.", own + others, switch.live),
        ),
    };
    HealthReason { verdict, text: text.into() }
}

/// A switch has come through when every address belongs to the live side, and every ready pod of it has one.
pub fn settled(release: &Release) -> Settled {
    let switch = release.traffic.as_ref().and_then(|traffic| Some((traffic, traffic.switch.as_ref()?)));
    let Some((traffic, switch)) = switch else { return Settled::Failed("nothing is switched any more".into()) };
    let Some(live) = traffic.side(Role::Stable) else {
        return Settled::Failed(format!("no workload has {}={}", switch.key, switch.live).into());
    };
    let (own, others) = switch.moved;
    if others > 0 {
        return Settled::NotYet(format!("{others} of {} addresses still belong to another side", own + others).into());
    }
    let ready = u32::try_from(live.workload.replicas.ready).unwrap_or(0);
    if own < ready {
        return Settled::NotYet(format!("{own} of {ready} ready pods of {} have an address", live.name).into());
    }
    live.own.as_ref().map_or(Settled::Yes, |own| of_workload(own))
}
