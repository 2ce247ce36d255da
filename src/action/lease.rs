//! Leases that say who is at a release: the guard's, and that of whoever steps it. One form, two uses.

use crate::domain::plan::{Patch, json};
use crate::domain::raw::escape;
use crate::domain::{Call, Kind, ObjectKey, RawObject, Timestamp};
use jiff::SignedDuration;
use serde_json::{Map, Value, json as value};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::sync::LazyLock;
use std::time::Duration;

/// The longest name of an object (a DNS subdomain).
const LONGEST: usize = 253;

/// Who holds a Lease, from now on.
pub struct Terms<'a> {
    /// `ana@host`, or nobody: it is given back.
    pub holder: &'a str,
    /// How long it holds without a renewal.
    pub holds: Duration,
    /// The server's time.
    pub now: Timestamp,
}

/// The Lease of this use beside `release`: `windlass-step-virtualservice-checkout`. A name that would be too long ends in
/// a digest of the whole, so that two of them are never one.
pub fn lease_of(prefix: &str, release: &ObjectKey) -> ObjectKey {
    let mut name = format!("{prefix}{}-{}", release.kind.singular(), release.name);
    if name.len() > LONGEST {
        let digest = Sha256::digest(name.as_bytes());
        let digest = digest.iter().take(5).fold(String::new(), |mut hex, byte| {
            // Writing to a String can't fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        name.truncate(name.floor_char_boundary(LONGEST - digest.len() - 1));
        let head = name.trim_end_matches(['-', '.']);
        name = format!("{head}-{digest}");
    }
    ObjectKey::new(Kind::Lease, release.namespace.clone(), name)
}

/// This machine's name, as it was at the start.
pub fn machine() -> String {
    static NAME: LazyLock<String> = LazyLock::new(|| {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        if name.trim().is_empty() { "here".to_owned() } else { name.trim().to_owned() }
    });
    NAME.clone()
}

/// Who holds it; empty: nobody.
pub fn holder(object: &RawObject) -> String {
    object.value("/spec/holderIdentity").unwrap_or_default()
}

/// How long it says that it holds without a renewal; `None` where it does not.
pub fn holds(object: &RawObject) -> Option<Duration> {
    let seconds: u32 = object.value("/spec/leaseDurationSeconds")?;
    (seconds > 0).then(|| Duration::from_secs(seconds.into()))
}

/// Whether it was not renewed for longer than it holds.
pub fn lapsed(object: &RawObject, now: Timestamp) -> bool {
    let renewed: Option<Timestamp> = object.value("/spec/renewTime");
    let holds = holds(object).and_then(|holds| SignedDuration::try_from(holds).ok()).unwrap_or_default();
    renewed.is_none_or(|renewed| now.duration_since(renewed) > holds)
}

/// A new Lease, with what else stands in its metadata.
pub fn created(key: &ObjectKey, terms: &Terms<'_>, metadata: Map<String, Value>) -> Option<Call> {
    let mut metadata = metadata;
    metadata.insert("name".into(), (*key.name).into());
    metadata.insert("namespace".into(), (*key.namespace).into());
    let labels = metadata.entry("labels").or_insert_with(|| value!({}));
    labels["app.kubernetes.io/managed-by"] = "windlass".into();
    let body = value!({
        "apiVersion": key.kind.api_version(),
        "kind": key.kind.name(),
        "metadata": metadata,
        "spec": spec(terms, None),
    });
    Some(Call::Create { target: key.clone(), body: json(&body)? })
}

/// The Lease taken or renewed, with these annotations set: only if nobody wrote to it since it was read.
pub fn written(object: &RawObject, terms: &Terms<'_>, annotations: &[(&str, &str)]) -> Option<Call> {
    let mut patch = Patch::of(object).test("/metadata/resourceVersion");
    if object.at("/metadata/annotations").is_some() {
        for (name, text) in annotations {
            patch = patch.add(&format!("/metadata/annotations/{}", escape(name)), json(text)?);
        }
    } else if !annotations.is_empty() {
        let all: Map<String, Value> =
            annotations.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect();
        patch = patch.add("/metadata/annotations", json(&all)?);
    }
    Some(patch.add("/spec", json(&spec(terms, Some(object)))?).call())
}

fn moment(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

fn spec(terms: &Terms<'_>, before: Option<&RawObject>) -> Value {
    let same = before.is_some_and(|object| holder(object) == terms.holder);
    let goes_on = before.filter(|object| same && !lapsed(object, terms.now));
    let acquired = goes_on.and_then(|object| object.value::<String>("/spec/acquireTime"));
    let transitions = before.and_then(|object| object.value::<i64>("/spec/leaseTransitions")).unwrap_or(0);
    value!({
        "holderIdentity": terms.holder,
        "leaseDurationSeconds": terms.holds.as_secs(),
        "acquireTime": acquired.unwrap_or_else(|| moment(terms.now)),
        "renewTime": moment(terms.now),
        "leaseTransitions": if same || before.is_none() { transitions } else { transitions.saturating_add(1) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;

    fn release(name: &str) -> ObjectKey {
        ObjectKey::new(Kind::VirtualService, "shop", name)
    }

    fn object(text: &Value) -> RawObject {
        RawObject::new(lease_of("p-", &release("a")), RawValue::from_string(text.to_string()).unwrap()).unwrap()
    }

    #[test]
    fn names_are_told_apart_whatever_their_length_and_fit_the_api() {
        assert_eq!(&*lease_of("windlass-step-", &release("checkout")).name, "windlass-step-virtualservice-checkout");
        let long = |end: &str| lease_of("windlass-step-", &release(&format!("{}.{end}", "a".repeat(246)))).name;
        let (one, other) = (long("one-x"), long("two-x"));
        assert_ne!(one, other);
        assert_eq!(one, long("one-x"));
        for name in [one, other] {
            assert!(name.len() <= 253, "{}", name.len());
            let ends_well = |text: &str| text.ends_with(|last: char| last.is_ascii_alphanumeric());
            assert!(name.split('.').all(|part| !part.is_empty() && ends_well(part)), "{name}");
        }
    }

    #[test]
    fn a_renewal_keeps_since_when_and_what_lapsed_begins_anew() {
        let before = object(&value!({"metadata": {"uid": "u", "resourceVersion": "7", "name": "l"}, "spec": {
            "holderIdentity": "ana@desk", "leaseDurationSeconds": 60, "leaseTransitions": 2,
            "acquireTime": "2025-01-01T10:00:00.000000Z", "renewTime": "2025-01-01T10:30:00.000000Z"}}));
        let at = |time: &str, holder| {
            let terms = Terms { holder, holds: Duration::from_secs(60), now: time.parse().unwrap() };
            let spec = spec(&terms, Some(&before));
            (spec["acquireTime"].as_str().unwrap().to_owned(), spec["leaseTransitions"].as_i64().unwrap())
        };
        let began = "2025-01-01T10:00:00.000000Z".to_owned();
        assert_eq!(at("2025-01-01T10:31:00Z", "ana@desk"), (began, 2));
        assert_eq!(at("2025-01-01T10:32:00Z", "ana@desk"), ("2025-01-01T10:32:00.000000Z".into(), 2));
        assert_eq!(at("2025-01-01T10:31:00Z", "ben@desk"), ("2025-01-01T10:31:00.000000Z".into(), 3));
    }

    #[test]
    fn a_lease_is_rewritten_only_as_it_was_read() {
        let before = object(&value!({"metadata": {"uid": "u", "resourceVersion": "7", "name": "l"}, "spec": {}}));
        let terms = Terms { holder: "ana", holds: Duration::from_secs(60), now: Timestamp::UNIX_EPOCH };
        let Some(Call::JsonPatch { operations, .. }) = written(&before, &terms, &[("a/b", "c")]) else { panic!() };
        let text = serde_json::to_string(&operations).unwrap();
        assert!(text.contains(r#"{"op":"test","path":"/metadata/resourceVersion","value":"7"}"#), "{text}");
        assert!(text.contains(r#"{"op":"add","path":"/metadata/annotations","value":{"a/b":"c"}}"#), "{text}");
    }
}
