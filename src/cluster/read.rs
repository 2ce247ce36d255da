//! Single objects, as the server sent them.

use super::connect::Cluster;
use super::errors::ReadError;
use super::kinds::with;
use super::lister::Step;
use super::request::{Request, Whole};
use super::wire::strings::Pool;
use super::wire::{self, Row};
use crate::domain::details::Quota;
use crate::domain::objects::Autoscaler;
use crate::domain::quantity::quantity;
use crate::domain::release::Release;
use crate::domain::{Details, Kind, ObjectKey, RawObject, Revision, Str, Uid};
use futures::future::join_all;
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
        // What its own selector picks, which its revisions' labels satisfy as long as they are its own; where that is not
        // known, all of the namespace, once.
        let mut lists = BTreeMap::<(Kind, &Str, Option<String>), Vec<&ObjectKey>>::new();
        for key in workloads {
            lists.entry((key.kind.revisions(), &key.namespace, selector_of(release, key))).or_default().push(key);
        }
        let lists = lists
            .into_iter()
            .map(|((kind, namespace, selector), of)| self.revisions_in(kind, (namespace, selector), of));
        let reads = others.iter().map(|key| Box::pin(self.read(key)));
        let quotas = self.quotas(&release.key.namespace);
        let (root, others, lists, quotas) =
            tokio::join!(self.read(&release.key), join_all(reads), join_all(lists), quotas);
        let mut found = Vec::new();
        for list in lists {
            found.extend(list?);
        }
        let mut whole = details(root?, &found, release.autoscaler.clone(), self.clock().now());
        whole.quotas = quotas;
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
        (namespace, selector): (&str, Option<String>),
        of: Vec<&ObjectKey>,
    ) -> Result<Vec<RawRevision>, ReadError> {
        let mut revisions = Vec::new();
        let item = |item: &[u8]| revisions.extend(revision(kind, &of, item));
        self.each_item(kind, (namespace, selector.as_deref()), item).await?;
        Ok(revisions)
    }

    /// What is left of the quotas of `namespace`; nothing where they may not be read: they only warn.
    pub(super) async fn quotas(&self, namespace: &str) -> Vec<Quota> {
        let mut quotas = Vec::new();
        let listed = self.each_item(Kind::ResourceQuota, (namespace, None), |item| quotas.extend(quota(item)));
        if let Err(error) = listed.await {
            tracing::info!(%error, "the quotas are not read");
        }
        quotas
    }

    /// Lists `kind` in `namespace`, those with the labels of the selector, and hands out each item's bytes.
    pub(super) async fn each_item(
        &self,
        kind: Kind,
        (namespace, selector): (&str, Option<&str>),
        mut item: impl FnMut(&[u8]),
    ) -> Result<Option<Str>, ReadError> {
        let path = self.list_path(kind, Some(namespace));
        let path = if let Some(selector) = selector { with(path, "labelSelector", selector) } else { path };
        let what =
            if namespace.is_empty() { kind.plural().to_owned() } else { format!("{} in {namespace}", kind.plural()) };
        let mut listing = self.start_list(path, what).await?;
        while listing.step(&mut item).await? == Step::More {}
        listing.finish()
    }
}

/// The selector of one of the release's workloads, as a query; `None` where it is not known or selects nothing.
fn selector_of(release: &Release, workload: &ObjectKey) -> Option<String> {
    let Some(traffic) = &release.traffic else {
        let own = release.key == *workload && !release.selector.is_empty();
        return own.then(|| release.selector.to_string());
    };
    if let Some(side) = traffic.rows.sides.iter().find(|side| side.workload.key == *workload) {
        return side.workload.selector.query();
    }
    let rollout = traffic.rows.rollout.as_ref().filter(|rollout| rollout.meta.key == *workload)?;
    rollout.workload.selector.query()
}

fn quota(item: &[u8]) -> Option<Quota> {
    let item: serde_json::Value = serde_json::from_slice(item).ok()?;
    let amount = |part: &str, resource: &str| quantity(item.pointer("/status")?.get(part)?.get(resource)?.as_str()?);
    let hard = item.pointer("/status/hard")?.as_object()?;
    let left = hard.keys().filter_map(|resource| {
        let left = amount("hard", resource)? - amount("used", resource).unwrap_or(0.0);
        Some((resource.as_str().into(), left))
    });
    Some(Quota { name: item.pointer("/metadata/name")?.as_str()?.into(), left: left.collect() })
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
pub fn details(
    root: RawObject,
    revisions: &[RawRevision],
    autoscaler: Option<Arc<Autoscaler>>,
    read_at: Timestamp,
) -> Details {
    Details {
        revisions: of_owner(&root.uid, revisions),
        root,
        others: BTreeMap::new(),
        histories: BTreeMap::new(),
        autoscaler,
        quotas: Vec::new(),
        read_at,
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
