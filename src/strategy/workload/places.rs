//! A pod template as a list of places and values, in words that people use.

use super::words::clip;
use serde_json::{Map, Value};

/// Values longer than this are cut in the diff.
const LONGEST: usize = 2_000;

/// One value of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where, in words: `container search  image`, `env TIMEOUT`.
    pub name: String,
    /// The name that tells whether the value is secret-like: the variable's, annotation's or field's.
    pub key: String,
    /// The value as text.
    pub value: String,
}

/// Every value of a pod template.
pub fn places(template: &Value) -> Vec<Place> {
    let mut out = Vec::new();
    let empty = Map::new();
    let map = |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
    let metadata = map(template.get("metadata"));
    for (field, word) in [("labels", "label"), ("annotations", "annotation")] {
        for (key, value) in map(metadata.get(field)) {
            put(&mut out, &format!("{word} {key}"), &key, &value);
        }
    }
    let spec = template.get("spec").and_then(Value::as_object).unwrap_or(&empty);
    for (field, value) in spec {
        match field.as_str() {
            "containers" => containers(&mut out, "container", value),
            "initContainers" => containers(&mut out, "init container", value),
            "volumes" => named(value, "name").for_each(|(name, volume)| {
                leaves(&mut out, &format!("volume {name}"), "name", &volume);
            }),
            "serviceAccountName" => put(&mut out, "service account", field, value),
            "serviceAccount" => {}
            "imagePullSecrets" => named(value, "name").for_each(|(name, _)| {
                put(&mut out, &format!("image pull secret {name}"), "", &Value::from("yes"));
            }),
            _ => leaves(&mut out, field, "", value),
        }
    }
    out
}

fn containers(out: &mut Vec<Place>, word: &str, list: &Value) {
    let single = word == "container" && list.as_array().is_some_and(|list| list.len() == 1);
    for (name, container) in named(list, "name") {
        let prefix = format!("{word} {name}");
        let short = |what: &str| if single { what.to_owned() } else { format!("{prefix}  {what}") };
        for (field, value) in container.as_object().into_iter().flatten() {
            match field.as_str() {
                "name" => {}
                "env" => named(value, "name").for_each(|(variable, entry)| {
                    let text = entry
                        .get("valueFrom")
                        .map_or_else(|| entry.get("value").map(text).unwrap_or_default(), reference);
                    let from_elsewhere = entry.get("valueFrom").is_some();
                    let key = if from_elsewhere { String::new() } else { variable.clone() };
                    out.push(Place { name: short(&format!("env {variable}")), key, value: clip(&text, LONGEST) });
                }),
                "envFrom" => value.as_array().into_iter().flatten().for_each(|source| {
                    put(out, &short(&format!("env from {}", source_words(source))), "", &Value::from("every key"));
                }),
                "command" | "args" => put(out, &format!("{prefix}  {field}"), "", &Value::from(line(value))),
                "resources" => leaves(out, &prefix, "", value),
                "ports" => named(value, "containerPort").for_each(|(port, entry)| {
                    leaves(out, &format!("{prefix}  port {port}"), "containerPort", &entry);
                }),
                "volumeMounts" => named(value, "mountPath").for_each(|(path, entry)| {
                    leaves(out, &format!("{prefix}  mount {path}"), "mountPath", &entry);
                }),
                "readinessProbe" => leaves(out, &format!("{prefix}  readiness probe"), "", value),
                "livenessProbe" => leaves(out, &format!("{prefix}  liveness probe"), "", value),
                "startupProbe" => leaves(out, &format!("{prefix}  startup probe"), "", value),
                "image" => put(out, &format!("{prefix}  image"), field, value),
                _ => leaves(out, &format!("{prefix}  {field}"), "", value),
            }
        }
    }
}

/// The entries of a list by the value of their `key`; entries without it by their place.
fn named<'a>(list: &'a Value, key: &'a str) -> impl Iterator<Item = (String, Value)> + 'a {
    list.as_array().into_iter().flatten().enumerate().map(move |(place, entry)| {
        let name = entry.get(key).map_or_else(|| format!("#{place}"), text);
        (clip(&name, 120), entry.clone())
    })
}

/// `secret web-tls, key cert`.
fn reference(from: &Value) -> String {
    let part = |kind: &str, field: &str| from.get(kind).and_then(|value| value.get(field)).map(text);
    let keyed = |kind: &str, word: &str| {
        part(kind, "name").map(|name| format!("{word} {name}, key {}", part(kind, "key").unwrap_or_default()))
    };
    keyed("secretKeyRef", "secret")
        .or_else(|| keyed("configMapKeyRef", "config map"))
        .or_else(|| part("fieldRef", "fieldPath").map(|path| format!("field {path}")))
        .or_else(|| part("resourceFieldRef", "resource").map(|resource| format!("resource {resource}")))
        .unwrap_or_else(|| from.to_string())
}

fn source_words(source: &Value) -> String {
    let name = |kind: &str| source.get(kind).and_then(|value| value.get("name")).map(text);
    name("secretRef")
        .map(|name| format!("secret {name}"))
        .or_else(|| name("configMapRef").map(|name| format!("config map {name}")))
        .unwrap_or_else(|| source.to_string())
}

/// Every leaf below `value`, each with its path in words; the member `skip` of the first level is left out.
fn leaves(out: &mut Vec<Place>, prefix: &str, skip: &str, value: &Value) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members.iter().filter(|(key, _)| skip.is_empty() || *key != skip) {
                leaves(out, &format!("{prefix}  {key}"), "", value);
            }
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (place, item) in items.iter().enumerate() {
                leaves(out, &format!("{prefix}  #{place}"), "", item);
            }
        }
        Value::Array(_) => put(out, prefix, "", &Value::from(line(value))),
        _ => put(out, prefix, prefix.rsplit("  ").next().unwrap_or(prefix), value),
    }
}

fn put(out: &mut Vec<Place>, name: &str, key: &str, value: &Value) {
    out.push(Place { name: clip(name, 200), key: key.to_owned(), value: clip(&text(value), LONGEST) });
}

/// The words of a command as one line, those with spaces in quotes.
fn line(list: &Value) -> String {
    let quoted = |word: &Value| {
        let word = text(word);
        if word.is_empty() || word.contains(char::is_whitespace) { format!("'{word}'") } else { word }
    };
    list.as_array().map_or_else(|| text(list), |words| words.iter().map(quoted).collect::<Vec<_>>().join(" "))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(members) if members.is_empty() => "{}".into(),
        other => other.to_string(),
    }
}
