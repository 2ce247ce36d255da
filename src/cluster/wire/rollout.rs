//! Argo's Rollout.

use super::custom::{conditions, selector, target};
use super::rollout_strategy;
use super::strings::Pool;
use super::tree::Node;
use crate::domain::traffic::ObjectMeta;
use crate::domain::traffic::rollout::{
    PluginStatus, Rollout, RolloutStatus, RolloutStrategy, RolloutWeights, RunRef, RunRole,
};
use crate::domain::traffic::rollout_steps::PauseCondition;
use crate::domain::workload::{Image, Limit, Replicas, UpdateStrategy, Workload};
use crate::domain::{Revision, Str};
use jiff::SignedDuration;
use std::sync::Arc;

/// The annotation with a Rollout's revision number.
pub const REVISION: &str = "rollout.argoproj.io/revision";

/// The row of a Rollout.
pub fn rollout(meta: ObjectMeta, object: &Node<'_>, pool: &mut Pool) -> Rollout {
    let (spec, reference) = (object.at("spec"), object.at("spec").at("workloadRef"));
    let strategy = rollout_strategy::strategy(&spec.at("strategy"), &meta.key.namespace);
    let status = status(&object.at("status"), pool);
    let annotation = |name: &str| meta.annotations.get(name).and_then(|text| text.trim().parse::<i64>().ok());
    Rollout {
        workload_ref: target(&reference, pool),
        scale_down: reference.at("scaleDown").kept(),
        restart_at: spec.at("restartAt").time(),
        rollback_window: spec.at("rollbackWindow").at("revisions").int(),
        deadline_aborts: spec.at("progressDeadlineAbort").flag(),
        instance_id: meta.labels.get("argo-rollouts.argoproj.io/controller-instance-id").cloned(),
        workload_generation: annotation("rollout.argoproj.io/workload-generation"),
        workload: Arc::new(workload(&meta, object, &strategy, &status, pool)),
        strategy,
        status,
        meta,
    }
}

/// A Rollout as a workload.
fn workload(
    meta: &ObjectMeta,
    object: &Node<'_>,
    strategy: &RolloutStrategy,
    status: &RolloutStatus,
    pool: &mut Pool,
) -> Workload {
    let (spec, counts) = (object.at("spec"), object.at("status"));
    let template = spec.at("template");
    let containers = template.at("spec").at("containers").items();
    let count = |name: &str| counts.at(name).int32().unwrap_or_default();
    let seconds = |name: &str| spec.at(name).int().map(|seconds| SignedDuration::from_secs(seconds.clamp(0, MOST)));
    let quarter = Limit::Percent(25);
    let (surge, unavailable) = match strategy {
        RolloutStrategy::Canary(canary) => {
            (canary.max_surge.unwrap_or(quarter), canary.max_unavailable.unwrap_or(quarter))
        }
        RolloutStrategy::BlueGreen(_) | RolloutStrategy::Unclear => (Limit::Percent(100), Limit::Count(0)),
    };
    let revision = meta.annotations.get(REVISION).and_then(|text| text.trim().parse().ok()).map(Revision);
    Workload {
        key: meta.key.clone(),
        uid: meta.uid.clone(),
        created: meta.created,
        deleting: meta.deleting,
        generation: meta.generation,
        observed_generation: status.observed_generation.unwrap_or_default(),
        labels: meta.labels.clone(),
        annotations: meta.annotations.clone(),
        owner: meta.owner.clone(),
        selector: selector(&spec.at("selector"), pool),
        template_labels: template.at("metadata").at("labels").labels(pool),
        images: containers
            .iter()
            .map(|container| Image {
                container: container.at("name").shared(pool).unwrap_or_else(|| "".into()),
                reference: container.at("image").shared(pool).unwrap_or_else(|| "".into()),
            })
            .collect(),
        replicas: Replicas {
            // The API's default is 1.
            desired: spec.at("replicas").int32().unwrap_or(1),
            current: count("replicas"),
            ready: count("readyReplicas"),
            updated: count("updatedReplicas"),
            available: count("availableReplicas"),
        },
        update: UpdateStrategy::Rolling { surge, unavailable },
        paused: spec.at("paused").flag(),
        progress_deadline: Some(seconds("progressDeadlineSeconds").unwrap_or(SignedDuration::from_mins(10))),
        min_ready: seconds("minReadySeconds").unwrap_or_default(),
        history_limit: spec.at("revisionHistoryLimit").int32(),
        revision,
        current_revision: None,
        update_revision: None,
        change_cause: meta.annotations.get(super::workload::CHANGE_CAUSE).cloned(),
        conditions: status.conditions.clone(),
        writers: meta.writers.clone(),
        unreadable: Vec::new(),
    }
}

/// The longest span of seconds that is taken.
const MOST: i64 = i32::MAX as i64;

fn status(node: &Node<'_>, pool: &mut Pool) -> RolloutStatus {
    let (canary, sides, duration) = (node.at("canary"), node.at("blueGreen"), node.at("duration"));
    let runs = [
        (canary.at("currentStepAnalysisRunStatus"), RunRole::Step),
        (canary.at("currentBackgroundAnalysisRunStatus"), RunRole::Background),
        (sides.at("prePromotionAnalysisRunStatus"), RunRole::PrePromotion),
        (sides.at("postPromotionAnalysisRunStatus"), RunRole::PostPromotion),
    ];
    let text = |node: Node<'_>| node.kept().unwrap_or_else(|| "".into());
    let run = |(run, role): &(Node<'_>, RunRole)| {
        Some(RunRef {
            name: run.at("name").kept()?,
            role: *role,
            status: text(run.at("status")),
            message: text(run.at("message")),
        })
    };
    let pauses = node.at("pauseConditions").items();
    RolloutStatus {
        phase: node.at("phase").shared(pool),
        message: text(node.at("message")),
        observed_generation: node.at("observedGeneration").int_in_text(),
        workload_observed_generation: node.at("workloadObservedGeneration").int_in_text(),
        current_hash: node.at("currentPodHash").shared(pool),
        stable_hash: node.at("stableRS").shared(pool),
        step_index: node.at("currentStepIndex").int(),
        step_hash: node.at("currentStepHash").kept(),
        pauses: pauses
            .iter()
            .map(|pause| PauseCondition { reason: text(pause.at("reason")), since: pause.at("startTime").time() })
            .collect(),
        controller_pause: node.at("controllerPause").flag(),
        abort: node.at("abort").flag(),
        aborted_at: node.at("abortedAt").time(),
        promote_full: node.at("promoteFull").flag(),
        restarted_at: node.at("restartedAt").time(),
        hpa_replicas: node.at("HPAReplicas").int32(),
        weights: weights(&canary.at("weights")),
        stable_ping_pong: canary.at("stablePingPong").kept(),
        runs: runs.iter().filter_map(run).collect(),
        experiment: canary.at("currentExperiment").kept(),
        plugins: canary.at("stepPluginStatuses").items().iter().map(plugin).collect(),
        active_selector: sides.at("activeSelector").shared(pool),
        preview_selector: sides.at("previewSelector").shared(pool),
        started_at: duration.at("rolloutStartedAt").time(),
        finished_at: duration.at("finishedAt").time(),
        completion: duration.at("completionStatus").kept(),
        conditions: conditions(&node.at("conditions"), pool),
    }
}

fn plugin(node: &Node<'_>) -> PluginStatus {
    let text = |name: &str| node.at(name).kept().unwrap_or_else(|| "".into());
    PluginStatus {
        index: node.at("index").int().unwrap_or_default(),
        name: text("name"),
        operation: text("operation"),
        phase: text("phase"),
        message: text("message"),
    }
}

fn weights(node: &Node<'_>) -> Option<RolloutWeights> {
    node.is_there().then(|| RolloutWeights {
        canary: node.at("canary").at("weight").int(),
        stable: node.at("stable").at("weight").int(),
        verified: node.at("verified").is_there().then(|| node.at("verified").flag()),
    })
}

/// The role of a run, by its label `rollout-type`.
pub fn role(word: Option<&Str>) -> Option<RunRole> {
    match &**word? {
        "Step" => Some(RunRole::Step),
        "Background" => Some(RunRole::Background),
        "PrePromotion" => Some(RunRole::PrePromotion),
        "PostPromotion" => Some(RunRole::PostPromotion),
        _ => None,
    }
}
