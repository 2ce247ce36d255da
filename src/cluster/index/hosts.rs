//! VirtualServices by the hosts that they are for.

use crate::domain::traffic::Route;
use crate::domain::traffic::route::service_of_host;
use crate::domain::{Kind, ObjectKey, Str};
use std::collections::{BTreeMap, BTreeSet};

/// Hosts with their labels turned round (`com.example.shop`), so that what a wildcard covers stands together.
#[derive(Debug, Default)]
pub struct Hosts(BTreeMap<String, BTreeSet<ObjectKey>>);

impl Hosts {
    /// Files a route under its hosts.
    pub fn insert(&mut self, route: &Route) {
        for place in places(route) {
            self.0.entry(place).or_default().insert(route.meta.key.clone());
        }
    }

    /// Takes a route out.
    pub fn remove(&mut self, route: &Route) {
        for place in places(route) {
            if let Some(keys) = self.0.get_mut(&place) {
                keys.remove(&route.meta.key);
                if keys.is_empty() {
                    self.0.remove(&place);
                }
            }
        }
    }

    /// The other VirtualServices for a host of `route`: for the same one, for a wildcard over it, and for one under its
    /// own wildcard. By key.
    pub fn sharing(&self, route: &Route) -> BTreeSet<ObjectKey> {
        let mut found = BTreeSet::new();
        for place in places(route) {
            let mut take = |keys: Option<&BTreeSet<ObjectKey>>| found.extend(keys.into_iter().flatten().cloned());
            take(self.0.get(&place));
            let mut covered = place.strip_suffix('*').unwrap_or(&place);
            while let Some((above, _)) = covered.trim_end_matches('.').rsplit_once('.') {
                take(self.0.get(&format!("{above}.*")));
                covered = above;
            }
            if let Some(prefix) = place.strip_suffix('*').filter(|prefix| !prefix.is_empty()) {
                let under = self.0.range(prefix.to_owned()..).take_while(|(other, _)| other.starts_with(prefix));
                under.for_each(|(_, keys)| take(Some(keys)));
            }
        }
        found.remove(&route.meta.key);
        found
    }
}

/// Where a route stands: a Service's host under the Service, whatever its spelling.
fn places(route: &Route) -> impl Iterator<Item = String> {
    let hosts = if route.meta.key.kind == Kind::VirtualService { route.hosts.as_slice() } else { &[] };
    hosts.iter().map(|host| match service_of_host(host, &route.meta.key.namespace) {
        Some(service) => format!("/{service}"),
        None => turned(host),
    })
}

fn turned(host: &Str) -> String {
    let labels: Vec<String> = host.split('.').rev().map(str::to_lowercase).collect();
    labels.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::traffic::meta::ObjectMeta;

    fn route(name: &str, hosts: &[&str]) -> Route {
        let key = ObjectKey::new(Kind::VirtualService, "shop", name);
        Route {
            meta: ObjectMeta::of(key),
            hosts: hosts.iter().map(|host| Str::from(*host)).collect(),
            gateways: Vec::new(),
            parents: Vec::new(),
            rules: Vec::new(),
        }
    }

    #[test]
    fn routes_share_a_host_by_its_name_and_by_wildcards_of_either() {
        let routes = [
            route("shop", &["shop.example.com"]),
            route("upper", &["SHOP.example.com"]),
            route("wild", &["*.example.com"]),
            route("wider", &["*.com"]),
            route("other", &["cart.example.com"]),
            route("apart", &["shop.example.org", "pay.notexample.com"]),
            route("inside", &["cart"]),
            route("full", &["cart.shop.svc.cluster.local"]),
        ];
        let mut hosts = Hosts::default();
        for route in &routes {
            hosts.insert(route);
        }
        let sharing =
            |at: usize| -> Vec<String> { hosts.sharing(&routes[at]).iter().map(|key| key.name.to_string()).collect() };
        assert_eq!(sharing(0), ["upper", "wider", "wild"]);
        assert_eq!(sharing(2), ["other", "shop", "upper", "wider"]);
        assert_eq!(sharing(3), ["apart", "other", "shop", "upper", "wild"]);
        assert_eq!(sharing(5), ["wider"]);
        assert_eq!((sharing(6), sharing(7)), (vec!["full".to_owned()], vec!["inside".to_owned()]));
        for route in &routes[1..] {
            hosts.remove(route);
        }
        assert!(hosts.sharing(&routes[0]).is_empty());
    }
}
