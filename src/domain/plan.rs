//! What will be done: exact calls with their fences, what is waited for, and the way back.
//!
//! A plan is computed once from what the person saw, shown, confirmed and applied as it is.

use super::forecast::{Forecast, Risk};
use super::intent::{Override, ReleaseId};
use super::journal::Before;
use super::management::Part;
use super::milestone::Midway;
use super::raw::RawObject;
use super::{Direction, Intent, ObjectKey, Str, Timestamp, Uid};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;

pub use super::inverse::{Inverse, InversePart, InverseSteps, ReadyInverse, ReadyPart, Undoing};
pub use super::wait::{Act, Wait};

/// A plan's name in the journal: unique, sortable by time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanId(pub Str);

/// Exact calls, their fence, the way back, and the forecast.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its name in the journal; given when it is opened.
    pub id: PlanId,
    /// The release.
    pub release: ReleaseId,
    /// When it was computed: what its fence finds changed, changed later.
    pub made: Timestamp,
    /// What was asked for.
    pub intent: Intent,
    /// Which way it goes.
    pub direction: Direction,
    /// What it does, in words: `UNDO shop/search → revision 41`.
    pub title: Str,
    /// Where it leads, as behind the arrow of its title: `revision 41`; empty where the verb says it all.
    pub goal: Str,
    /// The calls, in order; one request each.
    pub calls: Vec<PlannedCall>,
    /// When it counts as done.
    pub until: Wait,
    /// Where the release stood when it was planned: revision and pods' hash.
    pub before: Before,
    /// The way back.
    pub inverse: Inverse,
    /// What follows.
    pub forecast: Forecast,
    /// What of the object it touches.
    pub touches: Part,
    /// How much can go wrong.
    pub risk: Risk,
    /// The changed lines.
    pub diff: Vec<Change>,
    /// Objects that the new template needs; whether they exist is looked up while the dialog is open.
    pub needs: Vec<ObjectKey>,
    /// The equivalent kubectl commands.
    pub kubectl: Vec<Str>,
    /// The bytes that the fence was cut from were older than the freshness limit: "sent blind, the fence decides".
    pub blind: bool,
    /// When those bytes were read.
    pub read_at: Timestamp,
    /// The objects that it writes, as they were read then.
    pub seen: Vec<RawObject>,
}

impl Plan {
    /// Whether it is a step that others should see: then a Lease beside the release says who takes it.
    pub const fn steps(&self) -> bool {
        super::presence::steps(self.intent.verb(), self.release.key.kind)
    }

    /// The side that a switch makes the live one; `None`: it is no switch.
    pub fn switches_to(&self) -> Option<&Str> {
        self.before.switch.as_ref().map(|sides| &sides.to)
    }
}

/// One call of a plan.
#[derive(Debug, Clone)]
pub struct PlannedCall {
    /// What is sent.
    pub call: Call,
    /// In words: `PATCH apps/v1 deployments/search`.
    pub what: Str,
    /// The fence in words: `only if its template is as shown`.
    pub fence: Str,
    /// Whether it is sent only if the person includes it (a second call that is offered).
    pub optional: bool,
    /// Whether it ends what an earlier call of the plan began for a while (a gate that was opened, an analysis that was
    /// skipped): then it is sent whatever becomes of the calls between.
    pub closes: bool,
    /// What is waited for after it, before the next call is sent.
    pub then: Option<Midway>,
}

/// One write request.
#[derive(Debug, Clone)]
pub enum Call {
    /// A JSON patch whose `test` operations are the fence.
    JsonPatch {
        /// The object.
        target: ObjectKey,
        /// A subresource (`status`, `scale`), or none.
        subresource: Option<&'static str>,
        /// The operations, tests first.
        operations: Vec<Operation>,
    },
    /// A deletion that names the identity of what it deletes.
    Delete {
        /// The object.
        target: ObjectKey,
        /// The precondition.
        uid: Uid,
    },
    /// A new object.
    Create {
        /// Its key.
        target: ObjectKey,
        /// Its body.
        body: Arc<RawValue>,
    },
    /// A request to a Service of the cluster, through the API server's proxy. It can't be tried without being done.
    ProxyPost {
        /// The Service.
        target: ObjectKey,
        /// `http` or `https`.
        scheme: Str,
        /// The port's number or name.
        port: Str,
        /// The path behind the Service: `/gate/open`.
        path: Str,
        /// The body.
        body: Arc<RawValue>,
    },
}

impl Call {
    /// The object that it writes.
    pub const fn target(&self) -> &ObjectKey {
        match self {
            Self::JsonPatch { target, .. }
            | Self::Delete { target, .. }
            | Self::Create { target, .. }
            | Self::ProxyPost { target, .. } => target,
        }
    }
}

/// One operation of a JSON patch (RFC 6902); values are raw JSON, sent as they are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase", from = "RawOperation")]
pub enum Operation {
    /// The server refuses the whole patch unless the value at `path` is this one.
    Test {
        /// JSON pointer.
        path: String,
        /// The value as the server sent it; `null` for an absent field.
        value: Arc<RawValue>,
    },
    /// Adds or sets.
    Add {
        /// JSON pointer.
        path: String,
        /// The value.
        value: Arc<RawValue>,
    },
    /// Sets an existing value.
    Replace {
        /// JSON pointer.
        path: String,
        /// The value.
        value: Arc<RawValue>,
    },
    /// Removes an existing value; the server refuses when there is none.
    Remove {
        /// JSON pointer.
        path: String,
    },
}

impl Operation {
    /// The JSON pointer that it is about.
    pub fn path(&self) -> &str {
        match self {
            Self::Test { path, .. } | Self::Add { path, .. } | Self::Replace { path, .. } | Self::Remove { path } => {
                path
            }
        }
    }
}

/// An operation as it stands in JSON. A tagged enum would re-encode the value while it is read; this keeps its bytes.
#[derive(Deserialize)]
struct RawOperation {
    op: OperationName,
    path: String,
    #[serde(default)]
    value: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum OperationName {
    Test,
    Add,
    Replace,
    Remove,
}

impl From<RawOperation> for Operation {
    fn from(raw: RawOperation) -> Self {
        let path = raw.path;
        let value = raw.value.map_or_else(null, Into::into);
        match raw.op {
            OperationName::Test => Self::Test { path, value },
            OperationName::Add => Self::Add { path, value },
            OperationName::Replace => Self::Replace { path, value },
            OperationName::Remove => Self::Remove { path },
        }
    }
}

/// Builds a fenced JSON patch from an object's own bytes.
#[derive(Debug, Clone)]
pub struct Patch<'a> {
    object: &'a RawObject,
    operations: Vec<Operation>,
}

impl<'a> Patch<'a> {
    /// Starts a patch of `object`, fenced on its identity.
    pub fn of(object: &'a RawObject) -> Self {
        Self { object, operations: Vec::new() }.test("/metadata/uid")
    }

    /// Adds to the fence: the value at `path` must be what it is in our bytes (absent: `null`).
    #[must_use]
    pub fn test(mut self, path: &str) -> Self {
        let value = self.object.at(path).map_or_else(null, |raw| raw.to_owned().into());
        self.operations.push(Operation::Test { path: path.into(), value });
        self
    }

    /// Sets the existing value at `path`.
    #[must_use]
    pub fn replace(mut self, path: &str, value: Arc<RawValue>) -> Self {
        self.operations.push(Operation::Replace { path: path.into(), value });
        self
    }

    /// Adds or sets the value at `path`.
    #[must_use]
    pub fn add(mut self, path: &str, value: Arc<RawValue>) -> Self {
        self.operations.push(Operation::Add { path: path.into(), value });
        self
    }

    /// Removes the value at `path`, when our bytes have one.
    #[must_use]
    pub fn remove(mut self, path: &str) -> Self {
        if self.object.at(path).is_some() {
            self.operations.push(Operation::Remove { path: path.into() });
        }
        self
    }

    /// Its operations, tests first.
    pub fn operations(self) -> Vec<Operation> {
        self.operations
    }

    /// The finished call.
    pub fn call(self) -> Call {
        Call::JsonPatch { target: self.object.key.clone(), subresource: None, operations: self.operations }
    }

    /// The finished call, on a subresource (`status`).
    pub fn call_on(self, subresource: &'static str) -> Call {
        let target = self.object.key.clone();
        Call::JsonPatch { target, subresource: Some(subresource), operations: self.operations }
    }
}

/// JSON `null`.
pub fn null() -> Arc<RawValue> {
    RawValue::NULL.to_owned().into()
}

/// A value as raw JSON. `None` for what JSON has no form for (a map with keys that are no strings).
pub fn json<T: Serialize + ?Sized>(value: &T) -> Option<Arc<RawValue>> {
    serde_json::value::to_raw_value(value).ok().map(Into::into)
}

/// One changed place, for the dialog's diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Where, in words: `container search  image`.
    pub place: Str,
    /// What it was; `None` when it is new. Secret-like values are masked already.
    pub old: Option<Str>,
    /// What it becomes; `None` when it goes.
    pub new: Option<Str>,
}

/// Why a wish can't be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// What the caller does with it.
    pub kind: RefusalKind,
    /// One sentence: what, to whom, what next.
    pub reason: Str,
    /// The equivalent kubectl commands, where there are any.
    pub kubectl: Vec<Str>,
    /// What a person may override it with; `None`: nothing.
    pub overridable: Option<Override>,
}

impl Refusal {
    /// A refusal with its sentence.
    pub fn because(reason: impl Into<Str>) -> Self {
        Self { kind: RefusalKind::Refused, reason: reason.into(), kubectl: Vec::new(), overridable: None }
    }

    /// Nothing is to be done: it is so already.
    pub fn unchanged(reason: impl Into<Str>) -> Self {
        Self { kind: RefusalKind::Unchanged, ..Self::because(reason) }
    }

    /// It moved since the person looked at it.
    pub fn moved(reason: impl Into<Str>) -> Self {
        Self { kind: RefusalKind::Moved, ..Self::because(reason) }
    }

    /// The objects were read in the middle of a change: read them again and plan anew.
    pub fn read_again(reason: impl Into<Str>) -> Self {
        Self { kind: RefusalKind::ReadAgain, ..Self::because(reason) }
    }

    /// One that a person may override, with a reason: the same wish is planned again with it in `Context.overrides`.
    #[must_use]
    pub fn unless(self, overridden: Override) -> Self {
        Self { overridable: Some(overridden), ..self }
    }

    /// With the equivalent kubectl commands.
    #[must_use]
    pub fn with_kubectl(mut self, kubectl: Vec<Str>) -> Self {
        self.kubectl = kubectl;
        self
    }
}

/// What a refusal means for who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// It can't or must not be done: outcome `refused`.
    Refused,
    /// It is so already: outcome `unchanged`.
    Unchanged,
    /// It does not stand any more where the person saw it: outcome `conflict`.
    Moved,
    /// The objects were read while the controller was at work (`observedGeneration` behind, or a ReplicaSet ahead of
    /// its Deployment): read them again and plan anew; only if that goes on for seconds show the reason.
    ReadAgain,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_keep_their_bytes_through_json() {
        let text = r#"[{"op":"test","path":"/a","value":{"x":"1 \u0026\u0026 2","n":30.0}},{"op":"test","path":"/b","value":null},{"op":"remove","path":"/c"}]"#;
        let operations: Vec<Operation> = serde_json::from_str(text).expect("readable");
        assert_eq!(serde_json::to_string(&operations).expect("writable"), text);
    }
}
