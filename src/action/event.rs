//! A Kubernetes Event on the object, so that `kubectl describe` tells of the write too. Best effort, after the answer.

use super::engine::Inner;
use super::owners::name_of;
use crate::cluster::SendMode;
use crate::domain::intent::ReleaseId;
use crate::domain::mask::masked_text;
use crate::domain::{Call, Kind, ObjectKey, Str, Verb};
use serde_json::json;
use std::sync::Arc;

/// What the event tells.
pub struct Told {
    /// The release.
    pub release: ReleaseId,
    /// The verb.
    pub verb: Verb,
    /// The plan's title.
    pub title: Str,
    /// The person's reason.
    pub reason: Str,
    /// The plan's name: part of the event's own.
    pub plan: Str,
}

/// Posts the event; a cluster that refuses it loses nothing but the note.
pub async fn post(inner: &Inner, told: Told) {
    let key = &told.release.key;
    let now = inner.settings.clock.now().round(jiff::Unit::Second).unwrap_or_else(|_| inner.settings.clock.now());
    let plan: String = told.plan.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let name: String = key.name.chars().take(200).collect();
    let event_key = ObjectKey::new(Kind::Event, key.namespace.clone(), format!("{name}.{plan}"));
    let who = name_of(&inner.cluster.field_manager());
    let because = if told.reason.is_empty() { String::new() } else { format!(": {}", masked_text(&told.reason)) };
    let message: String = format!("{} by {who}{because}", told.title).chars().take(1_000).collect();
    let body = json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": event_key.name, "namespace": key.namespace},
        "involvedObject": {
            "apiVersion": key.kind.api_version(), "kind": key.kind.name(), "namespace": key.namespace,
            "name": key.name, "uid": told.release.uid,
        },
        "type": "Normal",
        "reason": reason_of(told.verb),
        "message": message,
        "source": {"component": "windlass"},
        "firstTimestamp": now.to_string(),
        "lastTimestamp": now.to_string(),
        "count": 1,
        "reportingComponent": "windlass",
        "reportingInstance": inner.cluster.field_manager(),
    });
    let Some(body) = crate::domain::plan::json(&body) else { return };
    let call = Call::Create { target: event_key, body: Arc::clone(&body) };
    if let Err(error) = inner.cluster.send(&call, SendMode::Apply).await {
        tracing::info!(%error, "the event was not posted");
    }
}

const fn reason_of(verb: Verb) -> &'static str {
    match verb {
        Verb::Undo => "Undone",
        Verb::Pause => "Paused",
        Verb::Resume => "Resumed",
        Verb::Restart => "Restarted",
        Verb::SetImage => "ImageSet",
        Verb::Scale => "Scaled",
        Verb::Revert => "Reverted",
        Verb::Advance => "Advanced",
        Verb::Switch => "Switched",
        Verb::SetWeight => "WeightSet",
        Verb::Abort => "Aborted",
        Verb::Promote => "Promoted",
        Verb::Continue => "Continued",
        Verb::Skip => "StepSkipped",
        Verb::Retry => "Retried",
    }
}
