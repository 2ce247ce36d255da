//! Single objects, as the server sent them.

use super::connect::Cluster;
use super::errors::ReadError;
use super::kinds::{list_path, object_path};
use super::lister::Step;
use super::request::{Request, Whole};
use super::wire::strings::Pool;
use super::wire::{self, Row};
use crate::domain::objects::Autoscaler;
use crate::domain::release::Release;
use crate::domain::{Details, Kind, ObjectKey, RawObject, Revision, Str, Uid};
use jiff::Timestamp;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The raw object that holds a revision's template, with what tells whose it is.
#[derive(Debug, Clone)]
pub struct RawRevision {
    /// Its owner.
    pub owner: Option<Uid>,
    /// Its number.
    pub revision: Option<Revision>,
    /// Its bytes.
    pub raw: RawObject,
}

impl Cluster {
    /// Reads one object.
    pub async fn read(&self, key: &ObjectKey) -> Result<RawObject, ReadError> {
        let request = Request::get(object_path(key));
        let whole = self.whole(&request).await.map_err(|failed| failed.of_read(&key.to_string()))?;
        raw(key, &whole)
    }

    /// Reads what a plan for `release` is made from, in one round trip: the root beside one list of its revisions.
    pub async fn details(&self, release: &Release) -> Result<Details, ReadError> {
        let (root, revisions) = tokio::join!(self.read(&release.key), self.revisions(&release.key));
        Ok(details(root?, revisions?, release.autoscaler.clone()))
    }

    /// The raw revisions in the namespace of `root` that one of its kind and name owns.
    pub(super) async fn revisions(&self, root: &ObjectKey) -> Result<Vec<RawRevision>, ReadError> {
        let kind = revision_kind(root.kind);
        let mut revisions = Vec::new();
        self.each_item(kind, &root.namespace, |item| revisions.extend(revision(kind, root, item))).await?;
        Ok(revisions)
    }

    /// Lists `kind` in `namespace` and hands out each item's bytes.
    pub(super) async fn each_item(
        &self,
        kind: Kind,
        namespace: &str,
        mut item: impl FnMut(&[u8]),
    ) -> Result<Option<Str>, ReadError> {
        let path = list_path(kind, Some(namespace));
        let what =
            if namespace.is_empty() { kind.plural().to_owned() } else { format!("{} in {namespace}", kind.plural()) };
        let mut listing = self.start_list(path, what).await?;
        while listing.step(&mut item).await? == Step::More {}
        listing.finish()
    }
}

/// Where a workload's revisions are kept.
pub const fn revision_kind(root: Kind) -> Kind {
    match root {
        Kind::StatefulSet | Kind::DaemonSet => Kind::ControllerRevision,
        _ => Kind::ReplicaSet,
    }
}

/// Puts details together from what was read just now.
pub fn details(root: RawObject, revisions: Vec<RawRevision>, autoscaler: Option<Arc<Autoscaler>>) -> Details {
    let mut own = BTreeMap::new();
    for found in revisions {
        if found.owner.as_ref() == Some(&root.uid)
            && let Some(number) = found.revision
        {
            own.insert(number, found.raw);
        }
    }
    Details {
        root,
        revisions: own,
        others: BTreeMap::new(),
        histories: BTreeMap::new(),
        autoscaler,
        read_at: Timestamp::now(),
        fresh: true,
    }
}

fn raw(key: &ObjectKey, whole: &Whole) -> Result<RawObject, ReadError> {
    let unreadable = || ReadError::Unreadable(format!("The answer for {key} is no object."));
    let text = String::from_utf8(whole.body.to_vec()).map_err(|_| unreadable())?;
    let text = RawValue::from_string(text.trim_end().to_owned()).map_err(|_| unreadable())?;
    RawObject::new(key.clone(), text).ok_or_else(unreadable)
}

fn revision(kind: Kind, root: &ObjectKey, item: &[u8]) -> Option<RawRevision> {
    // Most items of a namespace are not ours: the owner's name must at least be in the text.
    memchr::memmem::find(item, root.name.as_bytes())?;
    let mut pool = Pool::default();
    let Some(Row::Revision(row)) = wire::read(kind, item, &mut pool)?.row else { return None };
    let text = RawValue::from_string(String::from_utf8(item.to_vec()).ok()?).ok()?;
    let raw = RawObject::new(row.key.clone(), text)?;
    Some(RawRevision { owner: row.owner.clone(), revision: row.revision, raw })
}
