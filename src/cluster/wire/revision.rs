//! ReplicaSets and ControllerRevisions: the revisions of workloads.

use super::field::{Field, composite};
use super::meta::{Meta, shared};
use super::spec::{Template, WireCondition, conditions};
use super::strings::Pool;
use super::workload::{CHANGE_CAUSE, REVISION};
use crate::domain::objects::RevisionObject;
use crate::domain::workload::Replicas;
use crate::domain::{Kind, ObjectKey, Revision, Str};
use serde::Deserialize;

/// A ReplicaSet as it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WireReplicaSet<'a> {
    /// `metadata`.
    #[serde(borrow)]
    pub metadata: Field<Meta<'a>>,
    #[serde(borrow)]
    spec: Field<Spec<'a>>,
    #[serde(borrow)]
    status: Field<Status<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Spec<'a> {
    replicas: Field<i32>,
    #[serde(borrow)]
    template: Field<Template<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status<'a> {
    replicas: Field<i32>,
    ready_replicas: Field<i32>,
    available_replicas: Field<i32>,
    #[serde(borrow)]
    conditions: Field<Vec<WireCondition<'a>>>,
}

/// A ControllerRevision as it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WireControllerRevision<'a> {
    /// `metadata`.
    #[serde(borrow)]
    pub metadata: Field<Meta<'a>>,
    #[serde(borrow)]
    data: Field<Data<'a>>,
    revision: Field<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Data<'a> {
    #[serde(borrow)]
    spec: Field<DataSpec<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DataSpec<'a> {
    #[serde(borrow)]
    template: Field<Template<'a>>,
}

composite!(Spec, Status, Data, DataSpec);

/// The row of a ReplicaSet.
pub fn replica_set(wire: WireReplicaSet<'_>, pool: &mut Pool) -> RevisionObject {
    let meta = wire.metadata.ok().unwrap_or_default();
    let spec = wire.spec.ok().unwrap_or_default();
    let status = wire.status.ok().unwrap_or_default();
    let current = status.replicas.ok().unwrap_or_default();
    let replicas = Replicas {
        desired: spec.replicas.ok().unwrap_or(1),
        current,
        ready: status.ready_replicas.ok().unwrap_or_default(),
        updated: current,
        available: status.available_replicas.ok().unwrap_or_default(),
    };
    // Argo Rollouts has its own words for the same.
    let history = meta.annotation("deployment.kubernetes.io/revision-history");
    let aliases = history
        .or_else(|| meta.annotation("rollout.argoproj.io/revision-history"))
        .into_iter()
        .flat_map(|list| list.split(','))
        .filter_map(|number| number.trim().parse().ok())
        .map(Revision)
        .collect();
    RevisionObject {
        revision: meta
            .annotation(REVISION)
            .or_else(|| meta.annotation(super::rollout::REVISION))
            .and_then(|number| number.parse().ok())
            .map(Revision),
        aliases,
        hash: meta
            .label("pod-template-hash")
            .or_else(|| meta.label("rollouts-pod-template-hash"))
            .map(|hash| pool.share(hash)),
        images: spec.template.get().map(|template| template.images(pool)).unwrap_or_default(),
        replicas: Some(replicas),
        scale_down_at: meta.annotation("scale-down-deadline").and_then(|text| text.parse().ok()),
        conditions: conditions(status.conditions.ok().unwrap_or_default(), pool),
        ..base(Kind::ReplicaSet, &meta, pool)
    }
}

/// The row of a ControllerRevision.
pub fn controller_revision(wire: WireControllerRevision<'_>, pool: &mut Pool) -> RevisionObject {
    let meta = wire.metadata.ok().unwrap_or_default();
    let template = wire.data.ok().and_then(|data| data.spec.ok()).and_then(|spec| spec.template.ok());
    // Pods of a DaemonSet carry this label's value, pods of a StatefulSet the name of the whole object.
    let of_set = meta.owner(pool).is_some_and(|owner| &*owner.kind == "StatefulSet");
    let name = meta.name.get().map(|name| &**name);
    let hash = if of_set { name } else { meta.label("controller-revision-hash").or(name) };
    RevisionObject {
        revision: wire.revision.ok().map(Revision),
        hash: hash.map(|hash| pool.share(hash)),
        images: template.map(|template| template.images(pool)).unwrap_or_default(),
        ..base(Kind::ControllerRevision, &meta, pool)
    }
}

fn base(kind: Kind, meta: &Meta<'_>, pool: &mut Pool) -> RevisionObject {
    RevisionObject {
        key: ObjectKey::new(
            kind,
            shared(meta.namespace.get(), pool).unwrap_or_else(|| pool.share("")),
            meta.name.get().map_or("", |name| name),
        ),
        uid: meta.uid(),
        owner: meta.owner_uid(pool),
        revision: None,
        aliases: Vec::new(),
        hash: None,
        images: Vec::new(),
        change_cause: meta.annotation(CHANGE_CAUSE).map(Str::from),
        created: meta.creation_timestamp.get().copied(),
        replicas: None,
        conditions: Vec::new(),
        scale_down_at: None,
    }
}
