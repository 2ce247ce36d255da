//! The proxy to pods and Services: each pod's own `/metrics`, `/health` and `/version`.

use super::Call;
use super::answer::Answer;
use super::route::Target;
use crate::sim::json::{Json, time};
use crate::sim::kinds::{PODS, SERVICES};
use crate::sim::loadtester;
use crate::sim::object::Object;
use crate::sim::refusal::Refusal;
use crate::sim::world::World;
use serde_json::Value;
use std::fmt::Write as _;
use std::sync::Arc;

/// Requests a second to a Service that says nothing else by `sim/rps`.
const RATE: f64 = 50.0;

pub fn answer(world: &mut World, call: &Call, target: &Target) -> Result<Answer, Refusal> {
    let name = target.name.split(':').find(|part| !part.is_empty() && *part != "http").unwrap_or_default();
    let id = crate::sim::object::Id::new(target.kind, &target.namespace, name);
    let kind = world.store.kind(target.kind);
    let found = world.store.get(&id).ok_or_else(|| Refusal::not_found(kind, name))?;
    let pod = match target.kind {
        PODS => Some(found),
        SERVICES => ready_pod(world, &found),
        _ => return Err(Refusal::no_such_path()),
    };
    let nobody = || Refusal::new(503, "ServiceUnavailable", format!("no endpoints available for service {name:?}"));
    let pod = pod.ok_or_else(nobody)?;
    let value = pod.value();
    if value.text("/status/phase") != "Running" {
        return Err(Refusal::new(
            503,
            "ServiceUnavailable",
            format!("error trying to reach service: dial tcp {}: connection refused", value.text("/status/podIP")),
        ));
    }
    if target.kind == SERVICES && name == loadtester::SERVICE {
        let path = target.rest.split('?').next().unwrap_or_default();
        if let Some(code) = loadtester::answer(world, path, &call.body) {
            return Ok(Answer::text(code, String::new()));
        }
    }
    let annotation = |key: &str| value.keyed("/metadata/annotations", key);
    match target.rest.split('?').next().unwrap_or_default() {
        "metrics" => Ok(Answer::text(200, metrics(world, &pod, &value))),
        "health" | "healthz" | "ready" => {
            let code = annotation("sim/health").and_then(|code| code.parse().ok());
            let code = code.unwrap_or(
                if crate::sim::controllers::common::condition(value.at("/status"), "Ready").text("/status") == "True" {
                    200
                } else {
                    503
                },
            );
            Ok(Answer::text(code, if code == 200 { "ok".to_owned() } else { "not ready".to_owned() }))
        }
        "version" => Ok(Answer::text(200, value.text("/spec/containers/0/image").to_owned())),
        _ => Ok(Answer::text(200, format!("{} on {}\n", pod.id.name, value.text("/spec/nodeName")))),
    }
}

fn ready_pods(world: &World, service: &Object) -> Vec<Arc<Object>> {
    let pods = world.store.list(PODS, &service.id.namespace, None).filter(|pod| service.selects(pod));
    let ready = |pod: &&Arc<Object>| {
        crate::sim::controllers::common::condition(pod.value().at("/status"), "Ready").text("/status") == "True"
    };
    pods.filter(ready).cloned().collect()
}

fn ready_pod(world: &World, service: &Object) -> Option<Arc<Object>> {
    ready_pods(world, service).first().cloned()
}

/// The pod's share of the requests of every Service that selects it.
fn rate(world: &World, pod: &Object) -> f64 {
    let mut rate = 0.0;
    for service in world.store.list(SERVICES, &pod.id.namespace, None) {
        let pods = ready_pods(world, service);
        if pods.iter().any(|have| have.uid == pod.uid) {
            let asked =
                service.value().keyed("/metadata/annotations", "sim/rps").and_then(|rate| rate.parse::<f64>().ok());
            rate += asked.unwrap_or(RATE) / pods.len() as f64;
        }
    }
    rate
}

/// Counters since the pod's start, in the Prometheus text format.
fn metrics(world: &World, pod: &Object, value: &Value) -> String {
    let number = |key: &str, otherwise: f64| {
        value.keyed("/metadata/annotations", key).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let started = time(value.text("/status/containerStatuses/0/state/running/startedAt")).unwrap_or(world.now());
    let age = world.now().duration_since(started).as_secs_f64().max(0.0);
    let total = (rate(world, pod) * age).floor();
    let failed = (total * number("sim/error-rate", 0.001)).floor();
    let latency = number("sim/latency-ms", 20.0) / 1000.0;
    let mut text = String::from("# TYPE http_requests_total counter\n");
    let _ = writeln!(text, "http_requests_total{{code=\"200\",method=\"GET\"}} {}", total - failed);
    let _ = writeln!(text, "http_requests_total{{code=\"500\",method=\"GET\"}} {failed}");
    text.push_str("# TYPE http_request_duration_seconds histogram\n");
    for bound in [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5] {
        let part = 1.0 - (-bound / latency).exp();
        let _ = writeln!(text, "http_request_duration_seconds_bucket{{le=\"{bound}\"}} {}", (total * part).floor());
    }
    let _ = writeln!(text, "http_request_duration_seconds_bucket{{le=\"+Inf\"}} {total}");
    let _ = writeln!(text, "http_request_duration_seconds_sum {:.3}", total * latency);
    let _ = writeln!(text, "http_request_duration_seconds_count {total}");
    text.push_str("# TYPE process_start_time_seconds gauge\n");
    let _ = writeln!(text, "process_start_time_seconds {}", started.as_second());
    text
}
