//! What a workload is doing, why, and what to do about it: one sentence each.

use super::blockers::{Group, STUCK_AFTER, stuck};
use super::evidence;
use super::facts::{Facts, Lane};
use super::health::{addresses_due, silent};
use super::phase::{Phase, deadline_exceeded};
use super::unmade::{By, Unmade, unmade};
use super::version::version;
use super::words::{clip, count, form, since, stop};
use crate::domain::history::HistoryEntry;
use crate::domain::objects::Controllers;
use crate::domain::pod::{Cause, Pod};
use crate::domain::said::{EVENTS, LOGS, RESUME, UNDO, YAML};
use crate::domain::workload::{Condition, ConditionStatus, UpdateStrategy};
use crate::domain::{Age, State, Str, Timestamp};
use jiff::SignedDuration;
use std::sync::Arc;

/// A state with its words.
#[derive(Debug)]
pub struct Standing {
    /// The state.
    pub state: State,
    /// Why: one sentence.
    pub reason: Str,
    /// What to do: one sentence, or nothing.
    pub remedy: Str,
    /// Since when.
    pub since: Option<Timestamp>,
    /// When to look again without any event.
    pub recheck_at: Option<Timestamp>,
    /// What the spec asks for will not come by waiting.
    pub stuck: bool,
}

/// What the sentences are made from.
pub struct View<'a> {
    /// The workload.
    pub facts: &'a Facts,
    /// Where its rollout stands.
    pub phase: Phase,
    /// Troubled pods of the revision that the spec stands for.
    pub new_groups: &'a [Group<'a>],
    /// Troubled pods of the others.
    pub old_groups: &'a [Group<'a>],
    /// Where an undo would go.
    pub back_to: Option<&'a HistoryEntry>,
}

/// The standing of a workload, the worst that holds.
pub fn standing(view: &View<'_>) -> Standing {
    let facts = view.facts;
    let (stuck_group, next_stuck) = stuck(facts, view.new_groups);
    let mut standing = unreadable(view)
        .or_else(|| ending(view))
        .or_else(|| idle(view))
        .or_else(|| down(view, stuck_group))
        .or_else(|| blocked(view))
        .or_else(|| failed(view, stuck_group))
        .or_else(|| degraded(view))
        .or_else(|| waiting(view))
        .or_else(|| progressing(view))
        .unwrap_or_else(|| healthy(view));
    standing.stuck = match standing.state {
        State::Failed => true,
        State::Down => given_up(facts, stuck_group),
        State::Degraded | State::Waiting | State::Progressing | State::Unknown | State::Healthy | State::Idle => false,
    };
    let (_, next_stuck_of_old) = stuck(facts, view.old_groups);
    let times = [
        next_stuck,
        next_stuck_of_old,
        unmade(facts).and_then(|unmade| unmade.stuck_at()),
        young_until(facts),
        addresses_due(facts),
        next_minute(&standing, view),
    ];
    standing.recheck_at = times.into_iter().flatten().filter(|at| *at > facts.now).min();
    standing
}

fn standing_of(state: State, reason: &str, remedy: String, since: Option<Timestamp>) -> Standing {
    Standing { state, reason: stop(reason).into(), remedy: remedy.into(), since, recheck_at: None, stuck: false }
}

/// Waiting does not help: pods of the spec's revision are in trouble for a minute, or can't be made, or the controller
/// gave up.
fn given_up(facts: &Facts, stuck_group: Option<&Group<'_>>) -> bool {
    stuck_group.is_some() || deadline_exceeded(facts) || refused(facts).is_some()
}

/// What has kept pods from being made for a minute, and will.
fn refused(facts: &Facts) -> Option<Unmade> {
    unmade(facts).filter(|unmade| unmade.stuck_at().is_some_and(|at| at <= facts.now))
}

fn unreadable(view: &View<'_>) -> Option<Standing> {
    let field =
        view.facts.workload.unreadable.iter().find(|field| field.starts_with("status") || field.starts_with("spec"))?;
    let reason = format!("The server's {} can't be read", clip(field, 60));
    Some(standing_of(State::Unknown, &reason, format!("{YAML} shows the object as it is."), None))
}

fn ending(view: &View<'_>) -> Option<Standing> {
    let since = view.facts.workload.deleting?;
    Some(standing_of(State::Progressing, "It is being deleted", String::new(), Some(since)))
}

fn idle(view: &View<'_>) -> Option<Standing> {
    let counts = view.facts.workload.replicas;
    if counts.desired > 0 {
        return None;
    }
    if counts.current > 0 {
        let left = count(i64::from(counts.current), "pod");
        return Some(standing_of(
            State::Progressing,
            &format!("Scaled to 0: {left} still to end"),
            String::new(),
            None,
        ));
    }
    let reason = match view.facts.workload.update {
        UpdateStrategy::Rolling { .. } if view.facts.workload.key.kind == crate::domain::Kind::DaemonSet => {
            "No node asks for it"
        }
        _ => "Scaled to 0",
    };
    Some(standing_of(State::Idle, reason, String::new(), None))
}

fn down(view: &View<'_>, stuck_group: Option<&Group<'_>>) -> Option<Standing> {
    let facts = view.facts;
    let desired = facts.workload.replicas.desired;
    if facts.ready() > 0 {
        return None;
    }
    let lost = stuck_group.is_some() || deadline_exceeded(facts) || unmade(facts).is_some();
    if !lost && (starting(facts) || announced_gap(view)) {
        return None;
    }
    let since = facts
        .outage
        .filter(|outage| outage.until.is_none())
        .map(|outage| outage.from)
        .or_else(|| unavailable(facts)?.since)
        .or_else(|| view.new_groups.iter().chain(view.old_groups).filter_map(Group::since).min());
    let none = format!("None of {} is ready", count(i64::from(desired), "pod"));
    let worst = view.new_groups.first().map(|group| group.sentence(false, facts.now));
    let worst = worst.or_else(|| view.old_groups.first().map(|group| group.sentence(false, facts.now)));
    let unmade = unmade(facts);
    let remedy = match &unmade {
        Some(unmade) if worst.is_none() => what_helps(view, unmade),
        _ => remedy_back(view, &format!("{LOGS} shows the logs, {EVENTS} the events.")),
    };
    let reason = match worst.or_else(|| unmade.map(|unmade| unmade.sentence)) {
        Some(worst) => format!("{none}: {worst}"),
        None => none,
    };
    Some(standing_of(State::Down, &reason, remedy, since))
}

/// The Deployment's own word that too few of its pods are available.
fn unavailable(facts: &Facts) -> Option<&Condition> {
    facts.workload.condition("Available").filter(|condition| condition.status == ConditionStatus::False)
}

/// Nothing was ready before: every pod is younger than a minute and in no trouble.
fn starting(facts: &Facts) -> bool {
    let pods: Vec<&Arc<Pod>> = facts.lanes.iter().flat_map(Lane::live).collect();
    let young = |at: Option<Timestamp>| at.is_some_and(|at| facts.now.duration_since(at) < STUCK_AFTER);
    let replacing = facts.lanes.len() > 1 && facts.outage.is_some();
    if pods.is_empty() {
        let coming = facts.outage.is_none() && !facts.pods_listed && unavailable(facts).is_none();
        return young(facts.workload.created) || coming;
    }
    !replacing
        && pods.iter().all(|pod| young(pod.created) && pod.trouble.as_ref().is_none_or(|t| t.cause == Cause::NotReady))
}

/// A recreate in its gap: the old pods have ended or are ending, the new ones are coming, none is in trouble.
fn announced_gap(view: &View<'_>) -> bool {
    let moving = matches!(view.phase, Phase::Updating | Phase::Unobserved);
    let quiet = view.new_groups.iter().all(|group| matches!(group.cause, Cause::NotReady));
    view.facts.workload.update == UpdateStrategy::Recreate && moving && quiet
}

fn failed(view: &View<'_>, stuck_group: Option<&Group<'_>>) -> Option<Standing> {
    let facts = view.facts;
    let remedy = || remedy_back(view, &format!("{LOGS} shows the logs, {EVENTS} the events."));
    if matches!(view.phase, Phase::Updating | Phase::Held | Phase::OnDelete(_) | Phase::Partition(_))
        && let Some(group) = stuck_group
    {
        return Some(standing_of(
            State::Failed,
            &group.sentence(facts.lanes.len() > 1, facts.now),
            remedy(),
            group.since(),
        ));
    }
    if matches!(view.phase, Phase::Updating)
        && let Some(unmade) = refused(facts)
    {
        return Some(standing_of(State::Failed, &unmade.sentence, what_helps(view, &unmade), unmade.since));
    }
    if !deadline_exceeded(facts) || view.phase == Phase::Unobserved || view.phase == Phase::Done {
        return None;
    }
    let condition = facts.workload.condition("Progressing")?;
    let limit = facts.workload.progress_deadline.map(|limit| Age(limit).words());
    let limit = limit.map(|limit| format!(" of {limit}")).unwrap_or_default();
    let why =
        view.new_groups.first().map(|group| group.sentence(true, facts.now)).or_else(|| Some(unmade(facts)?.sentence));
    let counts = facts.workload.replicas;
    let why =
        why.unwrap_or_else(|| format!("{} of {} updated", counts.updated, count(i64::from(counts.desired), "pod")));
    let reason = format!("The progress deadline{limit} is exceeded: {why}");
    let remedy = match unmade(facts).filter(|_| view.new_groups.is_empty()) {
        Some(unmade) => what_helps(view, &unmade),
        None => remedy(),
    };
    Some(standing_of(State::Failed, &reason, remedy, condition.since.or(condition.updated)))
}

/// A broken pod of another revision blocks an OrderedReady update: the controller waits for it to become ready before it
/// goes on, and it never will (Kubernetes documentation, "Forced rollback").
fn blocked(view: &View<'_>) -> Option<Standing> {
    let facts = view.facts;
    if !matches!(facts.workload.update, UpdateStrategy::Ordered { parallel: false, .. })
        || view.phase != Phase::Updating
    {
        return None;
    }
    let (Some(group), _) = stuck(facts, view.old_groups) else { return None };
    let (pod, _) = group.pods.first()?;
    let why = group.sentence(false, facts.now);
    let reason = format!("Pod {} of an earlier revision blocks the update: {why}", pod.name);
    let revision = facts.current().and_then(Lane::revision);
    let remedy = revision.map_or_else(
        || "Delete it.".to_owned(),
        |revision| format!("It must be deleted: {UNDO} to revision {revision}, the current one, does so."),
    );
    Some(standing_of(State::Failed, &reason, remedy, group.since()))
}

fn degraded(view: &View<'_>) -> Option<Standing> {
    let facts = view.facts;
    if let Some(unmade) = unmade(facts) {
        return Some(standing_of(State::Degraded, &unmade.sentence, what_helps(view, &unmade), unmade.since));
    }
    let settled = view.phase == Phase::Done;
    let old_crashes = view.old_groups.iter().find(|group| group.cause == Cause::CrashLoop);
    let crashes = view.new_groups.iter().find(|group| group.cause == Cause::CrashLoop && settled).or(old_crashes);
    if let Some(group) = crashes {
        let reason = group.sentence(false, facts.now);
        return Some(standing_of(
            State::Degraded,
            &reason,
            remedy_back(view, &format!("{LOGS} shows the logs.")),
            group.since(),
        ));
    }
    let (ready, desired) = (facts.ready(), facts.workload.replicas.desired);
    if !settled || ready >= desired || starting_up(facts) {
        return None;
    }
    let counted = format!("{ready} of {} ready", count(i64::from(desired), "pod"));
    let worst = view.new_groups.first();
    let reason = worst.map_or(counted.clone(), |group| format!("{counted}: {}", group.sentence(false, facts.now)));
    let since = worst.and_then(Group::since).or_else(|| unready_since(facts));
    Some(standing_of(State::Degraded, &reason, format!("{LOGS} shows the logs, {EVENTS} the events."), since))
}

/// Only pods that are younger than a minute and in no trouble are missing.
fn starting_up(facts: &Facts) -> bool {
    let mut missing = facts.lanes.iter().flat_map(Lane::live).filter(|pod| !pod.ready).peekable();
    missing.peek().is_some()
        && missing.all(|pod| {
            pod.trouble.is_none() && pod.created.is_some_and(|at| facts.now.duration_since(at) < STUCK_AFTER)
        })
}

fn unready_since(facts: &Facts) -> Option<Timestamp> {
    facts
        .lanes
        .iter()
        .flat_map(Lane::live)
        .filter(|pod| !pod.ready)
        .filter_map(|pod| pod.ready_since.or(pod.created))
        .min()
}

fn waiting(view: &View<'_>) -> Option<Standing> {
    let facts = view.facts;
    let now_running = facts.others().find(|lane| lane.ready(facts.pods_listed) > 0).map(|lane| version(&lane.images));
    let new = facts.current().map_or_else(|| "?".into(), |lane| version(&lane.images));
    match view.phase {
        Phase::Held => {
            let condition = facts.workload.condition("Progressing").filter(|c| &*c.reason == "DeploymentPaused");
            let since_when = condition.and_then(|condition| condition.updated.or(condition.since));
            let age = since(since_when, facts.now).map(|age| format!(" for {age}")).unwrap_or_default();
            let updated = facts.workload.replicas.updated;
            let reason = if updated > 0 {
                let desired = facts.workload.replicas.desired;
                format!("Paused{age} with {updated} of {} at {}", count(i64::from(desired), "pod"), clip(&new, 40))
            } else {
                format!("Paused{age} with {} pending", clip(&new, 40))
            };
            let back = view
                .back_to
                .map(|entry| format!("; {UNDO} goes back to revision {}", entry.revision))
                .unwrap_or_default();
            Some(standing_of(State::Waiting, &reason, format!("{RESUME} resumes it{back}."), since_when))
        }
        Phase::OnDelete(old) => {
            let wait = form(i64::from(old), "waits", "wait");
            let from = now_running.map(|version| format!(" of {}", clip(&version, 40))).unwrap_or_default();
            let reason =
                format!("{}{from} {wait} to be deleted, then {} comes", count(i64::from(old), "pod"), clip(&new, 40));
            let remedy = format!("Delete the old pods one by one; {UNDO} takes the new template back.");
            Some(standing_of(State::Waiting, &reason, remedy, candidate_since(facts)))
        }
        Phase::Partition(old) => {
            let UpdateStrategy::Ordered { partition, .. } = facts.workload.update else { return None };
            let reason =
                format!("The partition {partition} keeps {} at the old revision", count(i64::from(old), "pod"));
            let remedy = "Lower spec.updateStrategy.rollingUpdate.partition to go on.".to_owned();
            Some(standing_of(State::Waiting, &reason, remedy, candidate_since(facts)))
        }
        Phase::Unobserved | Phase::Updating | Phase::Done => None,
    }
}

/// When this rollout of the spec's revision began: with its first pod, else as the controller tells.
fn candidate_since(facts: &Facts) -> Option<Timestamp> {
    if facts.unborn() {
        // What the controller told is of the change before this one.
        return facts.template_written();
    }
    let pods = facts.brought().filter_map(|pod| pod.created).min();
    let told = || facts.workload.condition("Progressing").and_then(|condition| condition.updated.or(condition.since));
    let made = || facts.current()?.object.as_ref()?.created;
    pods.or_else(told).or_else(made)
}

fn progressing(view: &View<'_>) -> Option<Standing> {
    let facts = view.facts;
    let counts = facts.workload.replicas;
    let reason = match view.phase {
        Phase::Unobserved => match facts.controllers {
            Controllers::Silent { since } => {
                format!("The controller has not seen the last change; {}", lower(&silent(since, facts.now)))
            }
            Controllers::Alive | Controllers::Unknown => "The controller has not seen the last change yet".to_owned(),
        },
        Phase::Updating if announced_gap(view) && facts.ready() == 0 => {
            let age = since(gap_since(view), facts.now).map(|age| format!(" for {age}")).unwrap_or_default();
            format!("Recreate: no pod is ready{age}, as announced; {}", coming(facts))
        }
        Phase::Updating => coming(facts),
        Phase::Done if facts.ready() < counts.desired => {
            format!("{} of {} ready, the rest is starting", facts.ready(), count(i64::from(counts.desired), "pod"))
        }
        Phase::Held | Phase::OnDelete(_) | Phase::Partition(_) | Phase::Done => return None,
    };
    let trouble = view.new_groups.iter().find(|group| group.cause != Cause::NotReady);
    let reason = trouble
        .map_or(reason.clone(), |group| format!("{}; {reason}", group.sentence(true, facts.now).trim_end_matches('.')));
    Some(standing_of(State::Progressing, &reason, String::new(), candidate_since(facts)))
}

/// Since when no pod is ready, while that is told to the second: the gap that a recreate announced.
fn gap_since(view: &View<'_>) -> Option<Timestamp> {
    let told = view.phase == Phase::Updating && announced_gap(view) && view.facts.ready() == 0;
    view.facts.outage.filter(|outage| told && outage.until.is_none()).map(|outage| outage.from)
}

/// The same in the middle of a sentence.
fn lower(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// `4 of 5 pods at v13, 4 available`.
fn coming(facts: &Facts) -> String {
    let counts = facts.workload.replicas;
    let version = facts.current().map_or_else(|| "?".into(), |lane| version(&lane.images));
    let updated = counts.updated.clamp(0, counts.desired);
    let desired = count(i64::from(counts.desired), "pod");
    let ready = counts.available.max(if facts.pods_listed { 0 } else { counts.ready });
    format!("{updated} of {desired} at {}, {} available", clip(&version, 40), ready.max(0))
}

fn healthy(view: &View<'_>) -> Standing {
    let facts = view.facts;
    let version = facts.current().map_or_else(|| "?".into(), |lane| version(&lane.images));
    let desired = count(i64::from(facts.workload.replicas.desired), "pod");
    let reason = format!("{} of {desired} ready at {}", facts.ready(), clip(&version, 40));
    let remedy =
        if facts.workload.paused { format!("Held: {RESUME} lets the next change roll out.") } else { String::new() };
    let last_ready =
        facts.lanes.iter().flat_map(Lane::live).filter(|pod| pod.ready).filter_map(|pod| pod.ready_since).max();
    // A rollout that was taken back needs no new pod: it came to rest all the same.
    let progressing = facts.workload.condition("Progressing");
    let rested = progressing.filter(|it| &*it.reason == "NewReplicaSetAvailable").and_then(|it| it.updated);
    let told = || progressing.and_then(|it| it.updated.or(it.since));
    standing_of(State::Healthy, &reason, remedy, last_ready.max(rested).or_else(told))
}

/// `Back to: revision 41, v41, likely good (served 3 d).`, else what helps instead.
fn remedy_back(view: &View<'_>, otherwise: &str) -> String {
    match view.back_to {
        Some(entry) if view.facts.lanes.len() > 1 => {
            let served = evidence::served(&view.facts.lanes, view.facts.now).get(&entry.revision).copied();
            format!("Back to: {}.", evidence::in_words(entry, served, view.facts.now))
        }
        _ => otherwise.to_owned(),
    }
}

/// What helps when pods can't be made: that depends on who refuses them.
fn what_helps(view: &View<'_>, unmade: &Unmade) -> String {
    match unmade.by {
        By::Quota => format!("Ask for more quota, or scale something down; {EVENTS} shows the events."),
        By::Webhook => format!("The webhook must answer again, whatever the template says; {EVENTS} shows the events."),
        By::Policy => remedy_back(view, &format!("Mend the template, or the policy; {EVENTS} shows the events.")),
    }
}

/// When the youngest pod that is not ready turns a minute old: it stops counting as starting then.
fn young_until(facts: &Facts) -> Option<Timestamp> {
    let pods = facts.lanes.iter().flat_map(Lane::live).filter(|pod| !pod.ready);
    pods.filter_map(|pod| pod.created?.checked_add(STUCK_AFTER).ok()).filter(|at| *at > facts.now).min()
}

/// A sentence that tells an age is told anew when the age's number changes.
fn next_minute(standing: &Standing, view: &View<'_>) -> Option<Timestamp> {
    let now = view.facts.now;
    let age = Age::between(standing.since?, now);
    match standing.state {
        State::Down | State::Failed | State::Degraded | State::Waiting => {
            let unit = if age < Age::seconds(60) {
                10
            } else if age < Age::seconds(3_600) {
                60
            } else {
                3_600
            };
            now.checked_add(SignedDuration::from_secs(unit - age.0.as_secs().rem_euclid(unit))).ok()
        }
        State::Progressing if gap_since(view).is_some() => now.checked_add(SignedDuration::from_secs(1)).ok(),
        State::Progressing | State::Unknown | State::Healthy | State::Idle => None,
    }
}
