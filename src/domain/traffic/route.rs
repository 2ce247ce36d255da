//! Routes (Istio VirtualService, Gateway API HTTPRoute and `GRPCRoute`) and `DestinationRules` as rows.

use super::marks::Marks;
use super::matching::{self, Match};
use super::meta::ObjectMeta;
use super::share::percentages;
use crate::domain::selector::Labels;
use crate::domain::workload::ConditionStatus;
use crate::domain::{Kind, ObjectKey, Str};

/// An object that spreads requests over Services.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Who it is.
    pub meta: ObjectMeta,
    /// `spec.hosts` or `spec.hostnames`, as written.
    pub hosts: Vec<Str>,
    /// Istio: `spec.gateways`; empty means the mesh.
    pub gateways: Vec<Str>,
    /// Gateway API: `spec.parentRefs` with what their controllers say.
    pub parents: Vec<Parent>,
    /// The rules, in the order of the object (the first that matches wins); http before tls before tcp.
    pub rules: Vec<Rule>,
}

/// A parent of a Gateway API route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// `Gateway/shop`, `Service/web` (a mesh route), as written.
    pub name: Str,
    /// Its namespace.
    pub namespace: Str,
    /// `sectionName`.
    pub section: Option<Str>,
    /// `controllerName`; `None` while no controller has said anything.
    pub controller: Option<Str>,
    /// Condition `Accepted`.
    pub accepted: Option<Said>,
    /// Condition `ResolvedRefs`.
    pub resolved: Option<Said>,
}

/// What a controller says in a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// `status`.
    pub status: ConditionStatus,
    /// `reason`.
    pub reason: Str,
    /// `message`.
    pub message: Str,
    /// `observedGeneration`: what generation it was said of.
    pub observed: Option<i64>,
}

/// What a rule speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// Istio's `http`, and HTTPRoute.
    Http,
    /// Istio's `tls`.
    Tls,
    /// Istio's `tcp`.
    Tcp,
    /// `GRPCRoute`.
    Grpc,
}

/// One rule of a route.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What it speaks.
    pub protocol: Protocol,
    /// Where it stands: `/spec/http/0`, `/spec/rules/2`.
    pub pointer: Str,
    /// The list that it stands in: `/spec/http`, `/spec/rules`; its indices move when a rule is removed.
    pub list: Str,
    /// `name`, where it has one.
    pub name: Option<Str>,
    /// Alternatives; empty: every request.
    pub matches: Vec<Match>,
    /// Where requests go.
    pub destinations: Vec<Destination>,
    /// Where copies of requests go.
    pub mirrors: Vec<Mirror>,
    /// Istio: the VirtualService that decides instead.
    pub delegate: Option<ObjectKey>,
    /// What answers when there is no destination: `redirect`, `direct response`.
    pub answers: Option<Str>,
    /// Other fields that it has (`timeout`, `retries`, `filters`…): shown, and left by every write.
    pub others: Vec<Str>,
}

/// One destination of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Its place in the rule, as the object counts.
    pub index: usize,
    /// As written: `reviews`, `reviews.shop.svc.cluster.local`; another backend than a Service as `Kind/name`.
    pub host: Str,
    /// The Service that it means; `None` for an outside host, a wildcard or another kind of backend. Whether the Service
    /// exists is not told here.
    pub service: Option<ObjectKey>,
    /// Istio: the subset.
    pub subset: Option<Str>,
    /// The port.
    pub port: Option<i64>,
    /// The weight as written; absent is normal (see `percentages`).
    pub weight: Option<i64>,
    /// Other fields that it has (`headers`, `filters`).
    pub others: Vec<Str>,
}

/// Where copies of requests go.
#[derive(Debug, Clone, PartialEq)]
pub struct Mirror {
    /// As written.
    pub host: Str,
    /// The Service that it means.
    pub service: Option<ObjectKey>,
    /// Istio: the subset.
    pub subset: Option<Str>,
    /// Which share is copied, in per cent; `None` where nothing says: all.
    pub percent: Option<f64>,
}

impl Route {
    /// Every Service that a rule sends to or copies to, each once.
    pub fn services(&self) -> Vec<ObjectKey> {
        let all = self.rules.iter().flat_map(|rule| {
            let destinations = rule.destinations.iter().map(|destination| &destination.service);
            destinations.chain(rule.mirrors.iter().map(|mirror| &mirror.service))
        });
        once(all.flatten())
    }

    /// The VirtualServices that rules leave the decision to, each once.
    pub fn delegates(&self) -> Vec<ObjectKey> {
        once(self.rules.iter().filter_map(|rule| rule.delegate.as_ref()))
    }

    /// The rule at `pointer`.
    pub fn rule(&self, pointer: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| &*rule.pointer == pointer)
    }

    /// Whether one of its rules has two or more destinations, or two rules go to different ones.
    pub fn divides(&self) -> bool {
        let places = self.rules.iter().flat_map(|rule| &rule.destinations);
        let mut places = places.map(|place| (&place.host, &place.subset));
        let first = places.next();
        places.any(|place| Some(place) != first)
    }

    /// Its own marks.
    pub fn marks(&self) -> Marks {
        Marks::read(&self.meta.annotations)
    }

    /// Whether every parent has accepted this generation. `None` where no controller reports (Istio).
    pub fn accepted(&self) -> Option<bool> {
        if self.parents.is_empty() || self.parents.iter().all(|parent| parent.accepted.is_none()) {
            return None;
        }
        Some(self.parents.iter().all(|parent| {
            parent.accepted.as_ref().is_some_and(|said| {
                said.status == ConditionStatus::True && said.observed.is_none_or(|seen| seen >= self.meta.generation)
            })
        }))
    }
}

fn once<'a>(keys: impl Iterator<Item = &'a ObjectKey>) -> Vec<ObjectKey> {
    let mut keys: Vec<ObjectKey> = keys.cloned().collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

impl Rule {
    /// What its destinations get, in per cent: an absent weight is 1 in the Gateway API; in Istio it is everything for a
    /// single destination, an equal share where none has one, and nothing beside others that have.
    pub fn percentages(&self, kind: Kind) -> Vec<Option<u8>> {
        let weights: Vec<Option<i64>> = self.destinations.iter().map(|destination| destination.weight).collect();
        let istio_absent = i64::from(weights.iter().all(Option::is_none));
        percentages(&weights, if kind == Kind::VirtualService { istio_absent } else { 1 })
    }

    /// The sum of its weights as written; `None` where none has one.
    pub fn sum(&self) -> Option<i128> {
        let mut weights = self.destinations.iter().filter_map(|destination| destination.weight).peekable();
        weights.peek()?;
        Some(weights.map(i128::from).sum())
    }

    /// Its matches in words; empty when it takes every request.
    pub fn words(&self) -> String {
        if self.matches.is_empty() { String::new() } else { matching::words(&self.matches) }
    }

    /// Where the weight of the destination at `index` stands.
    pub fn weight_pointer(&self, index: usize) -> String {
        let list = if &*self.list == "/spec/rules" { "backendRefs" } else { "route" };
        format!("{}/{list}/{index}/weight", self.pointer)
    }
}

/// An Istio DestinationRule.
#[derive(Debug, Clone, PartialEq)]
pub struct DestinationRule {
    /// Who it is.
    pub meta: ObjectMeta,
    /// `spec.host`, as written.
    pub host: Str,
    /// The Service that it means.
    pub service: Option<ObjectKey>,
    /// The subsets.
    pub subsets: Vec<Subset>,
}

impl DestinationRule {
    /// The subset named so.
    pub fn subset(&self, name: &str) -> Option<&Subset> {
        self.subsets.iter().find(|subset| &*subset.name == name)
    }
}

/// Some of a Service's pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subset {
    /// Its name.
    pub name: Str,
    /// The labels that its pods have beside what the Service selects.
    pub labels: Labels,
}

/// The Service that a host of a mesh means, for an object in `namespace`: `reviews`, `reviews.shop`,
/// `reviews.shop.svc`, `reviews.shop.svc.cluster.local`. `None` for a wildcard or an outside host.
pub fn service_of_host(host: &str, namespace: &Str) -> Option<ObjectKey> {
    if host.is_empty() || host.contains('*') {
        return None;
    }
    let mut parts = host.split('.');
    let name = parts.next().filter(|name| !name.is_empty())?;
    let (space, rest): (Option<&str>, Option<&str>) = (parts.next(), parts.next());
    match (space, rest) {
        (None, _) => Some(ObjectKey::new(Kind::Service, namespace.clone(), name)),
        (Some(space), None | Some("svc")) if !space.is_empty() => Some(ObjectKey::new(Kind::Service, space, name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(host: &str, weight: Option<i64>) -> Destination {
        let service = service_of_host(host, &"shop".into());
        Destination { index: 0, host: host.into(), service, subset: None, port: None, weight, others: Vec::new() }
    }

    fn rule(destinations: Vec<Destination>) -> Rule {
        Rule {
            protocol: Protocol::Http,
            pointer: "/spec/http/0".into(),
            list: "/spec/http".into(),
            name: None,
            matches: Vec::new(),
            destinations,
            mirrors: Vec::new(),
            delegate: None,
            answers: None,
            others: Vec::new(),
        }
    }

    #[test]
    fn a_host_means_a_service_by_its_short_and_long_names() {
        let service = |host: &str| service_of_host(host, &"shop".into()).map(|key| key.qualified());
        for host in ["web", "web.shop", "web.shop.svc", "web.shop.svc.cluster.local", "web.shop.svc.example"] {
            assert_eq!(service(host).as_deref(), Some("shop/web"), "{host}");
        }
        assert_eq!(service("web.other.svc.cluster.local").as_deref(), Some("other/web"));
        for host in ["", "*", "*.shop.svc.cluster.local", "www.example.com", ".shop", "web..svc"] {
            assert_eq!(service(host), None, "{host}");
        }
    }

    #[test]
    fn an_absent_weight_is_what_each_router_makes_of_it() {
        let of = |kind, weights: &[Option<i64>]| {
            rule(weights.iter().map(|weight| to("web", *weight)).collect()).percentages(kind)
        };
        assert_eq!(of(Kind::VirtualService, &[None]), [Some(100)]);
        assert_eq!(of(Kind::VirtualService, &[None, Some(10)]), [Some(0), Some(100)]);
        assert_eq!(of(Kind::VirtualService, &[None, None]), [Some(50), Some(50)]);
        assert_eq!(of(Kind::HttpRoute, &[None, Some(3)]), [Some(25), Some(75)]);
        assert_eq!(of(Kind::HttpRoute, &[Some(0), Some(0)]), [None, None]);
        assert_eq!(rule(vec![to("web", Some(1 << 40)), to("web", Some(-1))]).sum(), Some((1 << 40) - 1));
        assert_eq!(rule(vec![to("web", None)]).sum(), None);
    }

    #[test]
    fn a_weight_stands_where_its_router_keeps_it() {
        let istio = rule(vec![to("web", None)]);
        let gateway = Rule { list: "/spec/rules".into(), pointer: "/spec/rules/2".into(), ..istio.clone() };
        assert_eq!(istio.weight_pointer(1), "/spec/http/0/route/1/weight");
        assert_eq!(gateway.weight_pointer(0), "/spec/rules/2/backendRefs/0/weight");
    }
}
