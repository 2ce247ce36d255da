//! Which workloads have the labels that a person asks for. The server evaluates the selector, so that every form of it that
//! it knows counts.

use super::connect::Cluster;
use super::errors::ReadError;
use crate::domain::{Kind, ObjectKey, Str};
use serde::Deserialize;
use std::collections::BTreeSet;

/// What can be asked for by labels.
const KINDS: [Kind; 4] = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Rollout];

/// An object's name and place; the rest is passed over.
#[derive(Deserialize)]
struct Item {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    name: Str,
    #[serde(default)]
    namespace: Str,
}

impl Cluster {
    /// The workloads that `selector` selects in `namespaces`, or, without any, everywhere; where not all may be listed, in
    /// those of `known`. A kind that may not be listed, or that the server does not have, has none.
    ///
    /// # Errors
    /// The server is away, does not take the selector, or lets us list none of the kinds.
    pub async fn labelled(
        &self,
        selector: &str,
        namespaces: &[Str],
        known: &BTreeSet<Str>,
    ) -> Result<BTreeSet<ObjectKey>, ReadError> {
        let mut found = BTreeSet::new();
        let everywhere = ["".into()];
        let (mut listed, mut refused) = (false, None);
        for kind in KINDS {
            if !self.serves(kind).await? {
                continue;
            }
            let mut asked = if namespaces.is_empty() { everywhere.to_vec() } else { namespaces.to_vec() };
            while let Some(namespace) = asked.pop() {
                let read = |item: &[u8]| {
                    if let Ok(Item { metadata }) = serde_json::from_slice(item) {
                        found.insert(ObjectKey::new(kind, metadata.namespace, metadata.name));
                    }
                };
                match self.each_item(kind, (&namespace, Some(selector)), read).await {
                    Ok(_) | Err(ReadError::NotFound(_)) => listed = true,
                    Err(ReadError::Forbidden(_)) if namespace.is_empty() && !known.is_empty() => {
                        asked.extend(known.iter().cloned());
                    }
                    Err(error @ ReadError::Forbidden(_)) => refused = Some(error),
                    Err(error) => return Err(error),
                }
            }
        }
        match refused {
            Some(error) if !listed => Err(error),
            Some(_) | None => Ok(found),
        }
    }
}
