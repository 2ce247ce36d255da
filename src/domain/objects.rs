//! The objects that strategies derive releases from, and the trait that hands them out.

use super::management::Writer;
use super::pod::Pod;
use super::selector::{Labels, Selector};
use super::traffic::{AnalysisRun, Canary, DestinationRule, Marks, Rollout, Route, TrafficSettings};
use super::workload::{Condition, Image, Owner, Replicas, Workload};
use super::{Kind, ObjectKey, Revision, Str, Uid};
use jiff::Timestamp;
use std::sync::Arc;

/// What the index holds, as strategies see it. Every look-up costs in proportion to its answer.
pub trait Objects {
    /// The workload at `key`: a Deployment, StatefulSet or DaemonSet, or a Rollout as one.
    fn workload(&self, key: &ObjectKey) -> Option<&Arc<Workload>>;
    /// The revisions (ReplicaSets, ControllerRevisions) that `owner` controls, in no order.
    fn revisions_of(&self, owner: &Uid) -> Vec<Arc<RevisionObject>>;
    /// The pods that `owner` (a ReplicaSet, StatefulSet or DaemonSet) controls, in the order of their names.
    fn pods_of(&self, owner: &Uid) -> Vec<Arc<Pod>>;
    /// The Services whose selector matches pods with these labels in this namespace.
    fn services_selecting(&self, namespace: &str, labels: &Labels) -> Vec<Arc<Service>>;
    /// The Service at `key`.
    fn service(&self, key: &ObjectKey) -> Option<&Arc<Service>>;
    /// The Services that would select pods with these labels but for the value of their switch key
    /// (`Service::switch_key`): those of every side of a blue-green release. By name.
    fn services_switching(&self, namespace: &str, labels: &Labels) -> Vec<Arc<Service>>;
    /// The workloads in `namespace` whose pod template has the labels that `selector` wants, by key; Rollouts are among
    /// them.
    fn workloads_selected(&self, namespace: &Str, selector: &Selector) -> Vec<Arc<Workload>>;
    /// The route at `key`.
    fn route(&self, key: &ObjectKey) -> Option<&Arc<Route>>;
    /// The routes with a rule that sends, or copies, requests to `service`, through subsets too; by key.
    fn routes_to(&self, service: &ObjectKey) -> Vec<Arc<Route>>;
    /// The VirtualServices that leave a decision to the VirtualService at `key`, by key.
    fn routes_delegating_to(&self, key: &ObjectKey) -> Vec<Arc<Route>>;
    /// The other VirtualServices for a host of `route`: for the same one, for a wildcard over it, and for one under its own
    /// wildcard. By key.
    fn routes_for_hosts_of(&self, _route: &Route) -> Vec<Arc<Route>> {
        Vec::new()
    }
    /// The `DestinationRules` for `service`, by key.
    fn destination_rules_of(&self, service: &ObjectKey) -> Vec<Arc<DestinationRule>>;
    /// The Canary at `key`.
    fn canary(&self, key: &ObjectKey) -> Option<&Arc<Canary>>;
    /// The Canaries whose target, primary, or generated Service or route is `key`, by key. A generated name proves
    /// nothing: see `ObjectMeta::made_by_canary` and the owner of a workload or Service.
    fn canaries_naming(&self, key: &ObjectKey) -> Vec<Arc<Canary>>;
    /// The Rollout at `key`.
    fn rollout(&self, key: &ObjectKey) -> Option<&Arc<Rollout>>;
    /// The Rollouts whose `workloadRef`, Services or routes name `key`, by key.
    fn rollouts_naming(&self, key: &ObjectKey) -> Vec<Arc<Rollout>>;
    /// The analysis runs that `owner` (a Rollout or Experiment) controls, newest first.
    fn runs_of(&self, owner: &Uid) -> Vec<Arc<AnalysisRun>>;
    /// How many of a Service's addresses belong to these pods.
    fn addresses_of(&self, service: &ObjectKey, pods: &[Arc<Pod>]) -> Endpoints;
    /// Whether there is any object of `kind`: a quick way past look-ups on clusters that do without it.
    fn any(&self, kind: Kind) -> bool;
    /// How many addresses a Service has: (ready, not ready).
    fn endpoints_of(&self, service: &ObjectKey) -> Option<Endpoints>;
    /// The autoscaler that targets `key`.
    fn autoscaler_of(&self, key: &ObjectKey) -> Option<&Arc<Autoscaler>>;
    /// The disruption budgets that select pods with these labels in this namespace.
    fn budgets_selecting(&self, namespace: &str, labels: &Labels) -> Vec<Arc<DisruptionBudget>>;
    /// When this workload last had no ready pod while some were wanted, as seen by the watch.
    fn outage_of(&self, key: &ObjectKey) -> Option<Outage>;
    /// Whether the controllers that roll workloads out answer.
    fn controllers(&self) -> Controllers {
        Controllers::Unknown
    }
    /// Whether the first list of pods is complete: before that, "no pods" means "not read yet".
    fn pods_listed(&self, namespace: &str) -> bool;
    /// Why the objects of `kind` in `namespace` are not known although the server has the kind: we may not list them, or
    /// listing fails. `None` when they are, and while the first list is under way.
    fn unread(&self, _kind: Kind, _namespace: &str) -> Option<Str> {
        None
    }
    /// What the configuration says of traffic, where there is any.
    fn settings(&self) -> Option<&TrafficSettings> {
        None
    }
}

/// A revision of a workload: a Deployment's ReplicaSet, or a ControllerRevision of a StatefulSet or DaemonSet.
#[derive(Debug, Clone, PartialEq)]
pub struct RevisionObject {
    /// Which object.
    pub key: ObjectKey,
    /// Its identity.
    pub uid: Uid,
    /// The workload that controls it.
    pub owner: Option<Uid>,
    /// `deployment.kubernetes.io/revision`, or the ControllerRevision's `revision`.
    pub revision: Option<Revision>,
    /// Earlier numbers of the same template (`deployment.kubernetes.io/revision-history`).
    pub aliases: Vec<Revision>,
    /// `pod-template-hash`, or `controller-revision-hash`: the label of its pods.
    pub hash: Option<Str>,
    /// The images of its template.
    pub images: Vec<Image>,
    /// `kubernetes.io/change-cause`.
    pub change_cause: Option<Str>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// ReplicaSets: their counts; ControllerRevisions have none.
    pub replicas: Option<Replicas>,
    /// ReplicaSets: `status.conditions` (`ReplicaFailure` tells of quota and admission).
    pub conditions: Vec<Condition>,
    /// ReplicaSets of a Rollout: when Argo scales it down (`scale-down-deadline`).
    pub scale_down_at: Option<Timestamp>,
}

/// A Service, reduced to what it selects.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Which object.
    pub key: ObjectKey,
    /// Its identity.
    pub uid: Uid,
    /// `spec.selector`; empty for a Service without one.
    pub selector: Selector,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// `metadata.labels`.
    pub labels: Labels,
    /// The annotations that the console reads (own marks, managers' marks).
    pub annotations: Labels,
    /// The controlling owner (a Canary, an operator's resource), where there is one.
    pub owner: Option<Owner>,
    /// The first port's number; 0 for a Service without ports.
    pub port: i64,
    /// Who wrote its selector last, newest first (from managedFields).
    pub writers: Vec<Writer>,
}

/// The annotation that Argo Rollouts puts on the Services that it steers; its value names the Rollout.
pub const MANAGED_BY_ROLLOUTS: &str = "argo-rollouts.argoproj.io/managed-by-rollouts";

impl Service {
    /// A Service of which only the selector is known.
    pub fn selecting(key: ObjectKey, uid: Uid, selector: Selector) -> Self {
        Self {
            key,
            uid,
            selector,
            created: None,
            labels: Labels::new(),
            annotations: Labels::new(),
            owner: None,
            port: 0,
            writers: Vec::new(),
        }
    }

    /// Its own marks.
    pub fn marks(&self) -> Marks {
        Marks::read(&self.annotations)
    }

    /// The Rollout that steers it, by Argo's annotation.
    pub fn managed_by_rollout(&self) -> Option<&Str> {
        self.annotations.get(MANAGED_BY_ROLLOUTS)
    }

    /// The label of its selector that sides may differ in: the marked one, else the first of `usual` that it selects
    /// on. `None` where it selects on nothing else: then it would select every workload.
    pub fn switch_key(&self, usual: &[Str]) -> Option<Str> {
        let marked = self.annotations.get(super::traffic::marks::SWITCH_KEY);
        let mut keys = marked.into_iter().chain(usual);
        let key = keys.find(|key| self.selector.labels.contains_key(*key))?;
        (self.selector.labels.len() > 1).then(|| key.clone())
    }

    /// What its sides have in common: the selector without `key`.
    pub fn common(&self, key: &str) -> Selector {
        let mut selector = self.selector.clone();
        selector.labels.remove(key);
        selector
    }
}

/// The addresses behind a Service, over all its EndpointSlices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Endpoints {
    /// Addresses that take traffic.
    pub ready: u32,
    /// Addresses that do not.
    pub not_ready: u32,
}

/// Whether kube-controller-manager works, told from its Lease in kube-system. Where there is no Lease, or it may not be
/// read, it is not known, never "dead".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Controllers {
    /// It can't be told.
    #[default]
    Unknown,
    /// The Lease is renewed.
    Alive,
    /// It is not.
    Silent {
        /// The last renewal.
        since: Timestamp,
    },
}

/// A HorizontalPodAutoscaler.
#[derive(Debug, Clone, PartialEq)]
pub struct Autoscaler {
    /// Which object.
    pub key: ObjectKey,
    /// What it scales.
    pub target: ObjectKey,
    /// `spec.minReplicas`.
    pub min: i32,
    /// `spec.maxReplicas`.
    pub max: i32,
    /// `status.desiredReplicas`.
    pub desired: i32,
    /// `status.conditions`.
    pub conditions: Vec<Condition>,
}

/// A PodDisruptionBudget.
#[derive(Debug, Clone, PartialEq)]
pub struct DisruptionBudget {
    /// Which object.
    pub key: ObjectKey,
    /// `spec.selector`.
    pub selector: Selector,
    /// `status.disruptionsAllowed`.
    pub allowed: i32,
    /// `status.currentHealthy`.
    pub healthy: i32,
    /// `status.desiredHealthy`.
    pub wanted: i32,
}

/// A time without any ready pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// When the last ready pod went.
    pub from: Timestamp,
    /// When one was ready again; `None` while it lasts.
    pub until: Option<Timestamp>,
}
