//! Services and their EndpointSlices.

use super::field::{Field, Strings, composite};
use super::meta::{Meta, labels, shared};
use super::strings::Pool;
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
#[serde(default)]
struct Endpoint<'a> {
    #[serde(borrow)]
    conditions: Field<EndpointConditions<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EndpointConditions<'a> {
    ready: Field<bool>,
    #[serde(skip)]
    borrows: std::marker::PhantomData<&'a ()>,
}

composite!(ServiceSpec, Endpoint, EndpointConditions);

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
    let selector = wire.spec.ok().and_then(|spec| spec.selector.ok());
    Service {
        key: key(Kind::Service, &meta, pool),
        uid: meta.uid(),
        selector: Selector::of(labels(selector.as_ref(), pool)),
    }
}

/// The row of an EndpointSlice; `None` for one that belongs to no Service.
pub fn slice(wire: WireEndpointSlice<'_>, pool: &mut Pool) -> Option<Slice> {
    let meta = wire.metadata.ok().unwrap_or_default();
    let service = meta.label("kubernetes.io/service-name").map(|name| pool.share(name))?;
    let key = key(Kind::EndpointSlice, &meta, pool);
    let endpoints = wire.endpoints.ok().unwrap_or_default();
    // "A nil value should be interpreted as true" (the API's words on `ready`).
    let ready = endpoints
        .iter()
        .filter(|endpoint| endpoint.conditions.get().and_then(|conditions| conditions.ready.get()) != Some(&false))
        .count();
    Some(Slice {
        service: ObjectKey::new(Kind::Service, key.namespace.clone(), service),
        family: if wire.address_type.get().is_some_and(|kind| kind == "IPv6") { Family::Second } else { Family::First },
        endpoints: Endpoints { ready: ready as u32, not_ready: (endpoints.len() - ready) as u32 },
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
