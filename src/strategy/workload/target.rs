//! Which revision an undo goes to, found in the bytes just read.

use super::template;
use super::words::some_of;
use crate::domain::history::{Evidence, HistoryEntry, RevisionReplicas};
use crate::domain::intent::UndoTo;
use crate::domain::plan::Refusal;
use crate::domain::{Details, Kind, RawObject, Release, Revision};
use crate::strategy::{best_to_go_back_to, previous};

/// The revision that the root's template stands for; `None` while no revision stands for it (paused with a pending
/// template).
pub fn current(details: &Details) -> Option<Revision> {
    let now = template::current(&details.root)?;
    let stands_for = |revision: &RawObject| template::of_revision(revision).is_some_and(|it| template::same(&it, now));
    let equal = details.revisions.iter().rev().find(|(_, object)| stands_for(object)).map(|(revision, _)| *revision);
    equal.or_else(|| named_by_the_controller(details))
}

/// A ControllerRevision keeps the template as an older server wrote it, so that one with newer defaults may differ; then
/// the status tells.
fn named_by_the_controller(details: &Details) -> Option<Revision> {
    match details.root.key.kind {
        Kind::StatefulSet => {
            let name = details.root.value::<String>("/status/updateRevision")?;
            details.revisions.iter().find(|(_, object)| *object.key.name == *name).map(|(revision, _)| *revision)
        }
        Kind::DaemonSet => details.revisions.keys().next_back().copied(),
        _ => None,
    }
}

/// Refuses with "read again" while the controller is at work on an earlier change: its revisions may then be numbered
/// already while the root still tells the number before, and "previous" would be the newest.
pub fn settled_numbers(release: &Release, details: &Details) -> Result<(), Refusal> {
    let root = &details.root;
    let generation = root.value::<i64>("/metadata/generation").unwrap_or(0);
    let observed = root.value::<i64>("/status/observedGeneration").unwrap_or(0);
    let highest = details.revisions.iter().next_back();
    let told = match root.key.kind {
        Kind::Deployment => root
            .value::<String>("/metadata/annotations/deployment.kubernetes.io~1revision")
            .and_then(|n| n.parse().ok())
            .map(Revision),
        _ => None,
    };
    let ahead = match (root.key.kind, highest) {
        (Kind::Deployment, Some((highest, _))) => told.is_none_or(|told| *highest > told),
        (Kind::StatefulSet, Some((_, object))) => {
            root.value::<String>("/status/updateRevision").is_some_and(|name| *name != *object.key.name)
        }
        _ => false,
    };
    if observed < generation || ahead {
        let key = &release.key;
        return Err(Refusal::read_again(format!(
            "the controller is still taking in the last change of {key}; try again in a moment, or name the revision"
        )));
    }
    Ok(())
}

/// Finds the revision that `to` names, in what was read.
pub fn resolve(release: &Release, details: &Details, to: UndoTo) -> Result<Revision, Refusal> {
    let current = current(details);
    let history = history(release, details, current);
    let key = &release.key;
    match to {
        UndoTo::Number(number) => by_number(details, number).ok_or_else(|| {
            let names: Vec<String> = details.revisions.keys().rev().map(ToString::to_string).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let has =
                if names.is_empty() { "it has none".to_owned() } else { format!("it has {}", some_of(&names, 8)) };
            Refusal::because(format!("{key} has no revision {number}; {has}"))
        }),
        UndoTo::Best => {
            settled_numbers(release, details)?;
            best_to_go_back_to(&history).ok_or_else(|| nothing_below(release))
        }
        UndoTo::Previous => {
            settled_numbers(release, details)?;
            previous(&history, current).ok_or_else(|| nothing_below(release))
        }
        UndoTo::LastGood => {
            settled_numbers(release, details)?;
            let good = history
                .into_iter()
                .filter(|entry| matches!(entry.evidence, Evidence::Recorded { .. }) && !entry.current);
            good.map(|entry| entry.revision).max().ok_or_else(|| {
                Refusal::because(format!(
                    "no revision of {key} is recorded as good in the journal; name one by its number"
                ))
            })
        }
    }
}

fn nothing_below(release: &Release) -> Refusal {
    Refusal::because(format!("{} has no earlier revision to go back to", release.key))
}

/// By number, else by an earlier number of the same template (`deployment.kubernetes.io/revision-history`).
fn by_number(details: &Details, number: Revision) -> Option<Revision> {
    if details.revisions.contains_key(&number) {
        return Some(number);
    }
    let has_alias = |object: &RawObject| {
        object
            .value::<String>("/metadata/annotations/deployment.kubernetes.io~1revision-history")
            .is_some_and(|list| list.split(',').any(|alias| alias.trim().parse() == Ok(number.0)))
    };
    details.revisions.iter().find(|(_, object)| has_alias(object)).map(|(revision, _)| *revision)
}

/// The history with the numbers just read, and the evidence that the release has for the same objects.
fn history(release: &Release, details: &Details, current: Option<Revision>) -> Vec<HistoryEntry> {
    details
        .revisions
        .iter()
        .map(|(revision, object)| {
            let known = release.history.iter().find(|entry| entry.object == object.key).cloned();
            let blank = || HistoryEntry {
                revision: *revision,
                aliases: Vec::new(),
                object: object.key.clone(),
                hash: None,
                images: Vec::new(),
                change_cause: None,
                created: None,
                replicas: RevisionReplicas::default(),
                current: false,
                serving: false,
                evidence: Evidence::None,
            };
            HistoryEntry { revision: *revision, current: Some(*revision) == current, ..known.unwrap_or_else(blank) }
        })
        .collect()
}
