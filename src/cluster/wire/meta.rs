//! `metadata`, trimmed to what rows need.

use super::field::{Field, Strings, composite};
use super::strings::Pool;
use crate::domain::selector::Labels;
use crate::domain::workload::Owner;
use crate::domain::{Str, Timestamp, Uid};
use serde::Deserialize;
use std::borrow::Cow;

/// `metadata` of every kind.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Meta<'a> {
    /// `name`.
    #[serde(borrow)]
    pub name: Field<Cow<'a, str>>,
    /// `namespace`.
    #[serde(borrow)]
    pub namespace: Field<Cow<'a, str>>,
    /// `uid`.
    #[serde(borrow)]
    pub uid: Field<Cow<'a, str>>,
    /// `resourceVersion`.
    #[serde(borrow)]
    pub resource_version: Field<Cow<'a, str>>,
    /// `generation`.
    pub generation: Field<i64>,
    /// `creationTimestamp`.
    pub creation_timestamp: Field<Timestamp>,
    /// `deletionTimestamp`.
    pub deletion_timestamp: Field<Timestamp>,
    /// `labels`.
    #[serde(borrow)]
    pub labels: Field<Strings<'a>>,
    /// `annotations`.
    #[serde(borrow)]
    pub annotations: Field<Strings<'a>>,
    /// `ownerReferences`.
    #[serde(borrow)]
    pub owner_references: Field<Vec<OwnerReference<'a>>>,
    /// `managedFields`.
    #[serde(borrow)]
    pub managed_fields: Field<Vec<super::writers::Entry<'a>>>,
}

/// An entry of `metadata.ownerReferences`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct OwnerReference<'a> {
    #[serde(borrow)]
    api_version: Field<Cow<'a, str>>,
    #[serde(borrow)]
    kind: Field<Cow<'a, str>>,
    #[serde(borrow)]
    name: Field<Cow<'a, str>>,
    #[serde(borrow)]
    uid: Field<Cow<'a, str>>,
    controller: Field<bool>,
}

composite!(Meta, OwnerReference);

impl Meta<'_> {
    /// A label's value.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get().and_then(|labels| labels.get(key))
    }

    /// An annotation's value.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get().and_then(|annotations| annotations.get(key))
    }

    /// The identity; empty where there is none.
    pub fn uid(&self) -> Uid {
        Uid::new(self.uid.get().map_or("", |uid| uid))
    }

    /// The identity of the controlling owner, shared between rows.
    pub fn owner_uid(&self, pool: &mut Pool) -> Option<Uid> {
        self.controller().and_then(|owner| owner.uid.get()).map(|uid| Uid(pool.share(uid)))
    }

    /// The controlling owner in full.
    pub fn owner(&self, pool: &mut Pool) -> Option<Owner> {
        let owner = self.controller()?;
        let mut text = |field: &Field<Cow<'_, str>>| pool.share(field.get().map_or("", |text| text));
        Some(Owner {
            api_version: text(&owner.api_version),
            kind: text(&owner.kind),
            name: text(&owner.name),
            uid: Uid(text(&owner.uid)),
        })
    }

    fn controller(&self) -> Option<&OwnerReference<'_>> {
        self.owner_references.get()?.iter().find(|owner| owner.controller.get() == Some(&true))
    }
}

/// A map of strings with shared keys and values.
pub fn labels(field: Option<&Strings<'_>>, pool: &mut Pool) -> Labels {
    field.map(|map| map.0.iter().map(|(key, value)| (pool.share(key), pool.share(value))).collect()).unwrap_or_default()
}

/// A shared string of an optional field.
pub fn shared(field: Option<&Cow<'_, str>>, pool: &mut Pool) -> Option<Str> {
    field.map(|text| pool.share(text))
}

/// The annotation with what `kubectl apply` sent last: only its presence is kept.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Prefixes of the annotations that the console reads.
const READ: [&str; 11] = [
    "deployment.kubernetes.io/",
    "kubernetes.io/",
    "argocd.argoproj.io/",
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
    "reconcile.fluxcd.io/",
    "meta.helm.sh/",
    "app.kubernetes.io/",
    "windlass.dev/",
    "rollout.argoproj.io/",
    "argo-rollouts.argoproj.io/",
];

/// Longest annotation that is kept; a longer one is cut (nobody reads 256 kB on a screen).
const LONGEST: usize = 4_096;

/// The annotations that the console reads, in full or cut; of what `kubectl apply` sent last only the presence.
pub fn annotations(meta: &Meta<'_>, pool: &mut Pool) -> Labels {
    let all = meta.annotations.get().map(|map| map.0.as_slice()).unwrap_or_default();
    all.iter()
        .filter_map(|(key, value)| {
            if key == LAST_APPLIED {
                return Some((pool.share(key), pool.share("")));
            }
            let read = READ.iter().any(|prefix| key.starts_with(prefix));
            read.then(|| (pool.share(key), Str::from(&value[..value.floor_char_boundary(LONGEST)])))
        })
        .collect()
}
