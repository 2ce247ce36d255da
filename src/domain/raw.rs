//! Objects as the server sent them: fences are cut from these bytes, never re-encoded.
//!
//! A JSON patch `test` compares strings and numbers byte for byte as Go encodes them, so a value that was parsed and
//! written again may never match (seen on a real API server).

use super::{ObjectKey, Uid};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One object's JSON text, exactly as received.
#[derive(Debug, Clone)]
pub struct RawObject {
    /// Which object.
    pub key: ObjectKey,
    /// Its identity.
    pub uid: Uid,
    text: Arc<RawValue>,
}

impl RawObject {
    /// Wraps the server's text of the object at `key`. `None` when it has no `metadata.uid`.
    pub fn new(key: ObjectKey, text: Box<RawValue>) -> Option<Self> {
        let uid = slice(&text, "/metadata/uid").and_then(|uid| serde_json::from_str::<String>(uid.get()).ok())?;
        Some(Self { key, uid: Uid::new(uid), text: text.into() })
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        self.text.get()
    }

    /// The slice at a JSON pointer (`/spec/template`), byte for byte; `None` when absent.
    pub fn at(&self, pointer: &str) -> Option<&RawValue> {
        slice(&self.text, pointer)
    }

    /// The slice at a JSON pointer, parsed; `None` when absent or of another shape.
    pub fn value<T: serde::de::DeserializeOwned>(&self, pointer: &str) -> Option<T> {
        self.at(pointer).and_then(|raw| serde_json::from_str(raw.get()).ok())
    }
}

impl PartialEq for RawObject {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.text.get() == other.text.get()
    }
}

/// The slice of `text` at a JSON pointer (RFC 6901), without re-encoding; `None` when absent.
pub fn slice<'a>(text: &'a RawValue, pointer: &str) -> Option<&'a RawValue> {
    pointer.split('/').skip(1).try_fold(text, |value, token| {
        let token = unescape(token);
        match value.get().trim_start().as_bytes().first()? {
            b'{' => {
                let map: BTreeMap<Cow<'_, str>, &'a RawValue> = serde_json::from_str(value.get()).ok()?;
                map.get(token.as_str()).copied()
            }
            b'[' => {
                let items: Vec<&'a RawValue> = serde_json::from_str(value.get()).ok()?;
                items.get(token.parse::<usize>().ok()?).copied()
            }
            _ => None,
        }
    })
}

/// `text` without the member at `pointer`; every other byte stays. The same text when there is no such member (or the
/// pointer leads into an array: only members of objects are taken out).
pub fn without(text: &RawValue, pointer: &str) -> Box<RawValue> {
    cut(text, pointer).unwrap_or_else(|| text.to_owned())
}

fn cut(text: &RawValue, pointer: &str) -> Option<Box<RawValue>> {
    let (parent_path, token) = pointer.rsplit_once('/')?;
    let name = unescape(token);
    let parent = slice(text, parent_path)?;
    let members: Members<'_> = serde_json::from_str(parent.get()).ok()?;
    let kept: Vec<String> = members
        .0
        .iter()
        .filter(|(key, _)| serde_json::from_str::<String>(key.get()).ok().as_deref() != Some(name.as_str()))
        .map(|(key, value)| format!("{}:{}", key.get(), value.get()))
        .collect();
    if kept.len() == members.0.len() {
        return None;
    }
    let start = parent.get().as_ptr() as usize - text.get().as_ptr() as usize;
    let end = start + parent.get().len();
    let whole = text.get();
    RawValue::from_string(format!("{}{{{}}}{}", &whole[..start], kept.join(","), &whole[end..])).ok()
}

/// The members of an object in their order, keys and values as they were written.
struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Vec<(&'de RawValue, &'de RawValue)>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Visitor).map(Members)
    }
}

/// One segment of a JSON pointer as the name that it stands for.
pub fn unescape(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

/// Escapes one segment of a JSON pointer: `~` and `/`.
pub fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;

    fn object(text: &str) -> RawObject {
        let raw = RawValue::from_string(text.to_owned()).expect("valid JSON");
        RawObject::new(ObjectKey::new(Kind::Deployment, "shop", "web"), raw).expect("has a uid")
    }

    #[test]
    fn a_slice_keeps_the_servers_bytes() {
        let web = object(
            r#"{"metadata":{"uid":"u-1","annotations":{"a/b":"x","c~d":"y"}},"spec":{"args":["a \u0026\u0026 b", 30.0]}}"#,
        );
        assert_eq!(web.uid.as_str(), "u-1");
        assert_eq!(web.at("/spec/args/0").map(RawValue::get), Some(r#""a \u0026\u0026 b""#));
        assert_eq!(web.at("/spec/args/1").map(RawValue::get), Some("30.0"));
        assert_eq!(web.at(&format!("/metadata/annotations/{}", escape("a/b"))).map(RawValue::get), Some(r#""x""#));
        assert_eq!(web.at(&format!("/metadata/annotations/{}", escape("c~d"))).map(RawValue::get), Some(r#""y""#));
        assert!(web.at("/spec/none").is_none() && web.at("/spec/args/9").is_none());
        assert_eq!(web.value::<String>("/spec/args/0").as_deref(), Some("a && b"));
    }

    #[test]
    fn a_member_is_cut_out_and_every_other_byte_stays() {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).expect("valid JSON");
        let template =
            raw(r#"{"metadata":{"labels":{"app":"a \u0026 b","pod-template-hash":"5d","z/y":"1"}},"n":30.0}"#);
        let cut = without(&template, "/metadata/labels/pod-template-hash");
        assert_eq!(cut.get(), r#"{"metadata":{"labels":{"app":"a \u0026 b","z/y":"1"}},"n":30.0}"#);
        assert_eq!(without(&cut, "/metadata/labels/pod-template-hash").get(), cut.get());
        assert_eq!(
            without(&cut, "/metadata/labels/z~1y").get(),
            r#"{"metadata":{"labels":{"app":"a \u0026 b"}},"n":30.0}"#
        );
        assert_eq!(without(&raw(r#"{"$patch":"replace"}"#), "/$patch").get(), "{}");
        assert_eq!(without(&raw("[1]"), "/0").get(), "[1]");
    }
}
