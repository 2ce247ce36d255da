//! What a plan is made from: the raw objects of one release, read when it is opened or a plan is asked for.

use super::objects::Autoscaler;
use super::{RawObject, Revision};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The raw objects behind one release.
#[derive(Debug, Clone)]
pub struct Details {
    /// The root object (a Deployment, StatefulSet or DaemonSet).
    pub root: RawObject,
    /// The objects that hold the revisions' templates (ReplicaSets or ControllerRevisions), by revision number.
    pub revisions: BTreeMap<Revision, RawObject>,
    /// The autoscaler that owns the replicas, where there is one.
    pub autoscaler: Option<Arc<Autoscaler>>,
    /// When they were read.
    pub read_at: Timestamp,
    /// Whether the server answered just now; `false`: these are older bytes, and the fence decides.
    pub fresh: bool,
}
