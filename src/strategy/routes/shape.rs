//! What kind of release a route's rules make, told conservatively: a route that only sends paths to services is none.

use super::places::{self, Behind, Place};
use crate::domain::Kind;
use crate::domain::objects::Objects;
use crate::domain::traffic::Route;
use crate::domain::traffic::matching::{Condition, Match, On};
use crate::domain::traffic::route::Rule;

/// What kind of release a route is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// Weights divide requests between versions, or would if it were not at rest.
    Weights {
        /// How it was recognised.
        why: String,
    },
    /// Matches choose the version.
    Test {
        /// How it was recognised.
        why: String,
    },
}

/// The shape of `route`; `None` when it is no release, or another controller's.
pub fn shape(route: &Route, objects: &dyn Objects) -> Option<Shape> {
    if route.meta.made_by_canary().is_some() || !objects.rollouts_naming(&route.meta.key).is_empty() {
        return None;
    }
    let places = places::of_route(route);
    let namespace = &route.meta.key.namespace;
    if places.is_empty() || places.iter().any(|at| matches!(places::behind(at, namespace, objects), Behind::Owned(_))) {
        return None;
    }
    let own = route.marks();
    if let Some(marked) = objects.settings().map(|it| it.marks(&route.meta.key, &own)).unwrap_or(own.clone()).strategy {
        let by = if own.strategy.is_some() { "its annotation" } else { "the configuration" };
        let why = format!("{by} says {marked}");
        return match (&*marked, route.meta.key.kind) {
            ("ab-test", _) => Some(Shape::Test { why }),
            ("istio", Kind::VirtualService) | ("gateway", Kind::HttpRoute | Kind::GrpcRoute) => {
                Some(Shape::Weights { why })
            }
            _ => None,
        };
    }
    weights(route).or_else(|| test(route)).or_else(|| at_rest(route, &places, objects))
}

fn weights(route: &Route) -> Option<Shape> {
    let (rule, places) =
        route.rules.iter().map(|rule| (rule, places::of_rule(rule))).find(|(_, places)| places.len() > 1)?;
    let between: Vec<String> = places.iter().map(Place::words).collect();
    Some(Shape::Weights { why: format!("{} divides requests between {}", name(route, rule), between.join(" and ")) })
}

fn test(route: &Route) -> Option<Shape> {
    let (group, rest) = pairs(route).find(
        |(group, rest)| !matches!((&places::of_rule(group)[..], &places::of_rule(rest)[..]), ([a], [b]) if a.same(b)),
    )?;
    let (who, to) = (group.words(), places::of_rule(group).first().map(Place::words)?);
    let other = places::of_rule(rest).first().map(Place::words)?;
    Some(Shape::Test { why: format!("{} sends {who} to {to}, and everyone else goes to {other}", name(route, group)) })
}

/// Between two releases a route may name one subset only; the DestinationRule still tells of the others.
fn at_rest(route: &Route, used: &[Place], objects: &dyn Objects) -> Option<Shape> {
    let namespace = &route.meta.key.namespace;
    let served = used.iter().find_map(|place| places::behind(place, namespace, objects).workload().cloned())?;
    let other = places::unused(route, objects).into_iter().find(|place| {
        let behind = places::behind(place, namespace, objects);
        behind.workload().is_some_and(|other| other.key != served.key)
    })?;
    let why = format!("it sends to {}, and {} stands beside it", used.first()?.words(), other.words());
    let decided = pairs(route).next().is_some();
    Some(if decided { Shape::Test { why } } else { Shape::Weights { why } })
}

/// Rules that pick users out, each with the rule that takes the rest of the same requests.
fn pairs(route: &Route) -> impl Iterator<Item = (&Rule, &Rule)> {
    route.rules.iter().enumerate().filter(|(_, rule)| picks_users(rule)).filter_map(|(place, group)| {
        let rest = route.rules[place + 1..].iter().find(|rest| takes_the_rest(rest, group))?;
        Some((group, rest))
    })
}

/// Whether a rule is one of an A/B test: every match tells users apart, and one place gets them all.
pub fn picks_users(rule: &Rule) -> bool {
    !rule.matches.is_empty() && rule.matches.iter().all(Match::tells_users_apart) && places::of_rule(rule).len() == 1
}

/// Whether `rest` takes what `group` leaves: everyone else, or everyone else of the same paths.
pub fn takes_the_rest(rest: &Rule, group: &Rule) -> bool {
    let open = rest.matches.is_empty() || rest.matches.iter().any(Match::is_everything);
    let single = places::of_rule(rest).len() == 1;
    single && rest.protocol == group.protocol && (open || group.matches.iter().all(|own| covered(own, rest)))
}

fn covered(own: &Match, rest: &Rule) -> bool {
    let by_user =
        |condition: &&Condition| matches!(condition.on, On::Header(_) | On::Cookie | On::Query(_) | On::Source);
    let paths: Vec<&Condition> = own.conditions.iter().filter(|condition| !by_user(condition)).collect();
    rest.matches
        .iter()
        .any(|other| !other.tells_users_apart() && other.conditions.iter().all(|condition| paths.contains(&condition)))
}

/// `rule 'primary'`, `rule 2`, `the only rule`.
pub fn name(route: &Route, rule: &Rule) -> String {
    if let Some(name) = &rule.name {
        return format!("rule '{name}'");
    }
    if route.rules.len() == 1 {
        return "the only rule".to_owned();
    }
    let place = route.rules.iter().position(|other| other.pointer == rule.pointer).map_or(0, |place| place + 1);
    format!("rule {place}")
}
