//! The Gateway API's HTTPRoute and `GRPCRoute`.

use super::custom::status;
use super::matching;
use super::tree::Node;
use crate::domain::traffic::ObjectMeta;
use crate::domain::traffic::route::{Destination, Mirror, Parent, Protocol, Route, Rule, Said};
use crate::domain::{Kind, ObjectKey, Str};

/// The row of an HTTPRoute or `GRPCRoute`.
pub fn route(meta: ObjectMeta, object: &Node<'_>) -> Route {
    let spec = object.at("spec");
    let protocol = if meta.key.kind == Kind::GrpcRoute { Protocol::Grpc } else { Protocol::Http };
    let rules = spec.at("rules").items().into_iter().enumerate();
    let rules = rules.map(|(place, node)| rule(&node, place, protocol, &meta.key.namespace)).collect();
    Route {
        hosts: spec.at("hostnames").texts(),
        gateways: Vec::new(),
        parents: parents(object, &meta.key.namespace),
        rules,
        meta,
    }
}

fn rule(node: &Node<'_>, place: usize, protocol: Protocol, namespace: &Str) -> Rule {
    let filters = node.at("filters").items();
    let of_type = |name: &str| filters.iter().filter(|filter| filter.at("type").text() == Some(name)).count();
    let mut others = node.others(&["name", "matches", "backendRefs", "filters"]);
    let plain = filters.len() - of_type("RequestMirror");
    if plain > 0 {
        others.push("filters".into());
    }
    Rule {
        protocol,
        pointer: format!("/spec/rules/{place}").into(),
        list: "/spec/rules".into(),
        name: node.at("name").kept(),
        matches: matching::gateway(&node.at("matches")),
        destinations: node.at("backendRefs").items().iter().enumerate().map(|of| backend(of, namespace)).collect(),
        mirrors: filters.iter().filter_map(|filter| mirror(filter, namespace)).collect(),
        delegate: None,
        answers: (of_type("RequestRedirect") > 0).then(|| "redirect".into()),
        others,
    }
}

fn backend((index, node): (usize, &Node<'_>), namespace: &Str) -> Destination {
    let (host, service) = reference(node, namespace);
    Destination {
        index,
        host,
        service,
        subset: None,
        port: node.at("port").int(),
        weight: node.at("weight").int(),
        others: node.others(&["group", "kind", "name", "namespace", "port", "weight"]),
    }
}

/// The words for a backend, and the Service that it is (the API's default).
fn reference(node: &Node<'_>, namespace: &Str) -> (Str, Option<ObjectKey>) {
    let name = node.at("name").kept().unwrap_or_else(|| "".into());
    let kind = node.at("kind").text().unwrap_or("Service");
    let group = node.at("group").text().unwrap_or_default();
    let other = node.at("namespace").kept();
    if kind != "Service" || !group.is_empty() {
        return (format!("{kind}/{name}").into(), None);
    }
    let place = other.clone().unwrap_or_else(|| namespace.clone());
    let key = (!name.is_empty()).then(|| ObjectKey::new(Kind::Service, place, name.clone()));
    let host = other.map_or_else(|| name.clone(), |other| format!("{name}.{other}").into());
    (host, key)
}

fn mirror(filter: &Node<'_>, namespace: &Str) -> Option<Mirror> {
    if filter.at("type").text() != Some("RequestMirror") {
        return None;
    }
    let mirror = filter.at("requestMirror");
    let (host, service) = reference(&mirror.at("backendRef"), namespace);
    let fraction = mirror.at("fraction");
    // The API's default denominator is 100.
    let of_fraction =
        || Some(fraction.at("numerator").float()? * 100.0 / fraction.at("denominator").float().unwrap_or(100.0));
    Some(Mirror { host, service, subset: None, percent: mirror.at("percent").float().or_else(of_fraction) })
}

/// Each parent that the spec asks for, with what its controller says. A controller may answer for several parents.
fn parents(object: &Node<'_>, namespace: &Str) -> Vec<Parent> {
    let answers = object.at("status").at("parents").items();
    let asked = object.at("spec").at("parentRefs").items();
    asked
        .iter()
        .map(|reference| {
            let id = identity(reference, namespace);
            let answer = answers.iter().find(|answer| identity(&answer.at("parentRef"), namespace) == id);
            let said = |kind: &str| {
                let conditions = answer?.at("conditions").items();
                let condition = conditions.into_iter().find(|condition| condition.at("type").text() == Some(kind))?;
                let text = |name: &str| condition.at(name).kept().unwrap_or_else(|| "".into());
                Some(Said {
                    status: status(&condition),
                    reason: text("reason"),
                    message: text("message"),
                    observed: condition.at("observedGeneration").int(),
                })
            };
            let (name, namespace, section, _) = id;
            Parent {
                name,
                namespace,
                section,
                controller: answer.and_then(|answer| answer.at("controllerName").kept()),
                accepted: said("Accepted"),
                resolved: said("ResolvedRefs"),
            }
        })
        .collect()
}

/// What tells one parent from another: kind and name, namespace, section, port.
fn identity(reference: &Node<'_>, namespace: &Str) -> (Str, Str, Option<Str>, Option<i64>) {
    let kind = reference.at("kind").text().unwrap_or("Gateway");
    let name = reference.at("name").text().unwrap_or_default();
    let namespace = reference.at("namespace").kept().unwrap_or_else(|| namespace.clone());
    (format!("{kind}/{name}").into(), namespace, reference.at("sectionName").kept(), reference.at("port").int())
}
