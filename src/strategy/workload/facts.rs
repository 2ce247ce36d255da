//! One workload with everything around it, looked up once.

use crate::domain::objects::{
    Autoscaler, Controllers, DisruptionBudget, Endpoints, Objects, Outage, RevisionObject, Service,
};
use crate::domain::pod::{Phase, Pod};
use crate::domain::workload::{Image, Workload};
use crate::domain::{Kind, ObjectKey, Revision, Str, Timestamp};
use jiff::SignedDuration;
use std::sync::Arc;

/// A workload, its revisions with their pods, and what stands beside it.
#[derive(Debug)]
pub struct Facts {
    /// The workload.
    pub workload: Arc<Workload>,
    /// Its revisions with their pods, newest first; never empty.
    pub lanes: Vec<Lane>,
    /// The autoscaler of its replicas.
    pub autoscaler: Option<Arc<Autoscaler>>,
    /// The disruption budgets over its pods.
    pub budgets: Vec<Arc<DisruptionBudget>>,
    /// The Services that select its pods.
    pub services: Vec<Arc<Service>>,
    /// How many addresses each of those Services has, as far as its EndpointSlices were read.
    pub endpoints: Vec<Option<Endpoints>>,
    /// Whether the controllers that roll it out answer.
    pub controllers: Controllers,
    /// The time without a ready pod.
    pub outage: Option<Outage>,
    /// Whether "no pods" means that there are none.
    pub pods_listed: bool,
    /// The time.
    pub now: Timestamp,
}

/// A revision with its pods.
#[derive(Debug)]
pub struct Lane {
    /// The object that holds it; `None` for a template that no revision stands for yet, and before revisions were read.
    pub object: Option<Arc<RevisionObject>>,
    /// Its images.
    pub images: Vec<Image>,
    /// Its pods, the ending ones included, by name.
    pub pods: Vec<Arc<Pod>>,
    /// Whether the spec stands for it.
    pub current: bool,
}

impl Lane {
    /// Its number.
    pub fn revision(&self) -> Option<Revision> {
        self.object.as_ref().and_then(|object| object.revision)
    }

    /// The label of its pods.
    pub fn hash(&self) -> Option<&Str> {
        self.object.as_ref().and_then(|object| object.hash.as_ref())
    }

    /// Pods that exist and are not on their way out.
    pub fn live(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods.iter().filter(|pod| alive(pod))
    }

    /// How many pods exist: counted, or before pods were read as the ReplicaSet tells.
    pub fn existing(&self, pods_listed: bool) -> i32 {
        match self.object.as_ref().and_then(|object| object.replicas) {
            Some(replicas) if !pods_listed => replicas.current,
            _ => len(self.live().count()),
        }
    }

    /// How many pods are ready.
    pub fn ready(&self, pods_listed: bool) -> i32 {
        match self.object.as_ref().and_then(|object| object.replicas) {
            Some(replicas) if !pods_listed => replicas.ready,
            _ => len(self.live().filter(|pod| pod.ready).count()),
        }
    }

    /// How many pods have been ready for `min_ready`.
    pub fn available(&self, min_ready: SignedDuration, now: Timestamp) -> i32 {
        len(self.live().filter(|pod| available(pod, min_ready, now)).count())
    }
}

/// Whether a pod counts: it is not being deleted and has not ended.
pub fn alive(pod: &Pod) -> bool {
    pod.deleting.is_none() && !matches!(pod.phase, Phase::Failed | Phase::Succeeded)
}

/// Whether a pod has been ready for `min_ready`.
pub fn available(pod: &Pod, min_ready: SignedDuration, now: Timestamp) -> bool {
    pod.ready && (min_ready.is_zero() || pod.ready_since.is_some_and(|since| now.duration_since(since) >= min_ready))
}

/// A count as Kubernetes writes them.
pub fn len(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

impl Facts {
    /// The pods of the spec's revision that this rollout brought, an undo's among them: those made after the last pod of
    /// any other revision. What an undo brings back keeps pods of its earlier time, which tell nothing of this one.
    pub fn brought(&self) -> impl Iterator<Item = &Arc<Pod>> {
        let before = self.others().flat_map(Lane::live).filter_map(|pod| pod.created).max();
        let new = move |pod: &&Arc<Pod>| before.is_none_or(|before| pod.created.is_some_and(|at| at >= before));
        self.current().into_iter().flat_map(Lane::live).filter(new)
    }

    /// Looks up everything about the workload at `root`; `None` when it is gone.
    pub fn gather(root: &ObjectKey, objects: &dyn Objects, now: Timestamp) -> Option<Self> {
        let workload = Arc::clone(objects.workload(root)?);
        let mut lanes = lanes(&workload, objects);
        mark_current(&workload, &mut lanes);
        let labels = &workload.template_labels;
        let services = objects.services_selecting(&root.namespace, labels);
        // Argo's Rollouts have a controller of their own.
        let own_controller = root.kind == Kind::Rollout;
        Some(Self {
            endpoints: services.iter().map(|service| objects.endpoints_of(&service.key)).collect(),
            controllers: if own_controller { Controllers::Unknown } else { objects.controllers() },
            autoscaler: objects.autoscaler_of(root).cloned(),
            budgets: objects.budgets_selecting(&root.namespace, labels),
            services,
            outage: objects.outage_of(root),
            pods_listed: objects.pods_listed(&root.namespace),
            lanes,
            workload,
            now,
        })
    }

    /// The revision that the spec stands for.
    pub fn current(&self) -> Option<&Lane> {
        self.lanes.iter().find(|lane| lane.current)
    }

    /// The other revisions.
    pub fn others(&self) -> impl Iterator<Item = &Lane> {
        self.lanes.iter().filter(|lane| !lane.current)
    }

    /// Pods that are ready, over all revisions.
    pub fn ready(&self) -> i32 {
        if self.pods_listed {
            self.lanes.iter().map(|lane| lane.ready(true)).sum()
        } else {
            self.workload.replicas.ready
        }
    }

    /// Whether the controller has made nothing of the spec's template yet.
    pub fn unborn(&self) -> bool {
        self.workload.key.kind == Kind::Deployment && self.current().is_some_and(|lane| lane.object.is_none())
    }

    /// When the template was last written, as the object's field managers tell.
    pub fn template_written(&self) -> Option<Timestamp> {
        self.workload.writers.iter().filter(|writer| writer.touches.template).filter_map(|writer| writer.at).max()
    }

    /// Pods of revisions that the spec does not stand for.
    pub fn outdated(&self) -> i32 {
        self.others().map(|lane| lane.existing(self.pods_listed)).sum()
    }
}

fn lanes(workload: &Workload, objects: &dyn Objects) -> Vec<Lane> {
    let mut revisions = objects.revisions_of(&workload.uid);
    revisions.sort_by(|a, b| b.revision.cmp(&a.revision).then_with(|| b.created.cmp(&a.created)));
    let bare = |pods| Lane { object: None, images: workload.images.clone(), pods, current: true };
    if matches!(workload.key.kind, Kind::Deployment | Kind::Rollout) {
        let mut lanes: Vec<Lane> = revisions
            .into_iter()
            .map(|object| Lane {
                images: object.images.clone(),
                pods: objects.pods_of(&object.uid),
                object: Some(object),
                current: false,
            })
            .collect();
        if lanes.is_empty() {
            lanes.push(bare(Vec::new()));
        }
        return lanes;
    }
    let mut rest = objects.pods_of(&workload.uid);
    let mut lanes = Vec::with_capacity(revisions.len() + 1);
    for object in revisions {
        let (own, others) = rest.into_iter().partition(|pod| of(pod, &object));
        rest = others;
        lanes.push(Lane { images: object.images.clone(), pods: own, object: Some(object), current: false });
    }
    if lanes.is_empty() {
        lanes.push(bare(rest));
    } else if !rest.is_empty() {
        let images = rest[0].containers.iter().map(|c| Image { container: c.name.clone(), reference: c.image.clone() });
        lanes.push(Lane { object: None, images: images.collect(), pods: rest, current: false });
    }
    lanes
}

/// A DaemonSet's pods carry the revision's hash, a StatefulSet's pods its name.
fn of(pod: &Pod, revision: &RevisionObject) -> bool {
    pod.hash.as_ref().is_some_and(|hash| *hash == revision.key.name || Some(hash) == revision.hash.as_ref())
}

/// Marks the revision that the spec stands for: the highest number, unless the template is newer than every revision
/// (a paused Deployment makes no ReplicaSet for it, and a controller that is behind has made none yet). Then a lane of its
/// own, without pods, stands for the template.
fn mark_current(workload: &Workload, lanes: &mut Vec<Lane>) {
    if lanes.iter().any(|lane| lane.current) {
        return;
    }
    let newest = &lanes[0];
    let pods_of_newest =
        newest.object.as_ref().and_then(|object| object.replicas).map_or(0, |replicas| replicas.current);
    let ahead = newest.images != workload.images
        || (workload.paused && workload.observed() && workload.replicas.updated == 0 && pods_of_newest > 0);
    if ahead && workload.key.kind == Kind::Deployment {
        lanes.insert(0, Lane { object: None, images: workload.images.clone(), pods: Vec::new(), current: true });
    } else {
        lanes[0].current = true;
    }
}
