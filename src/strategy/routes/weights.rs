//! Moving weights: the next rung, a number, everything.

use super::draft::{Ground, Written, capacity, name, plan, share_of, takes_effect};
use super::shape::picks_users;
use crate::domain::forecast::Risk;
use crate::domain::intent::{RuleRef, Standing};
use crate::domain::plan::{Patch, Refusal, json, null};
use crate::domain::release::Role;
use crate::domain::said::{PROMOTE, SET_WEIGHT};
use crate::domain::traffic::route::Rule;
use crate::domain::traffic::view::RuleSplit;
use crate::domain::{Direction, Intent, Plan, Release, Str};
use crate::strategy::Context;
use crate::strategy::traffic::ladder::{next, spread, stands_at};
use crate::strategy::workload::words::{clip, count};

/// A rule with the weights that it gets.
#[derive(Debug)]
pub struct Move<'a> {
    /// The rule's shares.
    pub split: &'a RuleSplit,
    /// The rule.
    pub rule: &'a Rule,
    /// The share of the side in question now.
    pub from: u8,
    /// Its share afterwards.
    pub to: u8,
    /// A weight for every destination, in the rule's order.
    pub weights: Vec<u8>,
}

/// The weights of a rule when the sides in `role` get `share` per cent of it: the rest stays as it is among the others.
/// They always sum to 100.
pub fn weights(split: &RuleSplit, role: Role, share: u8) -> Vec<u8> {
    let written = |place: usize| split.shares[place].written.unwrap_or(0);
    let own: Vec<usize> = (0..split.shares.len()).filter(|place| split.shares[*place].role == Some(role)).collect();
    let others: Vec<usize> = (0..split.shares.len()).filter(|place| !own.contains(place)).collect();
    let mut weights = vec![0; split.shares.len()];
    let mut give = |places: &[usize], total: u8, main: Option<Role>| {
        let mut now: Vec<i64> = places.iter().map(|place| written(*place).max(0)).collect();
        if now.iter().all(|weight| *weight == 0) {
            let of_main = |place: &usize| i64::from(main.is_none() || split.shares[*place].role == main);
            now = places.iter().map(of_main).collect();
        }
        for (place, weight) in places.iter().zip(spread(total, &now)) {
            weights[*place] = weight;
        }
    };
    give(&own, share, None);
    let main = if role == Role::Stable { Role::Idle } else { Role::Stable };
    give(&others, 100 - share, Some(main));
    weights
}

/// The steered rules (or the one asked for) in which the sides in `role` have another share than `to` gives them. `to`
/// answers `None` for a rule that is to stay.
pub fn moves<'a>(
    ground: &Ground<'a>,
    role: Role,
    only: Option<&RuleRef>,
    to: impl Fn(u8) -> Option<u8>,
) -> Result<Vec<Move<'a>>, Refusal> {
    let asked_for =
        |split: &RuleSplit| only.is_none_or(|only| only.pointer == split.pointer && only.route == split.route);
    if let Some(only) = only
        && !ground.rules().any(|(split, _)| asked_for(split) && split.steered)
    {
        let (pointer, key) = (clip(&only.pointer, 60), &ground.release.key);
        return Err(Refusal::because(format!("{key} has no rule with weights at {pointer}")));
    }
    let steered = ground.rules().filter(|(split, _)| split.steered && asked_for(split));
    let moves = steered.filter_map(|(split, rule)| {
        let from = share_of(split, role)?;
        let to = to(from).filter(|to| *to != from)?;
        Some(Move { split, rule, from, to, weights: weights(split, role, to) })
    });
    Ok(moves.collect())
}

/// The share of the side in question: of one rule, or where the release stands.
fn standing(ground: &Ground<'_>, role: Role, only: Option<&RuleRef>) -> Option<u8> {
    match only {
        Some(only) => {
            let rule = ground.rules().find(|(split, _)| split.pointer == only.pointer && split.route == only.route);
            rule.and_then(|(split, _)| share_of(split, role))
        }
        None => ground.release.track(role).and_then(|track| track.weight.asked),
    }
}

/// The next rung.
pub fn advance(
    ground: &Ground<'_>,
    from: Option<Standing>,
    only: Option<&RuleRef>,
    intent: &Intent,
    context: &Context,
) -> Result<Plan, Refusal> {
    let role = ground.subject();
    let asked = standing(ground, role, only);
    stands_at(ground.release, asked, from)?;
    ground.open()?;
    let key = &ground.release.key;
    let ladder = ground.release.step.as_ref().map(|step| step.weights.clone()).unwrap_or_default();
    let asked = asked.ok_or_else(|| Refusal::because(format!("{key} has no rule with weights to move")))?;
    if role != Role::Candidate {
        let why = format!("there is no next step: all of {key} goes to {} already", ground.version(Role::Stable));
        return Err(Refusal::because(why));
    }
    let rung = next(&ladder, asked).ok_or_else(|| Refusal::because(top(ground, asked)))?;
    // Together, every rule that is behind goes one rung of its own, and none further than the release.
    let moves =
        moves(ground, role, only, |share| (share < rung).then(|| next(&ladder, share).unwrap_or(rung).min(rung)))?;
    let step = ladder.iter().position(|weight| *weight == rung).map_or(0, |place| place + 1);
    write(ground, intent, context, moves, format!("{asked} → {rung} %, step {step} of {}", ladder.len()))
}

/// Why there is no rung above the top.
fn top(ground: &Ground<'_>, asked: u8) -> String {
    let behind = ground
        .rules()
        .find(|(split, _)| split.steered && share_of(split, Role::Candidate).is_some_and(|share| share < asked));
    let more = behind
        .map(|(_, rule)| format!("; {} is behind: {SET_WEIGHT} moves it, {PROMOTE} moves all", name(ground, rule)));
    format!("there is no next step: {} stands at {asked} %, the top{}", ground.release.key, more.unwrap_or_default())
}

/// So many per cent to the candidate.
pub fn set(
    ground: &Ground<'_>,
    weight: u8,
    only: Option<&RuleRef>,
    intent: &Intent,
    context: &Context,
) -> Result<Plan, Refusal> {
    if weight > 100 {
        return Err(Refusal::because(format!("{weight} % can't be: name a weight from 0 to 100")));
    }
    let moves = moves(ground, ground.subject(), only, |_| Some(weight))?;
    let forward = moves.iter().any(|change| change.to > change.from);
    if forward {
        ground.open()?;
    }
    write(ground, intent, context, moves, format!("{weight} % to {}", ground.version(ground.subject())))
}

/// Everything to the candidate.
pub fn promote(ground: &Ground<'_>, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
    ground.open()?;
    let key = &ground.release.key;
    if ground.subject() != Role::Candidate {
        let why = format!("all of {key} goes to {} already", ground.version(Role::Stable));
        return Err(Refusal::unchanged(why));
    }
    let moves = moves(ground, Role::Candidate, None, |_| Some(100))?;
    write(ground, intent, context, moves, format!("100 % to {}", ground.version(Role::Candidate)))
}

/// The plan of moved weights: each rule is fenced as a whole, and every weight of it is written.
pub fn write(
    ground: &Ground<'_>,
    intent: &Intent,
    context: &Context,
    moves: Vec<Move<'_>>,
    title: String,
) -> Result<Plan, Refusal> {
    let role = ground.subject();
    let key = &ground.release.key;
    if moves.is_empty() {
        if !ground.rules().any(|(split, _)| split.steered) {
            return Err(Refusal::because(nothing_to_steer(ground.release)));
        }
        return Err(Refusal::unchanged(format!("the weights of {key} are so already")));
    }
    let forward = moves.iter().any(|change| change.to > change.from);
    let ready = ground.release.track(role).map_or(0, |track| track.replicas.ready);
    if forward && role == Role::Candidate && ready <= 0 {
        let version = ground.version(role);
        return Err(Refusal::because(format!("{version} has no ready pod, so {key} can't go forward to it")));
    }
    let direction = if forward { Direction::Forward } else { Direction::Back };
    let fenced = moves.iter().fold(Patch::of(ground.root), |patch, change| patch.test(&change.rule.pointer));
    let patch = moves.iter().fold(fenced, |patch, change| {
        let placed = change.rule.destinations.iter().zip(&change.weights);
        placed.fold(patch, |patch, (destination, weight)| {
            patch.add(&change.rule.weight_pointer(destination.index), json(weight).unwrap_or_else(null))
        })
    });
    let most = moves.iter().map(|change| change.to).max().unwrap_or(0);
    let least = moves.iter().map(|change| change.to).min().unwrap_or(0);
    let other = if role == Role::Candidate { Role::Stable } else { Role::Idle };
    let mut warnings: Vec<Str> =
        [capacity(ground, role, most), capacity(ground, other, 100 - least)].into_iter().flatten().collect();
    warnings.extend(left_out(ground, &moves));
    let risk = if ready <= 0 && most > 0 || most == 100 { Risk::Medium } else { Risk::Low };
    let was: Vec<String> = moves.iter().map(|change| format!("{} %", change.from)).collect();
    let rules = count(i64::try_from(moves.len()).unwrap_or(i64::MAX), "rule");
    let host = moves.first().map(|change| change.split.host.clone()).unwrap_or_default();
    let effect = takes_effect(key.kind);
    let then = if most == least {
        format!("{} gets {most} % of {host} ({rules}), {effect}; it had {}", ground.version(role), unique(was))
    } else {
        let each = moves.iter().map(|it| format!("{} {} → {} %", name(ground, it.rule), it.from, it.to));
        format!("{} of {host}, {effect}: {}", ground.version(role), each.collect::<Vec<_>>().join(", "))
    };
    let back: Vec<String> = moves.iter().map(|change| super::draft::destinations_pointer(change.rule)).collect();
    let fenced_on = moves.iter().map(|change| change.rule.pointer.to_string()).collect();
    let from = moves.iter().map(|change| change.from).min().unwrap_or(0);
    let written = Written {
        patch,
        back,
        fenced_on,
        fence: if moves.len() == 1 { "only if its rule is as shown" } else { "only if its rules are as shown" },
        title,
        direction,
        then,
        warnings,
        risk,
        inverse: format!(
            "back to {from} % while {} untouched",
            if moves.len() == 1 { "the rule is" } else { "the rules are" }
        ),
    };
    Ok(plan(ground, intent, context, written))
}

fn unique(mut words: Vec<String>) -> String {
    words.dedup();
    words.join(" and ")
}

/// Why a route has nothing to move.
pub fn nothing_to_steer(release: &Release) -> String {
    format!("no rule of {} has destinations of both versions: add the other one with weight 0 first", release.key)
}

/// Rules that this write does not move, though they send to the candidate.
fn left_out(ground: &Ground<'_>, moves: &[Move<'_>]) -> Vec<Str> {
    let moved = |rule: &Rule| moves.iter().any(|change| change.rule.pointer == rule.pointer);
    let left = ground.rules().filter(|(split, rule)| {
        !moved(rule) && !split.steered && split.shares.iter().any(|share| share.role == Some(Role::Candidate))
    });
    left.map(|(split, rule)| {
        let who = if split.requests.is_empty() { "every request".to_owned() } else { clip(&split.requests, 60) };
        let kind = if picks_users(rule) { ", an A/B rule," } else { "" };
        format!("{}{kind} goes on sending {who} to {}", name(ground, rule), ground.version(Role::Candidate)).into()
    })
    .collect()
}
