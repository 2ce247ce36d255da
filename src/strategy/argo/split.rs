//! Where requests go: the rules of the routes that Argo writes, or the Services themselves.

use super::claim::steered_by_another;
use super::tracks::live_hash;
use super::view::View;
use super::weight::routed;
use crate::domain::release::Role;
use crate::domain::said::CONTINUE;
use crate::domain::traffic::rollout::{BlueGreenStrategy, CanaryStrategy, RolloutStrategy, TrafficRouting};
use crate::domain::traffic::route::{Destination, Route, Rule};
use crate::domain::traffic::view::{RuleSplit, Share, SwitchView};
use crate::domain::{ObjectKey, Str};
use crate::strategy::workload::words::clip;

/// The rules that Argo steers.
pub fn rules(view: &View) -> Vec<RuleSplit> {
    let RolloutStrategy::Canary(canary) = &view.rollout.strategy else { return Vec::new() };
    let Some(routing) = &canary.routing else { return Vec::new() };
    view.routes
        .iter()
        .flat_map(|route| {
            let names = names_of(routing, &route.meta.key);
            let rules = route
                .rules
                .iter()
                .filter(move |rule| names.is_empty() || rule.name.as_ref().is_some_and(|name| names.contains(&name)));
            rules.filter_map(|rule| split(view, canary, route, rule)).collect::<Vec<_>>()
        })
        .collect()
}

fn names_of<'a>(routing: &'a TrafficRouting, route: &ObjectKey) -> Vec<&'a Str> {
    let named = routing.virtual_services.iter().find(|named| named.key == *route);
    named.map(|named| named.routes.iter().collect()).unwrap_or_default()
}

fn split(view: &View, canary: &CanaryStrategy, route: &Route, rule: &Rule) -> Option<RuleSplit> {
    let roles: Vec<Option<Role>> = rule.destinations.iter().map(|to| role(view, canary, to)).collect();
    if roles.iter().all(Option::is_none) {
        return None;
    }
    let routed = routed(&view.rollout);
    let percentages = rule.percentages(route.meta.key.kind);
    let shares = rule.destinations.iter().zip(roles).zip(percentages).map(|((to, role), asked)| Share {
        role,
        to: destination(to).into(),
        written: to.weight,
        asked,
        actual: routed.and_then(|(stable, new)| match role? {
            Role::Stable => Some(stable),
            Role::Candidate => Some(new),
            Role::Idle => None,
        }),
    });
    let hosts: Vec<&str> = route.hosts.iter().map(AsRef::as_ref).collect();
    let host = if hosts.is_empty() { route.meta.key.name.to_string() } else { hosts.join(", ") };
    Some(RuleSplit {
        route: route.meta.key.clone(),
        pointer: rule.pointer.clone(),
        host: clip(&host, 120).into(),
        name: rule.name.clone(),
        requests: rule.words().into(),
        shares: shares.collect(),
        mirrors: Vec::new(),
        problem: None,
        // Argo writes it: never the console.
        steered: false,
    })
}

/// The role of a destination: by Service, or by the subset of Argo's DestinationRule.
fn role(view: &View, canary: &CanaryStrategy, to: &Destination) -> Option<Role> {
    let subsets = canary.routing.as_ref().and_then(|routing| routing.destination_rule.as_ref());
    if let (Some(subsets), Some(subset)) = (subsets, &to.subset) {
        return if *subset == subsets.stable {
            Some(Role::Stable)
        } else {
            (*subset == subsets.canary).then_some(Role::Candidate)
        };
    }
    let name = &to.service.as_ref()?.name;
    let (mut stable, mut new) = (canary.stable_service.as_ref(), canary.canary_service.as_ref());
    if let Some((ping, pong)) = &canary.ping_pong {
        let ping_is_stable = view.rollout.status.stable_ping_pong.as_deref() == Some("ping");
        (stable, new) = if ping_is_stable { (Some(ping), Some(pong)) } else { (Some(pong), Some(ping)) };
    }
    if Some(name) == stable { Some(Role::Stable) } else { (Some(name) == new).then_some(Role::Candidate) }
}

fn destination(to: &Destination) -> String {
    match &to.subset {
        Some(subset) => clip(&format!("{} subset {subset}", to.host), 80),
        None => clip(&to.host, 80),
    }
}

/// Where the routes' weights are others than those that Argo set: somebody else wrote them.
pub fn drifts(view: &View) -> Vec<Str> {
    let Some((_, new)) = routed(&view.rollout) else { return Vec::new() };
    let mut found = Vec::new();
    for rule in rules(view) {
        let Some(share) = rule.shares.iter().find(|share| share.role == Some(Role::Candidate)) else { continue };
        let Some(written) = share.asked.filter(|written| *written != new) else { continue };
        let writer =
            view.routes.iter().find(|route| route.meta.key == rule.route).and_then(|route| route.meta.traffic_writer());
        let by = writer.map(|writer| format!(", written by {}", clip(&writer.manager, 60))).unwrap_or_default();
        found.push(
            format!("{} sends {written} % to {}, and Argo set {new} %{by}", rule.route.target(), share.to).into(),
        );
    }
    found
}

/// What the active Service of a blue-green Rollout selects.
pub fn switch(view: &View) -> Option<SwitchView> {
    let RolloutStrategy::BlueGreen(sides) = &view.rollout.strategy else { return None };
    let active = view.service(&sides.active_service)?;
    let live = live_hash(view)?;
    let preview = sides.preview_service.as_ref().and_then(|name| view.service(name));
    let other = view.stand.current.clone().filter(|current| current != live);
    let (of_live, rest) = addresses(view, live);
    Some(SwitchView {
        service: active.key.clone(),
        key: super::tracks::HASH.into(),
        live: live.clone(),
        other,
        preview: preview.map(|service| service.key.clone()),
        moved: (of_live, rest),
        switched_at: None,
        took: None,
    })
}

fn addresses(view: &View, live: &Str) -> (u32, u32) {
    let ready = view.lane(Some(live)).map_or(0, |lane| lane.ready(view.facts.pods_listed));
    (u32::try_from(ready).unwrap_or(0), 0)
}

/// What is odd about the Services: absent, or marked for another Rollout.
pub fn service_problems(view: &View) -> Vec<Str> {
    let mut found: Vec<Str> = Vec::new();
    for key in view.rollout.services() {
        match view.services.iter().find(|service| service.key == key) {
            None => found.push(format!("service/{} does not exist", key.name).into()),
            Some(service) => found.extend(steered_by_another(&service.annotations, &view.rollout).map(|other| {
                format!("service/{} is marked as steered by rollout/{}", key.name, clip(&other, 60)).into()
            })),
        }
    }
    for key in view.rollout.routes() {
        if !view.routes.iter().any(|route| route.meta.key == key) {
            found.push(format!("{} does not exist, or can't be read", key.target()).into());
        }
    }
    found
}

/// How a blue-green Rollout switches, in words: `waits for a person`, `30 s after`, `at once`.
pub fn how_it_switches(sides: &BlueGreenStrategy) -> String {
    match (sides.auto_promotion, sides.auto_promotion_after) {
        (false, _) => format!("then it waits for a person ({CONTINUE})"),
        (true, Some(after)) => format!("then it switches by itself after {}", crate::domain::Age(after).words()),
        (true, None) => "then it switches by itself at once".into(),
    }
}
