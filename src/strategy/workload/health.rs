//! The health verdict of a workload, with its reasons in order of weight.

use super::facts::Facts;
use super::phase::Phase;
use super::words::{clip, count, form, stop};
use crate::domain::release::{Health, HealthReason};
use crate::domain::state::Verdict;
use crate::domain::workload::ConditionStatus;
use crate::domain::{Age, State, Str};

/// Restarts of a pod from which on they are worth a look.
const RESTARTS_WORTH_A_LOOK: u32 = 3;

/// The verdict: the worst of its reasons; unknown when pods were not read and nothing else speaks.
pub fn health(facts: &Facts, phase: Phase, state: State, reason: &Str) -> Health {
    let mut reasons = vec![readiness(facts, state, reason)];
    reasons.extend(conditions(facts));
    reasons.extend(restarts(facts));
    reasons.extend(outage(facts));
    reasons.extend(autoscaler(facts));
    reasons.extend(budgets(facts));
    if phase == Phase::Unobserved {
        let generation = facts.workload.generation;
        reasons.push(warn(format!("The controller has not seen generation {generation} yet.")));
    }
    reasons.sort_by_key(|reason| match reason.verdict {
        Verdict::Bad => 0,
        Verdict::Warn => 1,
        Verdict::Unknown => 2,
        Verdict::Ok => 3,
    });
    let verdict = reasons.first().map_or(Verdict::Unknown, |reason| reason.verdict);
    Health { verdict, reasons }
}

fn reason(verdict: Verdict, text: impl Into<Str>) -> HealthReason {
    HealthReason { verdict, text: text.into() }
}

fn warn(text: impl Into<Str>) -> HealthReason {
    reason(Verdict::Warn, text)
}

fn readiness(facts: &Facts, state: State, why: &Str) -> HealthReason {
    let (ready, desired) = (facts.ready(), facts.workload.replicas.desired);
    let counted = || format!("{ready} of {} ready.", count(i64::from(desired), "pod"));
    match state {
        State::Down | State::Failed => reason(Verdict::Bad, why.clone()),
        State::Degraded => reason(if ready < desired { Verdict::Bad } else { Verdict::Warn }, why.clone()),
        State::Unknown => reason(Verdict::Unknown, why.clone()),
        State::Waiting | State::Progressing if ready < desired => warn(counted()),
        State::Idle => reason(Verdict::Ok, "Scaled to 0."),
        State::Waiting | State::Progressing | State::Healthy => reason(Verdict::Ok, counted()),
    }
}

fn conditions(facts: &Facts) -> Vec<HealthReason> {
    let told = |kind: &str, bad: ConditionStatus, verdict| {
        let condition = facts.workload.condition(kind).filter(|condition| condition.status == bad)?;
        let text = if condition.message.is_empty() { &condition.reason } else { &condition.message };
        Some(reason(verdict, stop(&format!("{kind}: {}", clip(text, 160)))))
    };
    [
        told("Available", ConditionStatus::False, Verdict::Bad),
        told("ReplicaFailure", ConditionStatus::True, Verdict::Bad),
        told("Progressing", ConditionStatus::False, Verdict::Bad),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn restarts(facts: &Facts) -> Option<HealthReason> {
    let pods = || facts.lanes.iter().flat_map(super::facts::Lane::live);
    let most = pods().max_by_key(|pod| pod.restarts).filter(|pod| pod.restarts >= RESTARTS_WORTH_A_LOOK)?;
    let total: i64 = pods().map(|pod| i64::from(pod.restarts)).sum();
    let times = count(total, "restart");
    Some(warn(format!("{times}, most of them of pod {} ({}).", most.name, most.restarts)))
}

fn outage(facts: &Facts) -> Option<HealthReason> {
    let outage = facts.outage?;
    Some(match outage.until {
        None => reason(Verdict::Bad, format!("No ready pod for {}.", Age::between(outage.from, facts.now).words())),
        Some(until) => {
            let (lasted, ago) = (Age::between(outage.from, until).words(), Age::between(until, facts.now).words());
            reason(Verdict::Ok, format!("The last time without a ready pod lasted {lasted}, and ended {ago} ago."))
        }
    })
}

fn autoscaler(facts: &Facts) -> Vec<HealthReason> {
    let Some(hpa) = &facts.autoscaler else { return Vec::new() };
    let failing = |kind: &str| {
        let condition = hpa.conditions.iter().find(|condition| &*condition.kind == kind)?;
        (condition.status == ConditionStatus::False)
            .then(|| warn(stop(&format!("HPA {}: {}", hpa.key.name, clip(&condition.message, 120)))))
    };
    let mut reasons: Vec<HealthReason> =
        [failing("AbleToScale"), failing("ScalingActive")].into_iter().flatten().collect();
    if hpa.desired >= hpa.max && hpa.max > hpa.min {
        reasons.push(warn(format!("HPA {} is at its limit of {}.", hpa.key.name, count(i64::from(hpa.max), "pod"))));
    }
    reasons
}

fn budgets(facts: &Facts) -> Vec<HealthReason> {
    let spent = facts.budgets.iter().filter(|budget| budget.allowed <= 0 && budget.wanted > 0);
    spent
        .map(|budget| {
            let (healthy, wanted) = (i64::from(budget.healthy), budget.wanted);
            let are = form(healthy, "is", "are");
            let text =
                format!("PDB {} allows no eviction now ({healthy} {are} healthy, {wanted} wanted).", budget.key.name);
            let verdict = if budget.healthy < budget.wanted { Verdict::Warn } else { Verdict::Ok };
            reason(verdict, text)
        })
        .collect()
}
