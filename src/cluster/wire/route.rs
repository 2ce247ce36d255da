//! Istio's VirtualService and DestinationRule.

use super::matching;
use super::strings::Pool;
use super::tree::Node;
use crate::domain::traffic::ObjectMeta;
use crate::domain::traffic::route::{
    Destination, DestinationRule, Mirror, Protocol, Route, Rule, Subset, service_of_host,
};
use crate::domain::{Kind, ObjectKey, Str};

/// The row of a VirtualService.
pub fn virtual_service(meta: ObjectMeta, object: &Node<'_>) -> Route {
    let spec = object.at("spec");
    let lists = [("http", Protocol::Http), ("tls", Protocol::Tls), ("tcp", Protocol::Tcp)];
    let namespace = &meta.key.namespace;
    let rules = lists.into_iter().flat_map(|(list, protocol)| {
        let rules = spec.at(list).items().into_iter().enumerate();
        rules.map(move |(place, node)| rule(&node, list, place, protocol, namespace)).collect::<Vec<_>>()
    });
    let rules = rules.collect();
    Route { hosts: spec.at("hosts").texts(), gateways: spec.at("gateways").texts(), parents: Vec::new(), rules, meta }
}

fn rule(node: &Node<'_>, list: &str, place: usize, protocol: Protocol, namespace: &Str) -> Rule {
    const KNOWN: [&str; 8] =
        ["name", "match", "route", "mirror", "mirrors", "mirrorPercentage", "mirrorPercent", "delegate"];
    let answers = [("redirect", "redirect"), ("directResponse", "direct response")];
    let answers = answers.into_iter().find(|(field, _)| node.at(field).is_there()).map(|(_, words)| words.into());
    let delegate = node.at("delegate");
    let delegate = delegate.at("name").kept().map(|name| {
        let namespace = delegate.at("namespace").kept().unwrap_or_else(|| namespace.clone());
        ObjectKey::new(Kind::VirtualService, namespace, name)
    });
    Rule {
        protocol,
        pointer: format!("/spec/{list}/{place}").into(),
        list: format!("/spec/{list}").into(),
        name: node.at("name").kept(),
        matches: matching::istio(&node.at("match")),
        destinations: destinations(&node.at("route"), namespace),
        mirrors: mirrors(node, namespace),
        delegate,
        answers,
        others: node.others(&KNOWN),
    }
}

fn destinations(route: &Node<'_>, namespace: &Str) -> Vec<Destination> {
    let one = |(index, node): (usize, Node<'_>)| {
        let to = node.at("destination");
        let host = to.at("host").kept().unwrap_or_else(|| "".into());
        Destination {
            index,
            service: service_of_host(&host, namespace),
            host,
            subset: to.at("subset").kept(),
            port: to.at("port").at("number").int(),
            weight: node.at("weight").int(),
            others: node.others(&["destination", "weight"]),
        }
    };
    route.items().into_iter().enumerate().map(one).collect()
}

/// `mirrors[]`, or the older `mirror` with its percentage (all when nothing says).
fn mirrors(rule: &Node<'_>, namespace: &Str) -> Vec<Mirror> {
    let mirror = |to: &Node<'_>, percent: Option<f64>| {
        let host = to.at("host").kept()?;
        Some(Mirror { service: service_of_host(&host, namespace), host, subset: to.at("subset").kept(), percent })
    };
    let of_list = rule.at("mirrors").items().into_iter();
    let mut mirrors: Vec<Mirror> =
        of_list.filter_map(|node| mirror(&node.at("destination"), node.at("percentage").at("value").float())).collect();
    let percent = rule.at("mirrorPercentage").at("value").float().or_else(|| rule.at("mirrorPercent").float());
    mirrors.extend(mirror(&rule.at("mirror"), percent));
    mirrors
}

/// The row of a DestinationRule.
pub fn destination_rule(meta: ObjectMeta, object: &Node<'_>, pool: &mut Pool) -> DestinationRule {
    let spec = object.at("spec");
    let host = spec.at("host").kept().unwrap_or_else(|| "".into());
    let subset = |node: &Node<'_>, pool: &mut Pool| {
        Some(Subset { name: node.at("name").kept()?, labels: node.at("labels").labels(pool) })
    };
    DestinationRule {
        service: service_of_host(&host, &meta.key.namespace),
        host,
        subsets: spec.at("subsets").items().iter().filter_map(|node| subset(node, pool)).collect(),
        meta,
    }
}
