//! `metadata.managedFields`, reduced to who wrote which of the fields that we write.

use super::field::{Field, Present, composite};
use super::strings::Pool;
use crate::domain::Timestamp;
use crate::domain::management::{Touches, Writer};
use serde::Deserialize;
use std::borrow::Cow;
use std::cmp::Reverse;

/// One entry; the owned fields are read just deep enough.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Entry<'a> {
    #[serde(borrow)]
    manager: Field<Cow<'a, str>>,
    #[serde(borrow)]
    operation: Field<Cow<'a, str>>,
    #[serde(borrow)]
    subresource: Field<Cow<'a, str>>,
    time: Field<Timestamp>,
    #[serde(borrow, rename = "fieldsV1")]
    fields: Field<Fields<'a>>,
}

/// `fieldsV1`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Fields<'a> {
    #[serde(borrow, rename = "f:spec")]
    spec: Field<Spec<'a>>,
}

/// `fieldsV1.f:spec`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Spec<'a> {
    #[serde(rename = "f:template")]
    template: Field<Present>,
    #[serde(rename = "f:replicas")]
    replicas: Field<Present>,
    #[serde(rename = "f:paused")]
    paused: Field<Present>,
    #[serde(rename = "f:selector")]
    selector: Field<Present>,
    #[serde(rename = "f:http")]
    http: Field<Present>,
    #[serde(rename = "f:tls")]
    tls: Field<Present>,
    #[serde(rename = "f:tcp")]
    tcp: Field<Present>,
    #[serde(rename = "f:rules")]
    rules: Field<Present>,
    #[serde(rename = "f:strategy")]
    strategy: Field<Present>,
    #[serde(skip)]
    borrows: std::marker::PhantomData<&'a ()>,
}

composite!(Entry, Fields, Spec);

/// The writers of an object's spec, newest first. Writers of nothing but status or metadata are left out.
pub fn writers(entries: Vec<Entry<'_>>, pool: &mut Pool) -> Vec<Writer> {
    let mut writers: Vec<Writer> = entries
        .into_iter()
        .filter_map(|entry| {
            let touches = entry.touches();
            let scale = entry.subresource.get().is_some_and(|name| name == "scale");
            let spec = entry.fields.get().is_some_and(|fields| fields.spec.get().is_some());
            (spec || scale).then(|| Writer {
                manager: pool.share(entry.manager.get().map_or("", |name| name)),
                at: entry.time.ok(),
                applies: entry.operation.get().is_some_and(|operation| operation == "Apply"),
                touches,
            })
        })
        .collect();
    writers.sort_by_key(|writer| Reverse(writer.at));
    writers
}

impl Entry<'_> {
    fn touches(&self) -> Touches {
        let there = |pick: for<'s, 'x> fn(&'s Spec<'x>) -> &'s Field<Present>| {
            self.fields.get().and_then(|fields| fields.spec.get()).is_some_and(|spec| pick(spec).get().is_some())
        };
        Touches {
            template: there(|spec| &spec.template),
            replicas: there(|spec| &spec.replicas),
            paused: there(|spec| &spec.paused),
            traffic: there(|spec| &spec.selector)
                || there(|spec| &spec.http)
                || there(|spec| &spec.tls)
                || there(|spec| &spec.tcp)
                || there(|spec| &spec.rules),
            strategy: there(|spec| &spec.strategy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writers_are_reduced_to_what_they_own_newest_first() {
        let json = r#"[
            {"manager":"old","operation":"Apply","time":"2025-01-01T00:00:00Z","fieldsV1":{"f:spec":{"f:template":{"f:spec":{}}}}},
            {"manager":"status","operation":"Update","subresource":"status","fieldsV1":{"f:status":{}}},
            {"manager":"hpa","operation":"Update","subresource":"scale","time":"2025-01-02T00:00:00Z","fieldsV1":{"f:spec":{"f:replicas":{}}}},
            {"manager":"odd","operation":7,"fieldsV1":[1]}]"#;
        let entries: Field<Vec<Entry<'_>>> = serde_json::from_str(json).expect("lenient");
        let writers = writers(entries.ok().expect("a list"), &mut Pool::default());
        let names: Vec<&str> = writers.iter().map(|writer| &*writer.manager).collect();
        assert_eq!(names, ["hpa", "old"]);
        assert!(writers[0].touches.replicas && !writers[0].touches.template && !writers[0].applies);
        assert!(writers[1].touches.template && writers[1].applies);
    }
}
