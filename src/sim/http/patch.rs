//! Patches: JSON patch with its `test` as Go compares, merge patch, and strategic merge patch for kubectl.

use super::answer::Answer;
use super::change::{check_fields, part_of, store};
use super::read::full;
use super::route::Target;
use super::{Call, merge};
use crate::sim::json::encode;
use crate::sim::refusal::Refusal;
use crate::sim::world::World;
use json_patch::{AddOperation, CopyOperation, MoveOperation, PatchOperation, RemoveOperation};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

const STRATEGIC: &str = "application/strategic-merge-patch+json";

pub fn answer(world: &mut World, call: &Call, target: &Target) -> Result<Answer, Refusal> {
    let kind = world.store.kind(target.kind).clone();
    let old = world.store.get(&target.id()).ok_or_else(|| Refusal::not_found(&kind, &target.name))?;
    let mut value = full(&kind, old.parse());
    // Strategic merge needs the server's own types: it has none for custom resources. Of built-in kinds kubectl needs it.
    if crate::sim::store::Store::is_custom(target.kind) && call.header("content-type").starts_with(STRATEGIC) {
        return Err(Refusal::patch_type());
    }
    apply(call, &mut value)?;
    let warning = check_fields(call, target.kind, &value)?;
    let answer = store(world, call, &old, value, part_of(target))?;
    Ok(match warning {
        Some(text) => answer.warn(&text),
        None => answer,
    })
}

/// Applies the body of a PATCH by its content type.
pub fn apply(call: &Call, value: &mut Value) -> Result<(), Refusal> {
    let content = call.header("content-type").split(';').next().unwrap_or_default().trim();
    let decode = |error: serde_json::Error| Refusal::bad_request(format!("error decoding patch: {error}"));
    match content {
        "application/json-patch+json" => {
            let operations: Vec<Operation> = serde_json::from_slice(&call.body).map_err(decode)?;
            operations.iter().try_for_each(|operation| operation.apply(value))
        }
        "application/merge-patch+json" => {
            json_patch::merge(value, &serde_json::from_slice(&call.body).map_err(decode)?);
            Ok(())
        }
        STRATEGIC => {
            merge::strategic(value, &serde_json::from_slice(&call.body).map_err(decode)?);
            Ok(())
        }
        _ => Err(Refusal::patch_type()),
    }
}

/// One operation, its value as it was sent.
#[derive(Deserialize)]
struct Operation<'a> {
    op: String,
    path: String,
    #[serde(default)]
    from: String,
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
}

impl Operation<'_> {
    fn apply(&self, document: &mut Value) -> Result<(), Refusal> {
        if self.op == "test" {
            return self.test(document);
        }
        let unpatchable = |_| Refusal::unpatchable();
        let path = || self.path.parse().map_err(|_| Refusal::unpatchable());
        let from = || self.from.parse().map_err(|_| Refusal::unpatchable());
        let value = || {
            self.value
                .map_or(Ok(Value::Null), |raw| serde_json::from_str(raw.get()))
                .map_err(|_| Refusal::unpatchable())
        };
        let operation = match self.op.as_str() {
            "add" => PatchOperation::Add(AddOperation { path: path()?, value: value()? }),
            "remove" => PatchOperation::Remove(RemoveOperation { path: path()? }),
            // As the real server has it: a `replace` of a missing key of an object adds it.
            "replace" => {
                if let Some(there) = document.pointer_mut(&self.path) {
                    *there = value()?;
                    return Ok(());
                }
                PatchOperation::Add(AddOperation { path: path()?, value: value()? })
            }
            "move" => PatchOperation::Move(MoveOperation { from: from()?, path: path()? }),
            "copy" => PatchOperation::Copy(CopyOperation { from: from()?, path: path()? }),
            _ => return Err(Refusal::bad_request(format!("unexpected kind: {}", self.op))),
        };
        json_patch::patch(document, &[operation]).map_err(unpatchable)
    }

    /// Objects are compared by structure; strings and numbers byte by byte as Go encodes them. What is absent equals
    /// null, as long as its parent is there.
    fn test(&self, document: &Value) -> Result<(), Refusal> {
        let wanted = self.value.map_or("null", RawValue::get);
        let holds = match document.pointer(&self.path) {
            Some(found) => same(found, wanted),
            None => {
                wanted.trim() == "null"
                    && self.path.rsplit_once('/').is_some_and(|(parent, _)| document.pointer(parent).is_some())
            }
        };
        if holds { Ok(()) } else { Err(Refusal::unpatchable()) }
    }
}

fn same(found: &Value, wanted: &str) -> bool {
    match found {
        Value::Object(map) => {
            let Ok(wanted) = serde_json::from_str::<BTreeMap<String, &RawValue>>(wanted) else { return false };
            wanted.len() == map.len()
                && map.iter().all(|(key, value)| wanted.get(key).is_some_and(|raw| same(value, raw.get())))
        }
        Value::Array(list) => {
            let Ok(wanted) = serde_json::from_str::<Vec<&RawValue>>(wanted) else { return false };
            wanted.len() == list.len() && list.iter().zip(wanted).all(|(value, raw)| same(value, raw.get()))
        }
        scalar => encode(scalar) == wanted.trim().as_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(patch: &str) -> Result<Value, u16> {
        let mut value = json!({"spec": {"args": ["a && b < c"], "paused": true, "n": 30}});
        let operations: Vec<Operation> = serde_json::from_str(patch).unwrap();
        operations.iter().try_for_each(|operation| operation.apply(&mut value)).map_err(|refusal| refusal.code)?;
        Ok(value)
    }

    #[test]
    fn a_test_compares_strings_as_go_encodes_them() {
        assert!(run(r#"[{"op":"test","path":"/spec/args/0","value":"a \u0026\u0026 b \u003c c"}]"#).is_ok());
        assert_eq!(run(r#"[{"op":"test","path":"/spec/args/0","value":"a && b < c"}]"#), Err(422));
        assert_eq!(run(r#"[{"op":"test","path":"/spec/args/0","value":"a \u0026\u0026 b \u003C c"}]"#), Err(422));
        assert_eq!(run(r#"[{"op":"test","path":"/spec/n","value":30.0}]"#), Err(422));
        assert!(run(r#"[{"op":"test","path":"/spec","value": {"n":30, "paused":true, "args":["a \u0026\u0026 b \u003c c"]}}]"#).is_ok());
    }

    #[test]
    fn an_absent_field_is_null_if_its_parent_is_there() {
        assert!(run(r#"[{"op":"test","path":"/spec/missing","value":null}]"#).is_ok());
        assert_eq!(run(r#"[{"op":"test","path":"/missing/field","value":null}]"#), Err(422));
        assert_eq!(run(r#"[{"op":"remove","path":"/spec/missing"}]"#), Err(422));
    }

    #[test]
    fn replacing_a_missing_key_adds_it() {
        let value = run(r#"[{"op":"replace","path":"/spec/new","value":1}]"#).unwrap();
        assert_eq!(value["spec"]["new"], 1);
        assert_eq!(run(r#"[{"op":"replace","path":"/no/new","value":1}]"#), Err(422));
    }
}
