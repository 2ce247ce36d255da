//! Where a destination leads: the Service, its subset, and the workload behind them.

use crate::domain::objects::Objects;
use crate::domain::traffic::meta::owning_canary;
use crate::domain::traffic::route::{Destination, Rule};
use crate::domain::traffic::{DestinationRule, Route};
use crate::domain::workload::Workload;
use crate::domain::{Kind, ObjectKey, Str};
use crate::strategy::workload::words::some_of;
use std::cmp::Reverse;
use std::sync::Arc;

/// A place that requests are sent to: two destinations with the same place are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// As written.
    pub host: Str,
    /// The Service.
    pub service: Option<ObjectKey>,
    /// Istio: the subset.
    pub subset: Option<Str>,
}

impl Place {
    /// The place of a destination.
    pub fn of(destination: &Destination) -> Self {
        let (host, service, subset) =
            (destination.host.clone(), destination.service.clone(), destination.subset.clone());
        Self { host, service, subset }
    }

    /// Whether both mean the same, however the host is written.
    pub fn same(&self, other: &Self) -> bool {
        let host = match (&self.service, &other.service) {
            (Some(own), Some(other)) => own == other,
            _ => self.host == other.host,
        };
        host && self.subset == other.subset
    }

    /// `shop subset canary`, `cart-canary`.
    pub fn words(&self) -> String {
        words(&self.host, self.subset.as_deref())
    }
}

/// A destination in words.
pub fn words(host: &str, subset: Option<&str>) -> String {
    subset.map_or_else(|| host.to_owned(), |subset| format!("{host} subset {subset}"))
}

/// The distinct places of one rule.
pub fn of_rule(rule: &Rule) -> Vec<Place> {
    distinct(rule.destinations.iter().map(Place::of))
}

/// The distinct places of a route's rules, in their order.
pub fn of_route(route: &Route) -> Vec<Place> {
    distinct(route.rules.iter().flat_map(|rule| &rule.destinations).map(Place::of))
}

/// The places that no rule sends to and that are there all the same: the other subsets of the Services that the route
/// chooses subsets of.
pub fn unused(route: &Route, objects: &dyn Objects) -> Vec<Place> {
    let used = of_route(route);
    let chosen = used.iter().filter(|place| place.subset.is_some());
    let others = chosen.flat_map(|place| {
        let rules = place.service.as_ref().map(|service| objects.destination_rules_of(service)).unwrap_or_default();
        let names: Vec<Str> = rules.iter().flat_map(|rule| &rule.subsets).map(|subset| subset.name.clone()).collect();
        names.into_iter().map(|name| Place { subset: Some(name), ..place.clone() }).collect::<Vec<_>>()
    });
    distinct(others.filter(|place| !used.iter().any(|used| used.same(place))))
}

fn distinct(places: impl Iterator<Item = Place>) -> Vec<Place> {
    let mut found: Vec<Place> = Vec::new();
    for place in places {
        if !found.iter().any(|have| have.same(&place)) {
            found.push(place);
        }
    }
    found
}

/// What stands behind a place.
#[derive(Debug, Clone, PartialEq)]
pub enum Behind {
    /// This workload.
    Workload(Arc<Workload>),
    /// It does not exist: what is missing, one clause.
    Missing(Str),
    /// It can't be told which version it is: why, one clause.
    Unclear(Str),
    /// A controller steers it: which.
    Owned(Str),
}

impl Behind {
    /// The workload, where there is one.
    pub const fn workload(&self) -> Option<&Arc<Workload>> {
        match self {
            Self::Workload(workload) => Some(workload),
            Self::Missing(_) | Self::Unclear(_) | Self::Owned(_) => None,
        }
    }
}

/// What stands behind `place`, as a route in `namespace` means it.
pub fn behind(place: &Place, namespace: &Str, objects: &dyn Objects) -> Behind {
    let Some(key) = &place.service else {
        return Behind::Unclear(format!("{} is no Service of this cluster", place.host).into());
    };
    let Some(service) = objects.service(key) else {
        if key.namespace == *namespace {
            return Behind::Missing(format!("Service {} does not exist", key.name).into());
        }
        let why = format!("Service {} does not exist, or its namespace is not watched", key.qualified());
        return Behind::Unclear(why.into());
    };
    if let Some(canary) = owning_canary(service.owner.as_ref(), &key.namespace) {
        return Behind::Owned(format!("Service {} belongs to Flagger's {canary}", key.name).into());
    }
    if let Some(rollout) = service.managed_by_rollout() {
        return Behind::Owned(format!("Service {} is steered by rollout/{rollout}", key.name).into());
    }
    let mut selector = service.selector.clone();
    if let Some(name) = &place.subset {
        let rules = objects.destination_rules_of(key);
        let Some(subset) = rules.iter().find_map(|rule| rule.subset(name)) else {
            return Behind::Missing(no_subset(&key.name, name, &rules).into());
        };
        selector.labels.extend(subset.labels.iter().map(|(label, value)| (label.clone(), value.clone())));
    }
    if selector.labels.is_empty() {
        return Behind::Unclear(format!("Service {} selects no pods by itself", key.name).into());
    }
    let mut found = objects.workloads_selected(&key.namespace, &selector);
    found.sort_unstable_by_key(|workload| (Reverse(workload.replicas.desired > 0), workload.key.clone()));
    let names: Vec<&str> = found.iter().map(|workload| &*workload.key.name).collect();
    match &found[..] {
        [] => Behind::Unclear(format!("no workload stands behind {}", place.words()).into()),
        [one] => controlled(one, objects).unwrap_or_else(|| Behind::Workload(Arc::clone(one))),
        many => many.iter().find_map(|workload| controlled(workload, objects)).unwrap_or_else(|| {
            let all = some_of(&names, 3);
            Behind::Unclear(format!("{} stands for {} workloads ({all})", place.words(), many.len()).into())
        }),
    }
}

fn no_subset(service: &str, subset: &str, rules: &[Arc<DestinationRule>]) -> String {
    match rules {
        [] => format!("there is no DestinationRule for {service}, so no subset '{subset}'"),
        [one, ..] => format!("DestinationRule {} has no subset '{subset}'", one.meta.key.name),
    }
}

/// The controller that a workload's traffic belongs to.
fn controlled(workload: &Workload, objects: &dyn Objects) -> Option<Behind> {
    if workload.key.kind == Kind::Rollout {
        return Some(Behind::Owned(format!("{} steers itself", workload.key).into()));
    }
    let target = |key: &Option<ObjectKey>| key.as_ref() == Some(&workload.key);
    let canaries = objects.canaries_naming(&workload.key);
    let canary = canaries.iter().find(|canary| target(&canary.target_key()) || target(&canary.primary_key()))?;
    Some(Behind::Owned(format!("{} belongs to Flagger's {}", workload.key, canary.meta.key).into()))
}
