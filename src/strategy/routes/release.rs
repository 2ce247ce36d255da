//! Puts a release of a route together.

use super::draft::share_of;
use super::notices;
use super::reading::Reading;
use crate::domain::objects::Objects;
use crate::domain::release::{Generation, HealthReason, Role, Step, StrategyKind};
use crate::domain::said::{ABORT, ADVANCE, YAML};
use crate::domain::state::Verdict;
use crate::domain::traffic::route::Parent;
use crate::domain::traffic::view::{Countdown, Mover, Rows, RuleSplit, Traffic, WaitingFor};
use crate::domain::workload::UpdateStrategy;
use crate::domain::{Kind, ObjectKey, Release, State, Str};
use crate::strategy::Derive;
use crate::strategy::traffic::ladder::next;
use crate::strategy::traffic::part::Part;
use crate::strategy::traffic::rules;
use crate::strategy::traffic::standing::{self, Standing};
use crate::strategy::workload::managers;
use crate::strategy::workload::words::{count, stop};
use std::sync::Arc;

/// The release of a route whose rules are read already. `of_traffic` is what the strategy itself makes of a route whose
/// workloads are well: its state in words.
pub fn derive(kind: StrategyKind, why: &str, reading: Reading, objects: &dyn Objects, context: &Derive<'_>) -> Release {
    let route = Arc::clone(&reading.route);
    let meta = &route.meta;
    let blocked = notices::blocked(&reading, objects);
    let notices = notices::notices(&reading, objects);
    let parts: Vec<(Role, u8, &Part)> = reading.parts.iter().map(|(role, asked, part)| (*role, *asked, part)).collect();
    let observed = observed(&route.parents, meta.generation);
    let last_write = meta.traffic_writer().map(|writer| (writer.manager.clone(), writer.at));
    let of_parts = reading.parts.iter().flat_map(|(_, _, part)| &part.own.management);
    let management = managers::joined(managers::of(meta.into()), of_parts);
    let main = reading.parts.iter().find(|(role, ..)| *role == Role::Candidate).or_else(|| reading.parts.first());
    let subject = main.map(|(_, asked, part)| (*asked, part));
    let ladder = reading.marks.ladder.clone().unwrap_or_else(|| context.settings.ladder.clone());
    let step = (!reading.test).then(|| {
        let mut step = Step::on_ladder(ladder, subject.map(|(asked, _)| asked));
        step.since = last_write.as_ref().and_then(|(_, at)| *at);
        step.next = next_words(&reading, &step.weights, subject.map_or(0, |(asked, _)| asked)).into();
        step
    });
    let split =
        step.is_some() && main.is_some_and(|(role, _, part)| *role == Role::Candidate && reading.is_split(part));
    let waiting =
        split.then(|| WaitingFor { what: "the next step".into(), since: last_write.as_ref().and_then(|(_, at)| *at) });
    let refused = notices::refused(&route.parents, meta.generation);
    let own = blocked.iter().filter(|why| !refused.contains(why));
    let faults: Vec<Str> = refused.iter().chain(own).cloned().collect();
    let parts_stand = standing::of_parts(&parts);
    let mut standing = stands(&reading, parts_stand, &faults, observed < meta.generation, waiting.as_ref());
    // Since the last word on where traffic goes, where no workload has a younger one.
    standing.since = standing.since.or_else(|| last_write.as_ref().and_then(|(_, at)| *at));
    let more = faults.iter().map(|why| HealthReason { verdict: Verdict::Bad, text: stop(why).into() });
    let health = standing::health(&parts, more.collect());
    let mover =
        management.iter().find(|it| it.manager.is_gitops()).map_or(Mover::Person, |it| Mover::GitOps(it.manager));
    let destination_rules = rules::of_services(&route.services(), objects);
    let services: Vec<_> = route.services().iter().filter_map(|key| objects.service(key).cloned()).collect();
    let sides = reading.parts.iter().map(|(role, _, part)| {
        let own: Vec<_> =
            part.own.services.iter().filter(|own| services.iter().any(|it| it.key == own.key)).cloned().collect();
        let pods: Vec<_> = part.own.pods().cloned().collect();
        let endpoints = own.first().map(|service| objects.addresses_of(&service.key, &pods)).unwrap_or_default();
        part.side(*role, own, endpoints)
    });
    let sides = sides.collect();
    let mut members: Vec<ObjectKey> = vec![meta.key.clone()];
    members.extend(route.services());
    members.extend(route.delegates());
    members.extend(objects.routes_delegating_to(&meta.key).iter().map(|parent| parent.meta.key.clone()));
    members.extend(destination_rules.iter().map(|rule| rule.meta.key.clone()));
    members.extend(reading.parts.iter().flat_map(|(_, _, part)| part.own.members.iter().cloned()));
    let mut once = std::collections::HashSet::new();
    members.retain(|key| once.insert(key.clone()));
    let own = main.map(|(_, _, part)| Arc::clone(&part.own));
    let mut unreadable = meta.unreadable.clone();
    unreadable.extend(reading.parts.iter().flat_map(|(_, _, part)| part.own.unreadable.iter().cloned()));
    let recheck_at = reading.parts.iter().filter_map(|(_, _, part)| part.own.recheck_at).min();
    let tracks = reading.parts.iter().map(|(role, asked, part)| part.track(*role, weight(kind, *asked))).collect();
    let replicas = standing::replicas(&reading.parts.iter().map(|(_, _, part)| part.clone()).collect::<Vec<_>>());
    let budgets = reading.parts.iter().flat_map(|(_, _, part)| part.own.budgets.iter().cloned()).collect();
    Release {
        key: meta.key.clone(),
        uid: meta.uid.clone(),
        strategy: kind,
        why: why.into(),
        state: standing.state,
        held: false,
        reason: standing.reason,
        remedy: standing.remedy,
        since: standing.since,
        recheck_at,
        stuck: reading.parts.iter().any(|(_, _, part)| part.own.stuck),
        selector: "".into(),
        tracks,
        revision: own.as_ref().and_then(|own| own.revision),
        change_cause: own.as_ref().and_then(|own| own.change_cause.clone()),
        step,
        replicas,
        update: own.as_ref().map_or(UpdateStrategy::Recreate, |own| own.update.clone()),
        progress: reading.parts.iter().find_map(|(_, _, part)| part.own.progress.clone()),
        outage: reading.parts.first().and_then(|(_, _, part)| part.own.outage),
        history: own.as_ref().map(|own| own.history.clone()).unwrap_or_default(),
        back_to: own.as_ref().and_then(|own| own.back_to),
        health,
        management,
        writers: meta.writers.clone(),
        autoscaler: None,
        budgets,
        services,
        members,
        generation: Generation { spec: meta.generation, observed },
        unreadable,
        measured_by: None,
        pods_unread: None,
        doubt: None,
        traffic: Some(Arc::new(Traffic {
            mover,
            holder: Some(meta.key.clone()),
            last_write,
            rules: reading.rules,
            switch: None,
            groups: Vec::new(),
            countdowns: Vec::<Countdown>::new(),
            waiting,
            checks: Vec::new(),
            notices,
            blocked,
            rows: Rows { sides, routes: vec![route], destination_rules, ..Rows::default() },
        })),
    }
}

/// An A/B test asks for no weights: matches choose.
fn weight(kind: StrategyKind, asked: u8) -> crate::domain::release::Weight {
    if kind.0 == super::super::ab_test::NAME {
        crate::domain::release::Weight::default()
    } else {
        Reading::weight(asked)
    }
}

/// The generation that every parent's controller has said something about; the route's own where none reports.
fn observed(parents: &[Parent], generation: i64) -> i64 {
    let seen = parents.iter().filter_map(|parent| Some(parent.accepted.as_ref()?.observed.unwrap_or(generation)));
    seen.min().unwrap_or(generation)
}

fn stands(
    reading: &Reading,
    parts: Option<Standing>,
    faults: &[Str],
    unobserved: bool,
    waiting: Option<&WaitingFor>,
) -> Standing {
    let worst = parts.as_ref().filter(|standing| standing.state <= State::Degraded).cloned();
    if let Some(worst) = worst {
        return worst;
    }
    let of = |state, reason: String, remedy: String, since| Standing {
        state,
        reason: reason.into(),
        remedy: remedy.into(),
        since,
    };
    if let Some(fault) = faults.first() {
        let both = [Role::Candidate, Role::Stable].map(|role| reading.parts.iter().any(|(own, ..)| *own == role));
        let remedy = match both {
            [true, true] => format!("{YAML} shows the route as it is; {ABORT} still goes back to stable."),
            // There is nothing that it could go back to, or from.
            [_, _] => format!("{YAML} shows the route as it is."),
        };
        return of(State::Degraded, stop(fault), remedy, None);
    }
    if unobserved {
        return of(
            State::Progressing,
            "The route's controller has not seen the last change yet.".to_owned(),
            String::new(),
            None,
        );
    }
    if let Some(waiting) = waiting {
        let told = |role| reading.parts.iter().find(move |(own, ..)| *own == role);
        let (asked, version) =
            told(Role::Candidate).map_or((0, "?".into()), |(_, asked, part)| (*asked, part.version()));
        let reason = format!("{version} takes {asked} % and waits for a person.");
        return of(State::Waiting, reason, format!("{ADVANCE} advances, {ABORT} goes back to stable."), waiting.since);
    }
    parts.unwrap_or_else(|| of(State::Healthy, at_rest(reading), String::new(), None))
}

fn at_rest(reading: &Reading) -> String {
    let stable = reading.parts.iter().find(|(role, ..)| *role == Role::Stable);
    let other = reading.parts.iter().find(|(role, ..)| *role != Role::Stable);
    match (stable, other) {
        (Some((_, _, stable)), Some((Role::Candidate, 0, other))) => {
            format!("All traffic goes to {}; {} waits at 0 %.", stable.version(), other.version())
        }
        (Some((_, _, stable)), Some((Role::Idle, _, other))) => {
            format!("All traffic goes to {}; {} is kept.", stable.version(), other.version())
        }
        (Some((_, _, stable)), Some((_, _, other))) => {
            format!("{} and {} serve.", stable.version(), other.version())
        }
        (Some((_, _, stable)), None) => format!("All traffic goes to {}.", stable.version()),
        (None, _) => "No workload stands behind this route.".to_owned(),
    }
}

/// What the next advance does: `20 % → 50 % of myapp.com, 2 rules, by Istio`.
fn next_words(reading: &Reading, ladder: &[u8], asked: u8) -> String {
    let Some(rung) = next(ladder, asked) else { return String::new() };
    let behind =
        |split: &&RuleSplit| split.steered && share_of(split, Role::Candidate).is_some_and(|share| share < rung);
    let rules = reading.rules.iter().filter(behind).count();
    if rules == 0 {
        return String::new();
    }
    let by = if reading.route.meta.key.kind == Kind::VirtualService { "Istio" } else { "the Gateway" };
    let rules = count(i64::try_from(rules).unwrap_or(i64::MAX), "rule");
    format!("{asked} % → {rung} % of {}, {rules}, by {by}", reading.host())
}
