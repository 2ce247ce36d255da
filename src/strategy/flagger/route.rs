//! The traffic's share of the candidate, read where it lives: in the route that Flagger writes.
//!
//! The status is no substitute: it says 0 in `WaitingPromotion` while traffic flows, and never changes in an A/B test.

use super::phase::splits_nothing;
use crate::domain::objects::{Objects, Service};
use crate::domain::release::Role;
use crate::domain::traffic::Canary;
use crate::domain::traffic::canary::CanaryStyle;
use crate::domain::traffic::matching;
use crate::domain::traffic::route::{Destination, Route, Rule};
use crate::domain::traffic::view::{Group, RuleSplit, Share};
use crate::domain::{Kind, ObjectKey, Str};
use std::sync::Arc;

/// Who tells the weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The route.
    ByRoute,
    /// Flagger's status: the route is one that the console does not read.
    ByStatus,
    /// Nothing has a weight: the users' Service selects the primary.
    Nominal,
    /// Nobody.
    Nobody,
}

/// What primary and candidate get, in per cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// The primary.
    pub primary: Option<u8>,
    /// The candidate.
    pub candidate: Option<u8>,
    /// Who says so.
    pub told: Told,
}

/// Which of the release's workloads a destination leads to.
pub fn role_of(canary: &Canary, destination: &Destination) -> Option<Role> {
    let service = destination.service.as_ref().filter(|key| key.namespace == canary.meta.key.namespace)?;
    let apex = canary.apex()?;
    match service.name.strip_prefix(&**apex)? {
        "-primary" => Some(Role::Stable),
        "-canary" => Some(Role::Candidate),
        _ => None,
    }
}

/// The Canary's route, where it is of a kind that the console reads: the one with a rule that leads to the candidate.
pub fn find(canary: &Canary, objects: &dyn Objects) -> Option<Arc<Route>> {
    let gateway = canary.provider.as_deref().is_some_and(|provider| provider.starts_with("gatewayapi"));
    let mut keys: Vec<ObjectKey> = canary.generated().into_iter().filter(|key| key.kind.is_route()).collect();
    keys.sort_by_key(|key| (key.kind == Kind::HttpRoute) != gateway);
    let leads = |route: &&Arc<Route>| weighted(canary, route).is_some();
    keys.iter().filter_map(|key| objects.route(key)).find(leads).cloned()
}

/// The rule that holds the weight. With session affinity there are rules by cookie before it; the weighted one is the one
/// that sets the cookie. Otherwise the last one that leads to the candidate, as Flagger reads it.
pub fn weighted<'a>(canary: &Canary, route: &'a Route) -> Option<&'a Rule> {
    let leads = |rule: &&Rule| rule.destinations.iter().any(|to| role_of(canary, to) == Some(Role::Candidate));
    let sets_cookie = |rule: &&Rule| {
        let marks = |other: &Str| matches!(&**other, "headers" | "filters");
        rule.destinations.iter().any(|to| to.others.iter().any(marks))
    };
    let mut rules = route.rules.iter().filter(leads);
    let by_cookie = canary.analysis.affinity_cookie.is_some();
    let setting = by_cookie.then(|| route.rules.iter().filter(leads).find(sets_cookie)).flatten();
    setting.or_else(|| rules.next_back())
}

/// The split of a Canary whose route is `route`.
pub fn split(canary: &Canary, route: Option<&Route>) -> Split {
    if splits_nothing(canary) {
        return Split { primary: Some(100), candidate: Some(0), told: Told::Nominal };
    }
    if let Some((route, rule)) = route.and_then(|route| Some((route, weighted(canary, route)?))) {
        let shares = rule.percentages(route.meta.key.kind);
        let of = |role: Role| {
            let mine = rule.destinations.iter().zip(&shares).filter(|(to, _)| role_of(canary, to) == Some(role));
            mine.map(|(_, share)| *share).reduce(|a, b| Some(a?.saturating_add(b?))).unwrap_or(Some(0))
        };
        return Split { primary: of(Role::Stable), candidate: of(Role::Candidate), told: Told::ByRoute };
    }
    let told = canary.status.weight.filter(|_| canary.style() == CanaryStyle::Weighted);
    match told.and_then(|weight| u8::try_from(weight).ok()).filter(|weight| *weight <= 100) {
        Some(weight) => Split { primary: Some(100 - weight), candidate: Some(weight), told: Told::ByStatus },
        None => Split { primary: None, candidate: None, told: Told::Nobody },
    }
}

/// The route's rules as the pane shows them; none is steered by the console.
pub fn rules(canary: &Canary, route: &Route, services: &[Arc<Service>]) -> Vec<RuleSplit> {
    let kind = route.meta.key.kind;
    let host: Str = if route.hosts.is_empty() { "every host".into() } else { route.hosts.join(", ").into() };
    let shares = |rule: &Rule| {
        let asked = rule.percentages(kind);
        let share = |(to, asked): (&Destination, Option<u8>)| Share {
            role: role_of(canary, to),
            to: to.host.clone(),
            written: to.weight,
            asked,
            actual: asked,
        };
        rule.destinations.iter().zip(asked).map(share).collect()
    };
    let gone = |rule: &Rule| {
        let missing = rule.destinations.iter().filter(|to| {
            role_of(canary, to).is_some()
                && to.service.as_ref().is_some_and(|key| !services.iter().any(|service| service.key == *key))
        });
        let names: Vec<&str> = missing.map(|to| &*to.host).collect();
        (!names.is_empty()).then(|| format!("Service {} does not exist.", names.join(", ")).into())
    };
    let split = |rule: &Rule| RuleSplit {
        route: route.meta.key.clone(),
        pointer: rule.pointer.clone(),
        host: host.clone(),
        name: rule.name.clone(),
        requests: rule.words().into(),
        shares: shares(rule),
        mirrors: rule.mirrors.iter().map(|mirror| (mirror.host.clone(), mirror.percent)).collect(),
        problem: gone(rule),
        steered: false,
    };
    route.rules.iter().map(split).collect()
}

/// The groups of an A/B test: who goes where.
pub fn groups(canary: &Canary, route: &Route, versions: &dyn Fn(Role) -> Str) -> Vec<Group> {
    let letters = ["b", "a"];
    let group = |(place, rule): (usize, &Rule)| {
        let share = rule.percentages(route.meta.key.kind);
        let most = rule.destinations.iter().zip(share).max_by_key(|(_, share)| *share)?.0;
        let role = role_of(canary, most);
        let name = rule.name.clone().or_else(|| letters.get(place).map(|letter| Str::from(*letter)));
        Some(Group {
            name: name.unwrap_or_else(|| (place + 1).to_string().into()),
            who: if rule.matches.is_empty() { "everyone else".into() } else { matching::words(&rule.matches).into() },
            matches: rule.matches.clone(),
            role,
            version: role.map_or_else(|| most.host.clone(), versions),
            rule: (route.meta.key.clone(), rule.pointer.clone()),
        })
    };
    route.rules.iter().enumerate().filter_map(group).collect()
}
