//! What is known of the cluster: rows in, releases out.
//!
//! `apply`, `delete` and `listed` change rows and mark the workloads that they touch; `derive` settles only those. All
//! of it is synchronous and without IO: the watches' tasks send messages, and one task owns the index.

pub mod labels;
mod objects;
pub mod outage;
pub mod scopes;
pub mod store;

use super::wire::{Item, Row};
use crate::domain::identity::ClusterIdentity;
use crate::domain::pod::Pod;
use crate::domain::snapshot::Connection;
use crate::domain::traffic::TrafficSettings;
use crate::domain::{Kind, ObjectKey, Release, Snapshot, Str, Timestamp};
use crate::strategy::{self, Derive, Recorded};
use outage::{Outages, Serving};
use scopes::{Scope, Scopes};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};
use std::sync::Arc;
use store::{Change, Store};

/// Rows, watches and the releases derived from them.
#[derive(Debug)]
pub struct Index {
    store: Store,
    outages: Outages,
    /// How each watch is doing.
    pub scopes: Scopes,
    releases: BTreeMap<Place, Arc<Release>>,
    /// The root that each member was last derived under.
    root_of: HashMap<ObjectKey, ObjectKey>,
    dirty: HashSet<ObjectKey>,
    timers: BinaryHeap<Reverse<(Timestamp, ObjectKey)>>,
    recorded: Arc<dyn Recorded + Send + Sync>,
    settings: Arc<TrafficSettings>,
    version: u64,
}

/// A release's place on the list: namespace, name, kind.
type Place = (Str, Str, Kind);

impl Index {
    /// An index that knows nothing yet. `recorded` tells what our journal saw settle, `settings` what the configuration says
    /// of traffic.
    pub fn new(recorded: Arc<dyn Recorded + Send + Sync>, settings: Arc<TrafficSettings>) -> Self {
        Self {
            store: Store::default(),
            outages: Outages::default(),
            scopes: Scopes::default(),
            releases: BTreeMap::new(),
            root_of: HashMap::new(),
            dirty: HashSet::new(),
            timers: BinaryHeap::new(),
            recorded,
            settings,
            version: 0,
        }
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
        let mark = if self.scopes.is_listed(scope) || roots(scope.kind) { Mark::Touched } else { Mark::Later };
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
        if self.scopes.listed(scope) && !roots(scope.kind) {
            self.touch_all();
        }
    }

    /// Takes the deletion of an object.
    pub fn delete(&mut self, key: &ObjectKey) {
        if let Change::Gone(row) = self.store.remove(key) {
            self.touch_by(&row);
            if let Row::Workload(workload) = row {
                self.outages.forget(&workload.uid);
            }
        }
    }

    /// Forgets a watch that ended for good, with its rows.
    pub fn drop_scope(&mut self, scope: &Scope) {
        self.scopes.drop(scope);
        for key in self.store.not_in_list(scope.kind, scope.namespace.as_deref(), u32::MAX) {
            self.delete(&key);
        }
    }

    fn set(&mut self, row: &Row, list: u32, mark: Mark) {
        // A row of a watch event must survive the end of the list that is under way.
        let list = if list == u32::MAX { self.newest_list(row) } else { list };
        match self.store.set(row, list) {
            Change::Set(old) if mark == Mark::Touched => {
                self.touch_by(row);
                if let Some(old) = old {
                    self.touch_by(&old);
                }
            }
            Change::Set(_) | Change::Nothing | Change::Gone(_) => {}
        }
    }

    fn newest_list(&self, row: &Row) -> u32 {
        let key = row.key();
        let all = self.scopes.list(&Scope { kind: key.kind, namespace: None });
        all.max(self.scopes.list(&Scope { kind: key.kind, namespace: Some(key.namespace) }))
    }

    fn touch_by(&mut self, row: &Row) {
        for key in self.store.touched_by(row) {
            self.dirty.insert(key);
        }
    }

    fn touch_all(&mut self) {
        for kind in ROOTS {
            self.dirty.extend(self.store.keys(kind));
        }
    }

    /// Whether anything waits to be derived.
    pub fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
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

    /// Derives the touched releases. The cost is in proportion to them. How many were derived.
    pub fn derive(&mut self, now: Timestamp) -> usize {
        let mut roots = HashSet::new();
        let mut released = HashSet::new();
        for key in std::mem::take(&mut self.dirty) {
            self.note_serving(&key, now);
            if let Some(old) = self.root_of.get(&key) {
                roots.insert(old.clone());
            }
            match strategy::owner_of(&key, &*self) {
                Some((_, claim)) => {
                    roots.insert(claim.root);
                }
                None => {
                    released.insert(key);
                }
            }
        }
        roots.extend(released);
        for root in &roots {
            self.settle(root, now);
        }
        roots.len()
    }

    fn settle(&mut self, root: &ObjectKey, now: Timestamp) {
        let (recorded, settings) = (Arc::clone(&self.recorded), Arc::clone(&self.settings));
        let derived =
            strategy::owner_of(root, &*self).filter(|(_, claim)| claim.root == *root).and_then(|(strategy, _)| {
                strategy.derive(root, &*self, &Derive { now, recorded: &*recorded, settings: &settings })
            });
        let place = place(root);
        let old = self.releases.get(&place);
        if old.map(|old| &**old) == derived.as_ref() {
            return;
        }
        let old_timer = old.and_then(|old| old.recheck_at);
        for member in old.into_iter().flat_map(|old| old.members.iter()) {
            if self.root_of.get(member) == Some(root) {
                self.root_of.remove(member);
            }
        }
        let Some(release) = derived else {
            self.releases.remove(&place);
            return;
        };
        for member in &release.members {
            self.root_of.insert(member.clone(), root.clone());
        }
        if let Some(due) = release.recheck_at.filter(|due| Some(*due) != old_timer) {
            self.timers.push(Reverse((due, root.clone())));
        }
        self.releases.insert(place, Arc::new(release));
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
        let kinds = self.scopes.kinds();
        let mut known: Vec<Str> = self.store.keys(Kind::Namespace).map(|key| key.name).collect();
        known.sort_unstable();
        Snapshot {
            version: self.version,
            cluster: view.cluster,
            releases: self.releases.values().cloned().collect(),
            kinds: kinds.into_iter().map(|kind| (kind, self.scopes.status(kind, self.store.count(kind)))).collect(),
            connection: view.connection,
            namespaces: view.namespaces,
            known_namespaces: known,
            published: view.now,
        }
    }

    /// The release rooted at `root`.
    pub fn release(&self, root: &ObjectKey) -> Option<&Arc<Release>> {
        self.releases.get(&place(root))
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

/// The kinds that root releases.
pub const ROOTS: [Kind; 3] = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet];

fn roots(kind: Kind) -> bool {
    ROOTS.contains(&kind)
}

fn place(root: &ObjectKey) -> Place {
    (root.namespace.clone(), root.name.clone(), root.kind)
}

fn serves(pod: &Pod) -> bool {
    pod.ready && pod.deleting.is_none()
}
