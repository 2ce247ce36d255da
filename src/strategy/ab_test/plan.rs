//! The plans of an A/B test.

use super::groups::winner;
use crate::domain::forecast::Risk;
use crate::domain::intent::UndoTo;
use crate::domain::plan::{Patch, Refusal, Wait};
use crate::domain::release::Role;
use crate::domain::said::{ABORT, PROMOTE};
use crate::domain::traffic::route::Rule;
use crate::domain::traffic::view::RuleSplit;
use crate::domain::{Details, Direction, Intent, Kind, Plan, Release, Str};
use crate::strategy::Context;
use crate::strategy::routes::abort::destination;
use crate::strategy::routes::draft::{
    Ground, Written, capacity, destinations_pointer, name, plan as finished, takes_effect,
};
use crate::strategy::routes::plan::of_sides;
use crate::strategy::routes::shape::picks_users;
use crate::strategy::routes::undo;
use crate::strategy::traffic::template;
use crate::strategy::workload::words::clip;

/// The plan for `intent` on an A/B test.
pub fn plan(release: &Release, details: &Details, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
    let ground = match intent {
        Intent::Revert(_) => Ground::as_read(release, details)?,
        _ => Ground::of(release, details)?,
    };
    match intent {
        Intent::Abort => end(&ground, intent, context),
        Intent::Promote { winner: named } => promote(&ground, named.as_deref(), intent, context),
        Intent::Undo { to: UndoTo::Best, .. } if running(&ground) => end(&ground, intent, context),
        Intent::Undo { .. } => template::plan(release, undo::main(&ground)?, details, intent, context),
        Intent::Advance { .. }
        | Intent::SetWeight { .. }
        | Intent::Switch { .. }
        | Intent::Pause
        | Intent::Resume
        | Intent::Continue
        | Intent::Skip
        | Intent::Retry => Err(Refusal::because(format!("{} {}: {}", intent.verb(), release.key, no_weights()))),
        other => of_sides(&ground, other, context),
    }
}

/// Why there is nothing to step.
pub fn no_weights() -> String {
    format!("matches choose the version, and no rule has weights: {PROMOTE} promotes a version, {ABORT} ends the test")
}

/// Whether a group still gets another version than everyone else.
fn running(ground: &Ground<'_>) -> bool {
    tested(ground).any(|(split, rule)| picks_users(rule) && role(split) == Some(Role::Candidate))
}

fn role(split: &RuleSplit) -> Option<Role> {
    split.shares.first().and_then(|share| share.role)
}

/// The rules of the test.
fn tested<'a>(ground: &Ground<'a>) -> impl Iterator<Item = (&'a RuleSplit, &'a Rule)> {
    let pointers: Vec<Str> = ground.traffic.groups.iter().map(|group| group.rule.1.clone()).collect();
    ground.rules().filter(move |(split, _)| pointers.contains(&split.pointer))
}

/// Ends the test: the rules that pick out the candidate's groups go.
fn end(ground: &Ground<'_>, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
    let key = &ground.release.key;
    let mut gone: Vec<(&RuleSplit, &Rule)> =
        tested(ground).filter(|(split, rule)| picks_users(rule) && role(split) != Some(Role::Stable)).collect();
    if gone.is_empty() {
        return Err(Refusal::unchanged(format!("no rule of {key} sends a group to another version")));
    }
    let named: Vec<String> =
        gone.iter().map(|(split, rule)| format!("{} ({})", name(ground, rule), clip(&split.requests, 60))).collect();
    let stable = ground.version(Role::Stable);
    // The last first: removing a rule moves those behind it.
    gone.sort_unstable_by_key(|(_, rule)| std::cmp::Reverse(place(rule)));
    let fenced = lists(gone.iter().map(|(_, rule)| *rule));
    let patch = fenced.iter().fold(Patch::of(ground.root), |patch, list| patch.test(list));
    let patch = gone.iter().fold(patch, |patch, (_, rule)| patch.remove(&rule.pointer));
    let written = Written {
        patch,
        back: fenced.clone(),
        fenced_on: fenced,
        fence: "only if all of its rules are as shown",
        title: format!("end the test, everyone gets {stable}"),
        direction: Direction::Back,
        then: format!("{} removed, {}: everyone gets {stable}", named.join(" and "), takes_effect(key.kind)),
        warnings: capacity(ground, Role::Stable, 100).into_iter().collect(),
        risk: Risk::Low,
        inverse: "the same rules again while the others are untouched".to_owned(),
    };
    Ok(after(ground, context, finished(ground, intent, context, written)))
}

/// Gives everyone of the test one version.
fn promote(ground: &Ground<'_>, named: Option<&str>, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
    let key = &ground.release.key;
    let wins = winner(ground.release, named).map_err(|why| Refusal::because(format!("{key}: {why}")))?;
    let version = ground.version(wins);
    let forward = wins != Role::Stable;
    if forward {
        ground.open()?;
        if ground.release.track(wins).is_none_or(|track| track.replicas.ready <= 0) {
            return Err(Refusal::because(format!("{version} has no ready pod, so {key} can't go forward to it")));
        }
    }
    let changed: Vec<(&RuleSplit, &Rule)> = tested(ground).filter(|(split, _)| role(split) != Some(wins)).collect();
    if changed.is_empty() {
        return Err(Refusal::unchanged(format!("everyone of {key} gets {version} already")));
    }
    let target = destination(ground, wins).ok_or_else(|| {
        Refusal::because(format!("no rule of {key} sends to {version}, so none can be pointed there"))
    })?;
    let fenced = lists(changed.iter().map(|(_, rule)| *rule));
    let patch = fenced.iter().fold(Patch::of(ground.root), |patch, list| patch.test(list));
    let patch = changed
        .iter()
        .fold(patch, |patch, (_, rule)| patch.replace(&destinations_pointer(rule), target.clone().into()));
    let names: Vec<String> = changed.iter().map(|(_, rule)| name(ground, rule)).collect();
    let are = if names.len() == 1 { "is" } else { "are" };
    let written = Written {
        patch,
        back: fenced.clone(),
        fenced_on: fenced,
        fence: "only if all of its rules are as shown",
        title: format!("{version} for everyone"),
        direction: if forward { Direction::Forward } else { Direction::Back },
        then: format!(
            "{} {are} pointed to {version}, {}: everyone gets it",
            names.join(" and "),
            takes_effect(key.kind)
        ),
        warnings: capacity(ground, wins, 100).into_iter().collect(),
        risk: Risk::Medium,
        inverse: "the groups as before while the rules are untouched".to_owned(),
    };
    Ok(after(ground, context, finished(ground, intent, context, written)))
}

/// Without subsets nothing tells afterwards that the versions belong together: the release is gone, so there is nothing
/// to wait for, and the person must know.
fn after(ground: &Ground<'_>, context: &Context, mut plan: Plan) -> Plan {
    let subsets = ground.route.meta.key.kind == Kind::VirtualService
        && ground.route.rules.iter().flat_map(|rule| &rule.destinations).any(|to| to.subset.is_some())
        && ground.traffic.rows.destination_rules.iter().any(|rule| rule.subsets.len() > 1);
    let marks = context.settings.marks(&ground.route.meta.key, &ground.route.marks());
    let marked = marks.strategy.is_some();
    if !subsets && !marked {
        plan.until = Wait::Accepted;
        let names: Vec<&str> = ground.traffic.rows.sides.iter().map(|side| &*side.name).collect();
        let more = format!("then it is no test any more: {} are listed by themselves", names.join(" and "));
        plan.forecast.warnings.push(more.into());
    }
    plan
}

fn lists<'a>(rules: impl Iterator<Item = &'a Rule>) -> Vec<String> {
    let mut lists: Vec<String> = rules.map(|rule| rule.list.to_string()).collect();
    lists.sort_unstable();
    lists.dedup();
    lists
}

fn place(rule: &Rule) -> usize {
    rule.pointer.rsplit('/').next().and_then(|place| place.parse().ok()).unwrap_or(0)
}
