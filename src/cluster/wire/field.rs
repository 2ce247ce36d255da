//! Lenient leaves: a field of another shape than expected is a mark on its object, never a failed page.
//!
//! Every leaf is read through `deserialize_any` with a visitor that takes every JSON shape, so that only broken JSON
//! itself can fail.

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// A field as it came.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Field<T> {
    /// Not there, or `null`.
    #[default]
    Absent,
    /// Read.
    Read(T),
    /// There, and of a shape or value that was not expected.
    Unreadable,
}

impl<T> Field<T> {
    /// The value; an unreadable one adds `name` to `marks`.
    pub fn take(self, name: &'static str, marks: &mut Vec<&'static str>) -> Option<T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Absent => None,
            Self::Unreadable => {
                marks.push(name);
                None
            }
        }
    }

    /// The value where it could be read.
    pub fn ok(self) -> Option<T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Absent | Self::Unreadable => None,
        }
    }

    /// The value where it could be read, by reference.
    pub const fn get(&self) -> Option<&T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Absent | Self::Unreadable => None,
        }
    }
}

impl<T: Default> Field<T> {
    /// The value, or its default; an unreadable one adds `name` to `marks`.
    pub fn or_default(self, name: &'static str, marks: &mut Vec<&'static str>) -> T {
        self.take(name, marks).unwrap_or_default()
    }
}

/// What a field's type can be read from; every other JSON shape makes the field unreadable.
pub trait Leaf<'de>: Sized {
    /// From a string.
    fn text(_: Cow<'de, str>) -> Option<Self> {
        None
    }

    /// From a whole number.
    fn integer(_: i64) -> Option<Self> {
        None
    }

    /// From `true` or `false`.
    fn boolean(_: bool) -> Option<Self> {
        None
    }

    /// From an object.
    fn map<A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    /// From an array.
    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

struct AnyShape<T>(PhantomData<T>);

impl<'de, T: Leaf<'de>> Visitor<'de> for AnyShape<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Field::Absent)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(field(T::boolean(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(field(T::integer(value)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(field(i64::try_from(value).ok().and_then(T::integer)))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Field::Unreadable)
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(field(T::text(Cow::Borrowed(value))))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(field(T::text(Cow::Owned(value.to_owned()))))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::map(map).map(field)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        T::list(list).map(field)
    }
}

fn field<T>(value: Option<T>) -> Field<T> {
    value.map_or(Field::Unreadable, Field::Read)
}

impl<'de, T: Leaf<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyShape(PhantomData))
    }
}

impl<'de: 'a, 'a> Leaf<'de> for Cow<'a, str> {
    fn text(text: Cow<'de, str>) -> Option<Self> {
        Some(text)
    }
}

impl Leaf<'_> for i64 {
    fn integer(number: i64) -> Option<Self> {
        Some(number)
    }
}

impl Leaf<'_> for i32 {
    fn integer(number: i64) -> Option<Self> {
        Self::try_from(number).ok()
    }
}

impl Leaf<'_> for bool {
    fn boolean(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl<'de> Leaf<'de> for jiff::Timestamp {
    fn text(text: Cow<'de, str>) -> Option<Self> {
        text.parse().ok()
    }
}

/// A list; items of another shape are left out.
impl<'de, T: Leaf<'de>> Leaf<'de> for Vec<T> {
    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut items = Self::new();
        while let Some(item) = list.next_element::<Field<T>>()? {
            items.extend(item.ok());
        }
        Ok(Some(items))
    }
}

/// A map of strings (labels, annotations); entries of another shape are left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Strings<'a>(pub Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl Strings<'_> {
    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| &**value)
    }
}

/// A string that borrows where the JSON has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowing;
        impl<'de> Visitor<'de> for Borrowing {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(value)))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(value.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrowing)
    }
}

impl<'de: 'a, 'a> Leaf<'de> for Strings<'a> {
    fn map<A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry::<Key<'de>, Field<Cow<'de, str>>>()? {
            entries.extend(value.ok().map(|value| (key.0, value)));
        }
        Ok(Some(Self(entries)))
    }
}

/// That something is there, whatever it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Present;

impl<'de> Leaf<'de> for Present {
    fn map<A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Some(Self))
    }
}

/// Reads the named structs from JSON objects.
macro_rules! composite {
    ($($name:ident),+ $(,)?) => {$(
        impl<'de: 'a, 'a> crate::cluster::wire::field::Leaf<'de> for $name<'a> {
            fn map<A: serde::de::MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
                serde::Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Some)
            }
        }
    )+};
}
pub(crate) use composite;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(default)]
    struct Sample<'a> {
        #[serde(borrow)]
        text: Field<Cow<'a, str>>,
        number: Field<i32>,
        #[serde(borrow)]
        labels: Field<Strings<'a>>,
        list: Field<Vec<i64>>,
        #[serde(borrow)]
        inner: Field<Box<Inner<'a>>>,
    }

    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(default)]
    struct Inner<'a> {
        #[serde(borrow)]
        name: Field<Cow<'a, str>>,
    }

    composite!(Inner);

    impl<'de, T: Leaf<'de>> Leaf<'de> for Box<T> {
        fn map<A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
            Ok(T::map(map)?.map(Self::new))
        }
    }

    #[test]
    fn every_json_shape_is_taken_in_every_place() {
        for value in ["null", "true", "7", "-7", "1.5", "1e400", "\"text\"", "[]", "[[{}]]", "{}", "{\"a\":[1]}"] {
            let json = format!(
                r#"{{"text":{value},"number":{value},"labels":{value},"list":{value},"inner":{value},"other":{value}}}"#
            );
            let result = serde_json::from_str::<Sample<'_>>(&json);
            // A number beyond f64 is broken JSON to the parser: the whole object is then salvaged.
            assert_eq!(result.is_ok(), value != "1e400", "{value}");
        }
    }

    #[test]
    fn unreadable_fields_are_marked_and_the_rest_is_read() {
        let json =
            r#"{"text":"a\nb","number":99999999999,"labels":{"a":"x","b":7},"list":[1,"x",2],"inner":{"name":"n"}}"#;
        let sample: Sample<'_> = serde_json::from_str(json).expect("lenient");
        let mut marks = Vec::new();
        assert_eq!(sample.text.take("text", &mut marks).as_deref(), Some("a\nb"));
        assert_eq!(sample.number.take("number", &mut marks), None);
        assert_eq!(marks, ["number"]);
        let labels = sample.labels.ok().expect("read");
        assert_eq!((labels.get("a"), labels.get("b")), (Some("x"), None));
        assert_eq!(sample.list.ok(), Some(vec![1, 2]));
        assert_eq!(sample.inner.ok().and_then(|inner| inner.name.ok()).as_deref(), Some("n"));
    }
}
