//! What the simulated etcd holds: every object's newest version, and a bounded history for watches.

use super::json::Json;
use super::kinds::{CRDS, Kind, KindId, Scope, Sub, built_in};
use super::object::{Id, Object};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;
use tokio::sync::watch;

/// How many changes a kind remembers; a watch from before that is told 410.
const HISTORY: usize = 8192;

type Place = (Arc<str>, Arc<str>);

/// One change, as a watch sees it.
#[derive(Debug, Clone)]
pub struct Change {
    pub version: u64,
    pub before: Option<Arc<Object>>,
    /// For a deletion the object as it last was, with the version of the deletion.
    pub after: Arc<Object>,
    pub deleted: bool,
}

#[derive(Debug)]
struct Shelf {
    objects: BTreeMap<Place, Arc<Object>>,
    history: VecDeque<Change>,
    /// Changes up to this version are forgotten.
    floor: u64,
    changed: watch::Sender<u64>,
    served: bool,
}

impl Clone for Shelf {
    /// A copy with the same content, which no watch of the original follows.
    fn clone(&self) -> Shelf {
        Shelf {
            objects: self.objects.clone(),
            history: self.history.clone(),
            floor: self.floor,
            changed: watch::Sender::new(*self.changed.borrow()),
            served: self.served,
        }
    }
}

impl Shelf {
    fn new() -> Shelf {
        let changed = watch::Sender::new(0);
        Shelf { objects: BTreeMap::new(), history: VecDeque::new(), floor: 0, changed, served: true }
    }
}

/// The objects by kind and name, and the version counter that they share.
#[derive(Debug, Clone)]
pub struct Store {
    kinds: Vec<Arc<Kind>>,
    shelves: Vec<Shelf>,
    version: u64,
    owned: HashMap<Box<str>, BTreeSet<Id>>,
}

/// A watch asked for changes that are forgotten.
#[derive(Debug)]
pub struct TooOld {
    pub oldest: u64,
}

impl Store {
    pub fn new() -> Store {
        let kinds: Vec<_> = built_in().into_iter().map(Arc::new).collect();
        let shelves = kinds.iter().map(|_| Shelf::new()).collect();
        Store { kinds, shelves, version: 1000, owned: HashMap::new() }
    }

    fn shelf(&self, kind: KindId) -> &Shelf {
        &self.shelves[usize::from(kind.0)]
    }

    fn shelf_mut(&mut self, kind: KindId) -> &mut Shelf {
        &mut self.shelves[usize::from(kind.0)]
    }

    pub fn kind(&self, kind: KindId) -> &Arc<Kind> {
        &self.kinds[usize::from(kind.0)]
    }

    /// The kinds that are served now.
    pub fn kinds(&self) -> impl Iterator<Item = (KindId, &Arc<Kind>)> {
        let numbered = self.kinds.iter().enumerate().map(|(place, kind)| (KindId(place as u16), kind));
        numbered.filter(|(id, _)| self.shelf(*id).served)
    }

    /// Whether a kind came with a `CustomResourceDefinition`.
    pub fn is_custom(kind: KindId) -> bool {
        kind > CRDS
    }

    /// Finds a served kind by the group, version and plural of a request's path.
    pub fn find_kind(&self, group: &str, version: &str, plural: &str) -> Option<KindId> {
        let same = |kind: &Kind| kind.group == group && kind.version == version && kind.plural == plural;
        self.kinds().find(|(_, kind)| same(kind)).map(|(id, _)| id)
    }

    /// Finds a served kind by an object's `apiVersion` and `kind`.
    pub fn kind_of(&self, api_version: &str, name: &str) -> Option<KindId> {
        self.kinds().find(|(_, kind)| kind.kind == name && kind.api_version() == api_version).map(|(id, _)| id)
    }

    /// Adds the kind that a `CustomResourceDefinition` describes, or serves it again.
    pub fn define(&mut self, definition: &serde_json::Value) -> Option<KindId> {
        let spec = definition.at("/spec");
        let version = spec.list("/versions").iter().find(|version| version.flag("/served"))?;
        let kind = Kind {
            group: spec.text("/group").to_owned().into(),
            version: version.text("/name").to_owned().into(),
            plural: spec.text("/names/plural").to_owned().into(),
            kind: spec.text("/names/kind").to_owned().into(),
            short: "",
            scope: if spec.text("/scope") == "Cluster" { Scope::Cluster } else { Scope::Namespaced },
            sub: match (version.at("/subresources/status"), version.at("/subresources/scale")) {
                (status, _) if status.is_null() => Sub::None,
                (_, scale) if scale.is_null() => Sub::Status,
                _ => Sub::StatusAndScale,
            },
        };
        let same = |have: &Arc<Kind>| (&have.group, &have.plural) == (&kind.group, &kind.plural);
        let place = self.kinds.iter().position(same);
        let id = KindId(place.unwrap_or(self.kinds.len()) as u16);
        if place.is_none() {
            self.kinds.push(Arc::new(kind));
            self.shelves.push(Shelf::new());
        }
        self.shelf_mut(id).served = true;
        Some(id)
    }

    /// Stops serving a kind and forgets its objects, as when its definition is deleted.
    pub fn undefine(&mut self, kind: KindId) {
        let of_kind = self.shelf_mut(kind);
        of_kind.served = false;
        of_kind.objects.clear();
        of_kind.history.clear();
        of_kind.changed.send_modify(|_| {});
    }

    pub fn is_served(&self, kind: KindId) -> bool {
        self.shelf(kind).served
    }

    pub fn version(&self) -> u64 {
        self.version
    }

    /// Takes the next version number.
    pub fn next_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }

    pub fn get(&self, id: &Id) -> Option<Arc<Object>> {
        self.shelf(id.kind).objects.get(&(id.namespace.clone(), id.name.clone())).cloned()
    }

    /// The objects of a kind, of one namespace or (`""`) of all, by name; from after `start` on.
    pub fn list<'a>(
        &'a self,
        kind: KindId,
        namespace: &'a str,
        start: Option<Place>,
    ) -> impl Iterator<Item = &'a Arc<Object>> {
        let begin = match start {
            Some(place) => Bound::Excluded(place),
            None => Bound::Included((namespace.into(), "".into())),
        };
        let of_kind = self.shelf(kind).objects.range((begin, Bound::Unbounded));
        of_kind
            .take_while(move |((space, _), _)| namespace.is_empty() || **space == *namespace)
            .map(|(_, object)| object)
    }

    /// The objects of a kind that the owner with this uid controls, by name.
    pub fn owned(&self, owner: &str, kind: KindId) -> Vec<Arc<Object>> {
        let ids = self.owned.get(owner).into_iter().flatten();
        ids.filter(|id| id.kind == kind).filter_map(|id| self.get(id)).collect()
    }

    /// All that the owner with this uid controls.
    pub fn dependents(&self, owner: &str) -> Vec<Id> {
        self.owned.get(owner).into_iter().flatten().cloned().collect()
    }

    /// Stores a version of an object and returns the change.
    pub fn put(&mut self, object: Arc<Object>) -> Change {
        let before = self.insert(&object);
        let change = Change { version: object.version, before, after: object, deleted: false };
        self.record(change.clone());
        change
    }

    /// Stores an object that was there from the beginning: no watch ever sees it arrive.
    pub fn insert(&mut self, object: &Arc<Object>) -> Option<Arc<Object>> {
        let id = &object.id;
        if let Some(owner) = &object.owner {
            self.owned.entry(owner.uid.clone()).or_default().insert(id.clone());
        }
        let place = (id.namespace.clone(), id.name.clone());
        let before = self.shelf_mut(id.kind).objects.insert(place, object.clone());
        if let Some(old) = before.as_ref().and_then(|before| before.owner.as_ref())
            && Some(old) != object.owner.as_ref()
        {
            self.disown(&old.uid, &object.id);
        }
        before
    }

    fn disown(&mut self, owner: &str, id: &Id) {
        if let Some(ids) = self.owned.get_mut(owner) {
            ids.remove(id);
            if ids.is_empty() {
                self.owned.remove(owner);
            }
        }
    }

    /// Takes an object away; `last` is how it looks in the watch event.
    pub fn delete(&mut self, last: Arc<Object>) -> Change {
        let id = &last.id;
        let before = self.shelf_mut(id.kind).objects.remove(&(id.namespace.clone(), id.name.clone()));
        if let Some(owner) = &last.owner {
            self.disown(&owner.uid, id);
        }
        let change = Change { version: last.version, before, after: last, deleted: true };
        self.record(change.clone());
        change
    }

    fn record(&mut self, change: Change) {
        let version = change.version;
        let of_kind = self.shelf_mut(change.after.id.kind);
        of_kind.history.push_back(change);
        if of_kind.history.len() > HISTORY
            && let Some(forgotten) = of_kind.history.pop_front()
        {
            of_kind.floor = forgotten.version;
        }
        of_kind.changed.send_replace(version);
    }

    /// Forgets every change up to now, so that older watches get 410.
    pub fn compact(&mut self) {
        let version = self.version;
        for of_kind in &mut self.shelves {
            of_kind.history.clear();
            of_kind.floor = version;
            of_kind.changed.send_modify(|_| {});
        }
    }

    /// The changes of a kind after a version.
    pub fn since(&self, kind: KindId, version: u64) -> Result<impl Iterator<Item = &Change>, TooOld> {
        let of_kind = self.shelf(kind);
        if version < of_kind.floor {
            return Err(TooOld { oldest: of_kind.floor });
        }
        let start = of_kind.history.partition_point(|change| change.version <= version);
        Ok(of_kind.history.range(start..))
    }

    /// Is told the version of every change of a kind.
    pub fn changes(&self, kind: KindId) -> watch::Receiver<u64> {
        self.shelf(kind).changed.subscribe()
    }

    /// How many watches there are.
    pub fn watches(&self) -> usize {
        self.shelves.iter().map(|shelf| shelf.changed.receiver_count()).sum()
    }
}
