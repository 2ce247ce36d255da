//! `HorizontalPodAutoscalers`. The load of their pods is scripted: `sim/cpu-percent` on the target's pod template, or
//! `sim/rps` on the autoscaler, which spreads over the pods. Without either they see a load that is as wanted, and scale
//! nothing.

use super::Controller;
use super::common::{Condition, Dated, push_condition};
use crate::sim::clock::seconds;
use crate::sim::json::{Json, stamp, time};
use crate::sim::kinds::AUTOSCALERS;
use crate::sim::object::Id;
use crate::sim::store::{Change, Store};
use crate::sim::world::{Actor, CONTROLLER_MANAGER, World};
use jiff::Timestamp;
use serde_json::{Value, json};

pub struct AutoscalerController;

const NAME: &str = "horizontal-pod-autoscaler";

/// How often the load is looked at, in seconds; and for how long less load must last before pods are taken away.
const PERIOD: i64 = 15;
const CALM: i64 = 300;

/// What the load asks for.
struct Wanted {
    replicas: i64,
    /// The average use of the pods, in percent of what they request.
    load: i64,
    /// Whether that is another number than now.
    scales: bool,
}

impl Wanted {
    /// The rule of the real one: the pods in proportion to use over target, rounded up, within the limits; a tenth off is
    /// near enough.
    fn of(hpa: &Value, target: &Value, now: Timestamp) -> Option<Wanted> {
        let pods = target.count("/spec/replicas");
        let goal = hpa.list("/spec/metrics").first()?.count("/resource/target/averageUtilization");
        let load = load(hpa, target, pods)?;
        if pods == 0 || goal == 0 {
            return None;
        }
        let near = (load * 10 - goal * 10).abs() <= goal;
        let raw = if near { pods } else { (pods * load + goal - 1) / goal };
        let (least, most) = (hpa.count("/spec/minReplicas").max(1), hpa.count("/spec/maxReplicas").max(1));
        let asked = raw.clamp(least.min(most), most);
        let last = time(hpa.text("/status/lastScaleTime")).or_else(|| time(hpa.text("/metadata/creationTimestamp")));
        let calm = last.is_none_or(|last| now.duration_since(last) >= seconds(CALM));
        let early = time(hpa.text("/status/lastScaleTime")).is_some_and(|at| now.duration_since(at) < seconds(PERIOD));
        let waits = early || (asked < pods && !calm && pods <= most);
        let replicas = if waits { pods } else { asked };
        Some(Wanted { replicas, load, scales: replicas != pods })
    }
}

/// The scripted use of a pod: as given, or from its share of the requests.
fn load(hpa: &Value, target: &Value, pods: i64) -> Option<i64> {
    let given = target.keyed("/spec/template/metadata/annotations", "sim/cpu-percent");
    if let Some(percent) = given.and_then(|text| text.parse().ok()) {
        return Some(percent);
    }
    let rate: f64 = hpa.keyed("/metadata/annotations", "sim/rps")?.parse().ok()?;
    Some((20.0 + (rate / pods.max(1) as f64 / 2.0).clamp(0.0, 60.0)).round() as i64)
}

impl Controller for AutoscalerController {
    fn name(&self) -> &'static str {
        NAME
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
        let wanted = target.as_ref().and_then(|target| Wanted::of(&value, &target.value(), world.now()));
        if let (Some(wanted), Some(target)) = (&wanted, &target) {
            world.later(NAME, id, seconds(PERIOD));
            if wanted.replicas != target.value().count("/spec/replicas") {
                world.modify(&target.id, Actor::main(NAME), |value| value.put("/spec/replicas", wanted.replicas));
            }
        }
        let target = target.and_then(|target| world.store.get(&target.id));
        world.modify(id, Actor::status(CONTROLLER_MANAGER), |value| {
            let stamp_now = now.clone();
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
                if let Some(wanted) = &wanted
                    && wanted.scales
                {
                    status.put("/lastScaleTime", stamp_now.as_str());
                }
                let load = wanted.as_ref().map(|wanted| wanted.load);
                let metrics: Vec<Value> =
                    value.list("/spec/metrics").iter().map(|metric| current(metric, load)).collect();
                status.put("/currentMetrics", metrics);
            }
            value.put("/status", status);
        });
    }
}

/// A metric as the load is; without a script a little under its target.
fn current(metric: &Value, load: Option<i64>) -> Value {
    let wanted = metric.count("/resource/target/averageUtilization");
    let load = load.unwrap_or(wanted * 9 / 10);
    json!({
        "type": metric.text("/type"),
        "resource": {"name": metric.text("/resource/name"), "current": {"averageUtilization": load, "averageValue": "90m"}},
    })
}
