//! Objects as the API sends them, read leniently and turned into small rows in the stream.

pub mod field;
pub mod meta;
pub mod pod;
pub mod policy;
pub mod revision;
pub mod service;
pub mod spec;
pub mod strings;
pub mod trouble;
pub mod workload;
pub mod writers;

use crate::domain::objects::{Autoscaler, DisruptionBudget, RevisionObject, Service};
use crate::domain::pod::Pod;
use crate::domain::workload::Workload;
use crate::domain::{Kind, ObjectKey, Str};
use field::{Field, composite};
use meta::Meta;
use serde::Deserialize;
use service::Slice;
use std::sync::Arc;
use strings::Pool;

/// A row of the index.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// A Deployment, StatefulSet or DaemonSet.
    Workload(Arc<Workload>),
    /// A ReplicaSet or ControllerRevision.
    Revision(Arc<RevisionObject>),
    /// A pod.
    Pod(Arc<Pod>),
    /// A Service.
    Service(Arc<Service>),
    /// An EndpointSlice.
    Slice(Arc<Slice>),
    /// A HorizontalPodAutoscaler.
    Autoscaler(Arc<Autoscaler>),
    /// A PodDisruptionBudget.
    Budget(Arc<DisruptionBudget>),
    /// A namespace.
    Namespace(ObjectKey),
}

/// What an object's JSON tells: its key and version always, its row where the kind has one.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Which object.
    pub key: ObjectKey,
    /// `metadata.resourceVersion`; `None` where it could not be read.
    pub version: Option<Str>,
    /// The row; `None` for an object that the console has no use for, or that could not be read at all.
    pub row: Option<Row>,
}

/// Reads one object of `kind`. Only JSON that is broken throughout, or that has no name, gives `None`.
pub fn read(kind: Kind, json: &[u8], pool: &mut Pool) -> Option<Item> {
    match typed(kind, json, pool) {
        Ok((version, row)) => {
            let key = row.as_ref().map_or_else(|| bare_key(kind, json, pool), |row| Some(row.key()))?;
            (!key.name.is_empty()).then_some(Item { key, version, row })
        }
        Err(error) => {
            let key = bare_key(kind, json, pool)?;
            tracing::warn!(%key, %error, "an object could not be read");
            let row = salvaged(&key, json, pool);
            Some(Item { key, version: bare(json).and_then(|meta| version(&meta)), row })
        }
    }
}

fn typed(kind: Kind, json: &[u8], pool: &mut Pool) -> serde_json::Result<(Option<Str>, Option<Row>)> {
    match kind {
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => {
            let wire: workload::WireWorkload<'_> = serde_json::from_slice(json)?;
            Ok((version_of(&wire.metadata), Some(Row::Workload(Arc::new(workload::row(kind, wire, pool))))))
        }
        Kind::ReplicaSet => {
            let wire: revision::WireReplicaSet<'_> = serde_json::from_slice(json)?;
            Ok((version_of(&wire.metadata), Some(Row::Revision(Arc::new(revision::replica_set(wire, pool))))))
        }
        Kind::ControllerRevision => {
            let wire: revision::WireControllerRevision<'_> = serde_json::from_slice(json)?;
            Ok((version_of(&wire.metadata), Some(Row::Revision(Arc::new(revision::controller_revision(wire, pool))))))
        }
        Kind::Pod => {
            let wire: pod::WirePod<'_> = serde_json::from_slice(json)?;
            Ok((version_of(&wire.metadata), Some(Row::Pod(Arc::new(pod::row(wire, pool))))))
        }
        Kind::Service => {
            let wire: service::WireService<'_> = serde_json::from_slice(json)?;
            Ok((version_of(&wire.metadata), Some(Row::Service(Arc::new(service::service(wire, pool))))))
        }
        Kind::EndpointSlice => {
            let wire: service::WireEndpointSlice<'_> = serde_json::from_slice(json)?;
            Ok((version_of(&wire.metadata), service::slice(wire, pool).map(|slice| Row::Slice(Arc::new(slice)))))
        }
        Kind::HorizontalPodAutoscaler => {
            let wire: policy::WireAutoscaler<'_> = serde_json::from_slice(json)?;
            Ok((version_of(&wire.metadata), policy::autoscaler(wire, pool).map(|one| Row::Autoscaler(Arc::new(one)))))
        }
        Kind::PodDisruptionBudget => {
            let wire: policy::WireBudget<'_> = serde_json::from_slice(json)?;
            Ok((version_of(&wire.metadata), Some(Row::Budget(Arc::new(policy::budget(wire, pool))))))
        }
        Kind::Namespace => {
            let wire: Bare<'_> = serde_json::from_slice(json)?;
            let name = wire.metadata.get().and_then(|meta| meta.name.get()).map_or("", |name| name);
            let row = Row::Namespace(ObjectKey::new(kind, pool.share(""), pool.share(name)));
            Ok((version_of(&wire.metadata), Some(row)))
        }
        Kind::Event
        | Kind::ConfigMap
        | Kind::Secret
        | Kind::PersistentVolumeClaim
        | Kind::ServiceAccount
        | Kind::ResourceQuota
        | Kind::VirtualService
        | Kind::DestinationRule
        | Kind::HttpRoute
        | Kind::GrpcRoute
        | Kind::Canary
        | Kind::Rollout
        | Kind::AnalysisRun
        | Kind::Experiment => {
            let wire: Bare<'_> = serde_json::from_slice(json)?;
            Ok((version_of(&wire.metadata), None))
        }
    }
}

/// Only `metadata`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Bare<'a> {
    #[serde(borrow)]
    metadata: Field<Meta<'a>>,
}

composite!(Bare);

fn bare(json: &[u8]) -> Option<Meta<'_>> {
    // The metadata may be readable although something after it breaks the parser: cut it out of the text.
    let at = memchr::memmem::find(json, b"\"metadata\"")? + b"\"metadata\"".len();
    let colon = at + json[at..].iter().position(|byte| *byte == b':')? + 1;
    let mut values = serde_json::Deserializer::from_slice(&json[colon..]).into_iter::<Field<Meta<'_>>>();
    values.next()?.ok()?.ok()
}

/// The version of an object, however odd the rest of it is.
pub fn version_in(json: &[u8]) -> Option<Str> {
    bare(json).and_then(|meta| version(&meta))
}

fn bare_key(kind: Kind, json: &[u8], pool: &mut Pool) -> Option<ObjectKey> {
    let meta = bare(json)?;
    let key = service::key(kind, &meta, pool);
    (!key.name.is_empty()).then_some(key)
}

fn version_of(meta: &Field<Meta<'_>>) -> Option<Str> {
    meta.get().and_then(version)
}

fn version(meta: &Meta<'_>) -> Option<Str> {
    meta.resource_version.get().filter(|version| !version.is_empty()).map(|version| Str::from(&**version))
}

/// A workload whose JSON broke the parser is shown with nothing but its name and the mark.
fn salvaged(key: &ObjectKey, json: &[u8], pool: &mut Pool) -> Option<Row> {
    if !matches!(key.kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet) {
        return None;
    }
    let wire = workload::WireWorkload::of(bare(json)?);
    let mut row = workload::row(key.kind, wire, pool);
    row.unreadable.push("the whole object".into());
    Some(Row::Workload(Arc::new(row)))
}

impl Row {
    /// The object that it stands for.
    pub fn key(&self) -> ObjectKey {
        match self {
            Self::Workload(row) => row.key.clone(),
            Self::Revision(row) => row.key.clone(),
            Self::Pod(row) => row.key(),
            Self::Service(row) => row.key.clone(),
            Self::Slice(row) => row.key.clone(),
            Self::Autoscaler(row) => row.key.clone(),
            Self::Budget(row) => row.key.clone(),
            Self::Namespace(key) => key.clone(),
        }
    }
}
