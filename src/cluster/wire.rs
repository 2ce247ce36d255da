//! Objects as the API sends them, read leniently and turned into small rows in the stream.

pub mod analysis;
pub mod canary;
pub mod custom;
pub mod field;
pub mod gateway;
pub mod lease;
pub mod matching;
pub mod meta;
pub mod pod;
pub mod policy;
pub mod revision;
pub mod rollout;
pub mod rollout_strategy;
pub mod route;
pub mod service;
pub mod spec;
pub mod strings;
pub mod tree;
pub mod trouble;
pub mod workload;
pub mod writers;

use crate::domain::objects::{Autoscaler, DisruptionBudget, RevisionObject, Service};
use crate::domain::pod::Pod;
use crate::domain::presence::Presence;
use crate::domain::traffic::{AnalysisRun, Canary, DestinationRule, Rollout, Route};
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
    /// A VirtualService, HTTPRoute or `GRPCRoute`.
    Route(Arc<Route>),
    /// A DestinationRule.
    DestinationRule(Arc<DestinationRule>),
    /// A Canary.
    Canary(Arc<Canary>),
    /// A Rollout.
    Rollout(Arc<Rollout>),
    /// An `AnalysisRun`.
    Run(Arc<AnalysisRun>),
    /// A Lease that says who steps a release.
    Presence(ObjectKey, Arc<Presence>),
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
        Kind::Lease => {
            let wire: lease::WireLease<'_> = serde_json::from_slice(json)?;
            let version = version_of(&wire.metadata);
            Ok((version, lease::presence(wire, pool).map(|(key, one)| Row::Presence(key, Arc::new(one)))))
        }
        Kind::VirtualService
        | Kind::DestinationRule
        | Kind::HttpRoute
        | Kind::GrpcRoute
        | Kind::Canary
        | Kind::Rollout
        | Kind::AnalysisRun => custom(kind, json, pool),
        Kind::Event
        | Kind::ConfigMap
        | Kind::Secret
        | Kind::PersistentVolumeClaim
        | Kind::ServiceAccount
        | Kind::ResourceQuota
        | Kind::Experiment => {
            let wire: Bare<'_> = serde_json::from_slice(json)?;
            Ok((version_of(&wire.metadata), None))
        }
    }
}

/// A custom resource: its metadata as for all kinds, the rest by place.
fn custom(kind: Kind, json: &[u8], pool: &mut Pool) -> serde_json::Result<(Option<Str>, Option<Row>)> {
    let wire: Bare<'_> = serde_json::from_slice(json)?;
    let tree: serde_json::Value = serde_json::from_slice(json)?;
    let version = version_of(&wire.metadata);
    let marks = tree::Marks::default();
    let object = tree::Node::of(&tree, &marks);
    let meta = custom::object_meta(kind, object.at("apiVersion").text(), wire.metadata.ok().unwrap_or_default(), pool);
    let mut row = match kind {
        Kind::DestinationRule => Row::DestinationRule(Arc::new(route::destination_rule(meta, &object, pool))),
        Kind::HttpRoute | Kind::GrpcRoute => Row::Route(Arc::new(gateway::route(meta, &object))),
        Kind::Canary => Row::Canary(Arc::new(canary::canary(meta, &object, pool))),
        Kind::Rollout => Row::Rollout(Arc::new(rollout::rollout(meta, &object, pool))),
        Kind::AnalysisRun => Row::Run(Arc::new(analysis::run(meta, &object))),
        _ => Row::Route(Arc::new(route::virtual_service(meta, &object))),
    };
    row.mark(marks.take());
    Ok((version, Some(row)))
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

/// A workload, or a custom resource, whose JSON broke the parser is shown with nothing but its name and the mark.
fn salvaged(key: &ObjectKey, json: &[u8], pool: &mut Pool) -> Option<Row> {
    if key.kind.optional() {
        let bare = serde_json::json!({"metadata": {"name": &*key.name, "namespace": &*key.namespace}});
        let (_, mut row) = typed(key.kind, bare.to_string().as_bytes(), pool).ok()?;
        if let Some(row) = &mut row {
            row.mark(vec!["the whole object".into()]);
        }
        return row;
    }
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
            Self::Namespace(key) | Self::Presence(key, _) => key.clone(),
            Self::Route(row) => row.meta.key.clone(),
            Self::DestinationRule(row) => row.meta.key.clone(),
            Self::Canary(row) => row.meta.key.clone(),
            Self::Rollout(row) => row.meta.key.clone(),
            Self::Run(row) => row.meta.key.clone(),
        }
    }

    /// Names what could not be read of a custom resource.
    fn mark(&mut self, marks: Vec<Str>) {
        if marks.is_empty() {
            return;
        }
        match self {
            Self::Route(row) => Arc::make_mut(row).meta.unreadable = marks,
            Self::DestinationRule(row) => Arc::make_mut(row).meta.unreadable = marks,
            Self::Canary(row) => Arc::make_mut(row).meta.unreadable = marks,
            Self::Rollout(row) => {
                let row = Arc::make_mut(row);
                Arc::make_mut(&mut row.workload).unreadable.clone_from(&marks);
                row.meta.unreadable = marks;
            }
            Self::Run(row) => Arc::make_mut(row).meta.unreadable = marks,
            Self::Workload(_)
            | Self::Revision(_)
            | Self::Pod(_)
            | Self::Service(_)
            | Self::Slice(_)
            | Self::Autoscaler(_)
            | Self::Budget(_)
            | Self::Namespace(_)
            | Self::Presence(..) => {}
        }
    }
}

#[cfg(test)]
mod tests;
