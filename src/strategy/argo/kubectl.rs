//! The equivalent commands of Argo's kubectl plugin, which has no fences.

use crate::domain::{ObjectKey, Revision, Str};

/// `kubectl argo rollouts -n shop promote pay`.
pub fn rollouts(key: &ObjectKey, verb: &str, after: &str) -> Str {
    let after = if after.is_empty() { String::new() } else { format!(" {after}") };
    format!("kubectl argo rollouts -n {} {verb} {}{after}", key.namespace, key.name).into()
}

/// `kubectl argo rollouts -n shop undo pay --to-revision=3`.
pub fn undo(key: &ObjectKey, revision: Revision) -> Str {
    rollouts(key, "undo", &format!("--to-revision={revision}"))
}

/// A merge patch of the Rollout, for what the plugin has no command for.
pub fn patch(key: &ObjectKey, body: &str) -> Str {
    format!("kubectl -n {} patch rollout {} --type=merge -p '{body}'", key.namespace, key.name).into()
}
