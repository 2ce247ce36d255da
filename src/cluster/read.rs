//! Single objects, as the server sent them.

use super::connect::Cluster;
use super::errors::ReadError;
use super::lister::Step;
use super::request::{Request, Whole};
use super::wire::strings::Pool;
use super::wire::{self, Row};
use crate::domain::objects::Autoscaler;
use crate::domain::release::Release;
use crate::domain::{Details, Kind, ObjectKey, RawObject, Revision, Str, Uid};
use futures::future::join_all;
use jiff::Timestamp;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
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
        let path = self.object_path(key);
        match self.read_at(&path, key).await {
            // An optional kind may be served in another version than the usual one.
            Err(ReadError::NotFound(_))
                if key.kind.optional() && self.serves(key.kind).await? && self.object_path(key) != path =>
            {
                self.read_at(&self.object_path(key), key).await
            }
            result => result,
        }
    }

    async fn read_at(&self, path: &str, key: &ObjectKey) -> Result<RawObject, ReadError> {
        let request = Request::get(path);
        let whole = self.whole(&request).await.map_err(|failed| failed.of_read(&key.to_string()))?;
        raw(key, &whole)
    }

    /// Reads what a plan for `release` is made from, in one round trip: the root, its other objects that a plan may
    /// write, and the revisions of its workloads (one list a namespace).
    pub async fn details(&self, release: &Release) -> Result<Details, ReadError> {
        let others: Vec<&ObjectKey> =
            release.members.iter().filter(|key| written(key.kind) && **key != release.key).collect();
        let workloads: Vec<&ObjectKey> =
            std::iter::once(&release.key).chain(others.iter().copied()).filter(|key| key.kind.is_workload()).collect();
        let places: BTreeSet<(Kind, &Str)> =
            workloads.iter().map(|key| (revision_kind(key.kind), &key.namespace)).collect();
        let lists = places.iter().map(|(kind, namespace)| {
            let of: Vec<&ObjectKey> = workloads
                .iter()
                .copied()
                .filter(|key| revision_kind(key.kind) == *kind && key.namespace == **namespace)
                .collect();
            self.revisions_in(*kind, namespace, of)
        });
        let reads = others.iter().map(|key| Box::pin(self.read(key)));
        let (root, others, lists) = tokio::join!(self.read(&release.key), join_all(reads), join_all(lists));
        let mut found = Vec::new();
        for list in lists {
            found.extend(list?);
        }
        let mut whole = details(root?, &found, release.autoscaler.clone());
        for other in others {
            match other {
                Ok(raw) => {
                    if raw.key.kind.is_workload() {
                        whole.histories.insert(raw.key.clone(), of_owner(&raw.uid, &found));
                    }
                    whole.others.insert(raw.key.clone(), raw);
                }
                // Named and not there, or not ours to read: a plan that needs it says so.
                Err(ReadError::NotFound(_) | ReadError::Forbidden(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(whole)
    }

    async fn revisions_in(
        &self,
        kind: Kind,
        namespace: &str,
        of: Vec<&ObjectKey>,
    ) -> Result<Vec<RawRevision>, ReadError> {
        let mut revisions = Vec::new();
        self.each_item(kind, namespace, |item| revisions.extend(revision(kind, &of, item))).await?;
        Ok(revisions)
    }

    /// Lists `kind` in `namespace` and hands out each item's bytes.
    pub(super) async fn each_item(
        &self,
        kind: Kind,
        namespace: &str,
        mut item: impl FnMut(&[u8]),
    ) -> Result<Option<Str>, ReadError> {
        let path = self.list_path(kind, Some(namespace));
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

/// The kinds that plans write.
pub const fn written(kind: Kind) -> bool {
    kind.is_workload() || kind.is_route() || matches!(kind, Kind::Service | Kind::DestinationRule | Kind::Canary)
}

fn of_owner(owner: &Uid, revisions: &[RawRevision]) -> BTreeMap<Revision, RawObject> {
    let own = revisions.iter().filter(|found| found.owner.as_ref() == Some(owner));
    own.filter_map(|found| Some((found.revision?, found.raw.clone()))).collect()
}

/// Puts details together from what was read just now.
pub fn details(root: RawObject, revisions: &[RawRevision], autoscaler: Option<Arc<Autoscaler>>) -> Details {
    Details {
        revisions: of_owner(&root.uid, revisions),
        root,
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

/// A revision whose text holds one of the names in `of`; most items of a namespace are not ours.
pub fn revision(kind: Kind, of: &[&ObjectKey], item: &[u8]) -> Option<RawRevision> {
    if !of.iter().any(|owner| memchr::memmem::find(item, owner.name.as_bytes()).is_some()) {
        return None;
    }
    let mut pool = Pool::default();
    let Some(Row::Revision(row)) = wire::read(kind, item, &mut pool)?.row else { return None };
    let text = RawValue::from_string(String::from_utf8(item.to_vec()).ok()?).ok()?;
    let raw = RawObject::new(row.key.clone(), text)?;
    Some(RawRevision { owner: row.owner.clone(), revision: row.revision, raw })
}
