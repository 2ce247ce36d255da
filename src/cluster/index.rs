//! What is known of the cluster: rows in, releases out.
//!
//! `apply`, `delete` and `listed` change rows and mark the workloads that they touch; `derive` settles only those. All
//! of it is synchronous and without IO: the watches' tasks send messages, and one task owns the index.

mod hosts;
pub mod labels;
mod names;
mod objects;
pub mod outage;
pub mod scopes;
mod settle;
pub mod store;
mod touch;

use super::wire::{Item, Row};
use crate::domain::identity::ClusterIdentity;
use crate::domain::objects::Controllers;
use crate::domain::pod::Pod;
use crate::domain::presence::Presences;
use crate::domain::snapshot::{Connection, Watch};
use crate::domain::traffic::TrafficSettings;
use crate::domain::{Kind, ObjectKey, Release, Snapshot, Str, Timestamp};
use crate::strategy::Recorded;
use outage::{Outages, Serving};
use scopes::{Scope, Scopes};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};
use std::sync::Arc;
use store::{Change, Store};
pub use touch::{ROOTS, WORKLOADS};

/// Rows, watches and the releases derived from them.
#[derive(Debug)]
pub struct Index {
    store: Store,
    outages: Outages,
    /// How each watch is doing.
    pub scopes: Scopes,
    releases: BTreeMap<Place, Arc<Release>>,
    /// The roots that each member was last derived under: a Service may be behind two routes.
    roots_of: HashMap<ObjectKey, Vec<ObjectKey>>,
    dirty: HashSet<ObjectKey>,
    timers: BinaryHeap<Reverse<(Timestamp, ObjectKey)>>,
    recorded: Arc<dyn Recorded + Send + Sync>,
    settings: Arc<TrafficSettings>,
    controllers: Controllers,
    presence: Presences,
    /// Whether a Lease changed since they were gathered.
    presence_moved: bool,
    version: u64,
}

/// A release's place on the list: namespace, name, kind.
type Place = (Str, Str, Kind);

impl Index {
    /// An index that knows nothing yet. `recorded` tells what our journal saw settle, `settings` what the configuration says
    /// of traffic.
    pub fn new(recorded: Arc<dyn Recorded + Send + Sync>, settings: Arc<TrafficSettings>) -> Self {
        Self {
            store: Store::new(settings.switch_keys()),
            outages: Outages::default(),
            scopes: Scopes::default(),
            releases: BTreeMap::new(),
            roots_of: HashMap::new(),
            dirty: HashSet::new(),
            timers: BinaryHeap::new(),
            recorded,
            settings,
            controllers: Controllers::Unknown,
            presence: Presences::default(),
            presence_moved: false,
            version: 0,
        }
    }

    /// Takes whether the controllers answer: every release tells of it.
    pub fn set_controllers(&mut self, controllers: Controllers) {
        self.controllers = controllers;
        self.touch_all();
    }

    /// Takes an object that a watch told of.
    pub fn apply(&mut self, item: Item) {
        let list = u32::MAX;
        match item.row {
            Some(row) => self.set(&row, list, Mark::Touched),
            None => self.delete(&item.key),
        }
    }

    /// Takes objects from a list under way. While it is the first one, nothing is derived from them: that is done once
    /// when the list is complete.
    pub fn apply_listed(&mut self, scope: &Scope, items: Vec<Item>) {
        let list = self.scopes.list(scope);
        let mark = if self.scopes.is_listed(scope) || early(scope.kind) { Mark::Touched } else { Mark::Later };
        for row in items.into_iter().filter_map(|item| item.row) {
            self.set(&row, list, mark);
        }
    }

    /// Takes the end of a list: rows that it did not name are gone.
    pub fn listed(&mut self, scope: &Scope) {
        let list = self.scopes.list(scope);
        for key in self.store.not_in_list(scope.kind, scope.namespace.as_deref(), list) {
            self.delete(&key);
        }
        if self.scopes.listed(scope) && !early(scope.kind) && scope.kind != Kind::Lease {
            self.touch_all();
        }
    }

    /// Takes the deletion of an object.
    pub fn delete(&mut self, key: &ObjectKey) {
        if let Change::Gone(row) = self.store.remove(key) {
            self.touch(Some(&row), None);
            match &row {
                Row::Workload(workload) => self.outages.forget(&workload.uid),
                Row::Rollout(rollout) => self.outages.forget(&rollout.meta.uid),
                Row::Presence(..) => self.presence_moved = true,
                _ => {}
            }
        }
    }

    /// Notes how a watch is doing. Whether that is new. What tells that its objects are not known is derived again.
    pub fn watch(&mut self, scope: &Scope, watch: Watch) -> bool {
        self.knowing(scope.kind, |index| index.scopes.set(scope, watch))
    }

    /// Forgets a watch that others took over.
    pub fn forget_scope(&mut self, scope: &Scope) {
        self.knowing(scope.kind, |index| index.scopes.drop(scope));
    }

    /// A change of the watches of `kind`, which may settle or raise doubts about who steers what, or about what pods tell.
    fn knowing<T>(&mut self, kind: Kind, change: impl FnOnce(&mut Self) -> T) -> T {
        if !matches!(kind, Kind::Canary | Kind::Rollout | Kind::Pod) {
            return change(self);
        }
        let before = self.scopes.all_unread(kind);
        let changed = change(self);
        if self.scopes.all_unread(kind) != before {
            self.touch_all();
        }
        changed
    }

    /// Forgets a watch that ended for good, with its rows.
    pub fn drop_scope(&mut self, scope: &Scope) {
        self.forget_scope(scope);
        for key in self.store.not_in_list(scope.kind, scope.namespace.as_deref(), u32::MAX) {
            self.delete(&key);
        }
    }

    fn set(&mut self, row: &Row, list: u32, mark: Mark) {
        // A row of a watch event must survive the end of the list that is under way.
        let list = if list == u32::MAX { self.newest_list(row) } else { list };
        let change = self.store.set(row, list);
        self.presence_moved |= matches!((row, &change), (Row::Presence(..), Change::Set(_)));
        match change {
            Change::Set(old) if mark == Mark::Touched => self.touch(old.as_ref(), Some(row)),
            Change::Set(_) | Change::Nothing | Change::Gone(_) => {}
        }
    }

    fn newest_list(&self, row: &Row) -> u32 {
        let key = row.key();
        let all = self.scopes.list(&Scope { kind: key.kind, namespace: None });
        all.max(self.scopes.list(&Scope { kind: key.kind, namespace: Some(key.namespace) }))
    }

    fn touch(&mut self, old: Option<&Row>, new: Option<&Row>) {
        self.dirty.extend(self.store.touched(old, new));
    }

    fn touch_all(&mut self) {
        for kind in ROOTS {
            self.dirty.extend(self.store.keys(kind));
        }
    }

    /// Whether anything waits to be derived, or gathered.
    pub fn is_dirty(&self) -> bool {
        !self.dirty.is_empty() || self.presence_moved
    }

    /// Marks the releases whose state may have changed with the time alone.
    pub fn wake(&mut self, now: Timestamp) {
        while let Some(Reverse((due, _))) = self.timers.peek()
            && *due <= now
        {
            if let Some(Reverse((due, root))) = self.timers.pop() {
                let current = self.releases.get(&place(&root)).is_some_and(|release| release.recheck_at == Some(due));
                if current {
                    self.dirty.insert(root);
                }
            }
        }
    }

    /// When `wake` is due next.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.timers.peek().map(|Reverse((due, _))| *due)
    }

    fn note_serving(&mut self, key: &ObjectKey, now: Timestamp) {
        let Some(workload) = self.store.workload(key) else { return };
        if !self.scopes.any_listed(Kind::Pod) {
            return;
        }
        let uid = workload.uid.clone();
        let of_revisions = self.store.revisions(&uid);
        let ready = self.store.pods(&uid).any(|pod| serves(pod))
            || of_revisions.iter().any(|revision| self.store.pods(&revision.uid).any(|pod| serves(pod)));
        let serving = match (ready, workload.replicas.desired > 0) {
            (true, _) => Serving::Yes,
            (false, true) => Serving::No,
            (false, false) => Serving::NotWanted,
        };
        self.outages.note(&uid, serving, now);
    }

    /// Everything that is shown, at `now`. Releases are shared with the snapshots before.
    pub fn snapshot(&mut self, view: View) -> Snapshot {
        self.version += 1;
        let kinds = self.scopes.kinds().into_iter().filter(|kind| *kind != Kind::Lease);
        let kinds = kinds.map(|kind| (kind, self.scopes.status(kind, self.store.count(kind)))).collect();
        self.gather_presence();
        let mut known: Vec<Str> = self.store.keys(Kind::Namespace).map(|key| key.name).collect();
        known.sort_unstable();
        Snapshot {
            version: self.version,
            cluster: view.cluster,
            releases: self.releases.values().cloned().collect(),
            kinds,
            connection: view.connection,
            namespaces: view.namespaces,
            known_namespaces: known,
            presence: self.presence.clone(),
            published: view.now,
        }
    }

    /// Who steps what: gathered anew only when a Lease changed. Whether Leases can be read is told here and nowhere
    /// else: a release is shown in full without them.
    fn gather_presence(&mut self) {
        let watched = self.scopes.kinds().contains(&Kind::Lease);
        let status = watched.then(|| self.scopes.status(Kind::Lease, self.store.count(Kind::Lease)));
        self.presence = if std::mem::take(&mut self.presence_moved) {
            Presences::new(self.store.presences().map(|presence| (**presence).clone()), status)
        } else {
            self.presence.with_status(status)
        };
    }

    /// The release rooted at `root`.
    pub fn release(&self, root: &ObjectKey) -> Option<&Arc<Release>> {
        self.releases.get(&place(root))
    }

    /// Every release, by namespace, name and kind.
    pub fn releases(&self) -> impl Iterator<Item = &Arc<Release>> {
        self.releases.values()
    }

    /// The names of all namespaces, in no order.
    pub fn namespaces(&self) -> Vec<Str> {
        self.store.keys(Kind::Namespace).map(|key| key.name).collect()
    }
}

/// What a snapshot has beside the rows.
#[derive(Debug, Clone)]
pub struct View {
    /// Which cluster.
    pub cluster: Arc<ClusterIdentity>,
    /// Whether the server answers.
    pub connection: Connection,
    /// The namespaces looked at; empty: all.
    pub namespaces: Vec<Str>,
    /// The time.
    pub now: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// The touched workloads are derived.
    Touched,
    /// They will be, all at once.
    Later,
}

/// What is derived as it comes, while its first list is under way. All that hangs on it (pods, Services…) is taken in
/// first and derived once; of custom resources there are few, and each says whom it concerns.
fn early(kind: Kind) -> bool {
    WORKLOADS.contains(&kind) || kind.optional()
}

fn place(root: &ObjectKey) -> Place {
    (root.namespace.clone(), root.name.clone(), root.kind)
}

fn serves(pod: &Pod) -> bool {
    pod.ready && pod.deleting.is_none()
}

#[cfg(test)]
mod tests;
