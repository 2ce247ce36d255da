//! Names, keys and numbers that tell one object from another.

use super::Kind;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A shared, immutable string: names repeat over thousands of rows, so they are stored once and counted.
pub type Str = Arc<str>;

/// Which object: its kind, namespace (empty for cluster-scoped objects) and name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectKey {
    /// The kind of the object.
    pub kind: Kind,
    /// The namespace; empty for cluster-scoped objects.
    pub namespace: Str,
    /// The name.
    pub name: Str,
}

impl ObjectKey {
    /// Names the object `name` of `kind` in `namespace`.
    pub fn new(kind: Kind, namespace: impl Into<Str>, name: impl Into<Str>) -> Self {
        Self { kind, namespace: namespace.into(), name: name.into() }
    }

    /// `deployment/web`: the form that commands take.
    pub fn target(&self) -> String {
        format!("{}/{}", self.kind.singular(), self.name)
    }

    /// `shop/web`: the form that the board shows.
    pub fn qualified(&self) -> String {
        if self.namespace.is_empty() { self.name.to_string() } else { format!("{}/{}", self.namespace, self.name) }
    }
}

impl fmt::Display for ObjectKey {
    /// `deployment/web in shop`: the form that sentences use.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{}/{}", self.kind.singular(), self.name)
        } else {
            write!(f, "{}/{} in {}", self.kind.singular(), self.name, self.namespace)
        }
    }
}

/// The server's identity of one object's life (`metadata.uid`): a deleted and re-created object has another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uid(pub Str);

impl Uid {
    /// Wraps the text of a `metadata.uid`.
    pub fn new(text: impl Into<Str>) -> Self {
        Self(text.into())
    }

    /// The text as the server sent it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A number of the rollout history: `deployment.kubernetes.io/revision`, or a ControllerRevision's `revision`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub i64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
