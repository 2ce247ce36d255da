//! Traffic follows what it depends on: when the routes, Services or endpoints of a namespace change, its requests are
//! split anew. It does nothing where nobody reads counters.

use super::Controller;
use crate::sim::kinds::{ENDPOINT_SLICES, NAMESPACES, SERVICES};
use crate::sim::object::Id;
use crate::sim::store::{Change, Store};
use crate::sim::traffic;
use crate::sim::world::World;

pub struct TrafficController;

const NAME: &str = "traffic";

impl Controller for TrafficController {
    fn name(&self) -> &'static str {
        NAME
    }

    fn concerned(&self, change: &Change, store: &Store) -> Vec<Id> {
        let id = &change.after.id;
        let concerns = matches!(id.kind, SERVICES | ENDPOINT_SLICES)
            || Store::is_custom(id.kind)
                && matches!(
                    &*store.kind(id.kind).plural,
                    "virtualservices" | "destinationrules" | "httproutes" | "grpcroutes"
                );
        if concerns { vec![Id::new(NAMESPACES, "", &id.namespace)] } else { vec![] }
    }

    fn reconcile(&self, world: &mut World, id: &Id) {
        if let Some(wait) = traffic::turned(world, &id.name) {
            world.later(NAME, id, wait);
        }
    }
}
