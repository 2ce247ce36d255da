//! Events about objects, as controllers post them: repeated ones are counted up, not added.

use super::{Actor, World};
use crate::sim::ids::fnv;
use crate::sim::json::{Json, stamp};
use crate::sim::kinds::EVENTS;
use crate::sim::object::Object;
use serde_json::json;
use std::collections::BTreeSet;

/// What a controller has to say.
#[derive(Debug, Clone, Copy)]
pub struct Note<'a> {
    /// The component that says it.
    pub from: &'a str,
    pub kind: Tone,
    pub reason: &'a str,
}

/// The type of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Normal,
    Warning,
}

/// What a message begins with that stands for many.
const COMBINED: &str = "(combined from similar events): ";
/// From how many different messages on they are combined.
const SIMILAR: usize = 10;
/// How long messages count as similar after the last one, in seconds.
const SIMILAR_FOR: i64 = 600;

impl World {
    /// The message as it is posted: after ten different ones with the same reason about the same object, further
    /// ones share one event.
    fn combined(&mut self, about: &Object, note: Note, message: &str) -> String {
        let now = self.now();
        let key = format!("{}{}{}", about.uid, note.from, note.reason);
        let (last, messages) = self.spoken.entry(key).or_insert_with(|| (now, BTreeSet::new()));
        if now.duration_since(*last).as_secs() > SIMILAR_FOR {
            messages.clear();
        }
        *last = now;
        messages.insert(message.to_owned());
        if messages.len() < SIMILAR {
            return message.to_owned();
        }
        messages.pop_first();
        format!("{COMBINED}{message}")
    }

    /// Posts an event about an object, or counts the same one up.
    pub fn say(&mut self, about: &Object, note: Note, message: &str) {
        if self.asleep {
            return;
        }
        let message = &self.combined(about, note, message);
        let spoken = if message.starts_with(COMBINED) { COMBINED } else { message };
        let hash = fnv(format!("{}{}{}{spoken}", about.uid, note.from, note.reason).as_bytes());
        let id = about.id.beside(EVENTS, &format!("{}.{hash:016x}", about.id.name));
        let now = stamp(self.now());
        let counted = self.modify(&id, Actor::main(note.from), |event| {
            event.put("/count", event.count("/count") + 1);
            event.put("/lastTimestamp", now.as_str());
            event.put("/message", message.as_str());
        });
        if counted.is_some() {
            return;
        }
        let kind = self.store.kind(about.id.kind).clone();
        let event = json!({
            "metadata": {"name": &*id.name},
            "involvedObject": {
                "kind": kind.kind, "namespace": &*about.id.namespace, "name": &*about.id.name, "uid": &*about.uid,
                "apiVersion": kind.api_version(), "resourceVersion": about.version.to_string(),
            },
            "reason": note.reason, "message": message, "source": {"component": note.from},
            "firstTimestamp": now, "lastTimestamp": now, "count": 1,
            "type": if note.kind == Tone::Normal { "Normal" } else { "Warning" },
            "eventTime": null, "reportingComponent": note.from, "reportingInstance": "",
        });
        // A namespace that is going away takes no events; nobody is waiting for the answer.
        drop(self.create(&id, event, Actor::main(note.from)));
    }
}

/// An ordinary event from a component.
pub fn normal<'a>(from: &'a str, reason: &'a str) -> Note<'a> {
    Note { from, kind: Tone::Normal, reason }
}

/// A warning from a component.
pub fn warning<'a>(from: &'a str, reason: &'a str) -> Note<'a> {
    Note { from, kind: Tone::Warning, reason }
}
