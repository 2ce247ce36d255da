//! Reading one object, or a list of them page by page.

use super::answer::Answer;
use super::route::Target;
use super::{Call, table};
use crate::sim::json::{Json, encode};
use crate::sim::kinds::Kind;
use crate::sim::object::Object;
use crate::sim::refusal::Refusal;
use crate::sim::selector::{FieldSelector, LabelSelector};
use crate::sim::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::{self, Write as _};
use std::sync::Arc;

/// Lists from this size on are compressed for clients that ask, as by the real server.
const WORTH_COMPRESSING: usize = 128 * 1024;
/// About how much of a list is sent at once.
const CHUNK: usize = 256 * 1024;

/// The selectors of a list or watch.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    pub labels: LabelSelector,
    pub fields: FieldSelector,
}

impl Selection {
    pub fn of(call: &Call, target: &Target) -> Result<Selection, Refusal> {
        let labels = call.query.get("labelSelector").unwrap_or_default();
        let mut fields = call.query.get("fieldSelector").unwrap_or_default().to_owned();
        if !target.name.is_empty() {
            fields = format!("metadata.name={}", target.name);
        }
        Ok(Selection {
            labels: LabelSelector::parse(labels).map_err(Refusal::bad_request)?,
            fields: FieldSelector::parse(&fields).map_err(Refusal::bad_request)?,
        })
    }

    pub fn matches(&self, object: &Object) -> bool {
        self.labels.matches(object) && self.fields.matches(object)
    }
}

/// One object's JSON with its kind, as sent on its own and by watches.
pub fn with_kind(kind: &Kind, json: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{{\"kind\":\"{}\",\"apiVersion\":\"{}\",", kind.kind, kind.api_version()).into_bytes();
    bytes.extend_from_slice(json.strip_prefix(b"{").unwrap_or(json));
    bytes
}

/// The object with its kind, as a value.
pub fn full(kind: &Kind, mut value: Value) -> Value {
    let mut object = json!({"kind": kind.kind, "apiVersion": kind.api_version()});
    if let (Some(into), Some(from)) = (object.as_object_mut(), value.as_object_mut()) {
        into.extend(std::mem::take(from));
    }
    object
}

pub fn get(world: &World, call: &Call, target: &Target) -> Result<Answer, Refusal> {
    let kind = world.store.kind(target.kind);
    let object = world.store.get(&target.id()).ok_or_else(|| Refusal::not_found(kind, &target.name))?;
    if table::is_asked_for(call) {
        return Ok(table::answer(world, call, target, &[object], &json!({})));
    }
    if wants_metadata(call) {
        return Ok(Answer::json(200, &partial(&object.parse())));
    }
    let json = if call.is_spoiled() { spoil(&object) } else { object.json.clone() };
    Ok(Answer::bytes(200, with_kind(kind, &json).into()))
}

pub fn list(world: &World, call: &Call, target: &Target) -> Result<Answer, Refusal> {
    let kind = world.store.kind(target.kind).clone();
    let selection = Selection::of(call, target)?;
    let (version, start) = match call.query.get("continue").filter(|token| !token.is_empty()) {
        Some(token) => read_token(token)?,
        None => (world.store.version(), None),
    };
    let limit = call.query.number("limit").filter(|limit| *limit > 0).map_or(usize::MAX, |limit| limit as usize);
    let mut matching =
        world.store.list(target.kind, &target.namespace, start).filter(|object| selection.matches(object));
    let page: Vec<Arc<Object>> = matching.by_ref().take(limit).cloned().collect();
    let left = if page.len() == limit { matching.count() } else { 0 };
    let mut metadata = json!({"resourceVersion": version.to_string()});
    if left > 0
        && let Some(last) = page.last()
    {
        metadata["continue"] = json!(token(version, last));
        if selection.labels.is_empty() && selection.fields.is_empty() {
            metadata["remainingItemCount"] = json!(left);
        }
    }
    if table::is_asked_for(call) {
        return Ok(table::answer(world, call, target, &page, &metadata));
    }
    let head = if wants_metadata(call) {
        json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata})
    } else {
        json!({"kind": format!("{}List", kind.kind), "apiVersion": kind.api_version(), "metadata": metadata})
    };
    Ok(stream(call, &kind, &head, page))
}

/// Sends a list in chunks, so that a long one is never in memory as a whole.
fn stream(call: &Call, kind: &Kind, head: &Value, page: Vec<Arc<Object>>) -> Answer {
    let size: usize = page.iter().map(|object| object.json.len()).sum();
    let gzip = call.header("accept-encoding").contains("gzip") && size > WORTH_COMPRESSING;
    let mut text = encode(head);
    text.pop();
    text.extend_from_slice(b",\"items\":[");
    let mut writer = Writer { pending: text, gzip: gzip.then(|| GzEncoder::new(vec![], Compression::fast())) };
    let custom = kind.is_custom();
    let (metadata_only, kind, mut spoiled) = (wants_metadata(call), kind.clone(), call.is_spoiled());
    let mut items = page.into_iter().enumerate();
    let mut done = false;
    let chunks = std::iter::from_fn(move || {
        while !done {
            let Some((place, object)) = items.next() else {
                writer.pending.extend_from_slice(b"]}\n");
                done = true;
                return Some(writer.finish());
            };
            if place > 0 {
                writer.pending.push(b',');
            }
            let json = if spoiled { spoil(&object) } else { object.json.clone() };
            spoiled = false;
            if metadata_only {
                writer.pending.extend(encode(&partial(&object.parse())));
            } else if custom {
                writer.pending.extend(with_kind(&kind, &json));
            } else {
                writer.pending.extend_from_slice(&json);
            }
            if writer.pending.len() > CHUNK {
                return Some(writer.chunk());
            }
        }
        None
    });
    let answer = Answer::stream("application/json", futures::stream::iter(chunks));
    if gzip { answer.gzipped() } else { answer }
}

/// Collects text, compresses it if asked to, and gives it out in chunks.
struct Writer {
    pending: Vec<u8>,
    gzip: Option<GzEncoder<Vec<u8>>>,
}

impl Writer {
    fn chunk(&mut self) -> io::Result<Bytes> {
        let text = std::mem::take(&mut self.pending);
        match &mut self.gzip {
            None => Ok(text.into()),
            Some(gzip) => {
                gzip.write_all(&text)?;
                Ok(std::mem::take(gzip.get_mut()).into())
            }
        }
    }

    fn finish(&mut self) -> io::Result<Bytes> {
        let last = self.chunk()?;
        match self.gzip.take() {
            None => Ok(last),
            Some(gzip) => {
                let mut all = last.to_vec();
                all.extend(gzip.finish()?);
                Ok(all.into())
            }
        }
    }
}

/// Whether a client asks for metadata only.
pub fn wants_metadata(call: &Call) -> bool {
    call.header("accept").contains("as=PartialObjectMetadata")
}

/// An object's metadata alone.
pub fn partial(value: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": value.at("/metadata")})
}

/// The object with a status that no client expects.
fn spoil(object: &Object) -> Bytes {
    let mut value = object.parse();
    value.put("/status", json!(7));
    encode(&value).into()
}

fn token(version: u64, last: &Object) -> String {
    URL_SAFE_NO_PAD.encode(format!("{version}:{}/{}", last.id.namespace, last.id.name))
}

type Start = Option<(Arc<str>, Arc<str>)>;

fn read_token(token: &str) -> Result<(u64, Start), Refusal> {
    let wrong = || Refusal::bad_request("continue key is not valid: incorrect format");
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| wrong())?;
    let text = String::from_utf8(bytes).map_err(|_| wrong())?;
    let (version, place) = text.split_once(':').ok_or_else(wrong)?;
    let (namespace, name) = place.split_once('/').ok_or_else(wrong)?;
    Ok((version.parse().map_err(|_| wrong())?, Some((namespace.into(), name.into()))))
}
