//! Pieces that several kinds share: selectors, containers, conditions, counts or shares.

use super::field::{Field, Leaf, Strings, composite};
use super::meta::labels;
use super::strings::Pool;
use crate::domain::Timestamp;
use crate::domain::selector::{Operator, Requirement, Selector};
use crate::domain::workload::{Condition, ConditionStatus, Image, Limit};
use serde::Deserialize;
use std::borrow::Cow;

/// A `LabelSelector`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LabelSelector<'a> {
    #[serde(borrow)]
    match_labels: Field<Strings<'a>>,
    #[serde(borrow)]
    match_expressions: Field<Vec<Expression<'a>>>,
}

/// An entry of `matchExpressions`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Expression<'a> {
    #[serde(borrow)]
    key: Field<Cow<'a, str>>,
    #[serde(borrow)]
    operator: Field<Cow<'a, str>>,
    #[serde(borrow)]
    values: Field<Vec<Cow<'a, str>>>,
}

impl LabelSelector<'_> {
    /// As the domain has it; an expression with an operator that Kubernetes does not define makes it unreadable.
    pub fn selector(self, pool: &mut Pool, marks: &mut Vec<&'static str>) -> Selector {
        let map = self.match_labels.take("spec.selector.matchLabels", marks);
        let mut selector = Selector::of(labels(map.as_ref(), pool));
        for expression in self.match_expressions.or_default("spec.selector.matchExpressions", marks) {
            let operator = match expression.operator.get().map(|operator| &**operator) {
                Some("In") => Operator::In,
                Some("NotIn") => Operator::NotIn,
                Some("Exists") => Operator::Exists,
                Some("DoesNotExist") => Operator::DoesNotExist,
                _ => {
                    marks.push("spec.selector.matchExpressions");
                    continue;
                }
            };
            selector.expressions.push(Requirement {
                key: pool.share(expression.key.get().map_or("", |key| key)),
                operator,
                values: expression.values.ok().unwrap_or_default().iter().map(|value| pool.share(value)).collect(),
            });
        }
        selector
    }
}

/// A pod template, reduced to labels and containers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Template<'a> {
    /// `metadata`.
    #[serde(borrow)]
    pub metadata: Field<TemplateMeta<'a>>,
    /// `spec`.
    #[serde(borrow)]
    pub spec: Field<TemplateSpec<'a>>,
}

/// `metadata` of a template.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TemplateMeta<'a> {
    /// `labels`.
    #[serde(borrow)]
    pub labels: Field<Strings<'a>>,
}

/// `spec` of a template.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TemplateSpec<'a> {
    /// `containers`.
    #[serde(borrow)]
    pub containers: Field<Vec<Container<'a>>>,
}

/// A container of a spec.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Container<'a> {
    /// `name`.
    #[serde(borrow)]
    pub name: Field<Cow<'a, str>>,
    /// `image`.
    #[serde(borrow)]
    pub image: Field<Cow<'a, str>>,
}

impl Template<'_> {
    /// The containers' images.
    pub fn images(&self, pool: &mut Pool) -> Vec<Image> {
        let containers = self.spec.get().and_then(|spec| spec.containers.get());
        containers
            .into_iter()
            .flatten()
            .map(|container| Image {
                container: pool.share(container.name.get().map_or("", |name| name)),
                reference: pool.share(container.image.get().map_or("", |image| image)),
            })
            .collect()
    }
}

/// An entry of `status.conditions`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WireCondition<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Field<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) status: Field<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) reason: Field<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) message: Field<Cow<'a, str>>,
    pub(super) last_transition_time: Field<Timestamp>,
    last_update_time: Field<Timestamp>,
}

/// Conditions as the domain has them.
pub fn conditions(wire: Vec<WireCondition<'_>>, pool: &mut Pool) -> Vec<Condition> {
    wire.into_iter()
        .map(|condition| Condition {
            kind: pool.share(condition.kind.get().map_or("", |kind| kind)),
            status: match condition.status.get().map(|status| &**status) {
                Some("True") => ConditionStatus::True,
                Some("False") => ConditionStatus::False,
                _ => ConditionStatus::Unknown,
            },
            reason: pool.share(condition.reason.get().map_or("", |reason| reason)),
            message: condition.message.get().map_or("", |message| message).into(),
            since: condition.last_transition_time.ok(),
            updated: condition.last_update_time.ok(),
        })
        .collect()
}

/// A number of pods or a share of them (`IntOrString`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CountOrShare(pub Limit);

impl Leaf<'_> for CountOrShare {
    fn text(text: Cow<'_, str>) -> Option<Self> {
        let percent = text.strip_suffix('%')?.trim().parse().ok()?;
        Some(Self(Limit::Percent(percent)))
    }

    fn integer(number: i64) -> Option<Self> {
        i32::try_from(number).ok().map(|count| Self(Limit::Count(count)))
    }
}

composite!(LabelSelector, Expression, Template, TemplateMeta, TemplateSpec, Container, WireCondition);
