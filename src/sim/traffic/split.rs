//! How the requests of a namespace fall on its pods: by the routes' rules and weights, then evenly over the ready
//! endpoints of the Service, or of the subset of it, that a rule names.
//!
//! What comes in is the `sim/rps` of a route, or of the Services that it serves and reaches together. A rule with a
//! match takes a fourth of what came so far, the last one all the rest. Requests to nobody are lost.

use crate::sim::json::Json;
use crate::sim::kinds::{ENDPOINT_SLICES, KindId, PODS, SERVICES};
use crate::sim::object::{Id, Object};
use crate::sim::store::Store;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Requests a second to a Service of which nothing else is said.
const RATE: f64 = 50.0;
/// What a rule with a match takes.
const MATCHED: f64 = 0.25;

/// One place that a rule sends requests to.
struct Destination {
    service: String,
    subset: String,
    weight: f64,
}

/// A route, whatever its kind.
struct Route {
    /// The Services by whose name it is reached.
    hosts: Vec<String>,
    /// Its own `sim/rps`.
    asked: Option<f64>,
    /// The rules in their order: whether it has a match, and where it sends to.
    rules: Vec<(bool, Vec<Destination>)>,
}

impl Route {
    /// The Services that it serves and reaches.
    fn services(&self) -> HashSet<&str> {
        let reached = self.rules.iter().flat_map(|(_, destinations)| destinations);
        self.hosts.iter().map(String::as_str).chain(reached.map(|place| place.service.as_str())).collect()
    }
}

/// The share of a Service's requests that its annotation asks for.
fn asked(value: &Value) -> Option<f64> {
    let rate = value.keyed("/metadata/annotations", "sim/rps")?.parse::<f64>().ok()?;
    (rate.is_finite() && rate >= 0.0).then_some(rate)
}

/// Requests a second of each pod of the namespace, by its uid; a pod without any is left out.
pub fn rates(store: &Store, namespace: &str) -> HashMap<Box<str>, f64> {
    let services: HashMap<String, Option<f64>> = store
        .list(SERVICES, namespace, None)
        .map(|service| (service.id.name.to_string(), asked(&service.value())))
        .collect();
    let endpoints = endpoints(store, namespace);
    let mut rates = HashMap::new();
    let mut spread = |pods: &[&Arc<Object>], rate: f64| {
        for pod in pods {
            *rates.entry(pod.uid.clone()).or_default() += rate / pods.len() as f64;
        }
    };
    let mut routed = HashSet::new();
    for route in routes(store, namespace) {
        let own: HashSet<&str> = route.services().into_iter().filter(|name| services.contains_key(*name)).collect();
        if own.is_empty() || own.iter().any(|name| routed.contains(*name)) {
            continue;
        }
        routed.extend(own.iter().map(|name| (*name).to_owned()));
        let said: Vec<f64> = own.iter().filter_map(|name| services[*name]).collect();
        let mut left = route.asked.unwrap_or_else(|| if said.is_empty() { RATE } else { said.iter().sum() });
        let last = route.rules.len().saturating_sub(1);
        for (place, (matched, destinations)) in route.rules.iter().enumerate() {
            let rate = if *matched && place < last { left * MATCHED } else { left };
            left -= rate;
            let sum: f64 = destinations.iter().map(|destination| destination.weight).sum();
            for destination in destinations.iter().filter(|_| sum > 0.0) {
                let pods = endpoints.get(destination.service.as_str()).map_or(&[][..], Vec::as_slice);
                let subset = subset(store, namespace, destination);
                let chosen: Vec<_> = match &subset {
                    None if destination.subset.is_empty() => pods.iter().collect(),
                    None => vec![],
                    Some(labels) => pods
                        .iter()
                        .filter(|pod| labels.iter().all(|(key, value)| pod.label(key) == Some(value)))
                        .collect(),
                };
                spread(&chosen, rate * destination.weight / sum);
            }
        }
    }
    for (name, asked) in services.iter().filter(|(name, _)| !routed.contains(*name)) {
        let pods: Vec<_> = endpoints.get(name.as_str()).into_iter().flatten().collect();
        spread(&pods, asked.unwrap_or(RATE));
    }
    rates.retain(|_, rate| *rate > 0.0);
    rates
}

/// The ready pods of each Service, as its EndpointSlices have them.
fn endpoints(store: &Store, namespace: &str) -> HashMap<String, Vec<Arc<Object>>> {
    let mut found: HashMap<String, Vec<Arc<Object>>> = HashMap::new();
    for slice in store.list(ENDPOINT_SLICES, namespace, None) {
        let Some(service) = slice.label("kubernetes.io/service-name") else { continue };
        let value = slice.value();
        let ready = value.list("/endpoints").iter().filter(|endpoint| endpoint.flag("/conditions/ready"));
        let pods = ready.filter_map(|endpoint| store.get(&Id::new(PODS, namespace, endpoint.text("/targetRef/name"))));
        found.entry(service.to_owned()).or_default().extend(pods);
    }
    found
}

/// The routes of a namespace: Istio's first, by name.
fn routes(store: &Store, namespace: &str) -> Vec<Route> {
    let of = |plural: &str| store.kinds().find(|(_, kind)| kind.plural == plural).map(|(id, _)| id);
    let all = |kind: Option<KindId>| kind.into_iter().flat_map(|kind| store.list(kind, namespace, None));
    let istio = all(of("virtualservices")).map(|route| virtual_service(namespace, &route.value()));
    let gateway = ["httproutes", "grpcroutes"].into_iter().flat_map(|plural| all(of(plural)));
    istio.chain(gateway.map(|route| gateway_route(namespace, &route.value()))).collect()
}

fn virtual_service(namespace: &str, value: &Value) -> Route {
    let hosts = value.list("/spec/hosts").iter().filter_map(|host| host_of(namespace, host.as_str()?)).collect();
    let rules = ["/spec/http", "/spec/tcp"].into_iter().flat_map(|list| value.list(list));
    let rule = |rule: &Value| {
        let route = rule.list("/route");
        let destination = |place: &Value| {
            let weight = place.at("/weight").as_f64().unwrap_or(if route.len() == 1 { 100.0 } else { 0.0 });
            let service = host_of(namespace, place.text("/destination/host"))?;
            Some(Destination { service, subset: place.text("/destination/subset").to_owned(), weight })
        };
        (!rule.list("/match").is_empty(), route.iter().filter_map(destination).collect())
    };
    Route { hosts, asked: asked(value), rules: rules.map(rule).collect() }
}

fn gateway_route(namespace: &str, value: &Value) -> Route {
    let rule = |rule: &Value| {
        let backends = rule
            .list("/backendRefs")
            .iter()
            .filter(|backend| matches!(backend.text("/namespace"), "") || backend.text("/namespace") == namespace);
        let destinations = backends.map(|backend| Destination {
            service: backend.text("/name").to_owned(),
            subset: String::new(),
            weight: backend.at("/weight").as_f64().unwrap_or(1.0),
        });
        (!rule.list("/matches").is_empty(), destinations.collect())
    };
    Route { hosts: vec![], asked: asked(value), rules: value.list("/spec/rules").iter().map(rule).collect() }
}

/// The Service of this namespace that a host name means.
fn host_of(namespace: &str, host: &str) -> Option<String> {
    let (name, rest) = host.split_once('.').unwrap_or((host, namespace));
    let space = rest.strip_suffix(".svc.cluster.local").or_else(|| rest.strip_suffix(".svc")).unwrap_or(rest);
    (space == namespace && !name.is_empty()).then(|| name.to_owned())
}

/// The labels of the subset that a destination names; none if it names none, or one that there isn't.
fn subset(store: &Store, namespace: &str, destination: &Destination) -> Option<Vec<(String, String)>> {
    if destination.subset.is_empty() {
        return None;
    }
    let (kind, _) = store.kinds().find(|(_, kind)| kind.plural == "destinationrules")?;
    store.list(kind, namespace, None).find_map(|rule| {
        let value = rule.value();
        if host_of(namespace, value.text("/spec/host")).as_deref() != Some(destination.service.as_str()) {
            return None;
        }
        let subset = value.list("/spec/subsets").iter().find(|subset| subset.text("/name") == destination.subset)?;
        let labels =
            subset.entries("/labels").filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
        Some(labels.collect())
    })
}
