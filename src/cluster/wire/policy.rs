//! Autoscalers (`HorizontalPodAutoscaler`) and disruption budgets (`PodDisruptionBudget`).

use super::field::{Field, composite};
use super::meta::Meta;
use super::service::key;
use super::spec::{LabelSelector, WireCondition, conditions};
use super::strings::Pool;
use crate::domain::objects::{Autoscaler, DisruptionBudget};
use crate::domain::{Kind, ObjectKey};
use serde::Deserialize;
use std::borrow::Cow;

/// A HorizontalPodAutoscaler as it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WireAutoscaler<'a> {
    /// `metadata`.
    #[serde(borrow)]
    pub metadata: Field<Meta<'a>>,
    #[serde(borrow)]
    spec: Field<AutoscalerSpec<'a>>,
    #[serde(borrow)]
    status: Field<AutoscalerStatus<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct AutoscalerSpec<'a> {
    #[serde(borrow)]
    scale_target_ref: Field<Target<'a>>,
    min_replicas: Field<i32>,
    max_replicas: Field<i32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Target<'a> {
    #[serde(borrow)]
    kind: Field<Cow<'a, str>>,
    #[serde(borrow)]
    name: Field<Cow<'a, str>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct AutoscalerStatus<'a> {
    desired_replicas: Field<i32>,
    #[serde(borrow)]
    conditions: Field<Vec<WireCondition<'a>>>,
}

/// A PodDisruptionBudget as it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WireBudget<'a> {
    /// `metadata`.
    #[serde(borrow)]
    pub metadata: Field<Meta<'a>>,
    #[serde(borrow)]
    spec: Field<BudgetSpec<'a>>,
    #[serde(borrow)]
    status: Field<BudgetStatus<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BudgetSpec<'a> {
    #[serde(borrow)]
    selector: Field<LabelSelector<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct BudgetStatus<'a> {
    disruptions_allowed: Field<i32>,
    current_healthy: Field<i32>,
    desired_healthy: Field<i32>,
    #[serde(skip)]
    borrows: std::marker::PhantomData<&'a ()>,
}

composite!(AutoscalerSpec, Target, AutoscalerStatus, BudgetSpec, BudgetStatus);

/// The row of an autoscaler; `None` for one that scales a kind that the console does not know.
pub fn autoscaler(wire: WireAutoscaler<'_>, pool: &mut Pool) -> Option<Autoscaler> {
    let meta = wire.metadata.ok().unwrap_or_default();
    let spec = wire.spec.ok().unwrap_or_default();
    let status = wire.status.ok().unwrap_or_default();
    let key = key(Kind::HorizontalPodAutoscaler, &meta, pool);
    let target = spec.scale_target_ref.ok()?;
    let kind = target.kind.get().and_then(|kind| Kind::from_word(kind))?;
    Some(Autoscaler {
        target: ObjectKey::new(kind, key.namespace.clone(), target.name.get().map_or("", |name| name)),
        key,
        // The API's default is 1.
        min: spec.min_replicas.ok().unwrap_or(1),
        max: spec.max_replicas.ok().unwrap_or_default(),
        desired: status.desired_replicas.ok().unwrap_or_default(),
        conditions: conditions(status.conditions.ok().unwrap_or_default(), pool),
    })
}

/// The row of a disruption budget.
pub fn budget(wire: WireBudget<'_>, pool: &mut Pool) -> DisruptionBudget {
    let meta = wire.metadata.ok().unwrap_or_default();
    let status = wire.status.ok().unwrap_or_default();
    let selector = wire.spec.ok().and_then(|spec| spec.selector.ok()).unwrap_or_default();
    DisruptionBudget {
        key: key(Kind::PodDisruptionBudget, &meta, pool),
        selector: selector.selector(pool, &mut Vec::new()),
        allowed: status.disruptions_allowed.ok().unwrap_or_default(),
        healthy: status.current_healthy.ok().unwrap_or_default(),
        wanted: status.desired_healthy.ok().unwrap_or_default(),
    }
}
