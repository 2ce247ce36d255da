//! An object as YAML for reading: secret-like values masked, Secrets without any value, managedFields left out.

use crate::domain::mask::{MASK, mask_values};
use crate::domain::text::sanitize;
use crate::domain::{Kind, RawObject};
use serde_json::Value;

/// The annotation in which `kubectl apply` keeps the whole object once more, values of variables included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The object as lines of YAML, without anything that could steer a terminal.
pub fn lines(object: &RawObject) -> Vec<String> {
    let Ok(mut value) = serde_json::from_str::<Value>(object.text()) else {
        return vec!["# the object is no JSON that could be read".to_owned()];
    };
    redact(&mut value, object.key.kind == Kind::Secret);
    written(&value)
}

/// `value` as lines of YAML, without anything that could steer a terminal.
pub fn written(value: &Value) -> Vec<String> {
    match serde_saphyr::to_string(value) {
        Ok(text) => text.lines().map(|line| sanitize(line).into_owned()).collect(),
        Err(error) => vec![format!("# the object can't be written as YAML: {error}")],
    }
}

fn redact(object: &mut Value, secret: bool) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut)
            && annotations.contains_key(LAST_APPLIED)
        {
            annotations.insert(LAST_APPLIED.to_owned(), Value::String("(left out)".to_owned()));
        }
    }
    if secret {
        for part in ["data", "stringData"] {
            if let Some(values) = object.get_mut(part).and_then(Value::as_object_mut) {
                values.values_mut().for_each(|value| *value = Value::String(MASK.to_owned()));
            }
        }
    }
    mask_values(object);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ObjectKey;
    use serde_json::value::RawValue;

    fn shown(kind: Kind, text: &str) -> String {
        let raw = RawValue::from_string(text.to_owned()).unwrap();
        lines(&RawObject::new(ObjectKey::new(kind, "shop", "web"), raw).unwrap()).join("\n")
    }

    #[test]
    fn values_of_secret_like_names_never_reach_the_screen() {
        let text = shown(
            Kind::Deployment,
            r#"{"metadata":{"uid":"u","managedFields":[{"x":1}],"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"hunter2"}},
            "spec":{"env":[{"name":"DB_PASSWORD","value":"hunter2"},{"name":"URL","value":"http://a:hunter2@h/"},
            {"name":"X","valueFrom":{"secretKeyRef":{"name":"db","key":"pass"}}}],"args":["--token=hunter2"]}}"#,
        );
        assert!(!text.contains("hunter2"), "{text}");
        assert!(
            text.contains("DB_PASSWORD") && text.contains("key: pass") && !text.contains("managedFields"),
            "{text}"
        );
    }

    #[test]
    fn a_secret_shows_its_keys_and_no_value() {
        let text = shown(Kind::Secret, r#"{"metadata":{"uid":"u"},"data":{"a":"aHVudGVyMg=="},"type":"Opaque"}"#);
        assert!(text.contains("a: ") && !text.contains("aHVudGVyMg") && text.contains("Opaque"), "{text}");
    }

    #[test]
    fn hostile_text_is_drawn_without_control_characters() {
        let text = shown(Kind::Deployment, r#"{"metadata":{"uid":"u"},"a":"\u001b[2J\u202e\nx"}"#);
        assert!(!text.replace('\n', "").chars().any(char::is_control) && !text.contains('\u{202e}'), "{text:?}");
    }
}
