//! Back to the template of an earlier revision, in one write on the object that holds the template.

use super::fence::has_template;
use super::path::{Path, Target, path};
use super::plan::{Asked, finish_template};
use super::{kubectl, template};
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::history::Evidence;
use crate::domain::intent::{PausedUndo, UndoTo};
use crate::domain::plan::{Inverse, InversePart, InverseSteps, Operation, Patch, Refusal, Wait};
use crate::domain::said::RETRY;
use crate::domain::{Direction, Kind, Plan, RawObject, Revision};
use crate::strategy::taking_back::{PAUSED, TEMPLATE};
use crate::strategy::workload::plan::patch;
use crate::strategy::workload::undo::{forward_again, nothing_known, truth};
use crate::strategy::workload::version::version;
use crate::strategy::workload::words::some_of;
use crate::strategy::workload::{diff, needs, template as plain};
use crate::strategy::{best_to_go_back_to, previous};
use serde_json::value::RawValue;

/// The plan of an undo.
pub fn plan(asked: &Asked<'_>, to: UndoTo, paused: PausedUndo) -> Result<Plan, Refusal> {
    let revision = resolve(asked, to)?;
    let name = asked.key().target();
    let set = &asked.details.revisions[&revision];
    let unreadable = || Refusal::because(format!("the template of revision {revision} of {name} can't be read"));
    let new = template::of_set(set).ok_or_else(unreadable)?;
    let images = plain::own_images(&new);
    let target = Target::read(set, version(&images));
    if asked.stand.observed && target.hash.is_some() && target.hash == asked.stand.current {
        let why = if asked.stand.aborted { format!("; it was aborted: {RETRY} tries it again") } else { String::new() };
        return Err(Refusal::unchanged(format!("{name} is at revision {revision} already{why}")));
    }
    let holder = holder(asked)?;
    let old = plain::current(holder).ok_or_else(unreadable)?;
    let resume = paused == PausedUndo::Resume && asked.stand.held;
    let write = Patch::of(holder).test(TEMPLATE).replace(TEMPLATE, std::sync::Arc::clone(&new));
    let own = holder.key == *asked.key();
    let write = if resume && own { write.replace(PAUSED, truth(false)) } else { write };
    let mut calls = vec![patch(write.call(), "only if its template is as shown")];
    if resume && !own {
        let unpause = Patch::of(&asked.details.root).test(PAUSED).replace(PAUSED, truth(false));
        calls.push(patch(unpause.call(), "only if it is held"));
    }
    let way = path(asked.release, &target, asked.context.now).unwrap_or_else(|| Path {
        then: "what follows is not known: its strategy is neither canary nor blueGreen".into(),
        takes: None,
        alone: false,
        warnings: Vec::new(),
    });
    let entry = asked.release.history.iter().find(|entry| entry.object == set.key);
    let forward = entry.is_some_and(|entry| entry.hash.is_some() && entry.hash == asked.context.left_by_undo);
    let mut warnings = way.warnings;
    if !own {
        warnings.insert(0, format!("its template is in {}: that is what is written", holder.key.target()).into());
    }
    warnings.extend(forward.then(|| forward_again(revision)));
    warnings.extend(entry.and_then(|entry| nothing_known(entry, asked.context)));
    let held = asked.stand.held && !resume;
    let tree = plain::parsed(&new).unwrap_or_default();
    finish_template(
        asked,
        crate::strategy::workload::plan::Draft {
            title: format!("revision {revision}{}", if resume { ", and resume" } else { "" }),
            direction: if forward { Direction::Forward } else { Direction::Back },
            calls,
            until: if way.alone && !held { Wait::Settled } else { Wait::Observed },
            inverse: inverse(asked, (holder, old), resume, if forward { Direction::Back } else { Direction::Forward }),
            forecast: Forecast { then: way.then.into(), takes: way.takes, warnings, ..Forecast::default() },
            risk: Risk::Medium,
            diff: changes(asked, old, &new, resume),
            needs: needs::needs(&tree, &asked.key().namespace),
            kubectl: vec![kubectl::undo(asked.key(), revision)],
        },
    )
}

/// The object that holds the template: the Rollout, or the workload that it refers to.
pub fn holder<'a>(asked: &'a Asked<'_>) -> Result<&'a RawObject, Refusal> {
    let Some(target) = &asked.rollout.workload_ref else { return Ok(&asked.details.root) };
    let words = target.words();
    let key = asked.rollout.template_key().filter(|key| has_template(key.kind)).ok_or_else(|| {
        Refusal::because(format!(
            "the template of {} is in {words}, which can't be written from here",
            asked.key().target()
        ))
    })?;
    asked.details.object(&key).ok_or_else(|| {
        Refusal::because(format!("the template of {} is in {words}, which can't be read", asked.key().target()))
    })
}

fn inverse(asked: &Asked<'_>, (holder, old): (&RawObject, &RawValue), resumed: bool, direction: Direction) -> Inverse {
    let mut operations = vec![Operation::Replace { path: TEMPLATE.into(), value: old.to_owned().into() }];
    let hold = Operation::Add { path: PAUSED.into(), value: truth(true) };
    let mut also = Vec::new();
    if resumed && holder.key == *asked.key() {
        operations.push(hold);
    } else if resumed {
        also.push(InversePart {
            target: asked.key().clone(),
            operations: vec![hold],
            fenced_on: vec![PAUSED.into()],
            subresource: None,
        });
    }
    Inverse::Exact(InverseSteps {
        subresource: None,
        also,
        target: holder.key.clone(),
        operations,
        fenced_on: vec![TEMPLATE.into()],
        words: format!("back to {} while the template is untouched", asked.new).into(),
        direction,
    })
}

/// The change in words. The API server fills defaults into a ReplicaSet's template but not into a Rollout's, so two
/// ReplicaSets are compared wherever the current one is known.
fn changes(asked: &Asked<'_>, old: &RawValue, new: &RawValue, resume: bool) -> Vec<crate::domain::plan::Change> {
    let now = asked.stand.current.as_ref().filter(|_| asked.stand.observed);
    let set = now.and_then(|hash| {
        let of = |set: &&RawObject| {
            set.value::<String>("/metadata/labels/rollouts-pod-template-hash").as_deref() == Some(&**hash)
        };
        asked.details.revisions.values().find(of)
    });
    let mut changes = match set.and_then(template::of_set) {
        Some(old) => diff::templates(&old, new),
        None => diff::templates(old, new),
    };
    if resume {
        changes.push(diff::value("paused", Some("true"), Some("false")));
    }
    changes
}

/// The revision that `to` names.
fn resolve(asked: &Asked<'_>, to: UndoTo) -> Result<Revision, Refusal> {
    let name = asked.key().target();
    let has = || {
        let names: Vec<String> = asked.details.revisions.keys().rev().map(ToString::to_string).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if names.is_empty() { "it has none".to_owned() } else { format!("it has {}", some_of(&names, 8)) }
    };
    if let UndoTo::Number(number) = to {
        return by_number(asked, number)
            .ok_or_else(|| Refusal::because(format!("{name} has no revision {number}; {}", has())));
    }
    if !asked.stand.observed {
        return Err(Refusal::read_again(format!(
            "the controller is still taking in the last change of {name}; try again in a moment, or name the revision"
        )));
    }
    let history = &asked.release.history;
    let current = history.iter().find(|entry| entry.hash.is_some() && entry.hash == asked.stand.current);
    let found = match to {
        UndoTo::Best => {
            let stable = history.iter().find(|entry| asked.stand.in_flight() && entry.hash == asked.stand.stable);
            stable.map(|entry| entry.revision).or_else(|| best_to_go_back_to(history))
        }
        UndoTo::Previous => previous(history, current.map(|entry| entry.revision)),
        UndoTo::LastGood => {
            let good =
                history.iter().filter(|entry| matches!(entry.evidence, Evidence::Recorded { .. }) && !entry.current);
            good.map(|entry| entry.revision).max()
        }
        UndoTo::Number(_) => None,
    };
    let none = match to {
        UndoTo::LastGood => format!("no revision of {name} is recorded as good in the journal; name one by its number"),
        UndoTo::Best | UndoTo::Previous | UndoTo::Number(_) => format!("{name} has no earlier revision to go back to"),
    };
    let found = found.ok_or_else(|| Refusal::because(none))?;
    // Argo numbers a template anew when it comes back: the history and the bytes may be of two moments.
    by_object(asked, found)
        .ok_or_else(|| Refusal::read_again(format!("the revisions of {name} were numbered anew just now; look again")))
}

/// By number, else by an earlier number of the same template.
fn by_number(asked: &Asked<'_>, number: Revision) -> Option<Revision> {
    let revisions = &asked.details.revisions;
    if revisions.contains_key(&number) {
        return Some(number);
    }
    let has_alias = |set: &RawObject| {
        set.value::<String>("/metadata/annotations/rollout.argoproj.io~1revision-history")
            .is_some_and(|list| list.split(',').any(|alias| alias.trim().parse() == Ok(number.0)))
    };
    revisions.iter().find(|(_, set)| has_alias(set)).map(|(revision, _)| *revision)
}

/// The number that the bytes have for the ReplicaSet that the history has as `revision`.
fn by_object(asked: &Asked<'_>, revision: Revision) -> Option<Revision> {
    let entry = asked.release.history.iter().find(|entry| entry.revision == revision)?;
    let same =
        asked.details.revisions.iter().find(|(_, set)| set.key == entry.object && set.key.kind == Kind::ReplicaSet);
    same.map(|(revision, _)| *revision)
}
