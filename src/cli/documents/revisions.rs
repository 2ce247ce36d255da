//! `kind: RevisionList`, from `history`.

use serde::Serialize;
use serde_json::Value;

use super::API_VERSION;
use crate::domain::{Str, Timestamp, history::HistoryEntry, history::RevisionReplicas};

/// The document, newest revision first.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionList {
    api_version: &'static str,
    kind: &'static str,
    items: Vec<RevisionItem>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RevisionItem {
    revision: i64,
    aliases: Vec<i64>,
    serving: bool,
    evidence: &'static str,
    images: Vec<Str>,
    change_cause: Option<Str>,
    created_at: Option<Timestamp>,
    replicas: RevisionReplicas,
    name: Str,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<Value>,
}

impl RevisionList {
    /// The document for `entries`, which come newest first.
    pub fn new<'a>(entries: impl IntoIterator<Item = &'a HistoryEntry>) -> Self {
        let items = entries
            .into_iter()
            .map(|entry| RevisionItem {
                revision: entry.revision.0,
                aliases: entry.aliases.iter().map(|alias| alias.0).collect(),
                serving: entry.serving,
                evidence: entry.evidence.word(),
                images: entry.images.iter().map(|image| image.reference.clone()).collect(),
                change_cause: entry.change_cause.clone(),
                created_at: entry.created,
                replicas: entry.replicas,
                name: entry.object.name.clone(),
                template: None,
            })
            .collect();
        Self { api_version: API_VERSION, kind: "RevisionList", items }
    }

    /// The same, every entry with this pod template: for the document of one revision.
    #[must_use]
    pub fn with_template(mut self, template: Value) -> Self {
        for item in &mut self.items {
            item.template = Some(template.clone());
        }
        self
    }
}
