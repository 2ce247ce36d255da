//! Pods as small rows: tens of thousands of them are held.

use super::{ObjectKey, Str, Uid};
use jiff::Timestamp;

/// A pod as the last watch event told it. Strings are shared between rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Pod {
    /// The namespace.
    pub namespace: Str,
    /// The name.
    pub name: Str,
    /// Its identity.
    pub uid: Uid,
    /// The controlling owner's identity (ReplicaSet, StatefulSet, DaemonSet); `None` for a bare pod.
    pub owner: Option<Uid>,
    /// `pod-template-hash` or `controller-revision-hash`: which revision it belongs to.
    pub hash: Option<Str>,
    /// The containers' images with the digest that really runs, init containers left out.
    pub containers: Box<[ContainerRow]>,
    /// `spec.nodeName`.
    pub node: Option<Str>,
    /// `status.phase`.
    pub phase: Phase,
    /// Whether the `Ready` condition holds.
    pub ready: bool,
    /// When `Ready` last changed.
    pub ready_since: Option<Timestamp>,
    /// Restarts, summed over its containers.
    pub restarts: u32,
    /// What is wrong with it, and since when.
    pub trouble: Option<Trouble>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// Set once deletion was asked for.
    pub deleting: Option<Timestamp>,
}

impl Pod {
    /// The pod's key.
    pub fn key(&self) -> ObjectKey {
        ObjectKey::new(super::Kind::Pod, self.namespace.clone(), self.name.clone())
    }
}

/// One container of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerRow {
    /// The container's name.
    pub name: Str,
    /// The image as the spec writes it.
    pub image: Str,
    /// `status.containerStatuses[].imageID`: what really runs; empty until it was pulled.
    pub image_id: Str,
}

/// `status.phase`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Accepted, not running yet.
    Pending,
    /// At least one container runs.
    Running,
    /// All containers ended well.
    Succeeded,
    /// A container ended in failure.
    Failed,
    /// Not known, or a value that Kubernetes does not define.
    Unknown,
}

/// Why a pod stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What kind of trouble.
    pub cause: Cause,
    /// Kubernetes' word: `ImagePullBackOff`, `CrashLoopBackOff`, `Unschedulable`, `OOMKilled`…
    pub reason: Str,
    /// Kubernetes' message; empty when there is none.
    pub message: Str,
    /// Since when, as far as the object tells.
    pub since: Option<Timestamp>,
}

/// The kinds of trouble, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The image can't be pulled.
    ImagePull,
    /// A container ends again and again.
    CrashLoop,
    /// No node takes it.
    Unschedulable,
    /// A container can't be created: a missing ConfigMap, Secret or volume, a bad command.
    Config,
    /// A container was ended for using too much memory.
    OutOfMemory,
    /// It runs, and its readiness probe fails.
    NotReady,
    /// It was evicted or failed as a whole.
    Evicted,
}
