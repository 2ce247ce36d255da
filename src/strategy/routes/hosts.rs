//! Two VirtualServices for one host.
//!
//! Source: Istio's documentation. In the mesh only one of them counts, and which one is not defined. At a gateway they are
//! put together, in no order that one could rely on, so that they may only differ in what they match. Of two hosts, one a
//! wildcard over the other, the more exact one counts.

use crate::domain::objects::Objects;
use crate::domain::traffic::Route;
use crate::domain::traffic::matching::Match;
use crate::domain::traffic::route::service_of_host;
use crate::domain::{Kind, ObjectKey, Str};
use crate::strategy::workload::words::clip;
use std::sync::Arc;

/// Another VirtualService with which it is not defined what counts for one of the hosts; with the host.
pub fn rival(route: &Route, objects: &dyn Objects) -> Option<(ObjectKey, Str)> {
    let mut rivals: Vec<(ObjectKey, Str)> = others(route, objects)
        .iter()
        .filter(|other| clash(route, other))
        .filter_map(|other| Some((other.meta.key.clone(), shared_host(route, other)?)))
        .collect();
    rivals.sort_unstable();
    rivals.into_iter().next()
}

/// What other VirtualServices take away from the wildcards of this one, one sentence each.
pub fn more_exact(route: &Route, objects: &dyn Objects) -> Vec<Str> {
    let told = others(route, objects).into_iter().filter(|other| !shared_gateways(route, other).is_empty());
    let told = told.filter_map(|other| {
        let under = |host: &&Str| {
            let covers = |wild: &Str| wild.strip_prefix('*').is_some_and(|rest| wild != *host && host.ends_with(rest));
            route.hosts.iter().any(covers)
        };
        let host = clip(other.hosts.iter().find(under)?, 60);
        Some(format!("{host} is decided by {}, which is more exact", other.meta.key.target()).into())
    });
    told.collect()
}

fn others(route: &Route, objects: &dyn Objects) -> Vec<Arc<Route>> {
    if route.meta.key.kind != Kind::VirtualService || route.hosts.is_empty() {
        return Vec::new();
    }
    objects.routes_for_hosts_of(route)
}

fn clash(a: &Route, b: &Route) -> bool {
    let gateways = shared_gateways(a, b);
    let anything = |route: &Route| {
        let open = |matches: &[Match]| matches.is_empty() || matches.iter().any(Match::is_everything);
        route.rules.iter().any(|rule| open(&rule.matches))
    };
    let same_service = || b.services().iter().any(|service| a.services().contains(service));
    gateways.iter().any(|gateway| gateway == "mesh")
        || (!gateways.is_empty() && (same_service() || (anything(a) && anything(b))))
}

fn shared_host(a: &Route, b: &Route) -> Option<Str> {
    let same = |host: &Str, other: &Str| {
        let (one, two) = (service_of_host(host, &a.meta.key.namespace), service_of_host(other, &b.meta.key.namespace));
        host.eq_ignore_ascii_case(other) || (one.is_some() && one == two)
    };
    a.hosts.iter().find(|host| b.hosts.iter().any(|other| same(host, other))).cloned()
}

fn shared_gateways(a: &Route, b: &Route) -> Vec<String> {
    let of = |route: &Route| -> Vec<String> {
        let full = |name: &Str| {
            if &**name == "mesh" || name.contains('/') {
                name.to_string()
            } else {
                format!("{}/{name}", route.meta.key.namespace)
            }
        };
        if route.gateways.is_empty() { vec!["mesh".to_owned()] } else { route.gateways.iter().map(full).collect() }
    };
    let theirs = of(b);
    of(a).into_iter().filter(|gateway| theirs.contains(gateway)).collect()
}
