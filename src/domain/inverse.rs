//! The way back of a plan: what it restores, made ready by the server's answers to the writes.

use super::plan::{Operation, Patch, PlanId};
use super::raw::RawObject;
use super::{Direction, ObjectKey, Str};
use serde::{Deserialize, Serialize};

/// The way back of a plan.
#[derive(Debug, Clone)]
pub enum Inverse {
    /// Restores what was there, exactly.
    Exact(InverseSteps),
    /// Restores the effect; something stays different.
    Compensating {
        /// The steps.
        steps: InverseSteps,
        /// What differs afterwards.
        differs: Str,
    },
    /// There is none.
    None {
        /// Why.
        why: Str,
    },
}

impl Inverse {
    /// The steps, where there are any.
    pub const fn steps(&self) -> Option<&InverseSteps> {
        match self {
            Self::Exact(steps) | Self::Compensating { steps, .. } => Some(steps),
            Self::None { .. } => None,
        }
    }
}

/// The new values of an inverse. Its fence is cut from the server's answer to the write, and then it becomes ready.
#[derive(Debug, Clone)]
pub struct InverseSteps {
    /// The object.
    pub target: ObjectKey,
    /// What it sets (add, replace, remove; no tests).
    pub operations: Vec<Operation>,
    /// The paths that the fence will test, cut from the answer.
    pub fenced_on: Vec<String>,
    /// `status`, or none.
    pub subresource: Option<&'static str>,
    /// The same on other objects, where the plan wrote several; in the order in which they are to be sent, after this one.
    pub also: Vec<InversePart>,
    /// In words: `back to v42 while the template is untouched`.
    pub words: Str,
    /// Which way the inverse goes.
    pub direction: Direction,
}

/// An inverse's part on one more object.
#[derive(Debug, Clone)]
pub struct InversePart {
    /// The object.
    pub target: ObjectKey,
    /// What it sets (add, replace, remove; no tests).
    pub operations: Vec<Operation>,
    /// The paths that the fence will test, cut from the answer.
    pub fenced_on: Vec<String>,
    /// `status`, or none.
    pub subresource: Option<&'static str>,
}

impl Inverse {
    /// The inverse of plan `of`, made ready: its fences are cut from `answers`, the server's answers to the writes. An
    /// object without an answer was not written and needs no way back. `None` when none was.
    pub fn ready(&self, of: &PlanId, answers: &[RawObject]) -> Option<ReadyInverse> {
        let (steps, differs) = match self {
            Self::Exact(steps) => (steps, "".into()),
            Self::Compensating { steps, differs } => (steps, differs.clone()),
            Self::None { .. } => return None,
        };
        let main = (&steps.target, &steps.operations, &steps.fenced_on, steps.subresource);
        let also = steps.also.iter().map(|part| (&part.target, &part.operations, &part.fenced_on, part.subresource));
        let mut parts = std::iter::once(main).chain(also).filter_map(|(target, operations, fenced_on, subresource)| {
            let answer = answers.iter().rfind(|answer| answer.key == *target)?;
            let fence = fenced_on.iter().fold(Patch::of(answer), |patch, path| patch.test(path));
            let mut all = fence.operations();
            all.extend(operations.iter().cloned());
            let subresource = subresource.map(Str::from);
            Some(ReadyPart { target: target.clone(), operations: serde_json::to_string(&all).ok()?, subresource })
        });
        let first = parts.next()?;
        Some(ReadyInverse {
            of: of.clone(),
            target: first.target,
            operations: first.operations,
            subresource: first.subresource,
            also: parts.collect(),
            words: steps.words.clone(),
            direction: steps.direction,
            differs,
        })
    }
}

/// A ready inverse's part on one more object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyPart {
    /// The object.
    pub target: ObjectKey,
    /// The operations, tests first, as JSON text.
    pub operations: String,
    /// `status`, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subresource: Option<Str>,
}

/// An inverse whose fence is known: it can be applied with one press.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyInverse {
    /// The plan that it takes back.
    pub of: PlanId,
    /// The object.
    pub target: ObjectKey,
    /// The operations, tests first, as JSON text.
    pub operations: String,
    /// `status`, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subresource: Option<Str>,
    /// The same on other objects, sent after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<ReadyPart>,
    /// In words.
    pub words: Str,
    /// Which way it goes.
    pub direction: Direction,
    /// What differs afterwards; empty when it is exact.
    pub differs: Str,
}

impl ReadyInverse {
    /// Its part on the object that is sent first.
    pub fn first(&self) -> Undoing<'_> {
        Undoing { target: &self.target, operations: &self.operations, subresource: self.subresource.as_deref() }
    }

    /// Its part on each object, in the order in which they are sent.
    pub fn parts(&self) -> impl Iterator<Item = Undoing<'_>> {
        std::iter::once(self.first()).chain(self.also.iter().map(|part| Undoing {
            target: &part.target,
            operations: &part.operations,
            subresource: part.subresource.as_deref(),
        }))
    }
}

/// What a ready inverse does on one object.
#[derive(Debug, Clone, Copy)]
pub struct Undoing<'a> {
    /// The object.
    pub target: &'a ObjectKey,
    /// The operations, tests first, as JSON text.
    pub operations: &'a str,
    /// `status`, or none.
    pub subresource: Option<&'a str>,
}

impl Undoing<'_> {
    /// Whether nothing but `path` is written; false where the operations were not kept in full.
    pub fn writes_only(&self, path: &str) -> bool {
        let operations: Vec<Operation> = serde_json::from_str(self.operations).unwrap_or_default();
        let mut written = operations.iter().filter(|operation| !matches!(operation, Operation::Test { .. })).peekable();
        written.peek().is_some() && written.all(|operation| operation.path() == path)
    }
}
