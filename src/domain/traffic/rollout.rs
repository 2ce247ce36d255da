//! Argo's Rollout as a row. Fields and their meaning: Argo Rollouts' documentation, Rollout specification.

use super::meta::{ObjectMeta, TargetRef};
use super::rollout_steps::{PauseCondition, RolloutStep};
use crate::domain::workload::{Condition, Limit, Workload};
use crate::domain::{Kind, ObjectKey, Str, Timestamp};
use jiff::SignedDuration;
use std::sync::Arc;

/// A Rollout (argoproj.io).
#[derive(Debug, Clone, PartialEq)]
pub struct Rollout {
    /// Who it is.
    pub meta: ObjectMeta,
    /// The same as a workload: selector, template labels and images (its own template only), counts, conditions,
    /// generations, history limit. `Objects::workload` hands it out under the Rollout's key.
    pub workload: Arc<Workload>,
    /// `spec.workloadRef`: the object that holds the template instead.
    pub workload_ref: Option<TargetRef>,
    /// `spec.workloadRef.scaleDown`: `never`, `onsuccess`, `progressively`.
    pub scale_down: Option<Str>,
    /// `spec.restartAt`.
    pub restart_at: Option<Timestamp>,
    /// `spec.rollbackWindow.revisions`.
    pub rollback_window: Option<i64>,
    /// `spec.progressDeadlineAbort`.
    pub deadline_aborts: bool,
    /// `spec.strategy`.
    pub strategy: RolloutStrategy,
    /// `status`.
    pub status: RolloutStatus,
    /// The label `argo-rollouts.argoproj.io/controller-instance-id`: which controller minds it.
    pub instance_id: Option<Str>,
    /// The annotation `rollout.argoproj.io/workload-generation`: the generation of the referenced workload.
    pub workload_generation: Option<i64>,
}

/// `spec.strategy` of a Rollout.
#[derive(Debug, Clone, PartialEq)]
pub enum RolloutStrategy {
    /// `canary`.
    Canary(Box<CanaryStrategy>),
    /// `blueGreen`.
    BlueGreen(Box<BlueGreenStrategy>),
    /// Neither, or both, or not readable.
    Unclear,
}

/// `spec.strategy.canary`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CanaryStrategy {
    /// `canaryService`.
    pub canary_service: Option<Str>,
    /// `stableService`.
    pub stable_service: Option<Str>,
    /// `pingPong.pingService`, `pingPong.pongService`.
    pub ping_pong: Option<(Str, Str)>,
    /// `steps`.
    pub steps: Vec<RolloutStep>,
    /// `trafficRouting`; `None`: traffic follows the pods.
    pub routing: Option<TrafficRouting>,
    /// `analysis.templates`: the background analysis.
    pub analysis: Vec<Str>,
    /// `analysis.startingStep`.
    pub analysis_from: Option<i64>,
    /// `maxSurge`.
    pub max_surge: Option<Limit>,
    /// `maxUnavailable`.
    pub max_unavailable: Option<Limit>,
    /// `dynamicStableScale`.
    pub dynamic_stable_scale: bool,
    /// `scaleDownDelaySeconds`.
    pub scale_down_delay: Option<SignedDuration>,
    /// `abortScaleDownDelaySeconds`.
    pub abort_scale_down_delay: Option<SignedDuration>,
}

/// `spec.strategy.canary.trafficRouting`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrafficRouting {
    /// Its keys (`istio`, `nginx`, `alb`, `smi`, a plugin's name…), as written.
    pub routers: Vec<Str>,
    /// `maxTrafficWeight` (100 when absent).
    pub max_weight: Option<i64>,
    /// `istio.virtualService(s)`: name (or `name.namespace`) and route names.
    pub virtual_services: Vec<IstioRef>,
    /// `istio.destinationRule`.
    pub destination_rule: Option<IstioSubsets>,
    /// The `HTTPRoutes` and `GRPCRoutes` of the plugin `argoproj-labs/gatewayAPI`.
    pub gateway_routes: Vec<ObjectKey>,
    /// `managedRoutes[].name`.
    pub managed_routes: Vec<Str>,
}

/// A VirtualService that a Rollout writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IstioRef {
    /// The VirtualService.
    pub key: ObjectKey,
    /// `routes`; empty: its only http route.
    pub routes: Vec<Str>,
}

/// The DestinationRule whose subsets a Rollout writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IstioSubsets {
    /// Its name.
    pub name: Str,
    /// `canarySubsetName`.
    pub canary: Str,
    /// `stableSubsetName`.
    pub stable: Str,
}

/// `spec.strategy.blueGreen`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BlueGreenStrategy {
    /// `activeService`.
    pub active_service: Str,
    /// `previewService`.
    pub preview_service: Option<Str>,
    /// `previewReplicaCount`.
    pub preview_replicas: Option<i64>,
    /// `autoPromotionEnabled` (true when absent).
    pub auto_promotion: bool,
    /// `autoPromotionSeconds`.
    pub auto_promotion_after: Option<SignedDuration>,
    /// `scaleDownDelaySeconds` (30 s when absent).
    pub scale_down_delay: Option<SignedDuration>,
    /// `abortScaleDownDelaySeconds` (30 s when absent; 0: never).
    pub abort_scale_down_delay: Option<SignedDuration>,
    /// `prePromotionAnalysis.templates`.
    pub pre_promotion: Vec<Str>,
    /// `postPromotionAnalysis.templates`.
    pub post_promotion: Vec<Str>,
}

/// `status` of a Rollout.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RolloutStatus {
    /// `phase`, as the controller wrote it; trust it only for the generation that was observed.
    pub phase: Option<Str>,
    /// `message`.
    pub message: Str,
    /// `observedGeneration`: a string that holds a number. `None` when absent or no number.
    pub observed_generation: Option<i64>,
    /// `workloadObservedGeneration`, likewise.
    pub workload_observed_generation: Option<i64>,
    /// `currentPodHash`.
    pub current_hash: Option<Str>,
    /// `stableRS`.
    pub stable_hash: Option<Str>,
    /// `currentStepIndex`.
    pub step_index: Option<i64>,
    /// `currentStepHash`.
    pub step_hash: Option<Str>,
    /// `pauseConditions`.
    pub pauses: Vec<PauseCondition>,
    /// `controllerPause`.
    pub controller_pause: bool,
    /// `abort`.
    pub abort: bool,
    /// `abortedAt`.
    pub aborted_at: Option<Timestamp>,
    /// `promoteFull`.
    pub promote_full: bool,
    /// `restartedAt`.
    pub restarted_at: Option<Timestamp>,
    /// `HPAReplicas`.
    pub hpa_replicas: Option<i32>,
    /// `canary.weights`.
    pub weights: Option<RolloutWeights>,
    /// `canary.stablePingPong`: `ping` or `pong`.
    pub stable_ping_pong: Option<Str>,
    /// `canary.currentStepAnalysisRunStatus`, `…BackgroundAnalysisRunStatus`, `blueGreen.prePromotion…`, `…postPromotion…`.
    pub runs: Vec<RunRef>,
    /// `canary.currentExperiment`.
    pub experiment: Option<Str>,
    /// `canary.stepPluginStatuses`.
    pub plugins: Vec<PluginStatus>,
    /// `blueGreen.activeSelector`.
    pub active_selector: Option<Str>,
    /// `blueGreen.previewSelector`.
    pub preview_selector: Option<Str>,
    /// `duration.rolloutStartedAt`.
    pub started_at: Option<Timestamp>,
    /// `duration.finishedAt`.
    pub finished_at: Option<Timestamp>,
    /// `duration.completionStatus`.
    pub completion: Option<Str>,
    /// `conditions`.
    pub conditions: Vec<Condition>,
}

/// `status.canary.weights`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RolloutWeights {
    /// `canary.weight`.
    pub canary: Option<i64>,
    /// `stable.weight`.
    pub stable: Option<i64>,
    /// `verified`; `None` where the router does not verify.
    pub verified: Option<bool>,
}

/// What a step plugin tells of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginStatus {
    /// The step's place in the list.
    pub index: i64,
    /// The plugin's name.
    pub name: Str,
    /// `operation`: `Run`, `Terminate`, `Abort`.
    pub operation: Str,
    /// `phase`: `Running`, `Successful`, `Failed`, `Error`.
    pub phase: Str,
    /// `message`.
    pub message: Str,
}

/// An analysis run that a Rollout's status names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRef {
    /// Its name.
    pub name: Str,
    /// What it is for.
    pub role: RunRole,
    /// `status`.
    pub status: Str,
    /// `message`.
    pub message: Str,
}

/// What an analysis run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RunRole {
    /// A step of its own.
    Step,
    /// Beside all steps.
    Background,
    /// Before the switch.
    PrePromotion,
    /// After it.
    PostPromotion,
}

impl Rollout {
    /// The object that holds the template: itself, or the referenced one where its kind is known.
    pub fn template_key(&self) -> Option<ObjectKey> {
        match &self.workload_ref {
            Some(target) => target.key(&self.meta.key.namespace),
            None => Some(self.meta.key.clone()),
        }
    }

    /// The Services that it writes, whether they exist or not.
    pub fn services(&self) -> Vec<ObjectKey> {
        let names: Vec<&Str> = match &self.strategy {
            RolloutStrategy::Canary(canary) => {
                let pair = canary.ping_pong.iter().flat_map(|(ping, pong)| [ping, pong]);
                canary.stable_service.iter().chain(&canary.canary_service).chain(pair).collect()
            }
            RolloutStrategy::BlueGreen(sides) => {
                std::iter::once(&sides.active_service).chain(&sides.preview_service).collect()
            }
            RolloutStrategy::Unclear => Vec::new(),
        };
        let named = names.into_iter().filter(|name| !name.is_empty());
        named.map(|name| ObjectKey::new(Kind::Service, self.meta.key.namespace.clone(), name.clone())).collect()
    }

    /// The routes that it writes, whether they exist or not.
    pub fn routes(&self) -> Vec<ObjectKey> {
        let Some(routing) = self.routing() else { return Vec::new() };
        let istio = routing.virtual_services.iter().map(|route| route.key.clone());
        istio.chain(routing.gateway_routes.iter().cloned()).collect()
    }

    /// How it shifts traffic; `None` where traffic follows the pods.
    pub fn routing(&self) -> Option<&TrafficRouting> {
        match &self.strategy {
            RolloutStrategy::Canary(canary) => canary.routing.as_ref(),
            RolloutStrategy::BlueGreen(_) | RolloutStrategy::Unclear => None,
        }
    }

    /// Its steps; empty for blue-green.
    pub fn steps(&self) -> &[RolloutStep] {
        match &self.strategy {
            RolloutStrategy::Canary(canary) => &canary.steps,
            RolloutStrategy::BlueGreen(_) | RolloutStrategy::Unclear => &[],
        }
    }

    /// Whether the newest version has taken over: nothing is in flight.
    pub fn at_rest(&self) -> bool {
        self.status.stable_hash.is_some() && self.status.stable_hash == self.status.current_hash
    }
}
