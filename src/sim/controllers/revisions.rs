//! ControllerRevisions: the template history of StatefulSets and DaemonSets.

use super::common::{owner_reference, template_hash};
use crate::sim::json::Json;
use crate::sim::kinds::{CONTROLLER_REVISIONS, DAEMON_SETS};
use crate::sim::object::Object;
use crate::sim::world::{Actor, CONTROLLER_MANAGER, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// One entry of a history.
#[derive(Debug, Clone)]
pub struct Revision {
    pub object: Arc<Object>,
    pub value: Arc<Value>,
}

impl Revision {
    pub fn name(&self) -> &str {
        &self.object.id.name
    }

    pub fn number(&self) -> i64 {
        self.value.count("/revision")
    }

    /// The template, without the mark that it replaces the old one as a whole.
    pub fn template(&self) -> Value {
        let mut template = self.value.at("/data/spec/template").clone();
        template.cut("/$patch");
        template
    }
}

/// The history of a workload, oldest revision first.
pub fn history(world: &World, owner: &Object) -> Vec<Revision> {
    let mut found: Vec<Revision> = world
        .store
        .owned(&owner.uid, CONTROLLER_REVISIONS)
        .into_iter()
        .map(|object| Revision { value: object.value(), object })
        .collect();
    found.sort_unstable_by_key(Revision::number);
    found
}

/// The revision of the workload's present template: found, renumbered as the newest after an undo, or created.
pub fn current(world: &mut World, owner: &Object, value: &Value) -> Option<Revision> {
    let history = history(world, owner);
    let newest = history.last().map_or(0, Revision::number);
    let template = value.at("/spec/template");
    if let Some(found) = history.iter().find(|revision| revision.template() == *template) {
        if found.number() == newest {
            return Some(found.clone());
        }
        let object = world.modify(&found.object.id, Actor::main(CONTROLLER_MANAGER), |revision| {
            revision.put("/revision", newest + 1);
        })?;
        return Some(Revision { value: object.value(), object });
    }
    create(world, owner, value, newest + 1)
}

fn create(world: &mut World, owner: &Object, value: &Value, number: i64) -> Option<Revision> {
    let template = value.at("/spec/template");
    let hash = template_hash(template, value.count("/status/collisionCount"));
    let is_daemon = owner.id.kind == DAEMON_SETS;
    let mut labels = template.at("/metadata/labels").clone();
    labels[if is_daemon { "controller-revision-hash" } else { "controller.kubernetes.io/hash" }] = json!(hash);
    let mut data = template.clone();
    data["$patch"] = json!("replace");
    let kind = if is_daemon { "DaemonSet" } else { "StatefulSet" };
    let id = owner.id.beside(CONTROLLER_REVISIONS, &format!("{}-{hash}", owner.id.name));
    let mut revision = json!({
        "metadata": {
            "name": &*id.name, "labels": labels, "ownerReferences": owner_reference(owner, "apps/v1", kind),
        },
        "data": {"spec": {"template": data}},
        "revision": number,
    });
    if !value.at("/metadata/annotations").is_null() {
        revision["metadata"]["annotations"] = value.at("/metadata/annotations").clone();
    }
    let object = world.create(&id, revision, Actor::main(CONTROLLER_MANAGER)).ok()?;
    Some(Revision { value: object.value(), object })
}

/// Deletes the oldest revisions beyond the limit that nothing uses.
pub fn clean_up(world: &mut World, owner: &Object, value: &Value, used: &BTreeSet<String>) {
    let limit = value.int("/spec/revisionHistoryLimit").unwrap_or(10) as usize;
    let unused: Vec<Revision> =
        history(world, owner).into_iter().filter(|revision| !used.contains(revision.name())).collect();
    for revision in unused.iter().take(unused.len().saturating_sub(limit)) {
        world.delete(&revision.object.id, None);
    }
}
