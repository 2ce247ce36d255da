//! Watches: a stream of changes from a version on.

use super::answer::Answer;
use super::read::{Selection, full, partial, wants_metadata, with_kind};
use super::route::Target;
use super::{Call, cut, table};
use crate::sim::faults::Effect;
use crate::sim::json::encode;
use crate::sim::kinds::Kind;
use crate::sim::object::Object;
use crate::sim::refusal::Refusal;
use crate::sim::store::Change;
use crate::sim::{Line, Link, SimCluster};
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch::Receiver;
use tokio::time::Instant;

/// How often an idle watch says which version it has reached.
const BOOKMARK_EVERY: Duration = Duration::from_mins(1);
/// How long a watch lasts that names no limit.
const LONGEST: Duration = Duration::from_mins(30);

/// What a watch sends of each object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Whole,
    Metadata,
    Table,
}

struct Watch {
    sim: SimCluster,
    kind: Arc<Kind>,
    target: Target,
    path: String,
    selection: Selection,
    /// Changes up to this version were sent.
    seen: u64,
    pending: VecDeque<Bytes>,
    changes: Receiver<u64>,
    line: Receiver<Line>,
    /// How often connections had been cut when this one was made.
    cuts: u64,
    until: Instant,
    bookmark_at: Instant,
    bookmarks: bool,
    form: Form,
    /// Whether the connection is half open: nothing ever comes through it again.
    silent: bool,
    over: bool,
}

pub fn answer(sim: &SimCluster, call: &Call, target: &Target) -> Result<Answer, Refusal> {
    let selection = Selection::of(call, target)?;
    let asked = call.query.get("resourceVersion").unwrap_or_default();
    let from: u64 = if asked.is_empty() {
        0
    } else {
        asked.parse().map_err(|_| Refusal::bad_request(format!("invalid resource version {asked:?}")))?
    };
    let limit = call.query.number("timeoutSeconds").map_or(LONGEST, Duration::from_secs);
    let initial = call.query.flag("sendInitialEvents");
    let now = Instant::now();
    let mut watch = sim.with(|world| Watch {
        sim: sim.clone(),
        kind: world.store.kind(target.kind).clone(),
        target: target.clone(),
        path: call.path.clone(),
        selection,
        seen: from,
        pending: VecDeque::new(),
        changes: world.store.changes(target.kind),
        line: sim.line(),
        cuts: sim.line().borrow().cuts,
        until: now + limit,
        bookmark_at: now + BOOKMARK_EVERY,
        bookmarks: call.query.flag("allowWatchBookmarks"),
        form: match () {
            () if table::is_asked_for(call) => Form::Table,
            () if wants_metadata(call) => Form::Metadata,
            () => Form::Whole,
        },
        silent: call.effect == Some(Effect::Stall),
        over: false,
    });
    if from == 0 || initial {
        watch.send_all(initial);
    }
    let stream =
        futures::stream::unfold(watch, |mut watch| async move { watch.next().await.map(|item| (item, watch)) });
    Ok(Answer::stream("application/json", stream))
}

impl Watch {
    /// What there is already, as if it had just been added.
    fn send_all(&mut self, initial: bool) {
        let (objects, version): (Vec<_>, u64) = self.sim.with(|world| {
            let objects = world.store.list(self.target.kind, &self.target.namespace, None);
            (objects.filter(|object| self.selection.matches(object)).cloned().collect(), world.store.version())
        });
        for object in objects {
            self.send("ADDED", &object);
        }
        self.seen = version;
        if initial {
            let marked =
                json!({"resourceVersion": version.to_string(), "annotations": {"k8s.io/initial-events-end": "true"}});
            self.send_bookmark(&marked);
        }
    }

    fn send(&mut self, what: &str, object: &Object) {
        if self.form == Form::Table {
            let table = self.sim.with(|world| table::of_one(world, self.target.kind, object));
            return self.send_value(what, &table);
        }
        let json = if self.form == Form::Metadata {
            encode(&partial(&object.parse()))
        } else {
            with_kind(&self.kind, &object.json)
        };
        let mut line = format!("{{\"type\":\"{what}\",\"object\":").into_bytes();
        line.extend(json);
        line.extend_from_slice(b"}\n");
        self.pending.push_back(line.into());
    }

    fn send_value(&mut self, what: &str, object: &Value) {
        let mut line = encode(&json!({"type": what, "object": object}));
        line.push(b'\n');
        self.pending.push_back(line.into());
    }

    fn send_bookmark(&mut self, metadata: &Value) {
        let object = full(&self.kind, json!({"metadata": metadata}));
        self.send_value("BOOKMARK", &object);
    }

    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            let line = *self.line.borrow_and_update();
            if line.cuts != self.cuts {
                return if std::mem::replace(&mut self.over, true) { None } else { Some(Err(cut())) };
            }
            if self.silent || line.link == Link::Stalled || self.is_silenced() {
                self.wait_in_silence().await;
                continue;
            }
            if let Some(line) = self.pending.pop_front() {
                return Some(Ok(line));
            }
            if self.over {
                return None;
            }
            self.changes.borrow_and_update();
            self.collect();
            if !self.pending.is_empty() || self.over {
                continue;
            }
            self.wait().await;
        }
    }

    fn is_silenced(&self) -> bool {
        self.sim.with(|world| world.faults.silences(&self.path, world.now()))
    }

    /// Nothing comes through, not even the end of the watch.
    async fn wait_in_silence(&mut self) {
        self.changes.borrow_and_update();
        tokio::select! {
            _ = self.changes.changed() => {}
            _ = self.line.changed() => {}
        }
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.changes.changed() => {}
            _ = self.line.changed() => {}
            () = tokio::time::sleep_until(self.until) => {
                self.bookmark();
                self.over = true;
            }
            () = tokio::time::sleep_until(self.bookmark_at) => {
                self.bookmark();
                self.bookmark_at = Instant::now() + BOOKMARK_EVERY;
            }
        }
    }

    fn bookmark(&mut self) {
        if self.bookmarks {
            let version = self.sim.with(|world| world.store.version());
            self.collect();
            self.seen = version;
            self.send_bookmark(&json!({"resourceVersion": version.to_string(), "creationTimestamp": null}));
        }
    }

    /// Puts what happened since into the queue.
    fn collect(&mut self) {
        let (found, served) = self.sim.with(|world| {
            let found =
                world.store.since(self.target.kind, self.seen).map(|changes| changes.cloned().collect::<Vec<_>>());
            (found, world.store.is_served(self.target.kind))
        });
        match found {
            Ok(changes) => {
                for change in changes {
                    self.seen = change.version;
                    self.pass_on(&change);
                }
            }
            Err(old) => {
                let message = format!("too old resource version: {} ({})", self.seen, old.oldest);
                self.send_value("ERROR", &Refusal::expired(message).status());
                self.over = true;
            }
        }
        self.over |= !served;
    }

    fn pass_on(&mut self, change: &Change) {
        let space = &self.target.namespace;
        if !space.is_empty() && *change.after.id.namespace != **space {
            return;
        }
        let was = change.before.as_ref().is_some_and(|before| self.selection.matches(before));
        let is = self.selection.matches(&change.after);
        match (was, is, change.deleted) {
            (true, _, true) | (true, false, false) => self.send("DELETED", &change.after),
            (true, true, false) => self.send("MODIFIED", &change.after),
            (false, true, false) => self.send("ADDED", &change.after),
            (false, ..) => {}
        }
    }
}
