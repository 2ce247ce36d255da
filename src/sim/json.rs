//! Short ways to read and change JSON objects by pointer, and the encoding that Go uses.

use crate::domain::raw::unescape;
use jiff::Timestamp;
use serde_json::ser::{CompactFormatter, Formatter};
use serde_json::{Map, Value};
use std::io;

static NULL: Value = Value::Null;
static NOTHING: &[Value] = &[];

/// Reading and writing by JSON pointer, where what is absent reads as null, empty or `None`.
pub trait Json {
    /// The value at the pointer, or null.
    fn at(&self, pointer: &str) -> &Value;
    /// The string at the pointer, or "".
    fn text(&self, pointer: &str) -> &str;
    /// The integer at the pointer.
    fn int(&self, pointer: &str) -> Option<i64>;
    /// The integer at the pointer, or 0.
    fn count(&self, pointer: &str) -> i64;
    /// Whether the pointer holds `true`.
    fn flag(&self, pointer: &str) -> bool;
    /// The list at the pointer, or an empty one.
    fn list(&self, pointer: &str) -> &[Value];
    /// The entries of the object at the pointer.
    fn entries(&self, pointer: &str) -> Box<dyn Iterator<Item = (&String, &Value)> + '_>;
    /// The string under a key (which may hold slashes) of the object at the pointer.
    fn keyed(&self, pointer: &str, key: &str) -> Option<&str>;
    /// Sets the value at the pointer and makes the objects on the way.
    fn put(&mut self, pointer: &str, value: impl Into<Value>);
    /// Sets the value at the pointer where there is none, or null.
    fn put_default(&mut self, pointer: &str, value: impl Into<Value>);
    /// Takes away what is at the pointer (of objects only).
    fn cut(&mut self, pointer: &str) -> Option<Value>;
    /// The object at the pointer, made if there is none.
    fn object(&mut self, pointer: &str) -> &mut Map<String, Value>;
}

impl Json for Value {
    fn at(&self, pointer: &str) -> &Value {
        self.pointer(pointer).unwrap_or(&NULL)
    }

    fn text(&self, pointer: &str) -> &str {
        self.at(pointer).as_str().unwrap_or_default()
    }

    fn int(&self, pointer: &str) -> Option<i64> {
        self.at(pointer).as_i64()
    }

    fn count(&self, pointer: &str) -> i64 {
        self.int(pointer).unwrap_or_default()
    }

    fn flag(&self, pointer: &str) -> bool {
        self.at(pointer).as_bool().unwrap_or_default()
    }

    fn list(&self, pointer: &str) -> &[Value] {
        self.at(pointer).as_array().map_or(NOTHING, Vec::as_slice)
    }

    fn entries(&self, pointer: &str) -> Box<dyn Iterator<Item = (&String, &Value)> + '_> {
        Box::new(self.at(pointer).as_object().into_iter().flatten())
    }

    fn keyed(&self, pointer: &str, key: &str) -> Option<&str> {
        self.at(pointer).get(key)?.as_str()
    }

    fn put(&mut self, pointer: &str, value: impl Into<Value>) {
        match pointer.rsplit_once('/') {
            Some((parent, key)) => {
                self.object(parent).insert(unescape(key), value.into());
            }
            None => *self = value.into(),
        }
    }

    fn put_default(&mut self, pointer: &str, value: impl Into<Value>) {
        if self.at(pointer).is_null() {
            self.put(pointer, value);
        }
    }

    fn cut(&mut self, pointer: &str) -> Option<Value> {
        let (parent, key) = pointer.rsplit_once('/')?;
        self.pointer_mut(parent)?.as_object_mut()?.shift_remove(&unescape(key))
    }

    fn object(&mut self, pointer: &str) -> &mut Map<String, Value> {
        let mut here = self;
        for key in pointer.split('/').skip(1) {
            here = object_of(here).entry(unescape(key)).or_insert(Value::Null);
        }
        object_of(here)
    }
}

/// The map in `value`; anything else is replaced by an empty one.
fn object_of(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("made an object just above"),
    }
}

/// Writes strings as Go's `encoding/json` does: `<`, `>`, `&`, U+2028 and U+2029 as escapes.
struct GoFormatter(CompactFormatter);

impl Formatter for GoFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let special = |c: char| matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
        let mut rest = fragment;
        while let Some(at) = rest.find(special) {
            let (plain, tail) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            let mut chars = tail.chars();
            if let Some(found) = chars.next() {
                write!(writer, "\\u{:04x}", found as u32)?;
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

/// The compact JSON text of `value` as a Go server sends it.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1024);
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, GoFormatter(CompactFormatter));
    serde::Serialize::serialize(value, &mut serializer).expect("writing a JSON value to memory cannot fail");
    bytes
}

/// A time as in object metadata: whole seconds, `2026-06-01T12:00:00Z`.
pub fn stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A time with microseconds, as in Leases.
pub fn micro_stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// Reads a time as written by [`stamp`].
pub fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn strings_are_encoded_as_go_encodes_them() {
        let text = encode(&json!({"a&b": "x < y > z \u{2028} é \u{1f}\t"}));
        assert_eq!(String::from_utf8(text).unwrap(), r#"{"a\u0026b":"x \u003c y \u003e z \u2028 é \u001f\t"}"#);
    }

    #[test]
    fn putting_makes_the_objects_on_the_way() {
        let mut value = json!({});
        value.put("/metadata/annotations/a~1b", "c");
        assert_eq!(value, json!({"metadata": {"annotations": {"a/b": "c"}}}));
        assert_eq!(value.keyed("/metadata/annotations", "a/b"), Some("c"));
        assert_eq!(value.cut("/metadata/annotations/a~1b"), Some(json!("c")));
    }
}
