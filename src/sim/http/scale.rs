//! The subresource `/scale`.

use super::answer::Answer;
use super::change::{body, store};
use super::route::Target;
use super::{Call, patch};
use crate::sim::json::Json;
use crate::sim::object::Object;
use crate::sim::refusal::Refusal;
use crate::sim::selector::LabelSelector;
use crate::sim::world::{Part, World};
use serde_json::{Value, json};

pub fn answer(world: &mut World, call: &Call, target: &Target, verb: &str) -> Result<Answer, Refusal> {
    let kind = world.store.kind(target.kind).clone();
    if !kind.has_scale() {
        return Err(Refusal::no_such_path());
    }
    let old = world.store.get(&target.id()).ok_or_else(|| Refusal::not_found(&kind, &target.name))?;
    let mut scale = scale_of(&old);
    match verb {
        "get" => return Ok(Answer::json(200, &scale)),
        "patch" => patch::apply(call, &mut scale)?,
        "update" => scale = body(call)?,
        _ => return Err(Refusal::method()),
    }
    let mut new = old.parse();
    new.put("/spec/replicas", scale.count("/spec/replicas"));
    new.put("/metadata/resourceVersion", scale.at("/metadata/resourceVersion").clone());
    store(world, call, &old, new, Part::Scale)?;
    let now = world.store.get(&target.id()).unwrap_or(old);
    let mut answer = scale_of(&now);
    answer.put("/spec/replicas", scale.count("/spec/replicas"));
    Ok(Answer::json(200, &answer))
}

fn scale_of(object: &Object) -> Value {
    let value = object.parse();
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": &*object.id.name, "namespace": &*object.id.namespace, "uid": &*object.uid,
            "resourceVersion": object.version.to_string(), "creationTimestamp": value.at("/metadata/creationTimestamp"),
        },
        "spec": {"replicas": value.count("/spec/replicas")},
        "status": {
            "replicas": value.count("/status/replicas"),
            "selector": LabelSelector::of_spec(value.at("/spec/selector")).text(),
        },
    })
}
