//! The objects that strategies derive releases from, and the trait that hands them out.

use super::pod::Pod;
use super::selector::{Labels, Selector};
use super::workload::{Condition, Image, Replicas, Workload};
use super::{ObjectKey, Revision, Str, Uid};
use jiff::Timestamp;
use std::sync::Arc;

/// What the index holds, as strategies see it. Every look-up costs in proportion to its answer.
pub trait Objects {
    /// The workload at `key`.
    fn workload(&self, key: &ObjectKey) -> Option<&Arc<Workload>>;
    /// The revisions (ReplicaSets, ControllerRevisions) that `owner` controls, in no order.
    fn revisions_of(&self, owner: &Uid) -> Vec<Arc<RevisionObject>>;
    /// The pods that `owner` (a ReplicaSet, StatefulSet or DaemonSet) controls, in the order of their names.
    fn pods_of(&self, owner: &Uid) -> Vec<Arc<Pod>>;
    /// The Services whose selector matches pods with these labels in this namespace.
    fn services_selecting(&self, namespace: &str, labels: &Labels) -> Vec<Arc<Service>>;
    /// How many addresses a Service has: (ready, not ready).
    fn endpoints_of(&self, service: &ObjectKey) -> Option<Endpoints>;
    /// The autoscaler that targets `key`.
    fn autoscaler_of(&self, key: &ObjectKey) -> Option<&Arc<Autoscaler>>;
    /// The disruption budgets that select pods with these labels in this namespace.
    fn budgets_selecting(&self, namespace: &str, labels: &Labels) -> Vec<Arc<DisruptionBudget>>;
    /// When this workload last had no ready pod while some were wanted, as seen by the watch.
    fn outage_of(&self, key: &ObjectKey) -> Option<Outage>;
    /// Whether the first list of pods is complete: before that, "no pods" means "not read yet".
    fn pods_listed(&self) -> bool;
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
}

/// The addresses behind a Service, over all its EndpointSlices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Endpoints {
    /// Addresses that take traffic.
    pub ready: u32,
    /// Addresses that do not.
    pub not_ready: u32,
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
