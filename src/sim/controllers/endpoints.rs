//! The EndpointSlice controller: which pods a Service reaches.

use super::Controller;
use super::pods::Pod;
use crate::sim::ids::safe_hash;
use crate::sim::json::Json;
use crate::sim::kinds::{ENDPOINT_SLICES, PODS, SERVICES};
use crate::sim::object::{Id, Object};
use crate::sim::store::{Change, Store};
use crate::sim::world::{Actor, World};
use serde_json::{Value, json};

pub struct EndpointSliceController;

const NAME: &str = "endpointslice-controller";

impl Controller for EndpointSliceController {
    fn name(&self) -> &'static str {
        NAME
    }

    fn concerned(&self, change: &Change, store: &Store) -> Vec<Id> {
        match change.after.id.kind {
            SERVICES if !change.deleted => vec![change.after.id.clone()],
            PODS => {
                let services = store.list(SERVICES, &change.after.id.namespace, None);
                services.filter(|service| reaches(service, change)).map(|service| service.id.clone()).collect()
            }
            _ => vec![],
        }
    }

    fn reconcile(&self, world: &mut World, id: &Id) {
        let Some(service) = world.store.get(id) else { return };
        let value = service.value();
        if service.selector.is_none() {
            return;
        }
        let pods = world.store.list(PODS, &id.namespace, None).filter(|pod| service.selects(pod));
        let pods: Vec<Pod> = pods.map(|object| Pod { object: object.clone(), value: object.value() }).collect();
        let endpoints: Vec<Value> = pods.iter().filter_map(endpoint).collect();
        let ports: Vec<Value> = value.list("/spec/ports").iter().map(port).collect();
        let name = format!("{}-{}", id.name, &safe_hash(service.uid.as_bytes()).get(..5).unwrap_or("slice"));
        let slice = id.beside(ENDPOINT_SLICES, &name);
        if world.store.get(&slice).is_none() {
            let new = json!({
                "metadata": {
                    "name": name, "generateName": format!("{}-", id.name),
                    "labels": {"kubernetes.io/service-name": &*id.name, "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"},
                    "ownerReferences": super::common::owner_reference(&service, "v1", "Service"),
                },
                "addressType": "IPv4", "endpoints": endpoints, "ports": ports,
            });
            // It goes along with its Service and its namespace; nobody is waiting for the answer.
            drop(world.create(&slice, new, Actor::main(super::super::world::CONTROLLER_MANAGER)));
            return;
        }
        world.modify(&slice, Actor::main(super::super::world::CONTROLLER_MANAGER), |slice| {
            slice.put("/endpoints", endpoints);
            slice.put("/ports", ports);
        });
    }
}

fn reaches(service: &Object, change: &Change) -> bool {
    service.selects(&change.after) || change.before.as_ref().is_some_and(|before| service.selects(before))
}

fn endpoint(pod: &Pod) -> Option<Value> {
    let address = pod.value.text("/status/podIP");
    if address.is_empty() || matches!(pod.value.text("/status/phase"), "Failed" | "Succeeded") {
        return None;
    }
    let (ready, terminating) = (pod.is_ready(), pod.is_terminating());
    Some(json!({
        "addresses": [address],
        "conditions": {"ready": ready && !terminating, "serving": ready, "terminating": terminating},
        "nodeName": pod.value.text("/spec/nodeName"),
        "targetRef": {"kind": "Pod", "namespace": &*pod.object.id.namespace, "name": &*pod.object.id.name, "uid": &*pod.object.uid},
    }))
}

fn port(port: &Value) -> Value {
    let target = port.at("/targetPort");
    let number = if target.is_u64() { target } else { port.at("/port") };
    json!({"name": port.text("/name"), "protocol": port.text("/protocol"), "port": number})
}
