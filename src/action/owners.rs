//! Who wrote which part of an object, and when: from its managedFields.

use crate::domain::raw::unescape;
use crate::domain::{Age, RawObject, Str, Timestamp};
use serde::Deserialize;
use serde_json::Value;

/// One field manager's part of an object.
#[derive(Debug, Clone)]
pub struct Owned {
    /// The manager's name.
    pub manager: Str,
    /// When it last wrote, to the second.
    pub at: Option<Timestamp>,
    fields: Value,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    manager: String,
    #[serde(default)]
    time: Option<String>,
    #[serde(default, rename = "fieldsV1")]
    fields: Value,
    #[serde(default)]
    subresource: String,
}

/// The managers of an object, the last writer first; those of subresources (status, scale) come after the others.
pub fn owners(object: &RawObject) -> Vec<Owned> {
    let mut entries: Vec<Entry> = object.value("/metadata/managedFields").unwrap_or_default();
    entries.sort_by_key(|entry| (!entry.subresource.is_empty(), std::cmp::Reverse(entry.time.clone())));
    entries
        .into_iter()
        .map(|entry| Owned {
            manager: entry.manager.into(),
            at: entry.time.and_then(|time| time.parse().ok()),
            fields: entry.fields,
        })
        .collect()
}

/// The last writer of the part at a JSON pointer, or of something within it.
pub fn writer_of<'a>(owners: &'a [Owned], pointer: &str) -> Option<&'a Owned> {
    owners
        .iter()
        .filter(|owned| {
            let mut fields = &owned.fields;
            for token in pointer.split('/').skip(1) {
                let name = format!("f:{}", unescape(token));
                match fields.get(&name) {
                    Some(inner) => fields = inner,
                    None => return false,
                }
            }
            true
        })
        .max_by_key(|owned| owned.at)
}

/// `by ana (windlass) 3 s ago`, as far as it is known.
pub fn in_words(owned: Option<&Owned>, now: Timestamp) -> String {
    let Some(owned) = owned else { return "by nobody knows whom".into() };
    let who = name_of(&owned.manager);
    match owned.at {
        Some(at) => format!("by {who} {} ago", Age::between(at, now).words()),
        None => format!("by {who}"),
    }
}

/// A field manager's name for people: `windlass-ana` is `ana (windlass)`.
pub fn name_of(manager: &str) -> String {
    let name: String = crate::domain::text::sanitize(manager).chars().take(60).collect();
    match name.strip_prefix("windlass-") {
        Some(who) => format!("{who} (windlass)"),
        None if name.is_empty() => "an unnamed client".into(),
        None => name,
    }
}
