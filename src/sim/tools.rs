//! What tests do to a cluster from outside: look in, write past the API, let time pass, break things.

use super::clock::signed;
use super::json::{Json, encode};
use super::log::Request;
use super::object::{Id, Object};
use super::world::{Actor, World};
use super::{Access, Fault, Line, Link, SimCluster, loadtester};
use bytes::Bytes;
use serde_json::{Value, json};
use std::time::Duration;

/// Reads `deployments.apps/NAMESPACE/NAME` or `namespaces/NAME`: a plural, with its group where it has one.
fn id_of(world: &World, path: &str) -> Option<Id> {
    let mut parts = path.split('/');
    let plural = parts.next()?;
    let (kind, _) = world.store.kinds().find(|(_, kind)| kind.qualified() == plural || kind.plural == plural)?;
    let (first, second) = (parts.next()?, parts.next());
    Some(match second {
        Some(name) => Id::new(kind, first, name),
        None => Id::new(kind, "", first),
    })
}

impl SimCluster {
    /// Lets a manual clock run on; the controllers do all that becomes due.
    pub fn advance(&self, time: Duration) {
        self.with(|world| {
            let until = world.now() + signed(time);
            world.run_until(until);
        });
        self.wake();
    }

    /// An object by its path, such as `deployments/shop/web` or `namespaces/shop`, as the server would send it.
    pub fn object(&self, path: &str) -> Option<Value> {
        self.with(|world| Some(world.store.get(&id_of(world, path)?)?.parse()))
    }

    /// All objects of a kind (by plural) in a namespace, or with "" in all of them, by name.
    pub fn objects(&self, plural: &str, namespace: &str) -> Vec<Value> {
        self.with(|world| {
            let found = world.store.kinds().find(|(_, kind)| kind.plural == plural).map(|(id, _)| id);
            found.map_or_else(Vec::new, |kind| {
                world.store.list(kind, namespace, None).map(|object| object.parse()).collect()
            })
        })
    }

    /// Changes an object as `manager`, with all rules of the API; false if nothing changed or it was refused.
    pub fn edit(&self, path: &str, manager: &str, change: impl FnOnce(&mut Value)) -> bool {
        let changed = self.with(|world| {
            let id = id_of(world, path)?;
            world.modify(&id, Actor::main(manager), change)
        });
        self.wake();
        changed.is_some()
    }

    /// Replaces an object by anything at all, past every rule: for objects that no client expects.
    pub fn corrupt(&self, path: &str, change: impl FnOnce(&mut Value)) -> bool {
        let changed = self.with(|world| {
            let old = world.store.get(&id_of(world, path)?)?;
            let mut value = old.parse();
            change(&mut value);
            let version = world.store.next_version();
            value.put("/metadata/resourceVersion", version.to_string());
            let json = Bytes::from(encode(&value));
            let object = Object { version, json, ..Object::new(old.id.clone(), value) };
            world.store.put(object.into());
            Some(())
        });
        changed.is_some()
    }

    /// Adds an object from its full manifest, past rights but with all rules of the API; false if it was refused.
    pub fn add(&self, manifest: Value, manager: &str) -> bool {
        let added = self.with(|world| super::scenario::add(world, manifest, manager));
        self.wake();
        added.is_ok()
    }

    /// Deletes an object as a user would.
    pub fn remove(&self, path: &str) -> bool {
        let gone = self.with(|world| {
            let id = id_of(world, path)?;
            world.delete(&id, None)
        });
        self.wake();
        gone.is_some()
    }

    /// Puts a fault between clients and the server.
    pub fn fault(&self, fault: Fault) {
        self.with(|world| world.faults.add(fault));
    }

    /// Takes all faults away.
    pub fn heal(&self) {
        self.with(|world| world.faults.clear());
        self.back();
    }

    /// The server is gone: open connections are cut and new ones refused.
    pub fn away(&self) {
        self.shared.line.send_modify(|line| *line = Line { link: Link::Refused, cuts: line.cuts + 1 });
    }

    /// The network swallows everything: nothing is answered, and nothing is refused.
    pub fn stall(&self) {
        self.shared.line.send_modify(|line| line.link = Link::Stalled);
    }

    /// The server is there again after [`SimCluster::away`] or [`SimCluster::stall`].
    pub fn back(&self) {
        self.shared.line.send_modify(|line| line.link = Link::Up);
    }

    /// Forgets the history of changes, so that watches from an older version get 410.
    pub fn compact(&self) {
        self.with(|world| world.store.compact());
    }

    /// Makes a bearer token invalid; `simulated` is that of the scenario's own user.
    pub fn revoke_token(&self, token: &str) {
        self.with(|world| world.accounts.revoke(token));
    }

    /// Makes a revoked token valid again.
    pub fn renew_token(&self, token: &str) {
        self.with(|world| world.accounts.renew(token));
    }

    /// Gives the scenario's own user other rights.
    pub fn set_access(&self, access: Access) {
        self.with(|world| world.accounts.default = access);
    }

    /// The last requests, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.with(|world| world.log.requests.iter().cloned().collect())
    }

    /// Whether a gate (`gate` or `rollback`) of Flagger's load tester lets a Canary through.
    pub fn gate_is_open(&self, gate: &str, canary: &str, namespace: &str) -> bool {
        let body = json!({"name": canary, "namespace": namespace}).to_string();
        self.with(|world| loadtester::answer(world, &format!("{gate}/check"), body.as_bytes()) == Some(200))
    }

    /// How many requests there were with a verb such as `patch` or `watch`.
    pub fn count(&self, verb: &str) -> usize {
        self.with(|world| world.log.counts.get(verb).copied().unwrap_or_default())
    }

    /// How many watches are open.
    pub fn open_watches(&self) -> usize {
        self.with(|world| world.store.watches())
    }

    /// How many writes were carried out; dry runs, reviews and refused ones are not counted.
    pub fn mutations(&self) -> usize {
        self.with(|world| world.log.persisted)
    }

    /// The newest resource version. It stands still while nothing changes.
    pub fn version(&self) -> u64 {
        self.with(|world| world.store.version())
    }

    /// Has every controller look at every object, as after its restart.
    pub fn resync(&self) {
        self.with(World::resync);
        self.wake();
    }
}
