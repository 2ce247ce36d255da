//! Puts a release together.

use super::facts::Facts;
use super::state::{View, standing};
use super::{blockers, evidence, health, managers, phase, progress, tracks};
use crate::domain::objects::Objects;
use crate::domain::release::{Generation, StrategyKind};
use crate::domain::{Kind, ObjectKey, Release, Str};
use crate::strategy::{Claim, Derive, Rank, best_to_go_back_to};

/// The claim of a plain workload.
pub fn claim(key: &ObjectKey, objects: &dyn Objects, why: impl Into<Str>) -> Option<Claim> {
    let workload = objects.workload(key).filter(|workload| workload.key.kind != Kind::Rollout)?;
    let revisions = objects.revisions_of(&workload.uid);
    let members = std::iter::once(key.clone()).chain(revisions.iter().map(|revision| revision.key.clone()));
    Some(Claim { root: key.clone(), members: members.collect(), rank: Rank::Workload, why: why.into() })
}

/// The release rooted at the workload `root`.
pub fn derive(
    kind: StrategyKind,
    root: &ObjectKey,
    objects: &dyn Objects,
    context: &Derive<'_>,
    why: &str,
) -> Option<Release> {
    let facts = Facts::gather(root, objects, context.now)?;
    let phase = phase::phase(&facts);
    let history = evidence::history(&facts, context.recorded);
    let back_to = best_to_go_back_to(&history);
    let new_groups = blockers::new_groups(&facts);
    let old_groups = blockers::old_groups(&facts);
    let view = View {
        facts: &facts,
        phase,
        new_groups: &new_groups,
        old_groups: &old_groups,
        back_to: back_to.and_then(|revision| history.iter().find(|entry| entry.revision == revision)),
    };
    let standing = standing(&view);
    let workload = &facts.workload;
    let current = facts.current();
    let members = std::iter::once(root.clone())
        .chain(facts.lanes.iter().filter_map(|lane| lane.object.as_ref().map(|object| object.key.clone())))
        .chain(facts.autoscaler.iter().map(|hpa| hpa.key.clone()));
    Some(Release {
        key: root.clone(),
        uid: workload.uid.clone(),
        strategy: kind,
        why: why.into(),
        state: standing.state,
        held: workload.paused,
        health: health::health(&facts, phase, standing.state, &standing.reason),
        reason: standing.reason,
        remedy: standing.remedy,
        since: standing.since,
        recheck_at: standing.recheck_at,
        stuck: standing.stuck,
        selector: workload.selector.query().unwrap_or_default().into(),
        tracks: tracks::tracks(&facts),
        revision: current.and_then(super::facts::Lane::revision),
        change_cause: change_cause(&facts),
        step: None,
        traffic: None,
        replicas: {
            let mut counts = workload.replicas;
            counts.available =
                if root.kind == Kind::StatefulSet && counts.available == 0 { counts.ready } else { counts.available };
            counts
        },
        update: workload.update.clone(),
        progress: progress::progress(&facts, phase, &new_groups),
        outage: facts.outage,
        history,
        back_to,
        management: managers::managers(&facts),
        writers: workload.writers.clone(),
        autoscaler: facts.autoscaler.clone(),
        budgets: facts.budgets.clone(),
        services: facts.services.clone(),
        members: members.collect(),
        generation: Generation { spec: workload.generation, observed: workload.observed_generation },
        unreadable: workload.unreadable.clone(),
        measured_by: None,
        pods_unread: None,
        doubt: None,
    })
}

fn change_cause(facts: &Facts) -> Option<Str> {
    let of_revision = facts.current().and_then(|lane| lane.object.as_ref()?.change_cause.clone());
    if facts.workload.key.kind == Kind::Deployment { facts.workload.change_cause.clone() } else { of_revision }
}
