//! The proxy to pods and Services: each pod's own `/metrics`, `/health` and `/version`.

use super::Call;
use super::answer::Answer;
use super::route::Target;
use crate::sim::json::Json;
use crate::sim::kinds::{PODS, SERVICES};
use crate::sim::loadtester;
use crate::sim::object::Object;
use crate::sim::refusal::Refusal;
use crate::sim::traffic;
use crate::sim::world::World;
use std::sync::Arc;

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
        "metrics" => Ok(Answer::text(200, traffic::metrics(world, &pod, &value))),
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

fn ready_pod(world: &World, service: &Object) -> Option<Arc<Object>> {
    let mut pods = world.store.list(PODS, &service.id.namespace, None).filter(|pod| service.selects(pod));
    let ready = |pod: &&Arc<Object>| {
        crate::sim::controllers::common::condition(pod.value().at("/status"), "Ready").text("/status") == "True"
    };
    pods.find(ready).cloned()
}
