//! Pods as small rows.

use super::field::{Field, composite};
use super::meta::{Meta, shared};
use super::spec::{Container, WireCondition};
use super::strings::Pool;
use super::trouble::trouble;
use crate::domain::pod::{ContainerRow, Phase, Pod};
use crate::domain::{Str, Timestamp};
use serde::Deserialize;
use std::borrow::Cow;

/// A pod as it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WirePod<'a> {
    /// `metadata`.
    #[serde(borrow)]
    pub metadata: Field<Meta<'a>>,
    #[serde(borrow)]
    spec: Field<Spec<'a>>,
    #[serde(borrow)]
    status: Field<Status<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec<'a> {
    #[serde(borrow)]
    node_name: Field<Cow<'a, str>>,
    #[serde(borrow)]
    containers: Field<Vec<Container<'a>>>,
}

/// `status` of a pod.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status<'a> {
    #[serde(borrow)]
    pub(super) phase: Field<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) reason: Field<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) message: Field<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) conditions: Field<Vec<WireCondition<'a>>>,
    #[serde(borrow)]
    pub(super) container_statuses: Field<Vec<ContainerStatus<'a>>>,
    #[serde(borrow)]
    pub(super) init_container_statuses: Field<Vec<ContainerStatus<'a>>>,
}

/// An entry of `status.containerStatuses`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerStatus<'a> {
    #[serde(borrow)]
    pub(super) name: Field<Cow<'a, str>>,
    #[serde(borrow, rename = "imageID")]
    image_id: Field<Cow<'a, str>>,
    pub(super) restart_count: Field<i64>,
    #[serde(borrow)]
    pub(super) state: Field<ContainerState<'a>>,
    #[serde(borrow)]
    pub(super) last_state: Field<ContainerState<'a>>,
}

/// `state` or `lastState` of a container.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ContainerState<'a> {
    #[serde(borrow)]
    pub(super) waiting: Field<Why<'a>>,
    #[serde(borrow)]
    pub(super) running: Field<Why<'a>>,
    #[serde(borrow)]
    pub(super) terminated: Field<Why<'a>>,
}

/// Why a container is in its state.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Why<'a> {
    #[serde(borrow)]
    pub(super) reason: Field<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) message: Field<Cow<'a, str>>,
    pub(super) exit_code: Field<i64>,
    pub(super) started_at: Field<Timestamp>,
    pub(super) finished_at: Field<Timestamp>,
}

composite!(Spec, Status, ContainerStatus, ContainerState, Why);

impl Status<'_> {
    /// The condition of type `kind`.
    pub(super) fn condition(&self, kind: &str) -> Option<&WireCondition<'_>> {
        let of_kind = |condition: &&WireCondition<'_>| condition.kind.get().is_some_and(|name| name == kind);
        self.conditions.get()?.iter().find(of_kind)
    }
}

/// The row of a pod.
pub fn row(wire: WirePod<'_>, pool: &mut Pool) -> Pod {
    let meta = wire.metadata.ok().unwrap_or_default();
    let spec = wire.spec.ok().unwrap_or_default();
    let status = wire.status.ok().unwrap_or_default();
    let statuses = status.container_statuses.get().map(Vec::as_slice).unwrap_or_default();
    let containers = spec.containers.get().map(Vec::as_slice).unwrap_or_default();
    let ready = status.condition("Ready");
    let deleting = meta.deletion_timestamp.get().copied();
    let restarts = statuses.iter().filter_map(|container| container.restart_count.get()).sum::<i64>();
    Pod {
        namespace: shared(meta.namespace.get(), pool).unwrap_or_else(|| pool.share("")),
        name: meta.name.get().map_or("", |name| name).into(),
        uid: meta.uid(),
        owner: meta.owner_uid(pool),
        hash: hash(&meta).map(|hash| pool.share(hash)),
        containers: containers.iter().map(|container| container_row(container, statuses, pool)).collect(),
        node: shared(spec.node_name.get(), pool),
        phase: match status.phase.get().map(|phase| &**phase) {
            Some("Pending") => Phase::Pending,
            Some("Running") => Phase::Running,
            Some("Succeeded") => Phase::Succeeded,
            Some("Failed") => Phase::Failed,
            _ => Phase::Unknown,
        },
        ready: ready.is_some_and(|ready| ready.status.get().is_some_and(|status| status == "True")),
        ready_since: ready.and_then(|ready| ready.last_transition_time.get().copied()),
        restarts: u32::try_from(restarts.max(0)).unwrap_or(u32::MAX),
        trouble: deleting.is_none().then(|| trouble(&status, pool)).flatten(),
        created: meta.creation_timestamp.get().copied(),
        deleting,
    }
}

fn hash<'a>(meta: &'a Meta<'_>) -> Option<&'a str> {
    ["pod-template-hash", "controller-revision-hash", "rollouts-pod-template-hash"]
        .into_iter()
        .find_map(|label| meta.label(label))
}

fn container_row(container: &Container<'_>, statuses: &[ContainerStatus<'_>], pool: &mut Pool) -> ContainerRow {
    let name = container.name.get().map_or("", |name| name);
    let status = statuses.iter().find(|status| status.name.get().is_some_and(|other| other == name));
    let id = status.and_then(|status| status.image_id.get()).map_or("", |id| id);
    let mut text = |text: &str| -> Str { pool.share(text) };
    ContainerRow { name: text(name), image: text(container.image.get().map_or("", |image| image)), image_id: text(id) }
}
