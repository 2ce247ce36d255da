//! What Flagger makes and changes beside the Canary: the primary, Services, the route.

use super::super::common::owner_reference;
use super::NAME;
use super::canary::Canary;
use crate::domain::raw::escape;
use crate::sim::ids::fixed_uid;
use crate::sim::json::Json;
use crate::sim::kinds::{KindId, SERVICES};
use crate::sim::object::Id;
use crate::sim::world::{Actor, World};
use serde_json::{Value, json};

fn owner(canary: &Canary) -> Value {
    owner_reference(&canary.object, "flagger.app/v1beta1", "Canary")
}

/// The label that Flagger tells the workloads apart by, and the target's value of it.
fn label(target: &Value) -> Result<(String, String), String> {
    let labels = ["app", "name", "app.kubernetes.io/name"];
    let found = labels.iter().find_map(|key| {
        let value = target.keyed("/spec/selector/matchLabels", key)?;
        Some(((*key).to_owned(), value.to_owned()))
    });
    found.ok_or_else(|| format!("deployment {} selector must contain one of {labels:?}", target.text("/metadata/name")))
}

fn create(world: &mut World, id: &Id, value: Value) -> Result<(), String> {
    world.create(id, value, Actor::main(NAME)).map(drop).map_err(|refusal| refusal.message)
}

/// The Services of the canary and of the primary.
pub fn services(world: &mut World, canary: &Canary, target: &Value) -> Result<(), String> {
    let (key, value) = label(target)?;
    let apex = canary.apex();
    service(world, canary, &format!("{apex}-canary"), (&key, &value))?;
    service(world, canary, &format!("{apex}-primary"), (&key, &format!("{value}-primary")))
}

/// The users' Service: it selects the primary.
pub fn apex(world: &mut World, canary: &Canary, target: &Value) -> Result<(), String> {
    let (key, value) = label(target)?;
    service(world, canary, &canary.apex(), (&key, &format!("{value}-primary")))
}

fn service(world: &mut World, canary: &Canary, name: &str, (key, value): (&str, &str)) -> Result<(), String> {
    let id = canary.id.beside(SERVICES, name);
    let selector = json!({key: value});
    if world.store.get(&id).is_some() {
        world.modify(&id, Actor::main(NAME), |service| service.put("/spec/selector", selector));
        return Ok(());
    }
    let port = canary.value.int("/spec/service/port").unwrap_or(80);
    let goes_to = canary.value.at("/spec/service/targetPort").clone();
    let goes_to = if goes_to.is_null() { json!(port) } else { goes_to };
    let ports = json!([{"name": "http", "protocol": "TCP", "port": port, "targetPort": goes_to}]);
    let metadata = json!({"name": name, "labels": {key: name}, "ownerReferences": owner(canary)});
    create(
        world,
        &id,
        json!({"metadata": metadata, "spec": {"type": "ClusterIP", "selector": selector, "ports": ports}}),
    )
}

/// The template as the primary has it: its own label, and an annotation that makes it new.
fn template(world: &World, canary: &Canary, target: &Value) -> Result<Value, String> {
    let (key, value) = label(target)?;
    let mut template = target.at("/spec/template").clone();
    template.put(&format!("/metadata/labels/{}", escape(&key)), format!("{value}-primary"));
    let seed = format!("{}{}{}", canary.id.namespace, canary.id.name, world.now());
    template.put("/metadata/annotations/flagger-id", fixed_uid(&seed));
    Ok(template)
}

/// The primary, made from the target.
pub fn primary(world: &mut World, canary: &Canary, target: &Value) -> Result<(), String> {
    let id = canary.primary_id();
    if world.store.get(&id).is_some() {
        return Ok(());
    }
    let (key, value) = label(target)?;
    let primary_label = format!("{value}-primary");
    let mut spec = target.at("/spec").clone();
    spec.put("/replicas", target.count("/spec/replicas").max(1));
    spec.put("/selector", json!({"matchLabels": {&key: &primary_label}}));
    spec.put("/template", template(world, canary, target)?);
    let metadata = json!({"name": &*id.name, "labels": {&key: &primary_label}, "ownerReferences": owner(canary)});
    create(world, &id, json!({"metadata": metadata, "spec": spec}))
}

/// Copies the target's template and replicas to the primary.
pub fn promote(world: &mut World, canary: &Canary, target: &Value) -> Result<(), String> {
    let (name, namespace) = (canary.target_id().name, &canary.id.namespace);
    canary.say(world, &format!("Copying {name}.{namespace} template spec to {name}-primary.{namespace}"));
    let template = template(world, canary, target)?;
    let replicas = target.count("/spec/replicas");
    world.modify(&canary.primary_id(), Actor::main(NAME), |primary| {
        primary.put("/spec/template", template);
        primary.put("/spec/replicas", replicas);
    });
    Ok(())
}

/// Sets the target's replicas.
pub fn scale(world: &mut World, canary: &Canary, replicas: i64) {
    world.modify(&canary.target_id(), Actor::main(NAME), |target| target.put("/spec/replicas", replicas));
}

/// As many as the primary has.
pub fn primary_replicas(world: &World, canary: &Canary) -> i64 {
    world.store.get(&canary.primary_id()).map_or(1, |primary| primary.value().count("/spec/replicas")).max(1)
}

fn istio(world: &World, kind: &str) -> Result<KindId, String> {
    let found = ["v1", "v1beta1"]
        .iter()
        .find_map(|version| world.store.kind_of(&format!("networking.istio.io/{version}"), kind));
    found.ok_or_else(|| format!("{kind} get query error: the server could not find the requested resource"))
}

fn route_id(world: &World, canary: &Canary) -> Result<Id, String> {
    Ok(canary.id.beside(istio(world, "VirtualService")?, &canary.apex()))
}

/// The rules for a split.
fn rules(canary: &Canary, primary: i64, share: i64) -> Value {
    let apex = canary.apex();
    let to = |end: &str, weight: i64| json!({"destination": {"host": format!("{apex}-{end}")}, "weight": weight});
    let split = json!([to("primary", primary), to("canary", share)]);
    if !canary.is_ab_test() {
        return json!([{"route": split}]);
    }
    let matches = canary.value.at("/spec/analysis/match").clone();
    json!([{"match": matches, "route": split}, {"route": [to("primary", primary)]}])
}

/// The `VirtualService` and the `DestinationRules`, made where there are none.
pub fn route(world: &mut World, canary: &Canary) -> Result<(), String> {
    if canary.without_mesh() {
        return Ok(());
    }
    let apex = canary.apex();
    let rule = istio(world, "DestinationRule")?;
    for name in [format!("{apex}-canary"), format!("{apex}-primary")] {
        let id = canary.id.beside(rule, &name);
        if world.store.get(&id).is_none() {
            let metadata = json!({"name": name, "ownerReferences": owner(canary)});
            create(world, &id, json!({"metadata": metadata, "spec": {"host": name}}))?;
        }
    }
    let id = route_id(world, canary)?;
    if world.store.get(&id).is_some() {
        return Ok(());
    }
    let mut hosts = canary.value.list("/spec/service/hosts").to_vec();
    hosts.push(json!(apex));
    let gateways = canary.value.list("/spec/service/gateways").to_vec();
    let gateways = if gateways.is_empty() { vec![json!("mesh")] } else { gateways };
    let metadata = json!({"name": apex, "ownerReferences": owner(canary)});
    let spec = json!({"hosts": hosts, "gateways": gateways, "http": rules(canary, 100, 0)});
    create(world, &id, json!({"metadata": metadata, "spec": spec}))
}

/// What the route gives the primary and the canary now.
pub fn weights(world: &World, canary: &Canary) -> Result<(i64, i64), String> {
    if canary.without_mesh() {
        let share = if canary.value.count("/status/iterations") > 0 { 100 } else { 0 };
        return Ok((100 - share, share));
    }
    let id = route_id(world, canary)?;
    let missing = || format!("VirtualService {}.{} get query error: not found", id.name, id.namespace);
    let route = world.store.get(&id).ok_or_else(missing)?.value();
    let of = |end: &str| {
        let host = format!("{}-{end}", canary.apex());
        let all = route.list("/spec/http/0/route").iter();
        all.filter(|to| to.text("/destination/host") == host).map(|to| to.count("/weight")).sum()
    };
    Ok((of("primary"), of("canary")))
}

/// Writes a split.
pub fn set_weights(world: &mut World, canary: &Canary, primary: i64, share: i64) -> Result<(), String> {
    if canary.without_mesh() {
        return Ok(());
    }
    let id = route_id(world, canary)?;
    let rules = rules(canary, primary, share);
    world.modify(&id, Actor::main(NAME), |route| route.put("/spec/http", rules));
    Ok(())
}
