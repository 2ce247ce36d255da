//! The Gateway controller: a route is accepted by each Gateway that it names, when there is one.

use super::Controller;
use crate::sim::json::{Json, stamp};
use crate::sim::object::Id;
use crate::sim::store::{Change, Store};
use crate::sim::world::{Actor, World};
use serde_json::{Value, json};

pub struct RouteController;

const NAME: &str = "gateway-controller";
const GROUP: &str = "gateway.networking.k8s.io";

impl Controller for RouteController {
    fn name(&self) -> &'static str {
        NAME
    }

    fn concerned(&self, change: &Change, store: &Store) -> Vec<Id> {
        let kind = store.kind(change.after.id.kind);
        if kind.group != GROUP || change.deleted {
            return vec![];
        }
        if matches!(&*kind.plural, "httproutes" | "grpcroutes") {
            return vec![change.after.id.clone()];
        }
        // A Gateway came or changed: the routes beside it.
        let routes = store.kinds().filter(|(_, kind)| kind.group == GROUP && kind.plural.ends_with("routes"));
        let routes: Vec<_> = routes.map(|(id, _)| id).collect();
        let beside = |id| store.list(id, &change.after.id.namespace, None).map(|route| route.id.clone());
        routes.into_iter().flat_map(beside).collect()
    }

    fn reconcile(&self, world: &mut World, id: &Id) {
        let Some(route) = world.store.get(id) else { return };
        let value = route.value();
        let Some(gateways) = world.store.kind_of(&format!("{GROUP}/v1"), "Gateway") else { return };
        let generation = value.at("/metadata/generation").clone();
        let before = value.at("/status/parents");
        let now = stamp(world.now());
        let parents: Vec<Value> = value
            .list("/spec/parentRefs")
            .iter()
            .enumerate()
            .map(|(place, parent)| {
                let namespace = match parent.text("/namespace") {
                    "" => &id.namespace,
                    given => given,
                };
                let there = world.store.get(&Id::new(gateways, namespace, parent.text("/name"))).is_some();
                let (status, reason) = if there { ("True", "Accepted") } else { ("False", "NoMatchingParent") };
                let old = before.at(&format!("/{place}/conditions/0"));
                let since = if old.text("/status") == status {
                    old.text("/lastTransitionTime").to_owned()
                } else {
                    now.clone()
                };
                let condition = |kind: &str, status: &str, reason: &str| {
                    json!({"type": kind, "status": status, "reason": reason, "message": "",
                        "observedGeneration": generation, "lastTransitionTime": since})
                };
                let conditions =
                    json!([condition("Accepted", status, reason), condition("ResolvedRefs", "True", "ResolvedRefs")]);
                json!({"parentRef": parent, "controllerName": "simulated.test/gateway", "conditions": conditions})
            })
            .collect();
        world.modify(id, Actor::status(NAME), |route| route.put("/status/parents", parents));
    }
}
