//! What of the cluster can't be read, in words: a pane that is empty or old says why.

use super::said::shown;
use crate::domain::snapshot::{Connection, Snapshot, Watch};
use crate::domain::{Age, Kind, Release, Timestamp};
use std::collections::BTreeSet;

/// Why the rows of `kind` in `namespace` are missing or old, in a sentence; `None` where they are read.
pub fn reading_of(snapshot: &Snapshot, kind: Kind, namespace: &str, now: Timestamp) -> Option<String> {
    let what = kind.plural();
    if let Some(denied) = snapshot.denied(kind, namespace) {
        return Some(format!("{what} of {} can't be read: {}", shown(namespace), shown(&denied.reason)));
    }
    match &snapshot.kinds.get(&kind)?.watch {
        Watch::Listing => Some(format!("{what} are being read")),
        Watch::Failing { reason, retry_at, .. } => {
            Some(format!("{what} can't be read: {} Tried {}.", shown(reason), again(*retry_at, now)))
        }
        Watch::Forbidden { reason, .. } => Some(format!("{what} can't be read: {}", shown(reason))),
        Watch::Live | Watch::Absent => None,
    }
}

/// The same of everything that `release` is told from, once its first lists are over.
pub fn of_release(snapshot: &Snapshot, release: &Release, now: Timestamp) -> Vec<String> {
    if !matches!(snapshot.connection, Connection::Live) {
        // Nothing is read: the header and the message say so.
        return Vec::new();
    }
    let kind = release.key.kind;
    let kinds = [
        kind,
        kind.revisions(),
        Kind::Pod,
        Kind::Service,
        Kind::EndpointSlice,
        Kind::HorizontalPodAutoscaler,
        Kind::PodDisruptionBudget,
    ];
    let listing = |kind: Kind| snapshot.kinds.get(&kind).is_some_and(|status| status.watch == Watch::Listing);
    kinds
        .into_iter()
        .filter(|kind| !listing(*kind))
        .filter_map(|kind| reading_of(snapshot, kind, &release.key.namespace, now))
        .collect()
}

/// All that can't be read of what is looked at, in one line: `pods (again in 9s) · daemonsets (forbidden) · ns c`.
/// `None` while everything is, and while the server does not answer at all.
pub fn line(snapshot: &Snapshot, now: Timestamp, dot: &str) -> Option<String> {
    if !matches!(snapshot.connection, Connection::Live) {
        return None;
    }
    let mut parts: Vec<String> = Vec::new();
    // Whoever may not list namespaces names those to look at: nothing is missing then.
    let kinds = || snapshot.kinds.iter().filter(|(kind, _)| **kind != Kind::Namespace);
    for (kind, status) in kinds() {
        match &status.watch {
            Watch::Failing { retry_at, .. } => parts.push(format!("{} ({})", kind.plural(), again(*retry_at, now))),
            Watch::Forbidden { .. } | Watch::Listing | Watch::Live | Watch::Absent => {}
        }
    }
    let forbidden = kinds().filter(|(_, status)| matches!(status.watch, Watch::Forbidden { .. }));
    let forbidden: Vec<&str> = forbidden.map(|(kind, _)| kind.plural()).collect();
    parts.extend(few(&forbidden));
    let denied = kinds().flat_map(|(_, status)| status.denied.iter().map(|denied| &*denied.namespace));
    let denied: BTreeSet<&str> = denied.collect();
    let denied: Vec<String> = denied.into_iter().map(|name| shown(name).to_string()).collect();
    let denied: Vec<&str> = denied.iter().map(String::as_str).collect();
    parts.extend(few(&denied).map(|names| format!("ns {names}")));
    (!parts.is_empty()).then(|| format!("not read: {}", parts.join(&format!(" {dot} "))))
}

/// Names that are forbidden: a few, and how many more.
fn few(names: &[&str]) -> Option<String> {
    match names {
        [] => None,
        [_] | [_, _] | [_, _, _] => Some(format!("{} (forbidden)", names.join(", "))),
        [first, second, rest @ ..] => Some(format!("{first}, {second} and {} more (forbidden)", rest.len())),
    }
}

fn again(at: Timestamp, now: Timestamp) -> String {
    let wait = Age::between(now, at);
    if wait.0.as_secs() > 0 { format!("again in {wait}") } else { "again now".to_owned() }
}
