//! Back to stable: the candidate's weight to 0 in every rule, and every rule that sends to the candidate only is pointed
//! to stable. A/B rules are named and left: they belong to a test that somebody runs on purpose.

use super::actions::NO_WORKLOAD;
use super::draft::{Ground, Written, capacity, destinations_pointer, name, plan, share_of, takes_effect};
use super::shape::picks_users;
use super::weights::{nothing_to_steer, weights};
use crate::domain::forecast::Risk;
use crate::domain::plan::{Patch, Refusal, json, null};
use crate::domain::raw::without;
use crate::domain::release::Role;
use crate::domain::said::UNDO;
use crate::domain::traffic::route::Rule;
use crate::domain::traffic::view::RuleSplit;
use crate::domain::{Direction, Intent, Plan, Str};
use crate::strategy::Context;
use crate::strategy::workload::words::{clip, count};
use serde_json::value::RawValue;

/// The plan of an abort.
pub fn back(ground: &Ground<'_>, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
    let key = &ground.release.key;
    if ground.release.track(Role::Candidate).or(ground.release.track(Role::Stable)).is_none() {
        return Err(Refusal::because(format!("{key}: {NO_WORKLOAD}")));
    }
    if ground.release.track(Role::Candidate).is_none() {
        let (stable, idle) = (ground.version(Role::Stable), ground.release.track(Role::Idle));
        let more = idle.map(|idle| format!("; {UNDO} brings it back to {}", idle.version)).unwrap_or_default();
        return Err(Refusal::unchanged(format!("all of {key} goes to {stable}, which is stable now{more}")));
    }
    shift(ground, (Role::Candidate, Role::Stable), intent, context)
}

/// Takes everything from one side and gives it to another.
pub fn shift(
    ground: &Ground<'_>,
    (from, to): (Role, Role),
    intent: &Intent,
    context: &Context,
) -> Result<Plan, Refusal> {
    let key = &ground.release.key;
    let both = |split: &RuleSplit| share_of(split, from).is_some() && share_of(split, to).is_some();
    let weighed: Vec<(&RuleSplit, &Rule)> = ground
        .rules()
        .filter(|(split, _)| both(split))
        .filter(|(split, _)| share_of(split, from) != Some(0) || split.problem.is_some())
        .collect();
    let only =
        |split: &RuleSplit| !split.shares.is_empty() && split.shares.iter().all(|share| share.role == Some(from));
    let alone: Vec<(&RuleSplit, &Rule)> = ground.rules().filter(|(split, _)| only(split)).collect();
    let (tests, repointed): (Vec<_>, Vec<_>) = alone.into_iter().partition(|(_, rule)| picks_users(rule));
    if weighed.is_empty() && repointed.is_empty() {
        if !ground.rules().any(|(split, _)| both(split)) {
            return Err(Refusal::because(nothing_to_steer(ground.release)));
        }
        return Err(Refusal::unchanged(format!("{} takes no share of {key} already", ground.version(from))));
    }
    let target = destination(ground, to);
    if !repointed.is_empty() && target.is_none() {
        return Err(Refusal::because(format!("no rule of {key} sends to {}, so none can be pointed there", to.word())));
    }
    let mut lists: Vec<&str> = weighed.iter().chain(&repointed).map(|(_, rule)| &*rule.list).collect();
    lists.sort_unstable();
    lists.dedup();
    let fenced = lists.iter().fold(Patch::of(ground.root), |patch, list| patch.test(list));
    let patch = weighed.iter().fold(fenced, |patch, (split, rule)| {
        let placed = rule.destinations.iter().zip(weights(split, from, 0));
        placed.fold(patch, |patch, (destination, weight)| {
            patch.add(&rule.weight_pointer(destination.index), json(&weight).unwrap_or_else(null))
        })
    });
    let patch = repointed.iter().fold(patch, |patch, (_, rule)| match &target {
        Some(target) => patch.replace(&destinations_pointer(rule), target.clone().into()),
        None => patch,
    });
    let (old, new) = (ground.version(from), ground.version(to));
    let mut warnings: Vec<Str> = capacity(ground, to, 100).into_iter().collect();
    warnings.extend(tests.iter().map(|(split, rule)| {
        let who = clip(&split.requests, 60);
        Str::from(format!("{} stays: an A/B rule that sends {who} to {old}", name(ground, rule)))
    }));
    let pointed = if repointed.is_empty() {
        String::new()
    } else {
        let names: Vec<String> = repointed.iter().map(|(_, rule)| name(ground, rule)).collect();
        format!("; {} {} pointed to {new}", names.join(" and "), if names.len() == 1 { "is" } else { "are" })
    };
    let ready = ground.release.track(to).map_or(0, |track| track.replicas.ready);
    let rules = count(i64::try_from(weighed.len() + repointed.len()).unwrap_or(i64::MAX), "rule");
    let written = Written {
        patch,
        back: lists.iter().map(|list| (*list).to_owned()).collect(),
        fenced_on: lists.iter().map(|list| (*list).to_owned()).collect(),
        fence: "only if all of its rules are as shown",
        title: format!("all traffic to {new}"),
        direction: Direction::Back,
        then: format!("{new} gets everything, {} ({rules}){pointed}", takes_effect(key.kind)),
        warnings,
        risk: if ready > 0 { Risk::Low } else { Risk::High },
        inverse: format!("{old} as before while the rules are untouched"),
    };
    Ok(plan(ground, intent, context, written))
}

/// A rule's list of destinations that sends to the side in `role` only: cut from a rule that sends there, its weight left
/// out (an only destination needs none).
pub fn destination(ground: &Ground<'_>, role: Role) -> Option<Box<RawValue>> {
    ground.rules().find_map(|(split, rule)| {
        let place = split.shares.iter().position(|share| share.role == Some(role))?;
        let index = rule.destinations.get(place)?.index;
        let own = ground.root.at(&format!("{}/{index}", destinations_pointer(rule)))?;
        RawValue::from_string(format!("[{}]", without(own, "/weight").get())).ok()
    })
}
