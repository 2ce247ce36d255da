//! How far a running update is, how long it still takes, and when the controller gives up.

use super::blockers::{Group, blockers, sticks};
use super::facts::{Facts, alive, len};
use super::phase::{Phase, deadline_exceeded};
use super::unmade::unmade;
use crate::domain::pod::Pod;
use crate::domain::release::Progress;
use crate::domain::workload::ConditionStatus;
use crate::domain::{Age, Kind, Timestamp};
use jiff::SignedDuration;

/// The progress of a running, held or waiting update; `None` when nothing is under way.
pub fn progress(facts: &Facts, phase: Phase, groups: &[Group<'_>]) -> Option<Progress> {
    let total = facts.workload.replicas.desired.max(0);
    let done = done(facts).min(total);
    let running = match phase {
        Phase::Done => return None,
        Phase::Updating | Phase::Unobserved => true,
        Phase::Held | Phase::OnDelete(_) | Phase::Partition(_) => false,
    };
    // What stands still takes no time that could be told.
    let moves = running
        && !deadline_exceeded(facts)
        && unmade(facts).is_none()
        && !groups.iter().any(|group| sticks(group.cause));
    Some(Progress {
        done,
        total,
        deadline: deadline(facts).filter(|_| running),
        estimate: if moves { estimate(facts, total - done) } else { None },
        blockers: blockers(groups),
    })
}

/// Pods of the template that are available.
fn done(facts: &Facts) -> i32 {
    let counts = facts.workload.replicas;
    match facts.current() {
        Some(lane) if facts.pods_listed => lane.available(facts.workload.min_ready, facts.now),
        _ => counts.updated.min(counts.available.max(counts.ready)),
    }
}

/// `progressDeadlineSeconds` after the last progress (Deployments; `status.conditions[Progressing].lastUpdateTime`).
pub fn deadline(facts: &Facts) -> Option<Timestamp> {
    let workload = &facts.workload;
    let condition = workload.condition("Progressing")?;
    // Until the controller has begun, its word is of the change before this one.
    if workload.key.kind != Kind::Deployment
        || workload.paused
        || facts.unborn()
        || condition.status != ConditionStatus::True
    {
        return None;
    }
    condition.updated.or(condition.since)?.checked_add(workload.progress_deadline?).ok()
}

/// The time left at the pace of the pods that it brought already; `None` before the first one.
fn estimate(facts: &Facts, left: i32) -> Option<Age> {
    let now = facts.now;
    let ready: Vec<Timestamp> = facts.brought().filter(|pod| pod.ready).filter_map(|pod| pod.ready_since).collect();
    let start = facts.brought().filter_map(|pod| pod.created).min()?;
    let latest = ready.iter().max()?;
    let pace = latest.duration_since(start).as_secs().max(1) / i64::from(len(ready.len())).max(1);
    let spent = now.duration_since(*latest).as_secs().max(0);
    let seconds = pace.max(1).saturating_mul(i64::from(left.max(0))).saturating_sub(spent).max(1);
    (left > 0).then_some(Age::seconds(seconds))
}

/// How long one pod takes from creation to ready: the median of what is seen; `None` when no pod tells.
pub fn start_time<'a>(pods: impl Iterator<Item = &'a Pod>) -> Option<SignedDuration> {
    let mut spans: Vec<SignedDuration> = pods
        .filter(|pod| alive(pod) && pod.ready && pod.restarts == 0)
        .filter_map(|pod| Some(pod.ready_since?.duration_since(pod.created?)))
        .filter(|span| !span.is_negative() && *span < SignedDuration::from_hours(1))
        .collect();
    spans.sort_unstable();
    spans.get(spans.len() / 2).copied()
}
