//! Another weight: one Deployment up, wait until its pods are ready, the other down. Two calls, each fenced on its own
//! number of replicas.

use super::counts::{pods, rounding, share};
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::milestone::{Midway, Milestone};
use crate::domain::plan::{
    Inverse, InversePart, InverseSteps, Operation, Patch, PlannedCall, Refusal, Wait, json, null,
};
use crate::domain::release::Role;
use crate::domain::said::{SCALE, SET_IMAGE};
use crate::domain::traffic::Traffic;
use crate::domain::traffic::view::Side;
use crate::domain::{Details, Direction, Intent, Plan, RawObject, Release};
use crate::strategy::Context;
use crate::strategy::taking_back::REPLICAS;
use crate::strategy::workload::plan::{Draft, Part, finish, patch};
use crate::strategy::workload::progress::start_time;
use crate::strategy::workload::version::version;
use crate::strategy::workload::words::{clip, count, form};
use crate::strategy::workload::{diff, kubectl};
use jiff::SignedDuration;

/// How long new pods are waited for when the Deployment has no deadline of its own, and on the way back.
const LIMIT: SignedDuration = SignedDuration::from_mins(10);
const LIMIT_BACK: SignedDuration = SignedDuration::from_mins(1);

/// The two sides of a canary with their roles.
#[derive(Clone, Copy)]
pub struct Two<'a> {
    /// Serves, or served before.
    pub stable: &'a Side,
    /// Comes in; the idle one where there is no candidate.
    pub candidate: &'a Side,
}

impl<'a> Two<'a> {
    /// The sides of `release`.
    pub fn of(release: &'a Release) -> Result<Self, Refusal> {
        let traffic = release.traffic.as_deref();
        let gone = || Refusal::because(format!("{} has no two sides any more", release.key));
        let stable = traffic.and_then(|traffic| traffic.side(Role::Stable)).ok_or_else(gone)?;
        let candidate = traffic.and_then(Traffic::other_than_stable).ok_or_else(gone)?;
        Ok(Self { stable, candidate })
    }

    /// The candidate's share, as the replicas ask for it.
    pub fn asked(&self) -> Option<u8> {
        share(self.candidate.workload.replicas.desired, self.stable.workload.replicas.desired)
    }

    /// Whether a new version is there to be brought in: after 100 % the sides have changed places, and the one without
    /// pods keeps the old version until it gets a new one.
    pub fn coming(&self) -> Result<(), String> {
        if self.candidate.role == Role::Candidate {
            return Ok(());
        }
        let (idle, serving) = (&self.candidate.name, &self.stable.name);
        Err(format!("{serving} takes everything, and {idle} has the older version; {SET_IMAGE} gives it a new one"))
    }

    /// All pods wanted.
    pub fn total(&self) -> i32 {
        self.candidate.workload.replicas.desired.saturating_add(self.stable.workload.replicas.desired)
    }

    /// The first rung above the weight that changes the number of pods, with the candidate's pods there.
    pub fn next(&self, ladder: &[u8]) -> Option<(u8, i32)> {
        let (now, asked) = (self.candidate.workload.replicas.desired, self.asked()?);
        let above = ladder.iter().copied().filter(|rung| *rung > asked);
        above.filter_map(|rung| Some((rung, pods(rung, self.total())?))).find(|(_, pods)| *pods > now)
    }

    /// The autoscaler that owns the replicas of either side.
    pub fn autoscaler(&self) -> Option<String> {
        let side = [self.candidate, self.stable].into_iter().find(|side| side.autoscaler.is_some())?;
        let hpa = side.autoscaler.as_ref()?;
        Some(format!("hpa/{} owns the replicas of {}", hpa.key.name, side.name))
    }
}

/// One Deployment's replicas, before and after.
pub struct Change<'a> {
    /// Which.
    pub side: &'a Side,
    /// Its bytes.
    pub object: &'a RawObject,
    /// Now.
    pub from: i32,
    /// Then.
    pub to: i32,
}

impl<'a> Change<'a> {
    /// The change of `side` to `to` replicas.
    pub fn of(side: &'a Side, details: &'a Details, to: i32) -> Result<Self, Refusal> {
        let key = &side.workload.key;
        let unread = || Refusal::read_again(format!("{key} could not be read, so nothing can be planned on it"));
        let object = details.object(key).ok_or_else(unread)?;
        if object.uid != side.workload.uid {
            return Err(Refusal::read_again(format!("{key} was deleted and made again; look at it anew")));
        }
        Ok(Self { side, object, from: object.value(REPLICAS).unwrap_or(1), to })
    }

    fn moves(&self) -> bool {
        self.from != self.to
    }

    fn call(&self) -> PlannedCall {
        let call = Patch::of(self.object).test(REPLICAS).add(REPLICAS, number(self.to)).call();
        patch(call, &format!("only if it has {} now", count(i64::from(self.from), "replica")))
    }

    fn back(&self) -> InversePart {
        InversePart {
            target: self.object.key.clone(),
            operations: vec![Operation::Replace { path: REPLICAS.into(), value: number(self.from) }],
            fenced_on: vec![REPLICAS.into()],
            subresource: None,
        }
    }
}

fn number(number: i32) -> std::sync::Arc<serde_json::value::RawValue> {
    json(&number).unwrap_or_else(null)
}

/// The plan of `weight` per cent to the candidate.
pub fn plan(
    release: &Release,
    details: &Details,
    weight: u8,
    intent: &Intent,
    context: &Context,
) -> Result<Plan, Refusal> {
    let two = Two::of(release)?;
    let key = &release.key;
    let name = &two.candidate.name;
    if weight > 100 {
        return Err(Refusal::because(format!("{weight} % can't be: name a weight from 0 to 100")));
    }
    let (candidate, stable) = (Change::of(two.candidate, details, 0)?, Change::of(two.stable, details, 0)?);
    let total = candidate.from.saturating_add(stable.from);
    if total != two.total() || candidate.from != two.candidate.workload.replicas.desired {
        return Err(Refusal::read_again(format!("the replicas of {key} were changed just now; look at it anew")));
    }
    let Some(pods) = pods(weight, total) else {
        let has = count(i64::from(total), "pod");
        return Err(Refusal::because(format!("{key} has {has}, which can't be shared: scale it up first ({SCALE})")));
    };
    if pods == candidate.from {
        let rounded = rounding(weight, pods, total).map(|why| format!(" ({why})")).unwrap_or_default();
        let has = count(i64::from(pods), "pod");
        return Err(Refusal::unchanged(format!("{name} has {has} of {total} already{rounded}")));
    }
    let up = pods > candidate.from;
    // Towards the older version is back.
    let forward = up == two.coming().is_ok();
    let owner = two.autoscaler();
    if let Some(owner) = owner.as_ref().filter(|_| forward) {
        return Err(Refusal::because(format!(
            "{key} is not weighted: {owner}, and would set them again; take the autoscaler away first, or use a router"
        )));
    }
    let (candidate, stable) = (Change { to: pods, ..candidate }, Change { to: total - pods, ..stable });
    let changes = match (up, owner.is_some()) {
        (true, _) => vec![candidate, stable],
        (false, false) => vec![stable, candidate],
        // The autoscaler of the stable side sees the load and scales it; the candidate's is switched off by the 0.
        (false, true) => vec![candidate],
    };
    let got = share(pods, total - pods).unwrap_or(0);
    let title =
        format!("{got} % to {name} {} ({pods} of {})", version_of(two.candidate), count(i64::from(total), "pod"));
    let direction = if forward { Direction::Forward } else { Direction::Back };
    let mut plan = of_changes(release, details, &changes, (title, direction), intent, context);
    plan.forecast.warnings.extend(rounding(weight, pods, total).map(Into::into));
    if let Some(owner) = owner {
        let then = if up { "and may set them again" } else { "so the sum of the pods does not stay" };
        plan.forecast.warnings.push(format!("{owner}, {then}").into());
    }
    Ok(plan)
}

/// The plan that makes `changes` in this order, each after the pods of the one before are ready.
pub fn of_changes(
    release: &Release,
    details: &Details,
    changes: &[Change<'_>],
    (title, direction): (String, Direction),
    intent: &Intent,
    context: &Context,
) -> Plan {
    let changes: Vec<&Change<'_>> = changes.iter().filter(|change| change.moves()).collect();
    let mut calls: Vec<PlannedCall> = changes.iter().map(|change| change.call()).collect();
    let last = calls.len().saturating_sub(1);
    for (place, change) in changes.iter().enumerate() {
        calls[place].then = (place < last && change.to > change.from).then(|| midway(change, direction));
    }
    let mut back: Vec<InversePart> = changes.iter().rev().map(|change| change.back()).collect();
    let also = back.split_off(back.len().min(1));
    let words = format!("back to {}", told(&changes, |change| change.from));
    let inverse = match back.pop() {
        Some(part) => Inverse::Exact(InverseSteps {
            target: part.target,
            operations: part.operations,
            fenced_on: part.fenced_on,
            subresource: None,
            also,
            words: words.into(),
            direction: direction.opposite(),
        }),
        None => Inverse::None { why: "nothing changes".into() },
    };
    let takes = changes
        .iter()
        .filter(|change| change.to > change.from)
        .find_map(|change| start_time(change.side.own.as_ref()?.pods().map(|pod| &**pod)));
    let forecast = Forecast { then: then(&changes, direction).into(), takes, ..Forecast::default() };
    let shown = |change: &&Change<'_>| {
        let place = format!("{}  replicas", change.side.workload.key.target());
        diff::value(&place, Some(&change.from.to_string()), Some(&change.to.to_string()))
    };
    let draft = Draft {
        title,
        direction,
        calls,
        until: Wait::Settled,
        inverse,
        forecast,
        risk: Risk::Low,
        diff: changes.iter().map(shown).collect(),
        needs: Vec::new(),
        kubectl: changes.iter().map(|it| kubectl::scale(&it.object.key, it.from, it.to)).collect(),
    };
    finish(release, details, intent, context, Part::Replicas, draft)
}

fn midway(change: &Change<'_>, direction: Direction) -> Midway {
    let back = direction == Direction::Back;
    let deadline = change.side.workload.progress_deadline.unwrap_or(LIMIT);
    let ready = count(i64::from(change.to), "pod");
    Midway {
        what: format!(
            "until {ready} of {} {} ready",
            change.side.workload.key.name,
            form(i64::from(change.to), "is", "are")
        )
        .into(),
        until: Milestone::Ready { workload: change.object.key.clone(), pods: change.to },
        limit: if back { LIMIT_BACK } else { deadline },
        // What goes back takes the candidate out in the end, whatever the stable pods do.
        go_on: back,
    }
}

fn told(changes: &[&Change<'_>], of: impl Fn(&Change<'_>) -> i32) -> String {
    let parts = changes.iter().map(|change| format!("{} {}", of(change), change.side.workload.key.name));
    format!("{} pods", parts.collect::<Vec<_>>().join(" and "))
}

fn then(changes: &[&Change<'_>], direction: Direction) -> String {
    let step = |change: &&Change<'_>| {
        format!("{} {} → {}", change.side.workload.key.name, change.from, count(i64::from(change.to), "pod"))
    };
    let steps: Vec<String> = changes.iter().map(step).collect();
    let waits = match direction {
        Direction::Forward => "; once they are ready, ",
        Direction::Back => "; once they are ready, or after a minute, ",
    };
    let steps = steps.join(waits);
    format!("{steps}; the Service spreads new connections over all ready pods")
}

/// The version that a side stands for.
pub fn version_of(side: &Side) -> String {
    clip(&version(&side.workload.images), 40)
}
