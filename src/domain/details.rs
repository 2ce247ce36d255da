//! What a plan is made from: the raw objects of one release, read when it is opened or a plan is asked for.

use super::objects::Autoscaler;
use super::{ObjectKey, RawObject, Revision, Str};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The raw objects behind one release.
#[derive(Debug, Clone)]
pub struct Details {
    /// The root object.
    pub root: RawObject,
    /// The objects that hold the revisions' templates of the root (ReplicaSets or ControllerRevisions), by revision
    /// number.
    pub revisions: BTreeMap<Revision, RawObject>,
    /// The release's other objects that a plan may patch or test: its workloads, Services, routes, Canary.
    pub others: BTreeMap<ObjectKey, RawObject>,
    /// The revisions' templates of its other workloads.
    pub histories: BTreeMap<ObjectKey, BTreeMap<Revision, RawObject>>,
    /// The autoscaler that owns the replicas, where there is one.
    pub autoscaler: Option<Arc<Autoscaler>>,
    /// The quotas of its namespace, as far as they may be read.
    pub quotas: Vec<Quota>,
    /// When they were read.
    pub read_at: Timestamp,
    /// Whether the server answered just now; `false`: these are older bytes, and the fence decides.
    pub fresh: bool,
}

/// What is left of a ResourceQuota.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Quota {
    /// Its name.
    pub name: Str,
    /// `status.hard` less `status.used`, by resource (`pods`, `requests.cpu`…), in whole units.
    pub left: BTreeMap<Str, f64>,
}

impl Details {
    /// The bytes of the root or another object of the release.
    pub fn object(&self, key: &ObjectKey) -> Option<&RawObject> {
        if self.root.key == *key { Some(&self.root) } else { self.others.get(key) }
    }

    /// The revisions of one of the release's workloads; empty where there are none or they were not read.
    pub fn revisions_of(&self, workload: &ObjectKey) -> &BTreeMap<Revision, RawObject> {
        const NONE: &BTreeMap<Revision, RawObject> = &BTreeMap::new();
        if self.root.key == *workload { &self.revisions } else { self.histories.get(workload).unwrap_or(NONE) }
    }
}
