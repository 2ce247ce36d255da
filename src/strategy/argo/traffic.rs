//! What the traffic pane shows of a Rollout.

use super::view::View;
use super::{analysis, blocked, countdowns, split, steps};
use crate::domain::release::{Role, Track};
use crate::domain::said::RESUME;
use crate::domain::traffic::Traffic;
use crate::domain::traffic::rollout::RolloutStrategy;
use crate::domain::traffic::view::{Mover, Rows, RuleSplit, Share, WaitingFor};
use crate::domain::{Age, ObjectKey, Str};
use crate::strategy::workload::words::clip;
use std::sync::Arc;

/// The traffic of a Rollout, with the rows that its plans are made from.
pub fn traffic(view: &View, tracks: &[Track], blocked: Option<Str>) -> Traffic {
    let runs = analysis::telling(view);
    let holder = holder(view);
    Traffic {
        last_write: last_write(view, &holder),
        rules: rules(view, tracks, &holder),
        switch: split::switch(view),
        countdowns: countdowns::countdowns(view),
        waiting: waiting(view),
        checks: analysis::checks(view, &runs),
        notices: notices(view),
        blocked,
        holder: Some(holder),
        rows: Rows {
            routes: view.routes.clone(),
            destination_rules: view.destination_rules.clone(),
            rollout: Some(Arc::clone(&view.rollout)),
            runs,
            ..Rows::default()
        },
        ..Traffic::moved_by(Mover::Argo)
    }
}

/// The route or active Service that holds the weight; where traffic follows the pods, the Rollout.
fn holder(view: &View) -> ObjectKey {
    if let RolloutStrategy::BlueGreen(sides) = &view.rollout.strategy
        && let Some(active) = view.service(&sides.active_service)
    {
        return active.key.clone();
    }
    view.routes.first().map_or_else(|| view.rollout.meta.key.clone(), |route| route.meta.key.clone())
}

fn last_write(view: &View, holder: &ObjectKey) -> Option<(Str, Option<crate::domain::Timestamp>)> {
    let route = view.routes.iter().find(|route| route.meta.key == *holder);
    let of_route = route.and_then(|route| route.meta.traffic_writer());
    let service = view.services.iter().find(|service| service.key == *holder);
    let of_service = || service.and_then(|service| service.writers.iter().find(|writer| writer.touches.traffic));
    let writer = of_route.or_else(of_service)?;
    Some((writer.manager.clone(), writer.at))
}

/// The routes' rules; where there are none, one rule that tells the shares of the tracks.
fn rules(view: &View, tracks: &[Track], holder: &ObjectKey) -> Vec<RuleSplit> {
    let rules = split::rules(view);
    if !rules.is_empty() {
        return rules;
    }
    let shares = tracks.iter().filter(|track| track.role != Role::Idle).map(|track| Share {
        role: Some(track.role),
        to: clip(&track.name, 80).into(),
        written: None,
        asked: track.weight.asked,
        actual: track.weight.actual,
    });
    vec![RuleSplit {
        route: holder.clone(),
        pointer: "".into(),
        host: holder.name.clone(),
        name: None,
        requests: "".into(),
        shares: shares.collect(),
        mirrors: Vec::new(),
        problem: None,
        steered: false,
    }]
}

fn waiting(view: &View) -> Option<WaitingFor> {
    let pause = view.rollout.status.pauses.iter().min_by_key(|pause| pause.since)?;
    let alone = countdowns::pause_end(view).is_none() && countdowns::switch_at(view).is_none();
    if !alone || view.stand.aborted || !view.stand.observed {
        return None;
    }
    let what = if view.stand.inconclusive() {
        "an analysis that could not decide".to_owned()
    } else if view.blue_green() {
        format!("the switch to {}", view.new_version())
    } else {
        let place = view.stand.index.unwrap_or(0);
        format!("a pause without an end, step {place}/{}", view.rollout.steps().len())
    };
    Some(WaitingFor { what: what.into(), since: pause.since })
}

/// What is odd, the weightiest first.
fn notices(view: &View) -> Vec<Str> {
    let rollout = &view.rollout;
    let mut found: Vec<Str> = Vec::new();
    if let Some(why) = blocked::invalid(view) {
        found.push(format!("its spec is invalid: {why}").into());
    }
    if rollout.status.weights.as_ref().is_some_and(|weights| weights.verified == Some(false)) {
        found.push("the load balancer has not taken the weight yet: the step waits for it".into());
    }
    found.extend(split::drifts(view));
    found.extend(split::service_problems(view));
    found.extend(ending_anyway(view));
    found.extend(begins_again(view));
    if let RolloutStrategy::Canary(canary) = &rollout.strategy {
        if canary.steps.is_empty() {
            found.push("it has no steps: a new version takes over as fast as its pods come".into());
        } else if let Some(why) = steps_problem(view) {
            found.push(why.into());
        }
        if canary.routing.as_ref().is_some_and(|routing| routing.routers.is_empty()) {
            found.push("spec.strategy.canary.trafficRouting names no router: traffic follows the pods".into());
        }
    }
    if let Some(target) = &rollout.workload_ref
        && view.template.is_none()
    {
        found.push(format!("the referenced {} does not exist, or can't be read", clip(&target.words(), 80)).into());
    }
    if let (Some(id), true) = (&rollout.instance_id, rollout.status.observed_generation.is_none()) {
        found.push(format!("only the controller with instance id '{}' minds it", clip(id, 60)).into());
    }
    found
}

/// The step that the status names is past the steps of the spec.
fn steps_problem(view: &View) -> Option<String> {
    let (index, steps) = (view.rollout.status.step_index?, view.rollout.steps().len());
    let past = usize::try_from(index).map_or(true, |index| index > steps);
    let told = steps::step(&view.rollout, &view.stand)?;
    past.then(|| format!("its status stands at step {index}, and the spec has {}", told.count))
}

/// Steps that change in mid-run make it begin again. The controller tells nobody, so what is told is who wrote the strategy
/// after the new version had begun.
fn begins_again(view: &View) -> Option<Str> {
    let begun = view.current()?.object.as_ref()?.created.filter(|_| view.stand.in_flight())?;
    let canary = matches!(view.rollout.strategy, RolloutStrategy::Canary(_));
    let later = |writer: &&crate::domain::management::Writer| {
        writer.touches.strategy && writer.at.is_some_and(|at| at.duration_since(begun).as_secs() > 0)
    };
    let writer = view.rollout.meta.writers.iter().find(later).filter(|_| canary)?;
    let ago = writer.at.map(|at| format!(" {} ago", Age::between(at, view.now()).words())).unwrap_or_default();
    let (who, new) = (clip(&writer.manager, 40), view.new_version());
    Some(format!("{who} wrote its spec{ago}, in mid-run: with other steps {new} begins again at step 0").into())
}

/// A pause condition that a manual hold keeps from ending.
fn ending_anyway(view: &View) -> Option<Str> {
    let timed = view.rollout.status.pauses.first().is_some_and(|pause| &*pause.reason == "CanaryPauseStep");
    (view.stand.held && timed)
        .then(|| format!("held by hand: neither pauses nor analyses go on until it is resumed ({RESUME})").into())
}
