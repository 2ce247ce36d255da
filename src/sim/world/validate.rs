//! The checks of an object that the API server makes before it stores it.

use crate::sim::json::Json;
use crate::sim::kinds::{DAEMON_SETS, DEPLOYMENTS, Kind, KindId, REPLICA_SETS, STATEFUL_SETS};
use crate::sim::refusal::Refusal;
use crate::sim::selector::LabelSelector;
use serde_json::Value;

type Cause = (String, &'static str, String);

/// Refuses an object that breaks a rule; `before` is the version that it replaces.
pub fn object(kind: &Kind, id: KindId, name: &str, value: &Value, before: Option<&Value>) -> Result<(), Refusal> {
    let mut causes = vec![];
    metadata(value, &mut causes);
    if matches!(id, DEPLOYMENTS | REPLICA_SETS | STATEFUL_SETS | DAEMON_SETS) {
        workload(value, before, &mut causes);
    }
    if causes.is_empty() { Ok(()) } else { Err(Refusal::invalid(kind, name, &causes)) }
}

fn metadata(value: &Value, causes: &mut Vec<Cause>) {
    for field in ["labels", "annotations"] {
        for (key, entry) in value.entries(&format!("/metadata/{field}")) {
            if !entry.is_string() {
                causes.push((
                    format!("metadata.{field}"),
                    "FieldValueInvalid",
                    format!("Invalid value: {entry}: {key} must be a string"),
                ));
            }
        }
    }
}

fn workload(value: &Value, before: Option<&Value>, causes: &mut Vec<Cause>) {
    if value.count("/spec/replicas") < 0 {
        let found = value.count("/spec/replicas");
        causes.push((
            "spec.replicas".into(),
            "FieldValueInvalid",
            format!("Invalid value: {found}: must be greater than or equal to 0"),
        ));
    }
    let selector = LabelSelector::of_spec(value.at("/spec/selector"));
    let labels = value.at("/spec/template/metadata/labels");
    if selector.is_empty() {
        causes.push(("spec.selector".into(), "FieldValueRequired", "Required value".into()));
    } else if !selector.matches_map(labels) {
        let message = format!("Invalid value: {labels}: `selector` does not match template `labels`");
        causes.push(("spec.template.metadata.labels".into(), "FieldValueInvalid", message));
    }
    if let Some(before) = before
        && before.at("/spec/selector") != value.at("/spec/selector")
    {
        let message = format!("Invalid value: {}: field is immutable", value.at("/spec/selector"));
        causes.push(("spec.selector".into(), "FieldValueInvalid", message));
    }
    containers(value, causes);
}

fn containers(value: &Value, causes: &mut Vec<Cause>) {
    let containers = value.list("/spec/template/spec/containers");
    let path = "spec.template.spec.containers";
    if containers.is_empty() {
        causes.push((path.into(), "FieldValueRequired", "Required value".into()));
    }
    for (place, container) in containers.iter().enumerate() {
        let mut require = |field: &str| {
            if container.text(&format!("/{field}")).trim().is_empty() {
                causes.push((format!("{path}[{place}].{field}"), "FieldValueRequired", "Required value".into()));
            }
        };
        require("name");
        require("image");
        let name = container.text("/name");
        if containers[..place].iter().any(|other| other.text("/name") == name) {
            causes.push((format!("{path}[{place}].name"), "FieldValueDuplicate", format!("Duplicate value: {name:?}")));
        }
    }
}
