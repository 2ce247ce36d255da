//! The status of `HorizontalPodAutoscalers`: what they see. They see a load that is as wanted, and scale nothing.

use super::Controller;
use super::common::{Condition, Dated, push_condition};
use crate::sim::json::{Json, stamp};
use crate::sim::kinds::AUTOSCALERS;
use crate::sim::object::Id;
use crate::sim::store::{Change, Store};
use crate::sim::world::{Actor, CONTROLLER_MANAGER, World};
use serde_json::{Value, json};

pub struct AutoscalerController;

impl Controller for AutoscalerController {
    fn name(&self) -> &'static str {
        "horizontal-pod-autoscaler"
    }

    fn concerned(&self, change: &Change, store: &Store) -> Vec<Id> {
        if change.deleted {
            return vec![];
        }
        if change.after.id.kind == AUTOSCALERS {
            return vec![change.after.id.clone()];
        }
        if !store.kind(change.after.id.kind).has_scale() {
            return vec![];
        }
        let target = |hpa: &Value| hpa.text("/spec/scaleTargetRef/name") == &*change.after.id.name;
        let all = store.list(AUTOSCALERS, &change.after.id.namespace, None);
        all.filter(|hpa| target(&hpa.value())).map(|hpa| hpa.id.clone()).collect()
    }

    fn reconcile(&self, world: &mut World, id: &Id) {
        let Some(hpa) = world.store.get(id) else { return };
        let value = hpa.value();
        let reference = value.at("/spec/scaleTargetRef");
        let kind = world.store.kind_of(reference.text("/apiVersion"), reference.text("/kind"));
        let target = kind.and_then(|kind| world.store.get(&id.beside(kind, reference.text("/name"))));
        let now = stamp(world.now());
        world.modify(id, Actor::status(CONTROLLER_MANAGER), |value| {
            let since = value.text("/status/conditions/0/lastTransitionTime").to_owned();
            let since = if since.is_empty() { now } else { since };
            let mut status = value.at("/status").clone();
            status.cut("/conditions");
            let (able, reason, message) = match &target {
                Some(_) => ("True", "ReadyForNewScale", "recommended size matches current size".to_owned()),
                None => (
                    "False",
                    "FailedGetScale",
                    "the HPA controller was unable to get the target's current scale".to_owned(),
                ),
            };
            let new = Condition { kind: "AbleToScale", status: able, reason, message };
            push_condition(&mut status, &new, &since, "", Dated::Transition);
            if let Some(target) = target {
                let target = target.value();
                let seen = target.count("/status/replicas");
                status.put("/currentReplicas", seen);
                status.put("/desiredReplicas", target.count("/spec/replicas"));
                let metrics: Vec<Value> = value.list("/spec/metrics").iter().map(current).collect();
                status.put("/currentMetrics", metrics);
            }
            value.put("/status", status);
        });
    }
}

/// A metric that stands a little under its target.
fn current(metric: &Value) -> Value {
    let wanted = metric.count("/resource/target/averageUtilization");
    json!({
        "type": metric.text("/type"),
        "resource": {"name": metric.text("/resource/name"), "current": {"averageUtilization": wanted * 9 / 10, "averageValue": "90m"}},
    })
}
