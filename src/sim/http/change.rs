//! Creating, replacing and deleting objects.

use super::Call;
use super::answer::Answer;
use super::read::{Selection, full, with_kind};
use super::route::Target;
use crate::sim::json::Json;
use crate::sim::kinds::{KindId, SECRETS, Scope};
use crate::sim::object::{Id, Object};
use crate::sim::refusal::Refusal;
use crate::sim::world::{Actor, Part, World, known};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::Arc;

/// Reads a request's body as an object.
pub fn body(call: &Call) -> Result<Value, Refusal> {
    // kubectl tries protobuf first, and JSON when it is told that this is not understood.
    let content = call.header("content-type");
    if content.contains("protobuf") || content.contains("yaml") || content.contains("cbor") {
        return Err(Refusal::media_type(content));
    }
    serde_json::from_slice(&call.body).map_err(|error| Refusal::bad_request(format!("error decoding body: {error}")))
}

/// Checks that an object can be read as its kind: fields of the wrong type are refused, unknown ones are refused,
/// warned of or dropped, as `fieldValidation` says.
pub fn check_fields(call: &Call, kind: KindId, value: &Value) -> Result<Option<String>, Refusal> {
    let refuse = |why: String| {
        if call.is_patch {
            return Refusal::unreadable_patch(value, &why);
        }
        let name = value.text("/kind");
        Refusal::bad_request(format!("{name} in version \"v1\" cannot be handled as a {name}: {why}"))
    };
    if let Some(wrong) = known::wrong_type(kind, value) {
        return Err(refuse(wrong));
    }
    let unknown = known::unknown_fields(kind, value);
    if unknown.is_empty() {
        return Ok(None);
    }
    let listed: Vec<_> = unknown.iter().map(|path| format!("unknown field {path:?}")).collect();
    match call.query.get("fieldValidation") {
        Some("Strict") => Err(refuse(format!("strict decoding error: {}", listed.join(", ")))),
        Some("Ignore") => Ok(None),
        _ => Ok(Some(listed.join(", "))),
    }
}

/// Answers with an object that was, or in a dry run would have been, stored.
pub fn show(world: &World, code: u16, id: &Id, value: Value) -> Answer {
    Answer::json(code, &full(world.store.kind(id.kind), value))
}

pub fn create(world: &mut World, call: &Call, target: &Target) -> Result<Answer, Refusal> {
    let mut value = body(call)?;
    let kind = world.store.kind(target.kind).clone();
    let warning = check_fields(call, target.kind, &value)?;
    let space = value.text("/metadata/namespace");
    if !space.is_empty() && kind.scope == Scope::Namespaced && space != target.namespace {
        return Err(Refusal::bad_request(format!(
            "the namespace of the provided object does not match the namespace sent on the request ({space} != {})",
            target.namespace
        )));
    }
    if target.kind == SECRETS {
        hide_strings(&mut value);
    }
    let manager = call.manager()?;
    let (id, value) = world.prepare_create(&target.id(), value, Actor::main(&manager))?;
    let answer = if call.is_dry_run() {
        show(world, 201, &id, value)
    } else {
        let object = world.commit(id, value);
        Answer::bytes(201, with_kind(&kind, &object.json).into())
    };
    Ok(match warning {
        Some(text) => answer.warn(&text),
        None => answer,
    })
}

/// `stringData` becomes `data`.
fn hide_strings(value: &mut Value) {
    let Some(Value::Object(strings)) = value.cut("/stringData") else { return };
    for (key, text) in strings {
        let encoded = STANDARD.encode(text.as_str().unwrap_or_default());
        value.object("/data").insert(key, encoded.into());
    }
}

/// Stores a changed object as its part of the API says.
pub fn store(world: &mut World, call: &Call, old: &Arc<Object>, new: Value, part: Part) -> Result<Answer, Refusal> {
    let manager = call.manager()?;
    let kind = world.store.kind(old.id.kind).clone();
    let Some(value) = world.prepare_update(old, new, Actor { manager: &manager, part })? else {
        return Ok(Answer::bytes(200, with_kind(&kind, &old.json).into()));
    };
    if call.is_dry_run() {
        return Ok(show(world, 200, &old.id, value));
    }
    let object = world.commit(old.id.clone(), value);
    Ok(Answer::bytes(200, with_kind(&kind, &object.json).into()))
}

pub fn part_of(target: &Target) -> Part {
    if target.sub == "status" { Part::Status } else { Part::Main }
}

pub fn update(world: &mut World, call: &Call, target: &Target) -> Result<Answer, Refusal> {
    let value = body(call)?;
    let kind = world.store.kind(target.kind).clone();
    check_fields(call, target.kind, &value)?;
    let old = world.store.get(&target.id()).ok_or_else(|| Refusal::not_found(&kind, &target.name))?;
    store(world, call, &old, value, part_of(target))
}

pub fn delete(world: &mut World, call: &Call, target: &Target) -> Result<Answer, Refusal> {
    let kind = world.store.kind(target.kind).clone();
    let options = if call.body.is_empty() { json!({}) } else { body(call)? };
    let old = world.store.get(&target.id()).ok_or_else(|| Refusal::not_found(&kind, &target.name))?;
    let wanted = options.text("/preconditions/uid");
    if !wanted.is_empty() && *wanted != *old.uid {
        return Err(Refusal::replaced(&kind, &target.name, wanted, &old.uid));
    }
    let version = options.text("/preconditions/resourceVersion");
    if !version.is_empty() && version != old.version.to_string() {
        return Err(Refusal::stale(&kind, &target.name));
    }
    let dry = call.is_dry_run() || options.list("/dryRun").iter().any(|value| value == "All");
    let grace = options.int("/gracePeriodSeconds").or_else(|| call.query.get("gracePeriodSeconds")?.parse().ok());
    let orphans = options.text("/propagationPolicy") == "Orphan" || options.flag("/orphanDependents");
    if orphans && !dry {
        set_free(world, &old);
    }
    let last = if dry { Some(old.clone()) } else { world.delete(&old.id, grace) };
    match last {
        Some(object) if world.store.get(&object.id).is_some() => {
            Ok(Answer::bytes(200, with_kind(&kind, &object.json).into()))
        }
        _ => Ok(Answer::json(
            200,
            &json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                "details": {"name": target.name, "group": kind.group, "kind": kind.plural, "uid": &*old.uid},
            }),
        )),
    }
}

/// Takes the owner off what an object owns.
fn set_free(world: &mut World, owner: &Object) {
    for id in world.store.dependents(&owner.uid) {
        world.modify(&id, Actor::main("garbage-collector"), |value| drop(value.cut("/metadata/ownerReferences")));
    }
}

pub fn delete_all(world: &mut World, call: &Call, target: &Target) -> Result<Answer, Refusal> {
    let selection = Selection::of(call, target)?;
    let objects = world.store.list(target.kind, &target.namespace, None);
    let ids: Vec<Id> = objects.filter(|object| selection.matches(object)).map(|object| object.id.clone()).collect();
    if !call.is_dry_run() {
        for id in ids {
            world.delete(&id, None);
        }
    }
    Ok(Answer::json(200, &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"})))
}
