//! Puts the release of a Rollout together.

use super::phase::Phase;
use super::state::{Seen, standing};
use super::view::View;
use super::{blocked, claim, phase, steps, tracks, traffic};
use crate::domain::history::HistoryEntry;
use crate::domain::objects::Objects;
use crate::domain::release::{Generation, StrategyKind};
use crate::domain::{ObjectKey, Release, Revision};
use crate::strategy::workload::facts::Lane;
use crate::strategy::workload::{blockers, evidence, health, managers, phase as pods, progress};
use crate::strategy::{Derive, best_to_go_back_to};
use std::sync::Arc;

/// The release rooted at the Rollout `root`.
pub fn derive(kind: StrategyKind, root: &ObjectKey, objects: &dyn Objects, context: &Derive<'_>) -> Option<Release> {
    let view = View::gather(root, objects, context.now)?;
    let facts = &view.facts;
    let told = phase::phase(&view.rollout);
    let blocked = blocked::blocked(&view);
    let history = evidence::history(facts, context.recorded);
    let back_to = back_to(&view, &history);
    let new_groups = blockers::new_groups(facts);
    let seen = Seen {
        view: &view,
        told: &told,
        blocked: blocked.as_ref(),
        new_groups: &new_groups,
        back_to: back_to.and_then(|revision| history.iter().find(|entry| entry.revision == revision)),
    };
    let standing = standing(&seen);
    let stage = match (told.phase, told.settled) {
        (_, false) => pods::Phase::Unobserved,
        (Phase::Healthy, true) => pods::Phase::Done,
        (Phase::Paused, true) => pods::Phase::Held,
        (Phase::Progressing | Phase::Degraded, true) => pods::Phase::Updating,
    };
    let tracks = tracks::tracks(&view);
    let (rollout, workload) = (&view.rollout, &facts.workload);
    let health = health::health(facts, stage, standing.state, &standing.reason);
    let members = members(&view);
    let current = facts.current();
    Some(Release {
        key: root.clone(),
        uid: rollout.meta.uid.clone(),
        strategy: kind,
        why: claim::why(rollout).into(),
        state: standing.state,
        held: view.stand.held,
        health,
        reason: standing.reason,
        remedy: standing.remedy,
        since: standing.since,
        recheck_at: standing.recheck_at,
        stuck: standing.stuck,
        selector: "".into(),
        revision: current.and_then(Lane::revision),
        change_cause: current.and_then(|lane| lane.object.as_ref()?.change_cause.clone()),
        step: steps::step(rollout, &view.stand),
        traffic: Some(Arc::new(traffic::traffic(&view, &tracks, blocked))),
        tracks,
        replicas: workload.replicas,
        update: workload.update.clone(),
        progress: progress::progress(facts, stage, &new_groups),
        outage: facts.outage,
        history,
        back_to,
        management: managers::managers(facts),
        writers: workload.writers.clone(),
        autoscaler: facts.autoscaler.clone(),
        budgets: facts.budgets.clone(),
        services: if view.services.is_empty() { facts.services.clone() } else { view.services.clone() },
        members,
        generation: Generation {
            spec: rollout.meta.generation,
            observed: rollout.status.observed_generation.unwrap_or_default(),
        },
        unreadable: rollout.meta.unreadable.clone(),
        measured_by: None,
        pods_unread: None,
        doubt: None,
    })
}

/// While a version is on its way, the stable one; else the best evidence.
fn back_to(view: &View, history: &[HistoryEntry]) -> Option<Revision> {
    let stable = view.stable().filter(|_| view.stand.in_flight()).and_then(Lane::revision);
    stable.or_else(|| best_to_go_back_to(history))
}

/// Every object that was looked at: a change of one derives the release again.
fn members(view: &View) -> Vec<ObjectKey> {
    let root = std::iter::once(view.rollout.meta.key.clone());
    let sets = view.facts.lanes.iter().filter_map(|lane| lane.object.as_ref().map(|object| object.key.clone()));
    let runs = view.runs.iter().map(|run| run.meta.key.clone());
    let rules = view.destination_rules.iter().map(|rule| rule.meta.key.clone());
    let scaler = view.facts.autoscaler.iter().map(|hpa| hpa.key.clone());
    let mut all: Vec<ObjectKey> =
        root.chain(claim::named(&view.rollout)).chain(rules).chain(sets).chain(runs).chain(scaler).collect();
    let mut known = std::collections::BTreeSet::new();
    all.retain(|key| known.insert(key.clone()));
    all
}
