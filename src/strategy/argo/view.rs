//! A Rollout with everything around it, looked up once.

use super::stand::Stand;
use crate::domain::objects::{Objects, Service};
use crate::domain::pod::Pod;
use crate::domain::traffic::{AnalysisRun, DestinationRule, Rollout, Route};
use crate::domain::workload::Workload;
use crate::domain::{Kind, ObjectKey, Str, Timestamp};
use crate::strategy::traffic::rules;
use crate::strategy::workload::facts::{Facts, Lane};
use crate::strategy::workload::version::version;
use crate::strategy::workload::words::clip;
use std::sync::Arc;

/// A Rollout, its ReplicaSets with their pods, its analysis runs, Services and routes.
#[derive(Debug)]
pub struct View {
    /// The Rollout.
    pub rollout: Arc<Rollout>,
    /// The same as a workload: its ReplicaSets are the lanes, and the one of `currentPodHash` is the current one.
    pub facts: Facts,
    /// The workload that holds the template, where it is not the Rollout itself.
    pub template: Option<Arc<Workload>>,
    /// Its analysis runs, newest first.
    pub runs: Vec<Arc<AnalysisRun>>,
    /// The Services that it names and that exist.
    pub services: Vec<Arc<Service>>,
    /// The routes that it names and that exist.
    pub routes: Vec<Arc<Route>>,
    /// The `DestinationRules` of its Services.
    pub destination_rules: Vec<Arc<DestinationRule>>,
    /// Where it stands.
    pub stand: Stand,
}

impl View {
    /// Looks everything up; `None` when the Rollout is gone.
    pub fn gather(root: &ObjectKey, objects: &dyn Objects, now: Timestamp) -> Option<Self> {
        let rollout = Arc::clone(objects.rollout(root)?);
        let mut facts = Facts::gather(root, objects, now)?;
        mark_current(&rollout, &mut facts);
        let services: Vec<_> = rollout.services().iter().filter_map(|key| objects.service(key).cloned()).collect();
        let existing: Vec<ObjectKey> = services.iter().map(|service| service.key.clone()).collect();
        let template = rollout.template_key().filter(|key| key != root);
        Some(Self {
            template: template.and_then(|key| objects.workload(&key).cloned()),
            runs: objects.runs_of(&rollout.meta.uid),
            routes: rollout.routes().iter().filter_map(|key| objects.route(key).cloned()).collect(),
            destination_rules: rules::of_services(&existing, objects),
            stand: Stand::of(&rollout),
            services,
            facts,
            rollout,
        })
    }

    /// The time.
    pub const fn now(&self) -> Timestamp {
        self.facts.now
    }

    /// The lane of a pod hash.
    pub fn lane(&self, hash: Option<&Str>) -> Option<&Lane> {
        let hash = hash.filter(|hash| !hash.is_empty())?;
        self.facts.lanes.iter().find(|lane| lane.hash() == Some(hash))
    }

    /// The lane of the version that serves by the controller's own word.
    pub fn stable(&self) -> Option<&Lane> {
        self.lane(self.stand.stable.as_ref())
    }

    /// The lane of the version that is wanted.
    pub fn current(&self) -> Option<&Lane> {
        self.facts.current()
    }

    /// Its version in words.
    pub fn version(&self, lane: Option<&Lane>) -> String {
        lane.map_or_else(|| "?".into(), |lane| clip(&version(&lane.images), 40))
    }

    /// The wanted version in words.
    pub fn new_version(&self) -> String {
        self.version(self.current())
    }

    /// The serving version in words.
    pub fn stable_version(&self) -> String {
        self.version(self.stable())
    }

    /// Pods that are ready behind what users reach: of a blue-green Rollout those of the active side only, and those of
    /// the stable version once it has everything (the old pods stay for a while).
    pub fn serving(&self) -> i32 {
        let reached = if self.blue_green() {
            self.rollout.status.active_selector.as_ref()
        } else {
            self.stand.stable.as_ref().filter(|_| !self.stand.in_flight())
        };
        match self.lane(reached) {
            Some(lane) => lane.ready(self.facts.pods_listed),
            None => self.facts.ready(),
        }
    }

    /// Whether it switches instead of shifting.
    pub fn blue_green(&self) -> bool {
        matches!(self.rollout.strategy, crate::domain::traffic::rollout::RolloutStrategy::BlueGreen(_))
    }

    /// The pods of every lane that are alive.
    pub fn pods(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.facts.lanes.iter().flat_map(Lane::live)
    }

    /// The Service called `name` in its namespace.
    pub fn service(&self, name: &str) -> Option<&Arc<Service>> {
        self.services.iter().find(|service| &*service.key.name == name && service.key.kind == Kind::Service)
    }
}

/// The lane of `currentPodHash` is the current one; before the controller has seen the template, one without a ReplicaSet
/// stands for it.
fn mark_current(rollout: &Rollout, facts: &mut Facts) {
    let unseen = !Stand::of(rollout).observed && !rollout.workload.images.is_empty();
    let wanted = rollout.status.current_hash.clone();
    let known = facts.lanes.iter().any(|lane| lane.hash().is_some() && lane.hash() == wanted.as_ref());
    if !known {
        return;
    }
    let images = &rollout.workload.images;
    let same_images = |lane: &Lane| lane.hash() == wanted.as_ref() && lane.images == *images;
    let ahead = unseen && !facts.lanes.iter().any(same_images);
    for lane in &mut facts.lanes {
        lane.current = !ahead && lane.hash() == wanted.as_ref();
    }
    if ahead {
        // A template that an earlier ReplicaSet has already becomes that one's again.
        match facts.lanes.iter_mut().find(|lane| lane.images == *images) {
            Some(lane) => lane.current = true,
            None => {
                facts.lanes.insert(0, Lane { object: None, images: images.clone(), pods: Vec::new(), current: true });
            }
        }
    }
}
