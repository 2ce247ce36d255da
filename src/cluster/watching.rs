//! One watch: the stream of changes from a version on.

use super::connect::Cluster;
use super::errors::{Away, ReadError};
use super::explain::{self, Refused};
use super::request::Request;
use super::wire::strings::Interner;
use super::wire::{self, Item};
use crate::domain::{Kind, ObjectKey, Str};
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long the server keeps a watch open.
pub const SERVER_LIMIT: Duration = Duration::from_secs(30);

/// How long we wait for it to end: a watch that lives longer is dead.
const DEAD_AFTER: Duration = Duration::from_secs(35);

/// A watch under way.
#[derive(Debug)]
pub struct Watching {
    body: Body,
    kind: Kind,
    buffer: BytesMut,
    scanned: usize,
    until: Instant,
}

/// What a watch told.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// An object is new or other.
    Changed(Item),
    /// An object went.
    Deleted(ObjectKey, Option<Str>),
    /// Nothing changed up to this version.
    Bookmark(Option<Str>),
    /// An object changed that has no name we could read: the version is all there is.
    Unreadable(Option<Str>),
}

impl Event {
    /// The version to resume from after this event; `None` where it had none that could be read.
    pub const fn version(&self) -> Option<&Str> {
        match self {
            Self::Changed(item) => item.version.as_ref(),
            Self::Deleted(_, version) | Self::Bookmark(version) | Self::Unreadable(version) => version.as_ref(),
        }
    }
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type", default)]
    kind: &'a str,
    #[serde(borrow)]
    object: &'a RawValue,
}

impl Cluster {
    /// Starts a watch of `kind` at `path` (a list's path with its query).
    pub(super) async fn start_watch(&self, kind: Kind, path: String) -> Result<Watching, ReadError> {
        let until = Instant::now() + DEAD_AFTER;
        match Box::pin(self.open(&Request::get(path).uncompressed(), self.inner.limit)).await {
            Ok(response) => {
                Ok(Watching { body: response.into_body(), kind, buffer: BytesMut::new(), scanned: 0, until })
            }
            Err(failed) => Err(failed.of_read(&format!("changes of {}", kind.plural()))),
        }
    }
}

impl Watching {
    /// Waits for the next events and adds them to `events`. `false` once the server ended the watch.
    pub async fn next(&mut self, pool: &Interner, events: &mut Vec<Event>) -> Result<bool, ReadError> {
        let kind = self.kind;
        self.lines(|line| {
            events.extend(read(kind, line, pool)?);
            Ok(())
        })
        .await
    }

    /// Waits for the next events and hands out each object's JSON with the version to resume from. `false` once the
    /// server ended the watch.
    pub async fn each(&mut self, mut object: impl FnMut(&[u8], Option<Str>)) -> Result<bool, ReadError> {
        let kind = self.kind;
        self.lines(|line| {
            let Ok(parsed) = serde_json::from_slice::<Line<'_>>(line) else { return Ok(()) };
            let json = parsed.object.get().as_bytes();
            match parsed.kind {
                "ERROR" => return Err(refused(kind, json)),
                "DELETED" | "BOOKMARK" => object(b"", wire::version_in(json)),
                _ => object(json, wire::version_in(json)),
            }
            Ok(())
        })
        .await
    }

    async fn lines(&mut self, mut line: impl FnMut(&[u8]) -> Result<(), ReadError>) -> Result<bool, ReadError> {
        match timeout_at(self.until, self.body.frame()).await {
            Err(_) => Err(self.broken("nothing came for 35 s")),
            Ok(None) => Ok(false),
            Ok(Some(Err(error))) => {
                let why = explain::deepest(&error);
                // Proxies and old servers end a watch without a proper end: that is not a failure.
                if why.contains("unexpected EOF") || why.contains("connection closed") {
                    return Ok(false);
                }
                Err(self.broken(&why))
            }
            Ok(Some(Ok(frame))) => {
                if let Some(chunk) = frame.data_ref() {
                    self.buffer.extend_from_slice(chunk);
                }
                while let Some(end) = memchr::memchr(b'\n', &self.buffer[self.scanned..]) {
                    let whole = self.buffer.split_to(self.scanned + end + 1);
                    self.scanned = 0;
                    if !whole.iter().all(u8::is_ascii_whitespace) {
                        line(&whole)?;
                    }
                }
                self.scanned = self.buffer.len();
                Ok(true)
            }
        }
    }

    fn broken(&self, why: &str) -> ReadError {
        ReadError::Unreachable(Away::silent(format!("The watch of {} broke off: {why}.", self.kind.plural())))
    }
}

fn read(kind: Kind, line: &[u8], pool: &Interner) -> Result<Option<Event>, ReadError> {
    let Ok(parsed) = serde_json::from_slice::<Line<'_>>(line) else {
        // Broken JSON within the object: what can be had of it is its name and version.
        return Ok(wire::read(kind, line, &mut pool.lock()).map(Event::Changed));
    };
    let object = parsed.object.get().as_bytes();
    if parsed.kind == "ERROR" {
        return Err(refused(kind, object));
    }
    let item = wire::read(kind, object, &mut pool.lock());
    Ok(Some(match (parsed.kind, item) {
        ("BOOKMARK", item) => Event::Bookmark(item.and_then(|item| item.version).or_else(|| wire::version_in(object))),
        ("DELETED", Some(item)) => Event::Deleted(item.key, item.version),
        ("ADDED" | "MODIFIED", Some(item)) => Event::Changed(item),
        _ => Event::Unreadable(wire::version_in(object)),
    }))
}

fn refused(kind: Kind, status: &[u8]) -> ReadError {
    #[derive(Deserialize)]
    struct Status {
        code: u16,
    }
    let code = serde_json::from_slice::<Status>(status).map_or(500, |status| status.code);
    Refused::read(code, None, status).of_read(&format!("changes of {}", kind.plural()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(line: &str) -> Result<Option<Event>, ReadError> {
        read(Kind::Pod, line.as_bytes(), &Interner::default())
    }

    #[test]
    fn every_event_keeps_its_version_even_when_its_object_is_odd() {
        let odd = r#"{"type":"MODIFIED","object":{"metadata":{"name":"p","namespace":"n","resourceVersion":"7"},"status":{"phase":7}}}"#;
        let changed = event(odd).expect("read").expect("an event");
        assert_eq!(changed.version().map(|version| &**version), Some("7"));
        assert!(matches!(changed, Event::Changed(_)));
        let bookmark = r#"{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"9"}}}"#;
        assert_eq!(event(bookmark).expect("read"), Some(Event::Bookmark(Some("9".into()))));
        let nameless = r#"{"type":"MODIFIED","object":{"metadata":{"name":7,"resourceVersion":"8"}}}"#;
        assert_eq!(event(nameless).expect("read"), Some(Event::Unreadable(Some("8".into()))));
        let empty = r#"{"type":"DELETED","object":{"metadata":{"name":"p","namespace":"n","resourceVersion":""}}}"#;
        let deleted = event(empty).expect("read").expect("an event");
        assert_eq!(deleted, Event::Deleted(ObjectKey::new(Kind::Pod, "n", "p"), None));
    }

    #[test]
    fn an_error_event_says_whether_to_list_again() {
        let gone = r#"{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old resource version"}}"#;
        assert!(matches!(event(gone), Err(ReadError::Gone(_))));
        let other = r#"{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd is away"}}"#;
        assert!(matches!(event(other), Err(ReadError::Server { status: 500, .. })));
    }
}
