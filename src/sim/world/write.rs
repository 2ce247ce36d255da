//! Creating, changing and deleting objects, by the rules that hold for users and controllers alike.

use super::{Actor, Part, World, defaults, managed, quota, validate};
use crate::sim::clock::seconds;
use crate::sim::crds;
use crate::sim::json::{Json, stamp};
use crate::sim::kinds::{CRDS, DAEMON_SETS, DEPLOYMENTS, NAMESPACES, PODS, Scope};
use crate::sim::object::{Id, Object};
use crate::sim::refusal::Refusal;
use serde_json::Value;
use std::sync::Arc;

/// Metadata that a client cannot change.
const FIXED: [&str; 7] =
    ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"];

impl World {
    /// What would be stored for a new object: defaults, names, checks, quota.
    pub fn prepare_create(&mut self, id: &Id, mut value: Value, actor: Actor) -> Result<(Id, Value), Refusal> {
        let kind = self.store.kind(id.kind).clone();
        if kind.scope == Scope::Namespaced && self.store.get(&Id::new(NAMESPACES, "", &id.namespace)).is_none() {
            return Err(Refusal::not_found(self.store.kind(NAMESPACES), &id.namespace));
        }
        let mut name = value.text("/metadata/name").to_owned();
        if name.is_empty() && !value.text("/metadata/generateName").is_empty() {
            name = format!("{}{}", value.text("/metadata/generateName"), self.ids.suffix());
        }
        if name.is_empty() {
            let cause = (
                "metadata.name".to_owned(),
                "FieldValueRequired",
                "Required value: name or generateName is required".to_owned(),
            );
            return Err(Refusal::invalid(&kind, "", &[cause]));
        }
        let id = Id::new(id.kind, &id.namespace, &name);
        if self.store.get(&id).is_some() {
            return Err(Refusal::exists(&kind, &name));
        }
        value.cut("/kind");
        value.cut("/apiVersion");
        value.put("/metadata/name", name.as_str());
        if kind.scope == Scope::Namespaced {
            value.put("/metadata/namespace", &*id.namespace);
        }
        let uid = if id.kind == NAMESPACES && name == "kube-system" { self.uid.clone() } else { self.ids.uid() };
        value.put("/metadata/uid", uid);
        value.put("/metadata/creationTimestamp", stamp(self.now()));
        if kind.has_status() && id.kind != PODS {
            value.cut("/status");
        }
        defaults::fill(id.kind, &mut value);
        crds::fill(&kind.plural, &mut value);
        if defaults::counts_generations(&kind) {
            value.put("/metadata/generation", 1);
        }
        validate::object(&kind, id.kind, &name, &value, None)?;
        quota::admit(self, &id, &value)?;
        managed::record(&Value::Null, &mut value, &kind.api_version(), actor, self.now());
        Ok((id, value))
    }

    /// Creates an object.
    pub fn create(&mut self, id: &Id, value: Value, actor: Actor) -> Result<Arc<Object>, Refusal> {
        let (id, value) = self.prepare_create(id, value, actor)?;
        Ok(self.commit(id, value))
    }

    /// What would be stored for a change of an object; none if nothing changes.
    pub fn prepare_update(&self, old: &Object, mut new: Value, actor: Actor) -> Result<Option<Value>, Refusal> {
        let kind = self.store.kind(old.id.kind).clone();
        let before = old.value();
        let version = new.text("/metadata/resourceVersion");
        if !version.is_empty() && version != before.text("/metadata/resourceVersion") {
            return Err(Refusal::stale(&kind, &old.id.name));
        }
        let uid = new.text("/metadata/uid");
        if !uid.is_empty() && *uid != *old.uid {
            return Err(Refusal::uid_differs(&kind, &old.id.name, uid, &old.uid));
        }
        new.cut("/kind");
        new.cut("/apiVersion");
        for field in FIXED {
            let path = format!("/metadata/{field}");
            match before.pointer(&path) {
                Some(value) => new.put(&path, value.clone()),
                None => drop(new.cut(&path)),
            }
        }
        keep_other_parts(&before, &mut new, actor.part, kind.has_status());
        for path in ["/metadata/managedFields", "/metadata/resourceVersion"] {
            new.put(path, before.at(path).clone());
        }
        defaults::fill(old.id.kind, &mut new);
        crds::fill(&kind.plural, &mut new);
        if old.id.kind == DAEMON_SETS {
            defaults::count_template(&before, &mut new);
        }
        if new == *before {
            return Ok(None);
        }
        let spec_changed = new.at("/spec") != before.at("/spec");
        let counted = spec_changed
            || (old.id.kind == DEPLOYMENTS && new.at("/metadata/annotations") != before.at("/metadata/annotations"));
        if counted && actor.part != Part::Status && defaults::counts_generations(&kind) {
            new.put("/metadata/generation", before.count("/metadata/generation") + 1);
        }
        if actor.part != Part::Status {
            validate::object(&kind, old.id.kind, &old.id.name, &new, Some(&before))?;
        }
        managed::record(&before, &mut new, &kind.api_version(), actor, self.now());
        Ok(Some(new))
    }

    /// Stores a prepared object and tells the controllers.
    pub fn commit(&mut self, id: Id, mut value: Value) -> Arc<Object> {
        let version = self.store.next_version();
        value.put("/metadata/resourceVersion", version.to_string());
        if id.kind == CRDS {
            self.store.define(&value);
        }
        let object = Arc::new(Object::new(id, value));
        if self.asleep {
            self.store.insert(&object);
        } else {
            let change = self.store.put(object.clone());
            self.noticed(&change);
        }
        object
    }

    /// Changes an object as a controller does: reads it, changes it, writes it. Nothing happens if it is gone, if
    /// nothing changes, or if the change is refused.
    pub fn modify(&mut self, id: &Id, actor: Actor, change: impl FnOnce(&mut Value)) -> Option<Arc<Object>> {
        let old = self.store.get(id)?;
        let mut value = old.parse();
        change(&mut value);
        let new = self.prepare_update(&old, value, actor).ok().flatten()?;
        Some(self.commit(id.clone(), new))
    }

    /// Deletes an object: a scheduled pod is first marked and taken away by its kubelet, anything else goes at once
    /// and what it owns follows.
    pub fn delete(&mut self, id: &Id, grace: Option<i64>) -> Option<Arc<Object>> {
        let old = self.store.get(id)?;
        let mut value = old.parse();
        let finalizers = !value.list("/metadata/finalizers").is_empty();
        let waits = id.kind == PODS && grace != Some(0) && !value.text("/spec/nodeName").is_empty();
        if !finalizers && !waits {
            return Some(self.remove(&old));
        }
        if value.text("/metadata/deletionTimestamp").is_empty() {
            let grace = if id.kind == PODS {
                grace.unwrap_or_else(|| value.int("/spec/terminationGracePeriodSeconds").unwrap_or(30))
            } else {
                0
            };
            value.put("/metadata/deletionTimestamp", stamp(self.now() + seconds(grace)));
            value.put("/metadata/deletionGracePeriodSeconds", grace);
            return Some(self.commit(id.clone(), value));
        }
        Some(old)
    }

    /// Takes an object out of the store, at once.
    pub fn remove(&mut self, old: &Arc<Object>) -> Arc<Object> {
        let mut value = old.parse();
        if old.id.kind == CRDS
            && let Some(kind) = self.store.define(&value)
        {
            self.store.undefine(kind);
        }
        value.put("/metadata/resourceVersion", self.store.next_version().to_string());
        let last = Arc::new(Object::new(old.id.clone(), value));
        self.entered.remove(&old.uid);
        let change = self.store.delete(last.clone());
        self.noticed(&change);
        last
    }
}

/// A write to one part leaves the others as they were.
fn keep_other_parts(before: &Value, new: &mut Value, part: Part, has_status: bool) {
    let mut keep = |path: &str| match before.pointer(path) {
        Some(value) => new.put(path, value.clone()),
        None => drop(new.cut(path)),
    };
    match part {
        Part::Status => {
            keep("/spec");
            keep("/metadata/labels");
            keep("/metadata/ownerReferences");
        }
        Part::Main | Part::Scale if has_status => keep("/status"),
        Part::Main | Part::Scale => {}
    }
}
