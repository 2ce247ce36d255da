//! What the rows of routes, Canaries and Rollouts have in common.

use crate::domain::management::Writer;
use crate::domain::selector::Labels;
use crate::domain::workload::Owner;
use crate::domain::{Kind, ObjectKey, Str, Timestamp, Uid};

/// `metadata`, with who wrote what.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectMeta {
    /// Which object.
    pub key: ObjectKey,
    /// Its identity.
    pub uid: Uid,
    /// The `apiVersion` that the server has it in: `networking.istio.io/v1beta1`.
    pub api_version: Str,
    /// `metadata.generation`.
    pub generation: i64,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// Set once deletion was asked for.
    pub deleting: Option<Timestamp>,
    /// `metadata.labels`.
    pub labels: Labels,
    /// The annotations that the console reads (managers' marks, own marks).
    pub annotations: Labels,
    /// The controlling owner, where there is one.
    pub owner: Option<Owner>,
    /// Who wrote which part last, newest first (from managedFields).
    pub writers: Vec<Writer>,
    /// Fields that could not be read.
    pub unreadable: Vec<Str>,
}

impl ObjectMeta {
    /// The metadata of an object of which nothing but its key is known.
    pub fn of(key: ObjectKey) -> Self {
        Self {
            uid: Uid::new(format!("{}/{}/{}", key.kind.singular(), key.namespace, key.name)),
            api_version: key.kind.api_version().into(),
            key,
            generation: 1,
            created: None,
            deleting: None,
            labels: Labels::new(),
            annotations: Labels::new(),
            owner: None,
            writers: Vec::new(),
            unreadable: Vec::new(),
        }
    }

    /// Who wrote last what decides where traffic goes.
    pub fn traffic_writer(&self) -> Option<&Writer> {
        self.writers.iter().filter(|writer| writer.touches.traffic).max_by_key(|writer| writer.at)
    }

    /// The Flagger Canary that made this object, where its controlling owner is one.
    pub fn made_by_canary(&self) -> Option<ObjectKey> {
        owning_canary(self.owner.as_ref(), &self.key.namespace)
    }
}

/// The Canary that `owner` is, of an object in `namespace`.
pub fn owning_canary(owner: Option<&Owner>, namespace: &Str) -> Option<ObjectKey> {
    let owner = owner.filter(|owner| &*owner.kind == "Canary" && owner.api_version.starts_with("flagger.app/"))?;
    Some(ObjectKey::new(Kind::Canary, namespace.clone(), owner.name.clone()))
}

/// A reference to an object by kind and name, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetRef {
    /// `apiVersion`; empty when it was not given.
    pub api_version: Str,
    /// `kind`: it may be one that the console does not know.
    pub kind: Str,
    /// `name`.
    pub name: Str,
}

impl TargetRef {
    /// The object in `namespace`; `None` for a kind that the console does not know. A Knative Service is no Service.
    pub fn key(&self, namespace: &Str) -> Option<ObjectKey> {
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == &*self.kind)?;
        let group = self.api_version.rsplit_once('/').map_or("", |(group, _)| group);
        let same = self.api_version.is_empty() || group == kind.group();
        same.then(|| ObjectKey::new(kind, namespace.clone(), self.name.clone()))
    }

    /// `Deployment/web`: as sentences write it.
    pub fn words(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_key_only_for_a_kind_of_that_group() {
        let of = |api_version: &str, kind: &str| {
            TargetRef { api_version: api_version.into(), kind: kind.into(), name: "web".into() }.key(&"shop".into())
        };
        assert_eq!(of("apps/v1", "Deployment"), Some(ObjectKey::new(Kind::Deployment, "shop", "web")));
        assert_eq!(of("", "DaemonSet").map(|key| key.kind), Some(Kind::DaemonSet));
        assert_eq!(of("v1", "Service").map(|key| key.kind), Some(Kind::Service));
        assert_eq!(of("serving.knative.dev/v1", "Service"), None);
        assert_eq!(of("apps/v1", "Banana"), None);
    }
}
