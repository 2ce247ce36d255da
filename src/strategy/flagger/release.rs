//! Puts the release together.

use super::phase::{Phase, next_check, next_weight, style};
use super::scene::Scene;
use super::standing::{blocked, health, stands};
use super::tracks::{target_version, tracks};
use super::{checks, claim, history, leaving, notices, route};
use crate::domain::management::{Management, Manager, Reverts};
use crate::domain::objects::Objects;
use crate::domain::release::{Generation, Health, HealthReason, Role, Step, StrategyKind, Track};
use crate::domain::state::Verdict;
use crate::domain::traffic::canary::CanaryStyle;
use crate::domain::traffic::view::{Countdown, Mover, Rows, Traffic};
use crate::domain::workload::{Limit, Replicas, UpdateStrategy};
use crate::domain::{ObjectKey, Release, Str};
use crate::strategy::workload::facts::{Facts, Lane};
use crate::strategy::workload::{blockers, managers, phase as workload_phase, progress};
use crate::strategy::{Derive, best_to_go_back_to};
use std::sync::Arc;

/// The release rooted at the Canary `root`.
pub fn derive(kind: StrategyKind, root: &ObjectKey, objects: &dyn Objects, context: &Derive<'_>) -> Option<Release> {
    let scene = Scene::gather(root, objects, context.now)?;
    let stands = stands(&scene);
    let history = history::history(&scene, context.recorded);
    let tracks = tracks(&scene);
    let canary = &scene.canary;
    let target = scene.target.as_ref();
    let serving = scene.primary.as_ref().or(target);
    let generation = Generation { spec: canary.meta.generation, observed: canary.meta.generation };
    let traffic = traffic(&scene, objects, &tracks, &stands);
    Some(Release {
        key: root.clone(),
        uid: canary.meta.uid.clone(),
        strategy: kind,
        why: claim::why(canary),
        state: stands.standing.state,
        held: canary.suspend,
        health: whole_health(&scene),
        reason: stands.standing.reason,
        remedy: stands.standing.remedy,
        since: stands.standing.since,
        recheck_at: stands.standing.recheck_at,
        stuck: stands.standing.stuck,
        selector: "".into(),
        revision: target.and_then(Facts::current).and_then(Lane::revision),
        change_cause: target.and_then(|facts| facts.workload.change_cause.clone()),
        step: step(&scene, &tracks),
        traffic: Some(Arc::new(traffic)),
        replicas: total(&tracks),
        update: target
            .map_or(UpdateStrategy::Rolling { surge: Limit::Count(0), unavailable: Limit::Count(0) }, |facts| {
                facts.workload.update.clone()
            }),
        progress: progress_of(&scene),
        outage: scene.primary.as_ref().and_then(|facts| facts.outage),
        back_to: best_to_go_back_to(&history),
        history,
        tracks,
        management: management(&scene),
        writers: target.map(|facts| facts.workload.writers.clone()).unwrap_or_default(),
        autoscaler: serving.and_then(|facts| facts.autoscaler.clone()),
        budgets: serving.map(|facts| facts.budgets.clone()).unwrap_or_default(),
        services: scene.services.clone(),
        members: scene.members(objects),
        generation,
        unreadable: unreadable(&scene),
        measured_by: None,
        pods_unread: None,
        doubt: None,
    })
}

fn traffic(scene: &Scene, objects: &dyn Objects, tracks: &[Track], stands: &super::standing::Stands) -> Traffic {
    let canary = &scene.canary;
    let version = |role: Role| -> Str {
        tracks
            .iter()
            .find(|track| track.role == role)
            .map_or_else(|| target_version(scene), |track| track.version.clone())
    };
    let route = scene.route.as_deref();
    let tested = route.filter(|_| style(canary) == CanaryStyle::AbTest);
    // Of a controller that is away no check comes.
    let due = next_check(canary, scene.now).filter(|_| notices::silent(scene).is_none());
    let next = due.map(|due| Countdown { what: "next check".into(), then: "".into(), due });
    let write = route.and_then(|route| route.meta.traffic_writer());
    Traffic {
        holder: Some(route.map_or_else(|| canary.meta.key.clone(), |route| route.meta.key.clone())),
        last_write: write.map(|writer| (writer.manager.clone(), writer.at)),
        rules: route.map(|route| route::rules(canary, route, &scene.services)).unwrap_or_default(),
        groups: tested.map(|route| route::groups(canary, route, &version)).unwrap_or_default(),
        countdowns: next.into_iter().collect(),
        waiting: stands.waiting.clone(),
        checks: checks::checks(scene),
        notices: notices::notices(scene),
        blocked: blocked(scene),
        rows: Rows {
            sides: scene.sides(objects),
            routes: scene.route.iter().cloned().collect(),
            destination_rules: scene.destination_rules.clone(),
            canary: Some(Arc::clone(canary)),
            ..Rows::default()
        },
        ..Traffic::moved_by(Mover::Flagger)
    }
}

/// The ladder of a weighted Canary. It has an index where it waits for its start or its promotion: else Flagger counts
/// weights, not steps.
fn step(scene: &Scene, tracks: &[Track]) -> Option<Step> {
    let canary = &scene.canary;
    let ladder = canary.ladder();
    if style(canary) != CanaryStyle::Weighted || ladder.is_empty() {
        return None;
    }
    let in_flight = scene.phase.in_flight();
    let weight = tracks.iter().find(|track| track.role == Role::Candidate).and_then(|track| track.weight.asked);
    let mut step = Step::on_ladder(ladder, weight.filter(|_| in_flight));
    step.index = leaving::number(canary, weight);
    if let Some(now) = weight.filter(|_| in_flight) {
        step.since = canary.status.last_transition;
        step.next = match next_weight(canary, now) {
            Some(_) if scene.phase == Phase::Waiting => {
                format!("the analysis of {}, by Flagger", target_version(scene)).into()
            }
            Some(next) => {
                format!("{now} % → {next} % of {}, by Flagger", canary.apex().map_or("?", |apex| apex)).into()
            }
            None => format!("the promotion of {}, by Flagger", target_version(scene)).into(),
        };
    }
    Some(step)
}

fn total(tracks: &[Track]) -> Replicas {
    tracks.iter().fold(Replicas::default(), |sum, track| Replicas {
        desired: sum.desired.saturating_add(track.replicas.desired),
        current: sum.current.saturating_add(track.replicas.current),
        ready: sum.ready.saturating_add(track.replicas.ready),
        updated: sum.updated.saturating_add(track.replicas.updated),
        available: sum.available.saturating_add(track.replicas.available),
    })
}

fn progress_of(scene: &Scene) -> Option<crate::domain::release::Progress> {
    let moving = scene.target.as_ref().filter(|_| scene.phase.can_roll_back() && !scene.target_ready());
    let facts = moving.or(scene.primary.as_ref())?;
    let groups = blockers::new_groups(facts);
    progress::progress(facts, workload_phase::phase(facts), &groups)
}

fn whole_health(scene: &Scene) -> Health {
    let mut reasons = health(scene).map(|health| health.reasons).unwrap_or_default();
    let mut add = |verdict: Verdict, text: String| reasons.push(HealthReason { verdict, text: text.into() });
    let canary = &scene.canary;
    if let Some(why) = blocked(scene) {
        add(Verdict::Unknown, why.to_string());
    }
    if scene.phase.can_roll_back() && canary.status.failed_checks > 0 {
        let (failed, threshold) = (canary.status.failed_checks, canary.threshold());
        add(Verdict::Warn, format!("{failed} of {threshold} allowed checks of {} failed.", target_version(scene)));
    }
    if scene.phase.can_roll_back() && !scene.target_ready() {
        add(Verdict::Warn, format!("Not all pods of {} are ready.", target_version(scene)));
    }
    Health::of(reasons)
}

/// Who manages the target's template, and Flagger, who sets its replicas.
fn management(scene: &Scene) -> Vec<Management> {
    let mut all = scene.target.as_ref().map(managers::managers).unwrap_or_default();
    all.push(Management {
        manager: Manager::Flagger,
        name: scene.canary.meta.key.name.clone(),
        evidence: "a Canary targets it".into(),
        template: Reverts::WillNot,
        replicas: Reverts::Will,
        when: "at the start and at the end of a run".into(),
        first: None,
    });
    all
}

fn unreadable(scene: &Scene) -> Vec<Str> {
    let facts = scene.target.iter().chain(&scene.primary);
    let of_workloads = facts.flat_map(|facts| facts.workload.unreadable.iter().cloned());
    scene.canary.meta.unreadable.iter().cloned().chain(of_workloads).collect()
}
