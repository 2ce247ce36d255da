//! What changes between two templates, in words, with secret-like values masked.

use super::places::{Place, places};
use super::template::parsed;
use crate::domain::mask::masked;
use crate::domain::plan::Change;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// The places whose values differ, images first, in the order of the old template, then what is new.
pub fn templates(old: &RawValue, new: &RawValue) -> Vec<Change> {
    let read = |template: &RawValue| parsed(template).map(|tree| places(&tree)).unwrap_or_default();
    let (old, new) = (read(old), read(new));
    let by_name: HashMap<&str, &Place> = new.iter().map(|place| (place.name.as_str(), place)).collect();
    let known: HashMap<&str, &Place> = old.iter().map(|place| (place.name.as_str(), place)).collect();
    let mut changes: Vec<Change> = old
        .iter()
        .filter_map(|was| match by_name.get(was.name.as_str()) {
            Some(is) if is.value == was.value => None,
            Some(is) => Some(change(Some(was), Some(is))),
            None => Some(change(Some(was), None)),
        })
        .chain(new.iter().filter(|place| !known.contains_key(place.name.as_str())).map(|is| change(None, Some(is))))
        .collect();
    changes.sort_by_key(|change| !change.place.ends_with("  image"));
    changes
}

fn change(old: Option<&Place>, new: Option<&Place>) -> Change {
    let shown = |place: &Place| masked(&place.key, &place.value).into_owned();
    let (was, is) = (old.map(shown), new.map(shown));
    let hidden = was.is_some() && was == is;
    Change {
        place: old.or(new).map_or("", |place| place.name.as_str()).into(),
        old: was.map(Into::into),
        new: is.map(|is| if hidden { format!("{is} (another value)").into() } else { is.into() }),
    }
}

/// A single changed value.
pub fn value(place: &str, old: Option<&str>, new: Option<&str>) -> Change {
    Change { place: place.into(), old: old.map(Into::into), new: new.map(Into::into) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn diff(old: &str, new: &str) -> Vec<(String, Option<String>, Option<String>)> {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).expect("valid JSON");
        let text = |value: Option<crate::domain::Str>| value.map(|value| value.to_string());
        templates(&raw(old), &raw(new)).into_iter().map(|c| (c.place.to_string(), text(c.old), text(c.new))).collect()
    }

    fn entry(place: &str, old: &str, new: &str) -> (String, Option<String>, Option<String>) {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        (place.to_owned(), some(old), some(new))
    }

    #[test]
    fn image_env_args_and_limits_are_named_as_people_name_them() {
        let old = r#"{"spec":{"containers":[{"name":"web","args":["-c","a && b"],"env":[{"name":"TIMEOUT","value":"2s"}],"image":"reg/web:v2","resources":{"limits":{"cpu":"1"}}}]}}"#;
        let new = r#"{"spec":{"containers":[{"name":"web","args":["-c","a"],"env":[{"name":"TIMEOUT","value":"5s"},{"name":"CERT","valueFrom":{"secretKeyRef":{"name":"tls","key":"crt"}}}],"image":"reg/web:v1","resources":{"limits":{"cpu":"2"}}}]}}"#;
        assert_eq!(
            diff(old, new),
            vec![
                entry("container web  image", "reg/web:v2", "reg/web:v1"),
                entry("container web  args", "-c 'a && b'", "-c a"),
                entry("env TIMEOUT", "2s", "5s"),
                entry("container web  limits  cpu", "1", "2"),
                entry("env CERT", "", "secret tls, key crt"),
            ]
        );
    }

    #[test]
    fn a_secret_value_is_never_shown_and_its_change_still_is() {
        let with = |password: &str, url: &str| {
            format!(
                r#"{{"spec":{{"containers":[{{"name":"web","env":[{{"name":"DB_PASSWORD","value":"{password}"}},{{"name":"DB","value":"{url}"}}]}}]}}}}"#
            )
        };
        let changes = diff(&with("hunter2", "pg://ana:one@db/x"), &with("hunter3", "pg://ana:two@db/y"));
        let all = format!("{changes:?}");
        assert_eq!(changes.len(), 2, "{all}");
        assert!(!all.contains("hunter") && !all.contains("one") && !all.contains("two"), "{all}");
        assert!(all.contains("another value") && all.contains("@db/y"), "{all}");
    }

    #[test]
    fn the_order_of_keyed_lists_does_not_matter() {
        let old = r#"{"spec":{"volumes":[{"name":"a","emptyDir":{}},{"name":"b","configMap":{"name":"c"}}]}}"#;
        let new = r#"{"spec":{"volumes":[{"name":"b","configMap":{"name":"d"}},{"name":"a","emptyDir":{}}]}}"#;
        assert_eq!(diff(old, new), vec![entry("volume b  configMap  name", "c", "d")]);
    }

    proptest! {
        #[test]
        fn any_text_in_a_template_gives_a_diff_without_control_characters(image in ".{0,60}", value in ".{0,60}") {
            let template = |image: &str| serde_json::json!({
                "metadata": {"labels": {value.clone(): image}},
                "spec": {"containers": [{"name": value.clone(), "image": image, "args": [value.clone()]}]},
            }).to_string();
            for (place, old, new) in diff(&template("a"), &template(&image)) {
                let all = format!("{place}{}{}", old.unwrap_or_default(), new.unwrap_or_default());
                prop_assert!(!all.chars().any(char::is_control), "{all:?}");
            }
        }
    }
}
