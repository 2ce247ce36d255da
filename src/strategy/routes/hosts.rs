//! Two VirtualServices for one host: which of them counts is not defined.

use crate::domain::objects::Objects;
use crate::domain::traffic::Route;
use crate::domain::traffic::route::service_of_host;
use crate::domain::{Kind, ObjectKey, Str};

/// Another VirtualService that claims one of the same hosts on one of the same gateways, among those that send to the same
/// Services; with the host.
pub fn rival(route: &Route, objects: &dyn Objects) -> Option<(ObjectKey, Str)> {
    if route.meta.key.kind != Kind::VirtualService || route.hosts.is_empty() {
        return None;
    }
    let others = route.services().into_iter().flat_map(|service| objects.routes_to(&service));
    let others = others.filter(|other| {
        other.meta.key.kind == Kind::VirtualService && other.meta.key != route.meta.key && share_a_gateway(route, other)
    });
    let mut rivals: Vec<(ObjectKey, Str)> =
        others.filter_map(|other| Some((other.meta.key.clone(), shared_host(route, &other)?))).collect();
    rivals.sort_unstable();
    rivals.into_iter().next()
}

fn shared_host(a: &Route, b: &Route) -> Option<Str> {
    let same = |host: &Str, other: &Str| {
        let (one, two) = (service_of_host(host, &a.meta.key.namespace), service_of_host(other, &b.meta.key.namespace));
        host == other || (one.is_some() && one == two)
    };
    a.hosts.iter().find(|host| b.hosts.iter().any(|other| same(host, other))).cloned()
}

fn share_a_gateway(a: &Route, b: &Route) -> bool {
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
    of(a).iter().any(|gateway| theirs.contains(gateway))
}
