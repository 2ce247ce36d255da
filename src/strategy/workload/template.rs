//! Pod templates as the server sent them: taken out of revisions without re-encoding, and compared by structure.

use crate::domain::raw::{slice, without};
use crate::domain::workload::Image;
use crate::domain::{Kind, RawObject};
use crate::strategy::taking_back::TEMPLATE;
use serde_json::Value;
use serde_json::value::RawValue;
use std::sync::Arc;

/// Where the annotation that `kubectl rollout history` shows stands in an object.
pub const CHANGE_CAUSE: &str = "/metadata/annotations/kubernetes.io~1change-cause";

/// The root's own template.
pub fn current(root: &RawObject) -> Option<&RawValue> {
    root.at(TEMPLATE)
}

/// The template that a revision stands for, byte for byte: of a ReplicaSet less the label `pod-template-hash` that its
/// controller added, of a ControllerRevision less the directive `$patch`.
pub fn of_revision(revision: &RawObject) -> Option<Arc<RawValue>> {
    let cut = match revision.key.kind {
        Kind::ControllerRevision => without(revision.at("/data/spec/template")?, "/$patch"),
        _ => without(revision.at(TEMPLATE)?, "/metadata/labels/pod-template-hash"),
    };
    Some(cut.into())
}

/// Whether two templates ask for the same pods: equal in structure, absent and `null` members being the same (an older
/// controller wrote `creationTimestamp: null`).
pub fn same(a: &RawValue, b: &RawValue) -> bool {
    a.get() == b.get() || matches!((parsed(a), parsed(b)), (Some(a), Some(b)) if a == b)
}

/// A template as a tree, less the members that are `null`.
pub fn parsed(template: &RawValue) -> Option<Value> {
    serde_json::from_str(template.get()).ok().map(without_nulls)
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members.into_iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k, without_nulls(v))).collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// The images of a template's containers: (list, place in the list, container's name, reference).
pub fn images(template: &RawValue) -> Vec<ContainerImage> {
    ["containers", "initContainers"]
        .into_iter()
        .flat_map(|list| {
            let containers =
                slice(template, &format!("/spec/{list}")).and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok());
            let containers = containers.and_then(|value| value.as_array().cloned()).unwrap_or_default();
            containers.into_iter().enumerate().filter_map(move |(place, container)| {
                let text = |field: &str| container.get(field).and_then(Value::as_str).map(str::to_owned);
                Some(ContainerImage { list, place, name: text("name")?, reference: text("image").unwrap_or_default() })
            })
        })
        .collect()
}

/// The images of a template's containers, less those that only run before them: what a release's history holds.
pub fn own_images(template: &RawValue) -> Vec<Image> {
    let containers = images(template).into_iter().filter(|image| image.list == "containers");
    containers.map(|image| Image { container: image.name.into(), reference: image.reference.into() }).collect()
}

/// One container's image within a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerImage {
    /// `containers` or `initContainers`.
    pub list: &'static str,
    /// Its place in the list.
    pub place: usize,
    /// The container's name.
    pub name: String,
    /// The reference as written; empty when absent.
    pub reference: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ObjectKey;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).expect("valid JSON")
    }

    fn object(kind: Kind, text: &str) -> RawObject {
        RawObject::new(ObjectKey::new(kind, "shop", "web-1"), raw(text)).expect("has a uid")
    }

    #[test]
    fn a_replica_sets_template_loses_its_hash_label_and_no_other_byte() {
        let replica_set = object(
            Kind::ReplicaSet,
            r#"{"metadata":{"uid":"u"},"spec":{"template":{"metadata":{"labels":{"pod-template-hash":"5d","app":"a"}},"spec":{"args":["x \u0026\u0026 y \u003c z"]}}}}"#,
        );
        let template = of_revision(&replica_set).expect("has a template");
        assert_eq!(
            template.get(),
            r#"{"metadata":{"labels":{"app":"a"}},"spec":{"args":["x \u0026\u0026 y \u003c z"]}}"#
        );
    }

    #[test]
    fn a_controller_revisions_template_loses_its_patch_directive() {
        let revision = object(
            Kind::ControllerRevision,
            r#"{"metadata":{"uid":"u"},"data":{"spec":{"template":{"$patch":"replace","metadata":{"creationTimestamp":null},"spec":{}}}}}"#,
        );
        let template = of_revision(&revision).expect("has a template");
        assert_eq!(template.get(), r#"{"metadata":{"creationTimestamp":null},"spec":{}}"#);
        assert!(same(&template, &raw(r#"{"spec":{},"metadata":{}}"#)));
        assert!(!same(&template, &raw(r#"{"spec":{"a":1},"metadata":{}}"#)));
    }
}
