//! Workloads and what stands beside them, reduced to what the console shows and decides on.

use super::management::Writer;
use super::selector::{Labels, Selector};
use super::{ObjectKey, Revision, Str, Uid};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A Deployment, StatefulSet or DaemonSet as the last watch event told it.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// Which object.
    pub key: ObjectKey,
    /// Its identity.
    pub uid: Uid,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// Set once deletion was asked for.
    pub deleting: Option<Timestamp>,
    /// `metadata.generation`.
    pub generation: i64,
    /// `status.observedGeneration`; below `generation` the controller has not seen the spec yet.
    pub observed_generation: i64,
    /// `metadata.labels`.
    pub labels: Labels,
    /// The annotations that the console reads (managers' marks, revision, change-cause, own marks).
    pub annotations: Labels,
    /// Controlling owner, where there is one.
    pub owner: Option<Owner>,
    /// `spec.selector`.
    pub selector: Selector,
    /// Labels of `spec.template`: which Services will select its pods.
    pub template_labels: Labels,
    /// The containers' images in `spec.template`, init containers left out.
    pub images: Vec<Image>,
    /// Replica counts.
    pub replicas: Replicas,
    /// How updates go.
    pub update: UpdateStrategy,
    /// `spec.paused` (Deployments only).
    pub paused: bool,
    /// `spec.progressDeadlineSeconds` (Deployments; the API's default is 600 s).
    pub progress_deadline: Option<SignedDuration>,
    /// `spec.minReadySeconds`.
    pub min_ready: SignedDuration,
    /// `spec.revisionHistoryLimit`.
    pub history_limit: Option<i32>,
    /// The revision that the spec stands for: a Deployment's `deployment.kubernetes.io/revision` annotation.
    pub revision: Option<Revision>,
    /// StatefulSets: `status.currentRevision` and `status.updateRevision`, names of ControllerRevisions.
    pub current_revision: Option<Str>,
    /// See `current_revision`.
    pub update_revision: Option<Str>,
    /// `kubernetes.io/change-cause`.
    pub change_cause: Option<Str>,
    /// `status.conditions`.
    pub conditions: Vec<Condition>,
    /// Who wrote which part last, newest first (from managedFields).
    pub writers: Vec<Writer>,
    /// Fields that could not be read; shown as marks, never a failed page.
    pub unreadable: Vec<Str>,
}

impl Workload {
    /// Whether the controller has seen the current spec.
    pub fn observed(&self) -> bool {
        self.observed_generation >= self.generation
    }

    /// The condition of type `kind`.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| &*condition.kind == kind)
    }
}

/// An owner reference with `controller: true`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The owner's `apiVersion`.
    pub api_version: Str,
    /// The owner's kind, as written: it may be one that the console does not know.
    pub kind: Str,
    /// The owner's name.
    pub name: Str,
    /// The owner's identity.
    pub uid: Uid,
}

/// One container's image.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Image {
    /// The container's name.
    pub container: Str,
    /// The reference as written: `registry/name:tag@digest`.
    pub reference: Str,
}

impl Image {
    /// The tag, else the short digest, else `latest` (what the runtime then pulls).
    pub fn version(&self) -> &str {
        let reference = &*self.reference;
        if let Some((head, digest)) = reference.split_once('@') {
            return tag_of(head).unwrap_or_else(|| short_digest(digest));
        }
        tag_of(reference).unwrap_or("latest")
    }

    /// Whether the tag may point to another image tomorrow: no digest, and no tag or one of the moving names.
    pub fn mutable(&self) -> bool {
        !self.reference.contains('@')
            && matches!(
                tag_of(&self.reference),
                None | Some("latest" | "main" | "master" | "edge" | "dev" | "nightly" | "stable")
            )
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.container, self.reference)
    }
}

fn tag_of(reference: &str) -> Option<&str> {
    let name = reference.rsplit('/').next().unwrap_or(reference);
    name.split_once(':').map(|(_, tag)| tag).filter(|tag| !tag.is_empty())
}

/// The first eight hex digits of a digest: `sha256:1f2e3d4c5b…` becomes `1f2e3d4c`.
pub fn short_digest(digest: &str) -> &str {
    let hex = digest.rsplit(':').next().unwrap_or(digest);
    hex.get(..8).unwrap_or(hex)
}

/// Replica counts of a workload, a revision or a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Replicas {
    /// Wanted (`spec.replicas`; DaemonSets: `desiredNumberScheduled`).
    pub desired: i32,
    /// Existing, of every revision.
    pub current: i32,
    /// Ready.
    pub ready: i32,
    /// Of the newest template.
    pub updated: i32,
    /// Ready for at least `minReadySeconds`.
    pub available: i32,
}

impl Replicas {
    /// `4/5`. Old and new pods together may be more than are wanted: a fraction of that would read as a mistake.
    pub fn ready_of_desired(&self) -> String {
        format!("{}/{}", self.ready.min(self.desired), self.desired)
    }
}

/// How a workload replaces its pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateStrategy {
    /// Deployment or DaemonSet `RollingUpdate`: limits as written, resolved against the wanted replicas by `Limit::of`.
    Rolling {
        /// `maxSurge`.
        surge: Limit,
        /// `maxUnavailable`.
        unavailable: Limit,
    },
    /// StatefulSet `RollingUpdate`: one by one from the highest ordinal down to `partition`.
    Ordered {
        /// Ordinals below it keep the old revision.
        partition: i32,
        /// `podManagementPolicy: Parallel`, else OrderedReady.
        parallel: bool,
    },
    /// Deployment `Recreate`: all old pods end before new ones start.
    Recreate,
    /// StatefulSet or DaemonSet `OnDelete`: a pod is updated when somebody deletes it.
    OnDelete,
}

/// A number of pods, or a share of the wanted ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// So many pods.
    Count(i32),
    /// So many per cent of the wanted pods.
    Percent(i32),
}

impl Limit {
    /// The number of pods for `desired` replicas, a share rounded up (as for `maxSurge`).
    pub fn rounded_up(self, desired: i32) -> i32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => {
                i32::try_from((i64::from(percent) * i64::from(desired) + 99) / 100).unwrap_or(i32::MAX)
            }
        }
    }

    /// The number of pods for `desired` replicas, a share rounded down (as for `maxUnavailable`).
    pub fn rounded_down(self, desired: i32) -> i32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => i32::try_from(i64::from(percent) * i64::from(desired) / 100).unwrap_or(i32::MAX),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent} %"),
        }
    }
}

/// An entry of `status.conditions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// `type`: `Progressing`, `Available`, `ReplicaFailure`…
    pub kind: Str,
    /// `status`.
    pub status: ConditionStatus,
    /// `reason`, empty when absent.
    pub reason: Str,
    /// `message`, empty when absent.
    pub message: Str,
    /// `lastTransitionTime`.
    pub since: Option<Timestamp>,
    /// `lastUpdateTime` (Deployments).
    pub updated: Option<Timestamp>,
}

/// A condition's tri-state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Not known, or a value that Kubernetes does not define.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(reference: &str) -> Image {
        Image { container: "app".into(), reference: reference.into() }
    }

    #[test]
    fn a_version_is_the_tag_else_the_short_digest_else_latest() {
        assert_eq!(image("reg:5000/shop/web:v42").version(), "v42");
        assert_eq!(image("reg:5000/shop/web").version(), "latest");
        assert_eq!(image("web@sha256:0123456789abcdef").version(), "01234567");
        assert_eq!(image("web:v1@sha256:0123456789abcdef").version(), "v1");
        assert_eq!(image("web@sha256:x").version(), "x");
    }

    #[test]
    fn only_a_moving_tag_without_digest_is_mutable() {
        assert!(image("web").mutable() && image("web:latest").mutable());
        assert!(!image("web:v1").mutable() && !image("web:latest@sha256:00").mutable());
    }

    #[test]
    fn surge_rounds_up_and_unavailable_rounds_down_as_the_controller_does() {
        let quarter = Limit::Percent(25);
        assert_eq!((quarter.rounded_up(10), quarter.rounded_down(10)), (3, 2));
        assert_eq!(Limit::Count(1).rounded_up(10), 1);
        assert_eq!(Limit::Percent(i32::MAX).rounded_up(i32::MAX), i32::MAX);
    }

    #[test]
    fn no_more_pods_are_told_to_be_ready_than_are_wanted() {
        let told = |ready, desired| Replicas { desired, ready, ..Replicas::default() }.ready_of_desired();
        assert_eq!([told(6, 5), told(4, 5), told(0, 0)], ["5/5", "4/5", "0/0"]);
    }
}
