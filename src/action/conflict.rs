//! After a fence held: what moved, and who moved it.

use super::owners::{Owned, in_words, owners, writer_of};
use crate::cluster::{Cluster, ReadError};
use crate::domain::outcome::OutcomeKind;
use crate::domain::plan::Operation;
use crate::domain::said::REPLAN;
use crate::domain::{Age, Call, Outcome, RawObject, Timestamp};
use crate::strategy::workload::template::same;

/// Reads the object of a call that the server refused for its fence, and says what is not as it was seen at `seen`.
pub async fn explain(cluster: &Cluster, call: &Call, seen: Timestamp, now: impl Fn() -> Timestamp) -> Outcome {
    let key = call.target();
    let reason = match cluster.read(key).await {
        Ok(object) => moved(call, &object, seen, now()),
        Err(ReadError::NotFound(_)) => format!("{key} was deleted since you looked"),
        Err(error) => format!("{key} changed since you looked, and can't be read now ({error}); {REPLAN} plans again"),
    };
    Outcome::new(OutcomeKind::Conflict, reason)
}

/// What of `object` is not as the call's fence asks.
fn moved(call: &Call, object: &RawObject, seen: Timestamp, now: Timestamp) -> String {
    let key = call.target();
    let Call::JsonPatch { operations, .. } = call else {
        return format!("{key} is another object by now; {REPLAN} plans again");
    };
    let owners = owners(object);
    let failing = operations.iter().find_map(|operation| failing(operation, object));
    match failing {
        Some("/metadata/uid") => {
            format!("{key} was deleted and made again since you looked; {REPLAN} looks at the new one")
        }
        Some(path) => {
            let who = since(writer_of(&owners, path).or_else(|| owners.first()), seen, now);
            format!("{key} changed since you looked: {}, {who}; {REPLAN} plans again", place(path))
        }
        None => {
            let who = since(owners.first(), seen, now);
            format!("{key} changed while the write was under way, {who}; {REPLAN} plans again")
        }
    }
}

/// Who made a change after `seen`. The server gives a manager's entry a new time when it sets a field, and none when it
/// only takes fields away: the last time that is recorded may be of an earlier write, and of somebody else.
fn since(owned: Option<&Owned>, seen: Timestamp, now: Timestamp) -> String {
    // Times are kept to the second, and clocks differ a little.
    let older = owned.and_then(|owned| owned.at).is_some_and(|at| Age::between(at, seen) > Age::seconds(2));
    let who = in_words(owned, now);
    if older { format!("by whom is not recorded (last written to {who})") } else { who }
}

fn failing<'a>(operation: &'a Operation, object: &RawObject) -> Option<&'a str> {
    match operation {
        Operation::Test { path, .. } if !holds(operation, object) => Some(path),
        Operation::Remove { path } if object.at(path).is_none() => Some(path),
        Operation::Test { .. } | Operation::Add { .. } | Operation::Replace { .. } | Operation::Remove { .. } => None,
    }
}

/// Whether what an operation tests or sets is so in `object`.
pub fn holds(operation: &Operation, object: &RawObject) -> bool {
    match operation {
        Operation::Test { path, value } | Operation::Add { path, value } | Operation::Replace { path, value } => {
            match object.at(path) {
                Some(is) => same(is, value),
                // The server leaves out what is empty: an absent field stands for null and false.
                None => matches!(value.get(), "null" | "false"),
            }
        }
        Operation::Remove { path } => object.at(path).is_none(),
    }
}

/// Whether everything that a patch sets is so in `object`.
pub fn intended(operations: &[Operation], object: &RawObject) -> bool {
    operations.iter().filter(|operation| !matches!(operation, Operation::Test { .. })).all(|it| holds(it, object))
}

/// Whether everything that a patch tests is so in `object`: it was not applied, and nobody else wrote there.
pub fn untouched(operations: &[Operation], object: &RawObject) -> bool {
    operations.iter().filter(|operation| matches!(operation, Operation::Test { .. })).all(|it| holds(it, object))
}

/// A path of the fence, in words.
pub fn place(path: &str) -> &str {
    match path {
        "/spec/template" => "its template",
        "/spec/replicas" => "its replicas",
        "/spec/paused" => "whether it is paused",
        "/metadata/uid" => "its identity",
        path if path.starts_with("/metadata/annotations") => "an annotation",
        path => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_made_a_change_is_told_only_if_the_server_recorded_it_after_it_was_seen() {
        let at = |second| Timestamp::from_second(second).expect("in range");
        let key = crate::domain::ObjectKey::new(crate::domain::Kind::Deployment, "shop", "web");
        let text = r#"{"metadata":{"uid":"u","managedFields":[{"manager":"windlass-ben","time":"1970-01-01T00:01:40Z",
            "fieldsV1":{"f:spec":{"f:template":{}}}}]}}"#;
        let text = serde_json::value::RawValue::from_string(text.to_owned()).expect("JSON");
        let object = RawObject::new(key, text).expect("an object");
        let owners = owners(&object);
        let owned = writer_of(&owners, "/spec/template");
        assert_eq!(since(owned, at(90), at(105)), "by ben (windlass) 5 s ago");
        // Taking an annotation away leaves no time behind: the entry is of an earlier write.
        let told = since(owned, at(160), at(170));
        assert_eq!(told, "by whom is not recorded (last written to by ben (windlass) 1 min ago)");
    }
}
