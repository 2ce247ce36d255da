//! Services and their EndpointSlices.

use super::field::{Field, Strings, composite};
use super::meta::{Meta, annotations, labels, shared};
use super::strings::Pool;
use super::writers::writers;
use crate::domain::objects::{Endpoints, Service};
use crate::domain::selector::Selector;
use crate::domain::{Kind, ObjectKey};
use serde::Deserialize;
use std::borrow::Cow;

/// A Service as it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WireService<'a> {
    /// `metadata`.
    #[serde(borrow)]
    pub metadata: Field<Meta<'a>>,
    #[serde(borrow)]
    spec: Field<ServiceSpec<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ServiceSpec<'a> {
    #[serde(borrow)]
    selector: Field<Strings<'a>>,
    #[serde(borrow)]
    ports: Field<Vec<Port<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Port<'a> {
    port: Field<i64>,
    #[serde(skip)]
    borrows: std::marker::PhantomData<&'a ()>,
}

/// An EndpointSlice as it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WireEndpointSlice<'a> {
    /// `metadata`.
    #[serde(borrow)]
    pub metadata: Field<Meta<'a>>,
    #[serde(borrow)]
    address_type: Field<Cow<'a, str>>,
    #[serde(borrow)]
    endpoints: Field<Vec<Endpoint<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Endpoint<'a> {
    #[serde(borrow)]
    conditions: Field<EndpointConditions<'a>>,
    #[serde(borrow)]
    target_ref: Field<TargetReference<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TargetReference<'a> {
    #[serde(borrow)]
    name: Field<Cow<'a, str>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EndpointConditions<'a> {
    ready: Field<bool>,
    #[serde(skip)]
    borrows: std::marker::PhantomData<&'a ()>,
}

composite!(ServiceSpec, Port, TargetReference, Endpoint, EndpointConditions);

/// One EndpointSlice, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// Which object.
    pub key: ObjectKey,
    /// The Service it belongs to.
    pub service: ObjectKey,
    /// Whether it counts IPv6 addresses: a dual-stack Service lists every pod once a family.
    pub family: Family,
    /// Its addresses.
    pub endpoints: Endpoints,
    /// The marks of the pods behind the ready ones (`pod_mark`): eight bytes a pod instead of a name.
    pub ready: Box<[u64]>,
    /// The marks of the pods behind the others.
    pub not_ready: Box<[u64]>,
}

/// A pod's name as a number (FNV-1a, 64 bit).
pub fn pod_mark(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |mark, byte| (mark ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The address family of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// IPv4, or names.
    First,
    /// IPv6.
    Second,
}

/// The row of a Service.
pub fn service(wire: WireService<'_>, pool: &mut Pool) -> Service {
    let meta = wire.metadata.ok().unwrap_or_default();
    let spec = wire.spec.ok().unwrap_or_default();
    let ports = spec.ports.ok().unwrap_or_default();
    Service {
        key: key(Kind::Service, &meta, pool),
        uid: meta.uid(),
        selector: Selector::of(labels(spec.selector.get(), pool)),
        created: meta.creation_timestamp.get().copied(),
        labels: labels(meta.labels.get(), pool),
        annotations: annotations(&meta, pool),
        owner: meta.owner(pool),
        port: ports.first().and_then(|port| port.port.get().copied()).unwrap_or_default(),
        writers: writers(meta.managed_fields.ok().unwrap_or_default(), pool),
    }
}

/// The row of an EndpointSlice; `None` for one that belongs to no Service.
pub fn slice(wire: WireEndpointSlice<'_>, pool: &mut Pool) -> Option<Slice> {
    let meta = wire.metadata.ok().unwrap_or_default();
    let service = meta.label("kubernetes.io/service-name").map(|name| pool.share(name))?;
    let key = key(Kind::EndpointSlice, &meta, pool);
    let endpoints = wire.endpoints.ok().unwrap_or_default();
    // "A nil value should be interpreted as true" (the API's words on `ready`).
    let is_ready = |endpoint: &&Endpoint<'_>| {
        endpoint.conditions.get().and_then(|conditions| conditions.ready.get()) != Some(&false)
    };
    let ready = endpoints.iter().filter(is_ready).count();
    let mark = |endpoint: &Endpoint<'_>| endpoint.target_ref.get()?.name.get().map(|name| pod_mark(name));
    let ready_marks = endpoints.iter().filter(is_ready).filter_map(mark).collect();
    let other_marks = endpoints.iter().filter(|endpoint| !is_ready(endpoint)).filter_map(mark).collect();
    Some(Slice {
        service: ObjectKey::new(Kind::Service, key.namespace.clone(), service),
        family: if wire.address_type.get().is_some_and(|kind| kind == "IPv6") { Family::Second } else { Family::First },
        endpoints: Endpoints { ready: ready as u32, not_ready: (endpoints.len() - ready) as u32 },
        ready: ready_marks,
        not_ready: other_marks,
        key,
    })
}

/// The key of an object of `kind` with this metadata.
pub fn key(kind: Kind, meta: &Meta<'_>, pool: &mut Pool) -> ObjectKey {
    ObjectKey::new(
        kind,
        shared(meta.namespace.get(), pool).unwrap_or_else(|| pool.share("")),
        meta.name.get().map_or("", |name| name),
    )
}
