//! What all custom resources have in common: metadata with the served version.

use super::meta::{Meta, annotations, labels};
use super::service::key;
use super::strings::Pool;
use super::tree::Node;
use super::writers::writers;
use crate::domain::selector::{Operator, Requirement, Selector};
use crate::domain::traffic::{ObjectMeta, TargetRef};
use crate::domain::workload::{Condition, ConditionStatus};
use crate::domain::{Kind, Str};

/// `metadata` of an object of `kind`. `unreadable` is left empty: it is known once the rest is read.
pub fn object_meta(kind: Kind, api_version: Option<&str>, meta: Meta<'_>, pool: &mut Pool) -> ObjectMeta {
    ObjectMeta {
        key: key(kind, &meta, pool),
        uid: meta.uid(),
        api_version: api_version.map_or_else(|| kind.api_version().into(), |version| pool.share(version)),
        generation: meta.generation.get().copied().unwrap_or_default(),
        created: meta.creation_timestamp.get().copied(),
        deleting: meta.deletion_timestamp.get().copied(),
        labels: labels(meta.labels.get(), pool),
        annotations: annotations(&meta, pool),
        owner: meta.owner(pool),
        writers: writers(meta.managed_fields.ok().unwrap_or_default(), pool),
        unreadable: Vec::new(),
    }
}

/// A reference by kind and name.
pub fn target(node: &Node<'_>, pool: &mut Pool) -> Option<TargetRef> {
    let name = node.at("name").kept()?;
    let text = |name: &str, pool: &mut Pool| node.at(name).shared(pool).unwrap_or_else(|| "".into());
    Some(TargetRef { api_version: text("apiVersion", pool), kind: text("kind", pool), name })
}

/// `status.conditions`.
pub fn conditions(node: &Node<'_>, pool: &mut Pool) -> Vec<Condition> {
    let one = |item: &Node<'_>, pool: &mut Pool| Condition {
        kind: item.at("type").shared(pool).unwrap_or_else(|| "".into()),
        status: status(item),
        reason: item.at("reason").shared(pool).unwrap_or_else(|| "".into()),
        message: item.at("message").kept().unwrap_or_else(|| "".into()),
        since: item.at("lastTransitionTime").time(),
        updated: item.at("lastUpdateTime").time(),
    };
    node.items().iter().map(|item| one(item, pool)).collect()
}

/// `status` of a condition.
pub fn status(item: &Node<'_>) -> ConditionStatus {
    match item.at("status").text() {
        Some("True") => ConditionStatus::True,
        Some("False") => ConditionStatus::False,
        _ => ConditionStatus::Unknown,
    }
}

/// A `LabelSelector`.
pub fn selector(node: &Node<'_>, pool: &mut Pool) -> Selector {
    let mut selector = Selector::of(node.at("matchLabels").labels(pool));
    for expression in node.at("matchExpressions").items() {
        let operator = match expression.at("operator").text() {
            Some("In") => Operator::In,
            Some("NotIn") => Operator::NotIn,
            Some("Exists") => Operator::Exists,
            Some("DoesNotExist") => Operator::DoesNotExist,
            _ => {
                expression.unreadable();
                continue;
            }
        };
        let key = expression.at("key").shared(pool).unwrap_or_else(|| "".into());
        selector.expressions.push(Requirement { key, operator, values: expression.at("values").texts() });
    }
    selector
}

/// The names in a list of objects: `templates[].templateName`.
pub fn names(list: &Node<'_>, field: &str) -> Vec<Str> {
    list.items().iter().filter_map(|item| item.at(field).kept()).collect()
}
