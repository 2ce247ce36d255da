//! What is odd about a route, and why nothing goes forward.

use super::hosts;
use super::reading::Reading;
use super::shape::picks_users;
use crate::domain::objects::Objects;
use crate::domain::release::Role;
use crate::domain::said::{ABORT, ADVANCE};
use crate::domain::traffic::route::{Parent, Rule};
use crate::domain::workload::ConditionStatus;
use crate::domain::{Kind, Str};
use crate::strategy::workload::words::{clip, some_of};

/// Why nothing goes forward, one sentence; `None` when it may.
pub fn blocked(reading: &Reading, objects: &dyn Objects) -> Option<Str> {
    let route = &reading.route;
    let key = &route.meta.key;
    if route.meta.deleting.is_some() {
        return Some(format!("{} is being deleted", key.target()).into());
    }
    if let Some(field) = route.meta.unreadable.iter().find(|field| field.starts_with("spec")) {
        return Some(format!("the server's {} of {} can't be read", clip(field, 60), key.target()).into());
    }
    if route.meta.api_version.contains("alpha") {
        return Some(
            format!("the server has {} only as {}, an older form", key.target(), clip(&route.meta.api_version, 60))
                .into(),
        );
    }
    if let Some(why) = refused_by_all(&route.parents, route.meta.generation) {
        return Some(why);
    }
    if let Some((other, host)) = hosts::rival(route, objects) {
        let host = clip(&host, 60);
        return Some(
            format!("{} and {} are both for {host}: which one counts is not defined", key.target(), other).into(),
        );
    }
    let steered =
        || reading.rules.iter().zip(&route.rules).filter(|(split, rule)| split.steered || rule.destinations.len() > 1);
    if let Some((split, rule)) = steered().find(|(split, _)| split.problem.is_some()) {
        let problem = split.problem.as_deref().unwrap_or_default();
        return Some(format!("{}: {problem}", reading.name(rule)).into());
    }
    None
}

/// What should be known, the weightiest first.
pub fn notices(reading: &Reading, objects: &dyn Objects) -> Vec<Str> {
    let route = &reading.route;
    let mut told: Vec<Str> = Vec::new();
    told.extend(refused(&route.parents, route.meta.generation));
    told.extend(problems(reading));
    // The rules of a test are named as its groups.
    if !reading.test {
        told.extend(aside(reading));
    }
    told.extend(differing(reading));
    told.extend(hosts::more_exact(route, objects));
    told.extend(reading.marks.wrong.iter().cloned());
    if let Some(name) = reading.marks.stable.as_deref().filter(|_| reading.marked_in_vain()) {
        told.push(format!("windlass.dev/stable is '{}', and no side goes by that name", clip(name, 60)).into());
    }
    let parents = objects.routes_delegating_to(&route.meta.key);
    if !parents.is_empty() {
        let names: Vec<String> = parents.iter().map(|parent| parent.meta.key.target()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        told.push(format!("{} leaves the decision to this one", some_of(&names, 3)).into());
    }
    let delegates: Vec<String> = route.delegates().iter().map(|key| missing_or_not(key, objects)).collect();
    told.extend(delegates.into_iter().map(Str::from));
    told
}

fn missing_or_not(key: &crate::domain::ObjectKey, objects: &dyn Objects) -> String {
    match objects.route(key) {
        Some(_) => format!("some rules are decided by {}", key.target()),
        None => format!("some rules are left to {}, which does not exist", key.target()),
    }
}

/// Why the route has no effect as it is: none of the parents that told of it takes it. What one of several refuses is a
/// notice, since the others still serve it.
fn refused_by_all(parents: &[Parent], generation: i64) -> Option<Str> {
    let refused = refused(parents, generation);
    let telling = parents.iter().filter(|parent| parent.accepted.is_some() || parent.resolved.is_some()).count();
    if refused.len() < telling { None } else { refused.into_iter().next() }
}

/// The parents that do not take the route as it is written now, each with what it says.
pub fn refused(parents: &[Parent], generation: i64) -> Vec<Str> {
    let current = |observed: Option<i64>| observed.is_none_or(|seen| seen >= generation);
    let told = parents.iter().filter_map(|parent| {
        let named = |what: &str, said: &crate::domain::traffic::route::Said| {
            let why = if said.message.is_empty() { &said.reason } else { &said.message };
            Str::from(format!("{} {what}: {}", parent.name, clip(why, 160)))
        };
        let no = |said: &&crate::domain::traffic::route::Said| {
            said.status == ConditionStatus::False && current(said.observed)
        };
        let accepted = parent.accepted.as_ref().filter(no).map(|said| named("does not accept the route", said));
        accepted.or_else(|| parent.resolved.as_ref().filter(no).map(|said| named("can't resolve its backends", said)))
    });
    told.collect()
}

fn problems(reading: &Reading) -> Vec<Str> {
    let with = reading.rules.iter().zip(&reading.route.rules);
    with.filter_map(|(split, rule)| Some(format!("{}: {}", reading.name(rule), split.problem.as_ref()?).into()))
        .collect()
}

/// Rules that send to the candidate whatever its weight.
fn aside(reading: &Reading) -> Vec<Str> {
    let with = reading.rules.iter().zip(&reading.route.rules);
    let only = with.filter(|(split, _)| {
        !split.steered && split.shares.first().and_then(|share| share.role) == Some(Role::Candidate)
    });
    only.map(|(split, rule)| {
        let who = if split.requests.is_empty() { "every request".into() } else { clip(&split.requests, 80) };
        format!("{} sends {who} to the candidate whatever its weight{}", reading.name(rule), test_words(rule)).into()
    })
    .collect()
}

fn test_words(rule: &Rule) -> String {
    if picks_users(rule) {
        format!(" (an A/B rule: {ABORT} leaves it)")
    } else {
        format!(" ({ABORT} points it to stable)")
    }
}

fn differing(reading: &Reading) -> Option<Str> {
    let shares = reading.rules.iter().filter(|split| split.steered).filter_map(|split| {
        let own =
            split.shares.iter().filter(|share| share.role == Some(Role::Candidate)).filter_map(|share| share.asked);
        own.reduce(u8::saturating_add)
    });
    let mut shares: Vec<u8> = shares.collect();
    shares.sort_unstable();
    let (low, high) = (shares.first()?, shares.last()?);
    (low != high).then(|| {
        format!("the rules stand at different weights, {low} to {high} %: {ADVANCE} moves each of them one rung").into()
    })
}

/// Whether the kind of route has a controller that says whether it took it.
pub const fn reports(kind: Kind) -> bool {
    matches!(kind, Kind::HttpRoute | Kind::GrpcRoute)
}
