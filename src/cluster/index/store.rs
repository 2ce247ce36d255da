//! The rows, and the reverse maps over them.

use super::hosts::Hosts;
use super::labels::{Labelled, Selectors};
use super::names::names;
use crate::cluster::wire::Row;
use crate::cluster::wire::service::Slice;
use crate::domain::objects::{Autoscaler, DisruptionBudget, RevisionObject, Service};
use crate::domain::pod::Pod;
use crate::domain::presence::Presence;
use crate::domain::selector::Selector;
use crate::domain::traffic::Route;
use crate::domain::workload::Workload;
use crate::domain::{Kind, ObjectKey, Str, Uid};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// A row with the list that last named it: rows that a newer complete list does not name are gone.
#[derive(Debug)]
struct Held {
    row: Row,
    list: u32,
}

/// Rows by kind and place, with what leads from one to another.
#[derive(Debug, Default)]
pub struct Store {
    rows: HashMap<Kind, HashMap<(Str, Str), Held>>,
    workload_at: HashMap<Uid, ObjectKey>,
    revision_at: HashMap<Uid, ObjectKey>,
    revisions_of: HashMap<Uid, BTreeSet<ObjectKey>>,
    pods_of: HashMap<Uid, BTreeMap<Str, Arc<Pod>>>,
    slices_of: HashMap<ObjectKey, HashSet<ObjectKey>>,
    autoscalers_of: HashMap<ObjectKey, BTreeSet<ObjectKey>>,
    /// Object → the routes, `DestinationRules`, Canaries and Rollouts that name it.
    naming: HashMap<ObjectKey, BTreeSet<ObjectKey>>,
    hosts: Hosts,
    /// Rollout or Experiment → its analysis runs.
    runs_of: HashMap<Uid, BTreeSet<ObjectKey>>,
    templates: Labelled,
    services: Selectors,
    /// Services with a switch key, filed by the rest of their selector.
    switches: Selectors,
    budgets: Selectors,
    switch_keys: Vec<Str>,
}

/// What a change did.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The row is as it was.
    Nothing,
    /// The row is new or other; the row before, where there was one.
    Set(Option<Row>),
    /// The row went.
    Gone(Row),
}

impl Store {
    /// An empty store. `switch_keys` are the labels that sides of a blue-green release usually differ in.
    pub fn new(switch_keys: Vec<Str>) -> Self {
        Self { switch_keys, ..Self::default() }
    }

    /// The labels that sides usually differ in.
    pub fn switch_keys(&self) -> &[Str] {
        &self.switch_keys
    }

    /// Puts a row in its place. `list` is the number of the list that names it.
    pub fn set(&mut self, row: &Row, list: u32) -> Change {
        let key = row.key();
        let rows = self.rows.entry(key.kind).or_default();
        if let Some(held) = rows.get_mut(&(key.namespace.clone(), key.name.clone())) {
            held.list = held.list.max(list);
            if held.row == *row {
                return Change::Nothing;
            }
        }
        let old = rows.insert((key.namespace.clone(), key.name.clone()), Held { row: row.clone(), list });
        let old = old.map(|held| held.row);
        if let Some(old) = &old {
            self.unlink(old, Some(row));
        }
        self.link(row);
        Change::Set(old)
    }

    /// Takes a row away.
    pub fn remove(&mut self, key: &ObjectKey) -> Change {
        let place = (key.namespace.clone(), key.name.clone());
        match self.rows.get_mut(&key.kind).and_then(|rows| rows.remove(&place)) {
            Some(held) => {
                self.unlink(&held.row, None);
                Change::Gone(held.row)
            }
            None => Change::Nothing,
        }
    }

    /// The objects of `kind` in `namespace` (`None`: all) that list number `list` did not name.
    pub fn not_in_list(&self, kind: Kind, namespace: Option<&str>, list: u32) -> Vec<ObjectKey> {
        let rows = self.rows.get(&kind).into_iter().flatten();
        rows.filter(|((place, _), held)| held.list < list && namespace.is_none_or(|namespace| **place == *namespace))
            .map(|(_, held)| held.row.key())
            .collect()
    }

    /// How many rows of `kind` there are.
    pub fn count(&self, kind: Kind) -> usize {
        self.rows.get(&kind).map_or(0, HashMap::len)
    }

    /// The keys of every row of `kind`.
    pub fn keys(&self, kind: Kind) -> impl Iterator<Item = ObjectKey> + '_ {
        self.rows.get(&kind).into_iter().flatten().map(|(_, held)| held.row.key())
    }

    /// The row at `key`.
    pub fn row(&self, key: &ObjectKey) -> Option<&Row> {
        // A look-up by borrowed parts would need its own key type; two counted strings are cheap to copy.
        self.rows.get(&key.kind)?.get(&(key.namespace.clone(), key.name.clone())).map(|held| &held.row)
    }

    /// Who says to step a release, in no order.
    pub fn presences(&self) -> impl Iterator<Item = &Arc<Presence>> {
        self.rows.get(&Kind::Lease).into_iter().flatten().filter_map(|(_, held)| match &held.row {
            Row::Presence(_, presence) => Some(presence),
            _ => None,
        })
    }

    /// The workload at `key`.
    pub fn workload(&self, key: &ObjectKey) -> Option<&Arc<Workload>> {
        match self.row(key)? {
            Row::Workload(workload) => Some(workload),
            Row::Rollout(rollout) => Some(&rollout.workload),
            _ => None,
        }
    }

    /// The Service at `key`.
    pub fn service(&self, key: &ObjectKey) -> Option<&Arc<Service>> {
        match self.row(key)? {
            Row::Service(service) => Some(service),
            _ => None,
        }
    }

    /// The objects that name `key`, by key; with a kind only those of it.
    pub fn naming(&self, key: &ObjectKey, kind: Option<Kind>) -> impl Iterator<Item = &ObjectKey> {
        let keys = self.naming.get(key).into_iter().flatten();
        keys.filter(move |key| kind.is_none_or(|kind| key.kind == kind))
    }

    /// The other VirtualServices for one of the hosts of `route`, by key.
    pub fn sharing_a_host(&self, route: &Route) -> BTreeSet<ObjectKey> {
        self.hosts.sharing(route)
    }

    /// The analysis runs of `owner`, by key.
    pub fn runs(&self, owner: &Uid) -> impl Iterator<Item = &ObjectKey> {
        self.runs_of.get(owner).into_iter().flatten()
    }

    /// The workloads in `namespace` whose template has the labels that `selector` wants, in no order.
    pub fn selected(&self, namespace: &Str, selector: &Selector) -> Vec<ObjectKey> {
        if selector.labels.is_empty() && selector.expressions.is_empty() {
            return Vec::new();
        }
        self.templates.selected(namespace, selector)
    }

    /// The revisions that `owner` controls.
    pub fn revisions(&self, owner: &Uid) -> Vec<Arc<RevisionObject>> {
        let keys = self.revisions_of.get(owner).into_iter().flatten();
        keys.filter_map(|key| match self.row(key)? {
            Row::Revision(revision) => Some(revision.clone()),
            _ => None,
        })
        .collect()
    }

    /// The pods that `owner` controls, by name.
    pub fn pods(&self, owner: &Uid) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods_of.get(owner).into_iter().flat_map(BTreeMap::values)
    }

    /// The Services that select `labels`.
    pub fn services(&self, namespace: &str, labels: &crate::domain::selector::Labels) -> Vec<Arc<Service>> {
        let keys = self.services.selecting(namespace, labels);
        keys.iter()
            .filter_map(|key| match self.row(key)? {
                Row::Service(service) => Some(service.clone()),
                _ => None,
            })
            .collect()
    }

    /// The Services that would select `labels` but for their switch key.
    pub fn switching(&self, namespace: &str, labels: &crate::domain::selector::Labels) -> Vec<Arc<Service>> {
        let keys = self.switches.selecting(namespace, labels);
        keys.iter().filter_map(|key| self.service(key).cloned()).collect()
    }

    /// The disruption budgets that select `labels`.
    pub fn budgets(&self, namespace: &str, labels: &crate::domain::selector::Labels) -> Vec<Arc<DisruptionBudget>> {
        let keys = self.budgets.selecting(namespace, labels);
        keys.iter()
            .filter_map(|key| match self.row(key)? {
                Row::Budget(budget) => Some(budget.clone()),
                _ => None,
            })
            .collect()
    }

    /// The autoscaler that targets `key`; the first by name where there are several.
    pub fn autoscaler(&self, key: &ObjectKey) -> Option<&Arc<Autoscaler>> {
        let first = self.autoscalers_of.get(key)?.first()?;
        match self.row(first)? {
            Row::Autoscaler(autoscaler) => Some(autoscaler),
            _ => None,
        }
    }

    /// The slices of a Service; `None` when it has none.
    pub fn slices(&self, service: &ObjectKey) -> Option<impl Iterator<Item = &Arc<Slice>>> {
        let keys = self.slices_of.get(service)?;
        Some(keys.iter().filter_map(|key| match self.row(key)? {
            Row::Slice(slice) => Some(slice),
            _ => None,
        }))
    }

    /// The workload behind an owner's identity: the owner itself, or the owner of the ReplicaSet that it is.
    pub fn owner(&self, uid: &Uid) -> Option<ObjectKey> {
        if let Some(workload) = self.workload_at.get(uid) {
            return Some(workload.clone());
        }
        match self.row(self.revision_at.get(uid)?)? {
            Row::Revision(revision) => self.workload_at.get(revision.owner.as_ref()?).cloned(),
            _ => None,
        }
    }

    fn link(&mut self, row: &Row) {
        match row {
            Row::Workload(workload) => {
                self.workload_at.insert(workload.uid.clone(), workload.key.clone());
                self.templates.insert(&workload.key, &workload.template_labels);
            }
            Row::Revision(revision) => {
                self.revision_at.insert(revision.uid.clone(), revision.key.clone());
                if let Some(owner) = &revision.owner {
                    self.revisions_of.entry(owner.clone()).or_default().insert(revision.key.clone());
                }
            }
            Row::Pod(pod) => {
                if let Some(owner) = &pod.owner {
                    self.pods_of.entry(owner.clone()).or_default().insert(pod.name.clone(), pod.clone());
                }
            }
            Row::Service(service) => {
                self.services.insert(&service.key, &service.selector);
                match service.switch_key(&self.switch_keys) {
                    Some(key) => self.switches.insert(&service.key, &service.common(&key)),
                    None => self.switches.remove(&service.key),
                }
            }
            Row::Budget(budget) => self.budgets.insert(&budget.key, &budget.selector),
            Row::Slice(slice) => {
                self.slices_of.entry(slice.service.clone()).or_default().insert(slice.key.clone());
            }
            Row::Autoscaler(autoscaler) => {
                let autoscalers = self.autoscalers_of.entry(autoscaler.target.clone()).or_default();
                autoscalers.insert(autoscaler.key.clone());
            }
            Row::Namespace(_) | Row::Presence(..) => {}
            Row::Rollout(rollout) => {
                self.workload_at.insert(rollout.meta.uid.clone(), rollout.meta.key.clone());
                self.templates.insert(&rollout.meta.key, &rollout.workload.template_labels);
                self.link_names(row);
            }
            Row::Route(_) | Row::DestinationRule(_) | Row::Canary(_) => self.link_names(row),
            Row::Run(run) => {
                if let Some(owner) = &run.owner {
                    self.runs_of.entry(owner.clone()).or_default().insert(run.meta.key.clone());
                }
            }
        }
    }

    fn link_names(&mut self, row: &Row) {
        let key = row.key();
        if let Row::Route(route) = row {
            self.hosts.insert(route);
        }
        for name in names(row) {
            self.naming.entry(name).or_default().insert(key.clone());
        }
    }

    fn unlink_names(&mut self, row: &Row) {
        let key = row.key();
        if let Row::Route(route) = row {
            self.hosts.remove(route);
        }
        for name in names(row) {
            drop_from(&mut self.naming, Some(&name), |keys| {
                keys.remove(&key);
                keys.is_empty()
            });
        }
    }

    fn unlink_workload(&mut self, key: &ObjectKey, uid: &Uid, new: Option<&Row>) {
        let same = match new {
            Some(Row::Workload(new)) => new.uid == *uid,
            Some(Row::Rollout(new)) => new.meta.uid == *uid,
            _ => false,
        };
        if !same && self.workload_at.get(uid) == Some(key) {
            self.workload_at.remove(uid);
        }
        if new.is_none() {
            self.templates.remove(key);
        }
    }

    /// Takes away what led to `old`; what `new` will set again in the same place is left to it.
    fn unlink(&mut self, old: &Row, new: Option<&Row>) {
        match (old, new) {
            (Row::Workload(old), new) => self.unlink_workload(&old.key, &old.uid, new),
            (Row::Rollout(rollout), new) => {
                self.unlink_workload(&rollout.meta.key, &rollout.meta.uid, new);
                self.unlink_names(old);
            }
            (Row::Route(_) | Row::DestinationRule(_) | Row::Canary(_), _) => self.unlink_names(old),
            (Row::Run(run), _) => drop_from(&mut self.runs_of, run.owner.as_ref(), |keys| {
                keys.remove(&run.meta.key);
                keys.is_empty()
            }),
            (Row::Revision(old), _) => {
                self.revision_at.remove(&old.uid);
                drop_from(&mut self.revisions_of, old.owner.as_ref(), |keys| {
                    keys.remove(&old.key);
                    keys.is_empty()
                });
            }
            (Row::Pod(old), _) => drop_from(&mut self.pods_of, old.owner.as_ref(), |pods| {
                pods.remove(&old.name);
                pods.is_empty()
            }),
            (Row::Service(old), None) => {
                self.services.remove(&old.key);
                self.switches.remove(&old.key);
            }
            (Row::Budget(old), None) => self.budgets.remove(&old.key),
            (Row::Service(_) | Row::Budget(_), Some(_)) | (Row::Namespace(_) | Row::Presence(..), _) => {}
            (Row::Slice(old), _) => drop_from(&mut self.slices_of, Some(&old.service), |keys| {
                keys.remove(&old.key);
                keys.is_empty()
            }),
            (Row::Autoscaler(old), _) => drop_from(&mut self.autoscalers_of, Some(&old.target), |keys| {
                keys.remove(&old.key);
                keys.is_empty()
            }),
        }
    }
}

/// Changes the entry of `key` and drops it once `empty` says so.
fn drop_from<K: std::hash::Hash + Eq, V>(map: &mut HashMap<K, V>, key: Option<&K>, empty: impl FnOnce(&mut V) -> bool) {
    if let Some(key) = key
        && let Some(entry) = map.get_mut(key)
        && empty(entry)
    {
        map.remove(key);
    }
}
