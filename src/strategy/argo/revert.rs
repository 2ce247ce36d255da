//! Taking back a write of ours with the inverse that was made ready for it.

use super::fence::planned;
use super::path::{Target, path};
use super::plan::{Asked, finish, finish_template};
use super::undo::images;
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::plan::{Act, Call, Change, Inverse, InverseSteps, Operation, ReadyInverse, Refusal, Wait};
use crate::domain::{Direction, Plan, RawObject};
use crate::strategy::workload::revert::{moved, opposite, path_of, tested};
use crate::strategy::workload::version::version;
use crate::strategy::workload::{diff, needs, plan::Draft, template};

const TEMPLATE: &str = "/spec/template";

/// The plan that applies a ready inverse.
pub fn plan(asked: &Asked<'_>, inverse: &ReadyInverse) -> Result<Plan, Refusal> {
    let name = asked.key().target();
    let Some(object) = asked.details.object(&inverse.target) else {
        return Err(Refusal::because(format!("that write was on {}, which is no part of {name}", inverse.target)));
    };
    let operations: Vec<Operation> = serde_json::from_str(&inverse.operations).map_err(|_| {
        Refusal::because("the way back is not kept in full (it holds secret values); undo by revision instead")
    })?;
    if let Some(path) = operations.iter().find_map(|operation| moved(object, operation)) {
        return Err(Refusal::because(format!(
            "{} of {} changed since that write, so it can't be taken back exactly; U goes back by revision",
            place(&path),
            inverse.target.target()
        )));
    }
    let subresource = match inverse.subresource.as_deref() {
        None => None,
        Some("status") => Some("status"),
        Some(other) => return Err(Refusal::because(format!("a write on '{other}' can't be taken back here"))),
    };
    let new_template = operations.iter().find_map(|operation| match operation {
        Operation::Replace { path, value } | Operation::Add { path, value } if path == TEMPLATE => Some(value.clone()),
        _ => None,
    });
    let way = new_template.as_ref().and_then(|new| {
        let images = images(new);
        let mut target = Target::new(version(&images));
        if let Some(entry) = asked.release.history.iter().find(|entry| entry.images == images) {
            target.hash.clone_from(&entry.hash);
            target.created = entry.created;
            target.pods = entry.replicas.ready;
        }
        path(asked.release, &target, asked.context.now)
    });
    let mut changes: Vec<Change> = match (template::current(object), &new_template) {
        (Some(old), Some(new)) => diff::templates(old, new),
        _ => Vec::new(),
    };
    changes.extend(operations.iter().filter_map(|operation| small_change(object, operation)));
    let tree = new_template.as_ref().and_then(|new| template::parsed(new)).unwrap_or_default();
    let draft = Draft {
        title: inverse.words.to_string(),
        direction: inverse.direction,
        inverse: again(object, inverse, &operations, subresource),
        until: match &way {
            Some(way) if way.alone && !asked.stand.held => Wait::Settled,
            _ if subresource.is_some() => asks(&operations).map_or(Wait::Accepted, Wait::Acted),
            _ => Wait::Observed,
        },
        calls: vec![planned(
            Call::JsonPatch { target: inverse.target.clone(), subresource, operations },
            "only if it is still as that write left it",
        )],
        forecast: Forecast {
            then: way.as_ref().map_or_else(|| inverse.words.clone(), |way| way.then.as_str().into()),
            takes: way.as_ref().and_then(|way| way.takes),
            warnings: way.map(|way| way.warnings).unwrap_or_default(),
            ..Forecast::default()
        },
        risk: if new_template.is_some() { Risk::Medium } else { Risk::Low },
        diff: changes,
        needs: needs::needs(&tree, &asked.key().namespace),
        kubectl: Vec::new(),
    };
    if new_template.is_some() { finish_template(asked, draft) } else { finish(asked, draft) }
}

/// What the controller is asked for by a write on the status.
fn asks(operations: &[Operation]) -> Option<Act> {
    operations.iter().find_map(|operation| match operation {
        Operation::Replace { path, value } | Operation::Add { path, value } if path == "/status/abort" => {
            Some(if value.get() == "true" { Act::Abort } else { Act::Retry })
        }
        _ => None,
    })
}

/// What that write did, again.
fn again(
    object: &RawObject,
    inverse: &ReadyInverse,
    operations: &[Operation],
    subresource: Option<&'static str>,
) -> Inverse {
    let fenced: Vec<String> = operations.iter().filter_map(tested).filter(|path| path != "/metadata/uid").collect();
    let steps = InverseSteps {
        target: inverse.target.clone(),
        operations: operations.iter().filter_map(|operation| opposite(object, operation)).collect(),
        fenced_on: fenced,
        subresource,
        also: Vec::new(),
        words: "what that write did, again".into(),
        direction: match inverse.direction {
            Direction::Back => Direction::Forward,
            Direction::Forward => Direction::Back,
        },
    };
    if subresource.is_some() {
        Inverse::Compensating { steps, differs: "steps taken by then stay taken".into() }
    } else {
        Inverse::Exact(steps)
    }
}

fn small_change(object: &RawObject, operation: &Operation) -> Option<Change> {
    let path = path_of(operation);
    if path == TEMPLATE || matches!(operation, Operation::Test { .. }) {
        return None;
    }
    let new = match operation {
        Operation::Add { value, .. } | Operation::Replace { value, .. } => Some(value.get().to_owned()),
        Operation::Remove { .. } | Operation::Test { .. } => None,
    };
    let old = object.at(path).map(|value| value.get().to_owned());
    (old != new).then(|| diff::value(place(path), old.as_deref(), new.as_deref()))
}

fn place(path: &str) -> &str {
    match path {
        TEMPLATE => "the template",
        "/spec/replicas" => "replicas",
        "/spec/paused" => "paused",
        "/status/abort" => "aborted",
        "/status/currentPodHash" => "the version on its way",
        other => other,
    }
}
