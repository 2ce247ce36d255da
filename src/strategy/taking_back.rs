//! Taking a write of ours back: the inverse that was made ready for it, held against the objects as they were read.

use super::workload::plan::patch;
use super::workload::{diff, template};
use crate::domain::plan::{
    Call, Change, Inverse, InversePart, InverseSteps, Operation, PlannedCall, ReadyInverse, Refusal, Undoing,
};
use crate::domain::{Direction, RawObject};
use serde_json::value::RawValue;

/// Where a workload keeps its pod template.
pub const TEMPLATE: &str = "/spec/template";
/// Where a workload keeps how many pods it asks for.
pub const REPLICAS: &str = "/spec/replicas";
/// Where a workload keeps whether it is held by hand.
pub const PAUSED: &str = "/spec/paused";

/// What the way back of a way back does, in words.
pub const AGAIN: &str = "all as it was before that write";

/// Where a way back leads, for a plan's title: how long it may be taken is its fence's to say.
pub fn title(inverse: &ReadyInverse) -> String {
    let words = inverse.words.split_once(" while ").map_or(&*inverse.words, |(leads, _)| leads);
    words.to_owned()
}

/// What is taken back on one object, which still is as that write left it.
pub struct Kept<'a> {
    /// The object as it was read.
    pub object: &'a RawObject,
    /// The operations, tests first.
    pub operations: Vec<Operation>,
    subresource: Option<&'static str>,
}

impl<'a> Kept<'a> {
    /// Reads one part of a ready inverse. `instead` says what else leads back: `U goes back by revision`.
    ///
    /// # Errors
    /// Refused when the operations were not kept in full, when the object is as that write left it no more, and where the
    /// write was on a subresource that is never taken back.
    pub fn read(object: &'a RawObject, part: Undoing<'_>, instead: &str) -> Result<Self, Refusal> {
        let name = object.key.target();
        let operations: Vec<Operation> = serde_json::from_str(part.operations).map_err(|_| {
            Refusal::because(format!("the way back of {name} is not kept in full (it holds secret values); {instead}"))
        })?;
        if let Some(path) = operations.iter().find_map(|operation| moved(object, operation)) {
            let place = place(path);
            return Err(Refusal::because(format!(
                "{place} of {name} changed since that write, so it can't be taken back exactly; {instead}"
            )));
        }
        let subresource = match part.subresource {
            None => None,
            Some("status") => Some("status"),
            Some(other) => {
                return Err(Refusal::because(format!("a write on '{other}' of {name} can't be taken back; {instead}")));
            }
        };
        Ok(Self { object, operations, subresource })
    }

    /// What is put at `path`; none when nothing is.
    pub fn sets(&self, path: &str) -> Option<&RawValue> {
        self.operations.iter().find_map(|operation| match operation {
            Operation::Replace { path: at, value } | Operation::Add { path: at, value } if at == path => Some(&**value),
            Operation::Replace { .. } | Operation::Add { .. } | Operation::Remove { .. } | Operation::Test { .. } => {
                None
            }
        })
    }

    /// Whether it is a status that is written.
    pub const fn on_status(&self) -> bool {
        self.subresource.is_some()
    }

    /// The places that the object must still have as that write left them, its identity aside.
    pub fn fenced_on(&self) -> impl Iterator<Item = &str> {
        let tested = self.operations.iter().filter(|operation| matches!(operation, Operation::Test { .. }));
        tested.map(Operation::path).filter(|path| *path != "/metadata/uid")
    }

    /// The operations that change something.
    pub fn written(&self) -> impl Iterator<Item = &Operation> {
        self.operations.iter().filter(|operation| !matches!(operation, Operation::Test { .. }))
    }

    /// The request that takes it back.
    pub fn call(&self) -> PlannedCall {
        let (target, operations) = (self.object.key.clone(), self.operations.clone());
        let call = Call::JsonPatch { target, subresource: self.subresource, operations };
        patch(call, "only if it is still as that write left it")
    }

    /// The changed places, a template's one by one.
    pub fn changes(&self) -> Vec<Change> {
        let mut changes = match (template::current(self.object), self.sets(TEMPLATE)) {
            (Some(old), Some(new)) => diff::templates(old, new),
            (None, _) | (_, None) => Vec::new(),
        };
        let small = self.written().filter(|operation| operation.path() != TEMPLATE);
        changes.extend(small.filter_map(|operation| small_change(self.object, operation)));
        changes
    }

    fn again(&self) -> InversePart {
        InversePart {
            target: self.object.key.clone(),
            operations: self.written().map(|operation| put_back(self.object, operation.path())).collect(),
            fenced_on: self.fenced_on().map(str::to_owned).collect(),
            subresource: self.subresource,
        }
    }
}

/// What that write did, again: the way back of a way back that went in `direction`.
pub fn again(parts: &[Kept<'_>], direction: Direction) -> Inverse {
    let Some((first, rest)) = parts.split_first() else { return Inverse::None { why: "nothing is written".into() } };
    let InversePart { target, operations, fenced_on, subresource } = first.again();
    let steps = InverseSteps {
        target,
        operations,
        fenced_on,
        subresource,
        also: rest.iter().map(Kept::again).collect(),
        words: AGAIN.into(),
        direction: direction.opposite(),
    };
    if parts.iter().any(Kept::on_status) {
        Inverse::Compensating { steps, differs: "steps taken by then stay taken".into() }
    } else {
        Inverse::Exact(steps)
    }
}

/// The operation that puts the value at `path` back as it is in `root`.
pub fn put_back(root: &RawObject, path: &str) -> Operation {
    match root.at(path) {
        Some(value) => Operation::Add { path: path.into(), value: value.to_owned().into() },
        None => Operation::Remove { path: path.into() },
    }
}

/// The path of a test that our bytes already fail.
fn moved<'a>(root: &RawObject, operation: &'a Operation) -> Option<&'a str> {
    let Operation::Test { path, value } = operation else { return None };
    let same = match root.at(path) {
        Some(now) => template::same(now, value),
        None => value.get() == "null",
    };
    (!same).then_some(path)
}

fn small_change(root: &RawObject, operation: &Operation) -> Option<Change> {
    let path = operation.path();
    let new = match operation {
        Operation::Add { value, .. } | Operation::Replace { value, .. } => Some(value.get()),
        Operation::Remove { .. } | Operation::Test { .. } => None,
    };
    let old = root.at(path).map(RawValue::get);
    (old != new).then(|| diff::value(place(path), old, new))
}

/// A place in words where it has some, else as it stands.
fn place(path: &str) -> &str {
    match path {
        TEMPLATE => "the template",
        REPLICAS => "replicas",
        PAUSED => "paused",
        "/status/abort" => "aborted",
        "/status/currentPodHash" => "the version on its way",
        template::CHANGE_CAUSE => "change-cause",
        "/metadata/uid" => "the identity",
        other => other,
    }
}
