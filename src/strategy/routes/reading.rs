//! A route read rule by rule, with the workloads behind it in their roles.

use super::places::{self, Behind, Place};
use super::shape::{self, name, picks_users};
use crate::domain::objects::Objects;
use crate::domain::release::{Role, Weight};
use crate::domain::traffic::matching::Match;
use crate::domain::traffic::route::Rule;
use crate::domain::traffic::view::{RuleSplit, Share};
use crate::domain::traffic::{Marks, Route};
use crate::domain::{Kind, ObjectKey, Str};
use crate::strategy::Derive;
use crate::strategy::traffic::part::Part;
use crate::strategy::traffic::roles::{Contender, roles};
use std::sync::Arc;

/// The shares of one workload over a route's rules, in per cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    /// Of the rule for everyone; where none is, the lowest.
    pub main: u8,
    /// The lowest of all rules.
    pub lowest: u8,
    /// The highest.
    pub highest: u8,
}

/// What a route says, with what stands behind it.
#[derive(Debug)]
pub struct Reading {
    /// The route.
    pub route: Arc<Route>,
    /// Whether it is read as an A/B test: its matches choose the version, not its weights.
    pub test: bool,
    /// Its marks, with the configuration's.
    pub marks: Marks,
    /// Its places and what stands behind them; those that no rule sends to last.
    pub places: Vec<(Place, Behind)>,
    /// The workloads with their role and asked share of the rule for everyone, stable first.
    pub parts: Vec<(Role, u8, Part)>,
    /// The rules.
    pub rules: Vec<RuleSplit>,
}

impl Reading {
    /// Reads the route at `root`; with `test` as an A/B test, whose roles are told by its matches.
    pub fn of(root: &ObjectKey, objects: &dyn Objects, context: &Derive<'_>, test: bool) -> Option<Self> {
        let route = Arc::clone(objects.route(root)?);
        let marks = context.settings.marks(root, &route.marks());
        let mut all = places::of_route(&route);
        all.extend(places::unused(&route, objects));
        let namespace = &root.namespace;
        let places: Vec<(Place, Behind)> = all
            .into_iter()
            .map(|place| (places::behind(&place, namespace, objects), place))
            .map(|(b, p)| (p, b))
            .collect();
        let mut keys: Vec<ObjectKey> = Vec::new();
        for (_, behind) in &places {
            if let Some(workload) = behind.workload()
                && !keys.contains(&workload.key)
            {
                keys.push(workload.key.clone());
            }
        }
        let parts: Vec<Part> = keys.iter().filter_map(|key| Part::gather(key, objects, context)).collect();
        let mut reading = Self { route, test, marks, places, parts: Vec::new(), rules: Vec::new() };
        let shares: Vec<Shares> = parts.iter().map(|part| reading.shares_of(&part.workload.key)).collect();
        let asked: Vec<u8> = shares.iter().map(|shares| shares.main).collect();
        // A side has everything once it has it in every rule.
        let contenders: Vec<Contender> =
            parts.iter().zip(&shares).map(|(part, shares)| reading.contender(part, shares.lowest)).collect();
        let marked = reading.marks.stable.as_deref().filter(|name| contenders.iter().any(|side| goes_by(side, name)));
        let tested = if test && marked.is_none() { reading.tested(&parts) } else { None };
        let roles = tested.unwrap_or_else(|| roles(&contenders, marked));
        let mut with_roles: Vec<(Role, u8, Part)> =
            parts.into_iter().zip(roles).zip(asked).map(|((part, role), asked)| (role, asked, part)).collect();
        with_roles.sort_by_key(|(role, ..)| *role);
        reading.parts = with_roles;
        reading.rules = reading.route.rules.iter().map(|rule| reading.split(rule)).collect();
        Some(reading)
    }

    /// Whether the mark names no side.
    pub fn marked_in_vain(&self) -> bool {
        let is = |name: &str| self.parts.iter().any(|(_, asked, part)| goes_by(&self.contender(part, *asked), name));
        self.marks.stable.as_deref().is_some_and(|name| !is(name))
    }

    /// Whether a side has a part of the traffic, and not all of it.
    pub fn is_split(&self, part: &Part) -> bool {
        let shares = self.shares_of(&part.workload.key);
        shares.highest > 0 && shares.lowest < 100
    }

    /// The workload that a rule's destination at `place` leads to.
    fn leads_to(&self, rule: &Rule, place: usize) -> Option<&ObjectKey> {
        let place = Place::of(rule.destinations.get(place)?);
        let (_, behind) = self.places.iter().find(|(known, _)| known.same(&place))?;
        behind.workload().map(|workload| &workload.key)
    }

    /// Whether weights of this rule divide between two workloads.
    fn divides(&self, rule: &Rule) -> bool {
        let mut led = (0..rule.destinations.len()).filter_map(|place| self.leads_to(rule, place));
        let first = led.next();
        led.any(|other| Some(other) != first)
    }

    /// The shares of `workload` over the rules that divide; where none divides, over those that send to a single place
    /// and pick no users out.
    fn shares_of(&self, workload: &ObjectKey) -> Shares {
        let dividing: Vec<&Rule> = self.route.rules.iter().filter(|rule| self.divides(rule)).collect();
        let single = |rule: &&Rule| !rule.destinations.is_empty() && !picks_users(rule);
        let counted = if dividing.is_empty() { self.route.rules.iter().filter(single).collect() } else { dividing };
        let kind = self.route.meta.key.kind;
        let of = |rule: &&Rule| {
            let shares = rule.percentages(kind);
            let own = shares.iter().enumerate().filter(|(place, _)| self.leads_to(rule, *place) == Some(workload));
            own.map(|(_, share)| share.unwrap_or(0)).fold(0_u8, u8::saturating_add)
        };
        // A rule without this workload says nothing about it, unless none has it.
        let has = |rule: &&Rule| (0..rule.destinations.len()).any(|place| self.leads_to(rule, place) == Some(workload));
        let with: Vec<&Rule> = counted.into_iter().filter(has).collect();
        let lowest = with.iter().map(of).min().unwrap_or(0);
        let highest = with.iter().map(of).max().unwrap_or(0);
        let everyone = |rule: &&&Rule| rule.matches.is_empty() || rule.matches.iter().any(Match::is_everything);
        let main = with.iter().rfind(everyone).map_or(lowest, of);
        Shares { main, lowest, highest }
    }

    /// The roles of an A/B test: the workload that everyone else goes to is stable.
    fn tested(&self, parts: &[Part]) -> Option<Vec<Role>> {
        let group = self.route.rules.iter().position(picks_users)?;
        let rest = self.route.rules[group + 1..]
            .iter()
            .find(|rest| shape::takes_the_rest(rest, &self.route.rules[group]))
            .and_then(|rest| self.leads_to(rest, 0))?;
        let used: Vec<&ObjectKey> = self
            .route
            .rules
            .iter()
            .flat_map(|rule| (0..rule.destinations.len()).filter_map(move |place| self.leads_to(rule, place)))
            .collect();
        let role = |part: &Part| match &part.workload.key {
            key if key == rest => Role::Stable,
            key if used.contains(&key) => Role::Candidate,
            _ => Role::Idle,
        };
        Some(parts.iter().map(role).collect())
    }

    fn contender(&self, part: &Part, asked: u8) -> Contender {
        let mut names = vec![part.workload.key.name.clone()];
        let own = self
            .places
            .iter()
            .filter(|(_, behind)| behind.workload().is_some_and(|workload| workload.key == part.workload.key));
        for (place, _) in own {
            names.extend(place.subset.clone());
            names.extend(place.service.as_ref().map(|service| service.name.clone()));
        }
        names.extend(part.workload.selector.labels.values().cloned());
        Contender { names, templated: part.templated(), asked: Some(asked), ready: part.own.replicas.ready }
    }

    fn role_of(&self, key: &ObjectKey) -> Option<Role> {
        self.parts.iter().find(|(_, _, part)| part.workload.key == *key).map(|(role, ..)| *role)
    }

    fn split(&self, rule: &Rule) -> RuleSplit {
        let route = &self.route;
        let kind = route.meta.key.kind;
        let shares = rule.destinations.iter().zip(rule.percentages(kind)).enumerate();
        let shares = shares.map(|(place, (destination, asked))| Share {
            role: self.leads_to(rule, place).and_then(|key| self.role_of(key)),
            to: Place::of(destination).words().into(),
            written: destination.weight,
            asked,
            actual: None,
        });
        let mirrors = rule.mirrors.iter();
        let mirrors = mirrors.map(|to| (Str::from(places::words(&to.host, to.subset.as_deref())), to.percent));
        let mut requests = rule.words();
        if let Some(delegate) = &rule.delegate {
            let more = format!("decided by {}", delegate.target());
            requests = if requests.is_empty() { more } else { format!("{requests}, {more}") };
        }
        if let Some(answers) = &rule.answers {
            requests = if requests.is_empty() { answers.to_string() } else { format!("{requests}: {answers}") };
        }
        RuleSplit {
            route: route.meta.key.clone(),
            pointer: rule.pointer.clone(),
            host: self.host(),
            name: rule.name.clone(),
            requests: requests.into(),
            shares: shares.collect(),
            mirrors: mirrors.collect(),
            problem: self.problem(rule).map(Str::from),
            steered: self.divides(rule),
        }
    }

    /// The hosts in words: `myapp.com`, `myapp.com and 2 more`.
    pub fn host(&self) -> Str {
        let hosts: Vec<&str> = self.route.hosts.iter().map(AsRef::as_ref).collect();
        match hosts[..] {
            // A VirtualService without hosts is a delegate: its parent names them.
            [] if self.route.meta.key.kind == Kind::VirtualService => "its parent's hosts".into(),
            [] => "every host".into(),
            [one] => one.into(),
            [first, ref more @ ..] => format!("{first} and {} more", more.len()).into(),
        }
    }

    /// What is wrong with a rule, one clause.
    fn problem(&self, rule: &Rule) -> Option<String> {
        let used = places::of_rule(rule);
        let behind = |place: &Place| self.places.iter().find(|(known, _)| known.same(place)).map(|(_, behind)| behind);
        if let Some(missing) = used.iter().find_map(|place| match behind(place) {
            Some(Behind::Missing(why)) => Some(why.to_string()),
            _ => None,
        }) {
            return Some(missing);
        }
        if rule.destinations.len() < 2 {
            return None;
        }
        let weighs = weighing(rule, self.route.meta.key.kind);
        let unclear = used.iter().filter(|_| used.len() > 1).find_map(|place| match behind(place) {
            Some(Behind::Unclear(why)) => Some(why.to_string()),
            _ => None,
        });
        weighs.or(unclear)
    }

    /// `rule 'primary'`, `rule 2`.
    pub fn name(&self, rule: &Rule) -> String {
        name(&self.route, rule)
    }

    /// The weight of a track.
    pub const fn weight(asked: u8) -> Weight {
        Weight { asked: Some(asked), actual: None }
    }
}

fn goes_by(side: &Contender, name: &str) -> bool {
    side.names.iter().any(|own| &**own == name)
}

/// What is wrong with a rule's weights.
fn weighing(rule: &Rule, kind: Kind) -> Option<String> {
    if rule.destinations.iter().any(|destination| destination.weight.is_some_and(|weight| weight < 0)) {
        return Some("it has a weight below 0".to_owned());
    }
    match (kind, rule.sum()) {
        (Kind::VirtualService, None) => Some("none of its destinations has a weight".to_owned()),
        (Kind::VirtualService, Some(sum)) if sum != 100 => Some(format!("its weights sum to {sum}, not to 100")),
        _ if rule.percentages(kind).iter().all(Option::is_none) => {
            Some("all of its weights are 0, so its requests fail".to_owned())
        }
        _ => None,
    }
}
