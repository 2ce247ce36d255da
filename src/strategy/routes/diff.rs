//! What a patch changes in a route, rule by rule, in words.

use crate::domain::plan::{Change, Operation};
use crate::domain::raw::unescape;
use crate::domain::traffic::percentages;
use crate::domain::{Kind, RawObject};
use crate::strategy::workload::words::clip;
use serde_json::Value;

/// The rules that `operations` change in `root`.
pub fn changes(root: &RawObject, operations: &[Operation]) -> Vec<Change> {
    let Some(before) = serde_json::from_str::<Value>(root.text()).ok() else { return Vec::new() };
    let mut after = before.clone();
    for operation in operations {
        apply(&mut after, operation);
    }
    let mut found = Vec::new();
    for list in ["/spec/http", "/spec/tls", "/spec/tcp", "/spec/rules"] {
        lists(root.key.kind, list, (before.pointer(list), after.pointer(list)), &mut found);
    }
    found
}

/// Puts the value of an operation into a parsed object; what does not fit is left out.
fn apply(tree: &mut Value, operation: &Operation) {
    let (path, value) = match operation {
        Operation::Test { .. } => return,
        Operation::Add { path, value } | Operation::Replace { path, value } => {
            (path, serde_json::from_str::<Value>(value.get()).ok())
        }
        Operation::Remove { path } => (path, None),
    };
    let Some((parent, last)) = path.rsplit_once('/') else { return };
    let last = unescape(last);
    match (tree.pointer_mut(parent), value) {
        (Some(Value::Object(members)), Some(value)) => drop(members.insert(last, value)),
        (Some(Value::Object(members)), None) => drop(members.remove(&last)),
        (Some(Value::Array(items)), value) => {
            let Some(place) = last.parse::<usize>().ok().filter(|place| *place < items.len()) else { return };
            match value {
                Some(value) => items[place] = value,
                None => drop(items.remove(place)),
            }
        }
        _ => {}
    }
}

fn lists(kind: Kind, list: &str, (before, after): (Option<&Value>, Option<&Value>), found: &mut Vec<Change>) {
    let rules = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let (before, after) = (rules(before), rules(after));
    if before.len() == after.len() {
        for (place, (old, new)) in before.iter().zip(&after).enumerate().filter(|(_, (old, new))| old != new) {
            rule(kind, &name(list, place, old), old, new, found);
        }
        return;
    }
    for (place, old) in before.iter().enumerate().filter(|(_, old)| !after.contains(old)) {
        found.push(Change { place: name(list, place, old).into(), old: Some(words(kind, old).into()), new: None });
    }
    for (place, new) in after.iter().enumerate().filter(|(_, new)| !before.contains(new)) {
        found.push(Change { place: name(list, place, new).into(), old: None, new: Some(words(kind, new).into()) });
    }
}

/// One change a destination where only weights differ, else the whole rule.
fn rule(kind: Kind, name: &str, old: &Value, new: &Value, found: &mut Vec<Change>) {
    let (was, is) = (destinations(kind, old), destinations(kind, new));
    let same = was.len() == is.len() && was.iter().zip(&is).all(|(a, b)| a.0 == b.0);
    if !same {
        let (old, new) = (words(kind, old), words(kind, new));
        found.push(Change { place: name.into(), old: Some(old.into()), new: Some(new.into()) });
        return;
    }
    for ((to, old), (_, new)) in was.iter().zip(&is).filter(|(old, new)| old.1 != new.1) {
        let share = |share: &Option<u8>| share.map_or_else(|| "?".to_owned(), |share| format!("{share} %"));
        let place = format!("{name}  {to}");
        found.push(Change { place: place.into(), old: Some(share(old).into()), new: Some(share(new).into()) });
    }
}

fn name(list: &str, place: usize, rule: &Value) -> String {
    let of = list.rsplit('/').next().filter(|list| matches!(*list, "tcp" | "tls")).map(|list| format!("{list} "));
    let of = of.unwrap_or_default();
    match rule.get("name").and_then(Value::as_str) {
        Some(name) => format!("{of}rule '{}'", clip(name, 40)),
        None => format!("{of}rule {}", place + 1),
    }
}

/// Where a rule sends, each destination with its share.
fn destinations(kind: Kind, rule: &Value) -> Vec<(String, Option<u8>)> {
    let list = rule.get("route").or_else(|| rule.get("backendRefs"));
    let items = list.and_then(Value::as_array).cloned().unwrap_or_default();
    let weights: Vec<Option<i64>> = items.iter().map(|item| item.get("weight").and_then(Value::as_i64)).collect();
    let absent = if kind == Kind::VirtualService { i64::from(weights.iter().all(Option::is_none)) } else { 1 };
    let shares = percentages(&weights, absent);
    items.iter().map(to).zip(shares).collect()
}

fn to(item: &Value) -> String {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(|text| clip(text, 60)).unwrap_or_default();
    match item.get("destination") {
        Some(destination) => {
            let (host, subset) = (text(destination.get("host")), text(destination.get("subset")));
            if subset.is_empty() { host } else { format!("{host} subset {subset}") }
        }
        None => text(item.get("name")),
    }
}

fn words(kind: Kind, rule: &Value) -> String {
    let all = destinations(kind, rule);
    let single = all.len() == 1;
    let parts: Vec<String> = all
        .into_iter()
        .map(|(to, share)| match share {
            Some(share) if !single => format!("{to} {share} %"),
            _ => to,
        })
        .collect();
    if parts.is_empty() { "no destination".to_owned() } else { parts.join(", ") }
}
