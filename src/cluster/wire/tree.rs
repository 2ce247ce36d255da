//! Custom resources, read leniently by place: there are few of them, and their shapes vary from version to version.
//!
//! A value of another shape than expected is absent, and its path is noted.

use super::strings::Pool;
use crate::domain::selector::Labels;
use crate::domain::{Str, Timestamp};
use serde_json::Value;
use std::cell::RefCell;

/// What could not be read, by path.
#[derive(Debug, Default)]
pub struct Marks(RefCell<Vec<Str>>);

impl Marks {
    fn add(&self, path: &str) {
        let mut marks = self.0.borrow_mut();
        if !marks.iter().any(|mark| **mark == *path) {
            marks.push(path.into());
        }
    }

    /// The paths, each once, in the order of reading.
    pub fn take(self) -> Vec<Str> {
        self.0.into_inner()
    }
}

/// A place in an object, whether there is something or not.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    value: Option<&'a Value>,
    path: String,
    marks: &'a Marks,
}

impl<'a> Node<'a> {
    /// The whole object.
    pub fn of(value: &'a Value, marks: &'a Marks) -> Self {
        Self { value: Some(value), path: String::new(), marks }
    }

    fn there(&self) -> Option<&'a Value> {
        self.value.filter(|value| !value.is_null())
    }

    fn odd<T>(&self) -> Option<T> {
        self.marks.add(if self.path.is_empty() { "the whole object" } else { &self.path });
        None
    }

    /// Whether there is something.
    pub fn is_there(&self) -> bool {
        self.there().is_some()
    }

    /// The member `name`.
    #[must_use]
    pub fn at(&self, name: &str) -> Self {
        let value = match self.there() {
            Some(Value::Object(members)) => members.get(name),
            Some(_) => self.odd(),
            None => None,
        };
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Self { value, path, marks: self.marks }
    }

    /// The items of a list.
    pub fn items(&self) -> Vec<Self> {
        match self.there() {
            Some(Value::Array(items)) => {
                let item = |(place, value)| Self {
                    value: Some(value),
                    path: format!("{}[{place}]", self.path),
                    marks: self.marks,
                };
                items.iter().enumerate().map(item).collect()
            }
            Some(_) => self.odd().unwrap_or_default(),
            None => Vec::new(),
        }
    }

    /// The members of an object, in their order.
    pub fn members(&self) -> Vec<(&'a str, Self)> {
        match self.there() {
            Some(Value::Object(members)) => members.keys().map(|name| (name.as_str(), self.at(name))).collect(),
            Some(_) => self.odd().unwrap_or_default(),
            None => Vec::new(),
        }
    }

    /// The names of its members, `known` ones left out.
    pub fn others(&self, known: &[&str]) -> Vec<Str> {
        let names = self.members().into_iter().map(|(name, _)| name);
        names.filter(|name| !known.contains(name)).map(Str::from).collect()
    }

    /// A text.
    pub fn text(&self) -> Option<&'a str> {
        match self.there()? {
            Value::String(text) => Some(text),
            _ => self.odd(),
        }
    }

    /// A text, kept; `None` when it is absent or empty.
    pub fn kept(&self) -> Option<Str> {
        self.text().filter(|text| !text.is_empty()).map(Str::from)
    }

    /// A text that many objects share.
    pub fn shared(&self, pool: &mut Pool) -> Option<Str> {
        self.text().filter(|text| !text.is_empty()).map(|text| pool.share(text))
    }

    /// A text, or a number as it is written.
    pub fn loose(&self) -> Option<Str> {
        match self.there()? {
            Value::String(text) => Some(text.as_str().into()),
            Value::Number(number) => Some(number.to_string().into()),
            _ => self.odd(),
        }
    }

    /// A whole number (`20.0` is one).
    pub fn int(&self) -> Option<i64> {
        match self.there()? {
            Value::Number(number) => number
                .as_i64()
                .or_else(|| {
                    let number = number.as_f64()?;
                    #[expect(clippy::cast_possible_truncation, reason = "whole, and far from the limits")]
                    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
                })
                .or_else(|| self.odd()),
            _ => self.odd(),
        }
    }

    /// A whole number of 32 bits.
    pub fn int32(&self) -> Option<i32> {
        let number = self.int()?;
        i32::try_from(number).ok().or_else(|| self.odd())
    }

    /// A number.
    pub fn float(&self) -> Option<f64> {
        match self.there()? {
            Value::Number(number) => number.as_f64(),
            _ => self.odd(),
        }
    }

    /// A number that is written as a number or as a text.
    pub fn int_in_text(&self) -> Option<i64> {
        match self.there()? {
            Value::String(text) => text.trim().parse().ok(),
            Value::Number(number) => number.as_i64(),
            _ => self.odd(),
        }
    }

    /// A flag; absent is no.
    pub fn flag(&self) -> bool {
        match self.there() {
            Some(Value::Bool(flag)) => *flag,
            Some(_) => self.odd().unwrap_or_default(),
            None => false,
        }
    }

    /// A time.
    pub fn time(&self) -> Option<Timestamp> {
        let text = self.text()?;
        text.parse().ok().or_else(|| self.odd())
    }

    /// A list of texts.
    pub fn texts(&self) -> Vec<Str> {
        self.items().iter().filter_map(|item| item.text().map(Str::from)).collect()
    }

    /// A map of texts.
    pub fn labels(&self, pool: &mut Pool) -> Labels {
        let members = self.members().into_iter();
        members.filter_map(|(name, value)| Some((pool.share(name), pool.share(value.text()?)))).collect()
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        self.there().is_some_and(Value::is_object)
    }

    /// Whether it is a list.
    pub fn is_list(&self) -> bool {
        self.there().is_some_and(Value::is_array)
    }

    /// A text, a number, or a list of them, joined by commas; nothing is noted for other shapes.
    pub fn loose_list(&self) -> Option<Str> {
        let one = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        match self.there()? {
            Value::Array(items) => Some(items.iter().filter_map(one).collect::<Vec<_>>().join(", ").into()),
            value => one(value).map(Str::from),
        }
    }

    /// Notes that it could not be read.
    pub fn unreadable(&self) {
        self.odd::<()>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_has_another_shape_is_absent_and_named_once() {
        let value =
            json!({"spec": {"weight": "ten", "n": 20.0, "big": u64::MAX, "list": [1, "x"], "map": 7, "null": null}});
        let marks = Marks::default();
        let spec = Node::of(&value, &marks).at("spec");
        assert_eq!(spec.at("weight").int(), None);
        assert_eq!(spec.at("weight").int(), None);
        assert_eq!(spec.at("n").int(), Some(20));
        assert_eq!(spec.at("big").int(), None);
        assert_eq!(spec.at("list").texts(), [Str::from("x")]);
        assert_eq!(spec.at("map").at("inner").text(), None);
        assert_eq!(spec.at("null").text(), None);
        assert_eq!(spec.at("absent").at("deeper").items().len(), 0);
        assert!(!spec.at("absent").flag() && !spec.at("null").is_there());
        let named: Vec<String> = marks.take().iter().map(ToString::to_string).collect();
        assert_eq!(named, ["spec.weight", "spec.big", "spec.list[0]", "spec.map"]);
    }
}
