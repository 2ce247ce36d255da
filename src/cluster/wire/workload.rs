//! Deployments, StatefulSets and DaemonSets as one row.

use super::field::{Field, composite};
use super::meta::{Meta, annotations, labels};
use super::spec::{CountOrShare, LabelSelector, Template, WireCondition, conditions};
use super::strings::Pool;
use super::writers::writers;
use crate::domain::workload::{Limit, Replicas, UpdateStrategy, Workload};
use crate::domain::{Kind, ObjectKey, Revision, Str};
use jiff::SignedDuration;
use serde::Deserialize;
use std::borrow::Cow;

/// A workload as it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WireWorkload<'a> {
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
    replicas: Field<i32>,
    paused: Field<bool>,
    min_ready_seconds: Field<i64>,
    progress_deadline_seconds: Field<i64>,
    revision_history_limit: Field<i32>,
    #[serde(borrow)]
    selector: Field<LabelSelector<'a>>,
    #[serde(borrow)]
    template: Field<Template<'a>>,
    #[serde(borrow)]
    strategy: Field<Update<'a>>,
    #[serde(borrow)]
    update_strategy: Field<Update<'a>>,
    #[serde(borrow)]
    pod_management_policy: Field<Cow<'a, str>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Update<'a> {
    #[serde(borrow, rename = "type")]
    kind: Field<Cow<'a, str>>,
    #[serde(borrow)]
    rolling_update: Field<Rolling<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Rolling<'a> {
    max_surge: Field<CountOrShare>,
    max_unavailable: Field<CountOrShare>,
    partition: Field<i32>,
    #[serde(skip)]
    borrows: std::marker::PhantomData<&'a ()>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status<'a> {
    observed_generation: Field<i64>,
    replicas: Field<i32>,
    ready_replicas: Field<i32>,
    updated_replicas: Field<i32>,
    available_replicas: Field<i32>,
    desired_number_scheduled: Field<i32>,
    current_number_scheduled: Field<i32>,
    number_ready: Field<i32>,
    updated_number_scheduled: Field<i32>,
    number_available: Field<i32>,
    #[serde(borrow)]
    current_revision: Field<Cow<'a, str>>,
    #[serde(borrow)]
    update_revision: Field<Cow<'a, str>>,
    #[serde(borrow)]
    conditions: Field<Vec<WireCondition<'a>>>,
}

composite!(Spec, Update, Rolling, Status);

impl<'a> WireWorkload<'a> {
    /// One of which only the metadata is known.
    pub fn of(meta: Meta<'a>) -> Self {
        Self { metadata: Field::Read(meta), ..Self::default() }
    }
}

/// The row of a workload of `kind`.
pub fn row(kind: Kind, wire: WireWorkload<'_>, pool: &mut Pool) -> Workload {
    let mut marks = Vec::new();
    let meta = wire.metadata.or_default("metadata", &mut marks);
    let mut spec = wire.spec.or_default("spec", &mut marks);
    let mut status = wire.status.or_default("status", &mut marks);
    let template = std::mem::take(&mut spec.template).or_default("spec.template", &mut marks);
    let selector = std::mem::take(&mut spec.selector).or_default("spec.selector", &mut marks);
    let update = update_of(kind, &mut spec, &mut marks);
    let replicas = replicas_of(kind, &mut spec, &mut status, &mut marks);
    let template_labels = template.metadata.get().and_then(|meta| meta.labels.get());
    let seconds = |seconds: i64| SignedDuration::from_secs(seconds.clamp(0, i64::from(i32::MAX)));
    let text = |field: Field<Cow<'_, str>>, pool: &mut Pool| field.ok().map(|text| pool.share(&text));
    let observed_generation = status.observed_generation.or_default("status.observedGeneration", &mut marks);
    let paused = spec.paused.or_default("spec.paused", &mut marks);
    let min_ready = seconds(spec.min_ready_seconds.or_default("spec.minReadySeconds", &mut marks));
    let wire_conditions = status.conditions.or_default("status.conditions", &mut marks);
    let progress_deadline = spec.progress_deadline_seconds.take("spec.progressDeadlineSeconds", &mut marks);
    let (created, deleting) = (meta.creation_timestamp.get().copied(), meta.deletion_timestamp.get().copied());
    Workload {
        key: ObjectKey::new(
            kind,
            pool.share(meta.namespace.get().map_or("", |namespace| namespace)),
            meta.name.get().map_or("", |name| name),
        ),
        uid: meta.uid(),
        created,
        deleting,
        generation: meta.generation.get().copied().unwrap_or_default(),
        observed_generation,
        labels: labels(meta.labels.get(), pool),
        annotations: annotations(&meta, pool),
        owner: meta.owner(pool),
        selector: selector.selector(pool, &mut marks),
        template_labels: labels(template_labels, pool),
        images: template.images(pool),
        replicas,
        update,
        paused,
        // The API's value for "no deadline" is the greatest 32-bit number.
        progress_deadline: progress_deadline.filter(|limit| *limit < i64::from(i32::MAX)).map(seconds),
        min_ready,
        history_limit: spec.revision_history_limit.ok(),
        revision: meta.annotation(REVISION).and_then(|text| text.parse().ok()).map(Revision),
        current_revision: text(status.current_revision, pool),
        update_revision: text(status.update_revision, pool),
        change_cause: meta.annotation(CHANGE_CAUSE).map(Str::from),
        conditions: conditions(wire_conditions, pool),
        writers: writers(meta.managed_fields.ok().unwrap_or_default(), pool),
        unreadable: {
            marks.dedup();
            marks.into_iter().map(Str::from).collect()
        },
    }
}

/// The annotation with a Deployment's revision number.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// The annotation with a person's reason for a change.
pub const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

fn update_of(kind: Kind, spec: &mut Spec<'_>, marks: &mut Vec<&'static str>) -> UpdateStrategy {
    let (field, name) = match kind {
        Kind::Deployment => (std::mem::take(&mut spec.strategy), "spec.strategy"),
        _ => (std::mem::take(&mut spec.update_strategy), "spec.updateStrategy"),
    };
    let update = field.or_default(name, marks);
    let rolling = update.rolling_update.or_default(name, marks);
    let word = update.kind.take(name, marks);
    match (kind, word.as_deref()) {
        (Kind::Deployment, Some("Recreate")) => UpdateStrategy::Recreate,
        (Kind::StatefulSet | Kind::DaemonSet, Some("OnDelete")) => UpdateStrategy::OnDelete,
        (Kind::StatefulSet, word) => {
            mark_unknown(word, name, marks);
            let parallel = spec.pod_management_policy.get().is_some_and(|policy| policy == "Parallel");
            UpdateStrategy::Ordered { partition: rolling.partition.or_default(name, marks), parallel }
        }
        (_, word) => {
            mark_unknown(word, name, marks);
            let surge = rolling.max_surge.take(name, marks).map(|limit| limit.0);
            let unavailable = rolling.max_unavailable.take(name, marks).map(|limit| limit.0);
            // The API's defaults: Deployments 25 % each, DaemonSets one unavailable and no surge.
            let (default_surge, default_unavailable) = match kind {
                Kind::DaemonSet => (Limit::Count(0), Limit::Count(1)),
                _ => (Limit::Percent(25), Limit::Percent(25)),
            };
            UpdateStrategy::Rolling {
                surge: surge.unwrap_or(default_surge),
                unavailable: unavailable.unwrap_or(default_unavailable),
            }
        }
    }
}

fn mark_unknown(word: Option<&str>, name: &'static str, marks: &mut Vec<&'static str>) {
    if !matches!(word, None | Some("RollingUpdate")) {
        marks.push(name);
    }
}

fn replicas_of(kind: Kind, spec: &mut Spec<'_>, status: &mut Status<'_>, marks: &mut Vec<&'static str>) -> Replicas {
    let mut count = |field: &mut Field<i32>, name| std::mem::take(field).or_default(name, marks);
    if kind == Kind::DaemonSet {
        return Replicas {
            desired: count(&mut status.desired_number_scheduled, "status.desiredNumberScheduled"),
            current: count(&mut status.current_number_scheduled, "status.currentNumberScheduled"),
            ready: count(&mut status.number_ready, "status.numberReady"),
            updated: count(&mut status.updated_number_scheduled, "status.updatedNumberScheduled"),
            available: count(&mut status.number_available, "status.numberAvailable"),
        };
    }
    Replicas {
        // The API's default is 1.
        desired: std::mem::take(&mut spec.replicas).take("spec.replicas", marks).unwrap_or(1),
        current: std::mem::take(&mut status.replicas).or_default("status.replicas", marks),
        ready: std::mem::take(&mut status.ready_replicas).or_default("status.readyReplicas", marks),
        updated: std::mem::take(&mut status.updated_replicas).or_default("status.updatedReplicas", marks),
        available: std::mem::take(&mut status.available_replicas).or_default("status.availableReplicas", marks),
    }
}
