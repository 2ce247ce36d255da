//! Thousands of workloads, stamped from a few: a prototype is laid out with all its rules, and copied with other
//! names.

use super::build::lay_out_workload;
use super::file::{Crowd, Revision, Workload, WorkloadKind};
use crate::sim::clock::seconds;
use crate::sim::kinds::{DEPLOYMENTS, NAMESPACES, NODES, PODS, REPLICA_SETS};
use crate::sim::object::{Id, Labels, Object, Owner};
use crate::sim::world::World;
use jiff::Timestamp;
use serde_json::json;
use std::sync::{Arc, OnceLock};

const NAME: &str = "prototype-name";
const SPACE: &str = "prototype-space";

/// An object's text, cut where something has to be filled in.
struct Stamp {
    object: Arc<Object>,
    /// Text, and which value comes after it.
    pieces: Vec<(String, Option<usize>)>,
}

impl Stamp {
    /// Cuts the object's text at each of the `tokens`.
    fn new(object: Arc<Object>, tokens: &[&str]) -> Stamp {
        let text = String::from_utf8_lossy(&object.json).into_owned();
        let mut pieces = vec![];
        let mut rest = text.as_str();
        let next = |rest: &str| {
            let found = tokens.iter().enumerate().filter_map(|(slot, token)| Some((rest.find(token)?, slot)));
            found.min_by_key(|(at, slot)| (*at, usize::MAX - tokens[*slot].len()))
        };
        while let Some((at, slot)) = next(rest) {
            pieces.push((rest[..at].to_owned(), Some(slot)));
            rest = &rest[at + tokens[slot].len()..];
        }
        pieces.push((rest.to_owned(), None));
        Stamp { object, pieces }
    }

    /// A copy with these values in the place of the tokens. Its labels and owner go by the workload's name.
    fn copy(&self, id: Id, uid: &str, version: u64, owner: Option<Owner>, values: &[&str], name: &str) -> Arc<Object> {
        let mut text = String::with_capacity(self.object.json.len() + 64);
        for (piece, slot) in &self.pieces {
            text.push_str(piece);
            if let Some(slot) = slot {
                text.push_str(values[*slot]);
            }
        }
        let labels: Labels =
            self.object.labels.iter().map(|(key, value)| (key.clone(), value.replace(NAME, name).into())).collect();
        Arc::new(Object {
            id,
            uid: uid.into(),
            version,
            labels,
            owner,
            selector: None,
            json: text.into(),
            parsed: OnceLock::new(),
        })
    }
}

/// The stamps of one workload.
struct Prototype {
    deployment: Stamp,
    sets: Vec<Stamp>,
    pod: Stamp,
    /// Which of the ReplicaSets owns the pods.
    serving: usize,
}

/// Adds the crowd to a laid out world.
pub fn add(world: &mut World, crowd: &Crowd, pods: Option<usize>, start: Timestamp) -> Result<(), String> {
    let per = (pods.unwrap_or(crowd.pods) / crowd.workloads.max(1)).max(1);
    let prototypes: Vec<Prototype> =
        [3, 11, 40].into_iter().map(|days| prototype(per, days, start)).collect::<Result<_, _>>()?;
    let spaces: Vec<String> = (0..crowd.namespaces).map(|place| format!("scale-{place:02}")).collect();
    let now = std::mem::replace(&mut world.clock.now, start - seconds(90 * 86_400));
    for space in &spaces {
        super::add(
            world,
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}}),
            "kubectl-create",
        )?;
    }
    world.clock.now = now;
    for place in 0..crowd.workloads {
        let space = &spaces[place % spaces.len()];
        stamp(world, &prototypes[place % prototypes.len()], space, &format!("svc-{place:04}"), per);
    }
    Ok(())
}

/// Lays one workload out in a world of its own.
fn prototype(replicas: usize, days: i64, start: Timestamp) -> Result<Prototype, String> {
    let mut world = World::new("prototype", start);
    world.asleep = true;
    for (kind, name) in [(NAMESPACES, SPACE), (NODES, "prototype-node")] {
        let id = Id::new(kind, "", name);
        let room = json!({"allocatable": {"cpu": "32", "memory": "256Gi"}});
        let manifest = json!({"metadata": {"name": name}, "status": room});
        world
            .create(&id, manifest.clone(), crate::sim::world::Actor::main("kubelet"))
            .map_err(|refusal| refusal.message)?;
        world.modify(&id, crate::sim::world::Actor::status("kubelet"), |node| json_patch::merge(node, &manifest));
    }
    let revision = |version: &str, ago: i64| Revision {
        ago: format!("{ago}d"),
        image: format!("registry.test/scale/{NAME}:{version}"),
        cause: Some(format!("{NAME} {version}")),
        by: "ci-deployer".to_owned(),
        spec: serde_json::Map::new(),
        env: serde_json::Map::new(),
        annotations: serde_json::Map::new(),
    };
    let workload = Workload {
        kind: WorkloadKind::Deployment,
        namespace: SPACE.to_owned(),
        name: NAME.to_owned(),
        replicas: replicas as i64,
        spec: serde_json::Map::new(),
        container: serde_json::Map::new(),
        annotations: serde_json::Map::new(),
        notes: serde_json::Map::new(),
        rps: None,
        revisions: vec![revision("v1", days * 3), revision("v2", days)],
    };
    lay_out_workload(&mut world, &workload, start, start - seconds(60))?;
    let one =
        |kind| world.store.list(kind, SPACE, None).next().cloned().ok_or("the prototype is incomplete".to_owned());
    let deployment = one(DEPLOYMENTS)?;
    let pod = one(PODS)?;
    let sets: Vec<Arc<Object>> = world.store.list(REPLICA_SETS, SPACE, None).cloned().collect();
    let owner = pod.owner.clone().ok_or("the prototype's pod has no owner")?;
    let serving = sets.iter().position(|set| set.uid == owner.uid).ok_or("the prototype's pod has no ReplicaSet")?;
    let value = pod.value();
    let address = value.pointer("/status/podIP").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let version = |object: &Object| format!("\"resourceVersion\":\"{}\"", object.version);
    Ok(Prototype {
        sets: sets
            .iter()
            .map(|set| Stamp::new(set.clone(), &[NAME, SPACE, &set.uid, &deployment.uid, &version(set)]))
            .collect(),
        pod: Stamp::new(
            pod.clone(),
            &[NAME, SPACE, &pod.uid, &owner.uid, &version(&pod), &pod.id.name, &address, "prototype-node"],
        ),
        deployment: Stamp::new(deployment.clone(), &[NAME, SPACE, &deployment.uid, "no owner", &version(&deployment)]),
        serving,
    })
}

fn stamp(world: &mut World, prototype: &Prototype, space: &str, name: &str, pods: usize) {
    let space: Arc<str> = space.into();
    let mut next = || {
        let number = world.store.next_version();
        (number, format!("\"resourceVersion\":\"{number}\""))
    };
    let root_uid = world.ids.uid();
    let (number, version) = next();
    let id = Id { kind: DEPLOYMENTS, namespace: space.clone(), name: name.into() };
    let root = prototype.deployment.copy(id, &root_uid, number, None, &[name, &space, &root_uid, "", &version], name);
    let mut made = vec![root];
    let mut serving: Option<Owner> = None;
    for (place, set) in prototype.sets.iter().enumerate() {
        let uid = world.ids.uid();
        let (number, version) = next();
        let set_name: Arc<str> = set.object.id.name.replace(NAME, name).into();
        let id = Id { kind: REPLICA_SETS, namespace: space.clone(), name: set_name.clone() };
        let owner = Owner { uid: root_uid.as_str().into(), kind: "Deployment".into(), name: name.into() };
        made.push(set.copy(id, &uid, number, Some(owner), &[name, &space, &uid, &root_uid, &version], name));
        if place == prototype.serving {
            serving = Some(Owner { uid: uid.as_str().into(), kind: "ReplicaSet".into(), name: (*set_name).into() });
        }
    }
    for _ in 0..pods {
        let Some(owner) = serving.clone() else { break };
        let (uid, suffix, node) = (world.ids.uid(), world.ids.suffix(), format!("node-{:03}", world.ids.below(40)));
        let (number, version) = next();
        let pod_name = format!("{}-{suffix}", owner.name);
        let address = crate::sim::controllers::address(&uid);
        let id = Id { kind: PODS, namespace: space.clone(), name: pod_name.as_str().into() };
        let owner_uid = owner.uid.to_string();
        let values = [name, &space, &uid, &owner_uid, &version, &pod_name, &address, &node];
        made.push(prototype.pod.copy(id, &uid, number, Some(owner), &values, name));
    }
    for object in &made {
        world.store.insert(object);
    }
}
