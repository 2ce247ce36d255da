//! Pods as their controllers see them, and new pods from a template.

use super::common::owned;
use crate::sim::clock::seconds;
use crate::sim::json::{Json, time};
use crate::sim::kinds::PODS;
use crate::sim::object::Object;
use crate::sim::store::Store;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

/// One pod, parsed.
#[derive(Debug, Clone)]
pub struct Pod {
    pub object: Arc<Object>,
    pub value: Arc<Value>,
}

impl Pod {
    /// The pods that an owner controls, by name.
    pub fn of(store: &Store, owner: &str) -> Vec<Pod> {
        owned(store, owner, PODS).into_iter().map(|(object, value)| Pod { object, value }).collect()
    }

    pub fn is_terminating(&self) -> bool {
        !self.value.text("/metadata/deletionTimestamp").is_empty()
    }

    /// Neither finished nor on its way out.
    pub fn is_active(&self) -> bool {
        !matches!(self.value.text("/status/phase"), "Succeeded" | "Failed") && !self.is_terminating()
    }

    fn ready_condition(&self) -> &Value {
        super::common::condition(self.value.at("/status"), "Ready")
    }

    pub fn is_ready(&self) -> bool {
        self.ready_condition().text("/status") == "True"
    }

    /// When it became ready.
    pub fn ready_since(&self) -> Option<Timestamp> {
        if self.is_ready() { time(self.ready_condition().text("/lastTransitionTime")) } else { None }
    }

    /// When it counts as available: ready for `minReadySeconds`.
    pub fn available_from(&self, min_ready: i64) -> Option<Timestamp> {
        Some(self.ready_since()? + seconds(min_ready))
    }

    pub fn is_available(&self, min_ready: i64, now: Timestamp) -> bool {
        self.available_from(min_ready).is_some_and(|from| min_ready == 0 || from <= now)
    }

    pub fn restarts(&self) -> i64 {
        self.value.list("/status/containerStatuses").iter().map(|status| status.count("/restartCount")).sum()
    }

    pub fn created(&self) -> &str {
        self.value.text("/metadata/creationTimestamp")
    }
}

/// The metadata and spec of a new pod.
pub fn from_template(template: &Value, owner: Value) -> Value {
    let mut metadata = json!({});
    for field in ["labels", "annotations", "finalizers"] {
        if let Some(value) = template.at("/metadata").get(field) {
            metadata[field] = value.clone();
        }
    }
    metadata["ownerReferences"] = owner;
    json!({"metadata": metadata, "spec": template.at("/spec")})
}
