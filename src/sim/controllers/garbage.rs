//! The garbage collector: what a deleted object owned goes too, and a namespace takes everything in it along.

use super::Controller;
use crate::sim::kinds::NAMESPACES;
use crate::sim::object::Id;
use crate::sim::store::{Change, Store};
use crate::sim::world::World;

pub struct GarbageCollector;

impl Controller for GarbageCollector {
    fn name(&self) -> &'static str {
        "generic-garbage-collector"
    }

    fn concerned(&self, change: &Change, store: &Store) -> Vec<Id> {
        if !change.deleted {
            return vec![];
        }
        if change.after.id.kind == NAMESPACES {
            let kinds: Vec<_> = store.kinds().map(|(id, _)| id).filter(|kind| *kind != NAMESPACES).collect();
            let inside = kinds.into_iter().flat_map(|kind| store.list(kind, &change.after.id.name, None));
            return inside.map(|object| object.id.clone()).collect();
        }
        store.dependents(&change.after.uid)
    }

    fn reconcile(&self, world: &mut World, id: &Id) {
        let Some(object) = world.store.get(id) else { return };
        let orphan = object.owner.as_ref().is_some_and(|owner| !owner_lives(world, &object.id, owner));
        let homeless = !id.namespace.is_empty() && world.store.get(&Id::new(NAMESPACES, "", &id.namespace)).is_none();
        if homeless {
            world.remove(&object);
        } else if orphan {
            world.delete(id, None);
        }
    }
}

fn owner_lives(world: &World, id: &Id, owner: &crate::sim::object::Owner) -> bool {
    let kind = world.store.kinds().find(|(_, kind)| kind.kind == *owner.kind).map(|(kind, _)| kind);
    let Some(kind) = kind else { return true };
    world.store.get(&id.beside(kind, &owner.name)).is_some_and(|have| have.uid == owner.uid)
}
