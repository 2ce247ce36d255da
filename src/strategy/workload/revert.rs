//! Taking back a write of ours with the inverse that was made ready for it.

use super::forecast::replacing;
use super::plan::{Draft, Part, finish, patch, same_object};
use super::{diff, needs, template};
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::plan::{Call, Inverse, InverseSteps, Operation, ReadyInverse, Refusal, Wait};
use crate::domain::workload::UpdateStrategy;
use crate::domain::{Details, Intent, Plan, RawObject, Release};
use crate::strategy::Context;
use serde_json::value::RawValue;

/// The plan that applies a ready inverse.
pub fn plan(release: &Release, details: &Details, inverse: &ReadyInverse, context: &Context) -> Result<Plan, Refusal> {
    same_object(release, details)?;
    let (key, root) = (&release.key, &details.root);
    if inverse.target != *key {
        return Err(Refusal::because(format!("that write was on {}, not on {key}", inverse.target)));
    }
    let operations: Vec<Operation> = serde_json::from_str(&inverse.operations).map_err(|_| {
        Refusal::because("the way back is not kept in full (it holds secret values); undo by revision instead")
    })?;
    if let Some(path) = operations.iter().find_map(|operation| moved(root, operation)) {
        let what = place(&path);
        return Err(Refusal::because(format!(
            "{what} of {key} changed since that write, so it can't be taken back exactly; U goes back by revision"
        )));
    }
    let new_template = operations.iter().find_map(|operation| match operation {
        Operation::Replace { path, value } | Operation::Add { path, value } if path == "/spec/template" => Some(value),
        _ => None,
    });
    let old_template = template::current(root);
    let (then, takes, warnings, risk) = match new_template {
        Some(new) => {
            let version = super::version::version(&images(new));
            let target = release.tracks.iter().find(|track| track.images == images(new));
            let replaced = replacing(release, details, target, &version);
            (replaced.then, replaced.takes, replaced.warnings, replaced.risk)
        }
        None => (inverse.words.to_string(), None, Vec::new(), Risk::Low),
    };
    let part = match (new_template, operations.iter().any(|operation| operation.path() == "/spec/replicas")) {
        (Some(_), _) => Part::Template,
        (None, true) => Part::Replicas,
        (None, false) => Part::Neither,
    };
    let mut changes = match (old_template, new_template) {
        (Some(old), Some(new)) => diff::templates(old, new),
        _ => Vec::new(),
    };
    changes.extend(operations.iter().filter_map(|operation| small_change(root, operation)));
    let mut fenced: Vec<String> = operations.iter().filter_map(tested).collect();
    fenced.retain(|path| path != "/metadata/uid");
    let back: Vec<Operation> = operations.iter().filter_map(|operation| opposite(root, operation)).collect();
    let parsed = new_template.and_then(|new| template::parsed(new)).unwrap_or_default();
    let draft = Draft {
        title: inverse.words.to_string(),
        direction: inverse.direction,
        calls: vec![patch(
            Call::JsonPatch { target: key.clone(), subresource: None, operations },
            "only if it is still as that write left it",
        )],
        until: if release.update == UpdateStrategy::OnDelete || part == Part::Neither {
            Wait::Observed
        } else {
            Wait::Settled
        },
        inverse: Inverse::Exact(InverseSteps {
            subresource: None,
            also: Vec::new(),
            target: key.clone(),
            operations: back,
            fenced_on: fenced,
            words: "what that write did, again".into(),
            direction: inverse.direction.opposite(),
        }),
        forecast: Forecast { then: then.into(), takes, warnings, ..Forecast::default() },
        risk,
        diff: changes,
        needs: needs::needs(&parsed, &key.namespace),
        kubectl: Vec::new(),
    };
    Ok(finish(release, details, &Intent::Revert(Box::new(inverse.clone())), context, part, draft))
}

fn images(template: &RawValue) -> Vec<crate::domain::workload::Image> {
    let containers = template::images(template).into_iter().filter(|image| image.list == "containers");
    containers
        .map(|image| crate::domain::workload::Image { container: image.name.into(), reference: image.reference.into() })
        .collect()
}

/// The path that a test is about; none for what changes something.
pub(in crate::strategy) fn tested(operation: &Operation) -> Option<String> {
    match operation {
        Operation::Test { path, .. } => Some(path.clone()),
        Operation::Add { .. } | Operation::Replace { .. } | Operation::Remove { .. } => None,
    }
}

/// The path of a test that our bytes already fail.
pub(in crate::strategy) fn moved(root: &RawObject, operation: &Operation) -> Option<String> {
    let Operation::Test { path, value } = operation else { return None };
    let same = match root.at(path) {
        Some(now) => template::same(now, value),
        None => value.get() == "null",
    };
    (!same).then(|| path.clone())
}

/// The operation that puts back what `operation` changes.
pub(in crate::strategy) fn opposite(root: &RawObject, operation: &Operation) -> Option<Operation> {
    let path = operation.path().to_owned();
    match operation {
        Operation::Test { .. } => None,
        Operation::Add { .. } | Operation::Replace { .. } | Operation::Remove { .. } => Some(match root.at(&path) {
            Some(now) => Operation::Add { path, value: now.to_owned().into() },
            None => Operation::Remove { path },
        }),
    }
}

fn small_change(root: &RawObject, operation: &Operation) -> Option<crate::domain::plan::Change> {
    let path = operation.path();
    if path == "/spec/template" || matches!(operation, Operation::Test { .. }) {
        return None;
    }
    let new = match operation {
        Operation::Add { value, .. } | Operation::Replace { value, .. } => Some(value.get().to_owned()),
        Operation::Remove { .. } | Operation::Test { .. } => None,
    };
    let old = root.at(path).map(|value| value.get().to_owned());
    (old != new).then(|| diff::value(place(path), old.as_deref(), new.as_deref()))
}

fn place(path: &str) -> &str {
    match path {
        "/spec/template" => "the template",
        "/spec/replicas" => "replicas",
        "/spec/paused" => "paused",
        template::CHANGE_CAUSE => "change-cause",
        "/metadata/uid" => "the identity",
        other => other,
    }
}
