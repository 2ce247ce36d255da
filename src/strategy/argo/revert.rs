//! Taking back a write of ours with the inverse that was made ready for it.

use super::fence::{STATUS, planned};
use super::path::{Target, path};
use super::plan::{Asked, finish, finish_template};
use super::undo::images;
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::plan::{
    Act, Call, Change, Inverse, InversePart, InverseSteps, Operation, PlannedCall, ReadyInverse, Refusal, Wait,
};
use crate::domain::{Direction, ObjectKey, Plan, RawObject};
use crate::strategy::workload::revert::{moved, opposite, tested};
use crate::strategy::workload::version::version;
use crate::strategy::workload::{diff, needs, plan::Draft, template};

const TEMPLATE: &str = "/spec/template";

/// The plan that applies a ready inverse.
pub fn plan(asked: &Asked<'_>, inverse: &ReadyInverse) -> Result<Plan, Refusal> {
    let first = (&inverse.target, inverse.operations.as_str(), inverse.subresource.as_deref());
    let also = inverse.also.iter().map(|part| (&part.target, part.operations.as_str(), part.subresource.as_deref()));
    let parts = std::iter::once(first).chain(also).map(|part| Part::read(asked, part));
    let parts: Vec<Part<'_>> = parts.collect::<Result<_, _>>()?;
    let Some(Part { object, operations, subresource }) = parts.first() else {
        return Err(Refusal::because(format!("nothing of {} is to be taken back", asked.key().target())));
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
    for part in &parts {
        changes.extend(part.operations.iter().filter_map(|operation| small_change(part.object, operation)));
    }
    let tree = new_template.as_ref().and_then(|new| template::parsed(new)).unwrap_or_default();
    let draft = Draft {
        title: inverse.words.to_string(),
        direction: inverse.direction,
        inverse: again(&parts, inverse.direction),
        until: match &way {
            Some(way) if way.alone && !asked.stand.held => Wait::Settled,
            _ if subresource.is_some() => asks(operations).map_or(Wait::Accepted, Wait::Acted),
            _ => Wait::Observed,
        },
        calls: parts.iter().map(Part::call).collect(),
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

/// What is taken back on one object.
struct Part<'a> {
    object: &'a RawObject,
    operations: Vec<Operation>,
    subresource: Option<&'static str>,
}

impl<'a> Part<'a> {
    /// Refused when the object is as that write left it no more.
    fn read(asked: &Asked<'a>, (target, text, part): (&ObjectKey, &str, Option<&str>)) -> Result<Self, Refusal> {
        let name = asked.key().target();
        let Some(object) = asked.details.object(target) else {
            return Err(Refusal::because(format!("that write was on {target}, which is no part of {name}")));
        };
        let operations: Vec<Operation> = serde_json::from_str(text).map_err(|_| {
            Refusal::because(format!(
                "the way back of {name} is not kept in full (it holds secret values); undo by revision instead"
            ))
        })?;
        if let Some(path) = operations.iter().find_map(|operation| moved(object, operation)) {
            return Err(Refusal::because(format!(
                "{} of {} changed since that write, so it can't be taken back exactly; U goes back by revision",
                place(&path),
                target.target()
            )));
        }
        let subresource = match part {
            None => None,
            Some(STATUS) => Some(STATUS),
            Some(other) => {
                return Err(Refusal::because(format!("a write on '{other}' of {name} can't be taken back here")));
            }
        };
        Ok(Self { object, operations, subresource })
    }

    fn call(&self) -> PlannedCall {
        let (target, operations) = (self.object.key.clone(), self.operations.clone());
        planned(
            Call::JsonPatch { target, subresource: self.subresource, operations },
            "only if it is still as that write left it",
        )
    }

    /// What that write did here, again.
    fn again(&self) -> InversePart {
        let fenced = self.operations.iter().filter_map(tested).filter(|path| path != "/metadata/uid");
        InversePart {
            target: self.object.key.clone(),
            operations: self.operations.iter().filter_map(|operation| opposite(self.object, operation)).collect(),
            fenced_on: fenced.collect(),
            subresource: self.subresource,
        }
    }
}

/// What that write did, again.
fn again(parts: &[Part<'_>], direction: Direction) -> Inverse {
    let of_status = parts.iter().any(|part| part.subresource.is_some());
    let mut parts = parts.iter().map(Part::again);
    let Some(first) = parts.next() else { return Inverse::None { why: "nothing is written".into() } };
    let steps = InverseSteps {
        target: first.target,
        operations: first.operations,
        fenced_on: first.fenced_on,
        subresource: first.subresource,
        also: parts.collect(),
        words: "what that write did, again".into(),
        direction: direction.opposite(),
    };
    if of_status {
        Inverse::Compensating { steps, differs: "steps taken by then stay taken".into() }
    } else {
        Inverse::Exact(steps)
    }
}

fn small_change(object: &RawObject, operation: &Operation) -> Option<Change> {
    let path = operation.path();
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
