//! Laying out a scenario: the settled past directly, the last minutes by running the controllers.

use super::add;
use super::file::{Change, FaultEntry, File, Revision, Workload, WorkloadKind};
use super::workload::{id, manifest, revise, service};
use crate::sim::access::{Access, Level};
use crate::sim::clock::{duration, seconds};
use crate::sim::controllers::CONTROLLERS;
use crate::sim::controllers::pods::Pod;
use crate::sim::crds::{PROJECTS, definitions};
use crate::sim::faults::{Effect, Fault, On};
use crate::sim::json::Json;
use crate::sim::kinds::{EVENTS, NODES, REPLICA_SETS, SERVICES};
use crate::sim::object::Id;
use crate::sim::world::queue::Work;
use crate::sim::world::{Actor, CONTROLLER_MANAGER, Step, World};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::time::Duration;

/// Lays the scenario out and runs it up to its start.
pub fn lay_out(world: &mut World, file: &File, start: Timestamp) -> Result<(), String> {
    let replay = span(&file.replay)?;
    rights(world, file)?;
    base(world, file, start)?;
    for project in &file.crds {
        custom_kinds(world, project)?;
    }
    for object in &file.object {
        add(world, object.clone(), "kubectl-create").map_err(|why| format!("an object: {why}"))?;
    }
    for workload in &file.workload {
        lay_out_workload(world, workload, start, start - replay).map_err(|why| format!("{}: {why}", workload.name))?;
    }
    world.asleep = false;
    world.clock.now = start - replay - seconds(3600);
    world.resync();
    world.run_until(start - replay);
    // A real cluster forgets events after an hour.
    let events: Vec<_> = world.store.list(EVENTS, "", None).cloned().collect();
    for event in events {
        world.remove(&event);
    }
    for change in &file.change {
        script(world, change, start)?;
    }
    for workload in &file.workload {
        play(world, workload, start, start - replay)?;
    }
    world.run_until(start);
    for fault in &file.fault {
        let fault = fault_of(fault, start)?;
        world.faults.add(fault);
    }
    Ok(())
}

fn span(text: &str) -> Result<SignedDuration, String> {
    duration(text).ok_or_else(|| format!("'{text}' is no time span such as 90s, 5m or 2d"))
}

fn rights(world: &mut World, file: &File) -> Result<(), String> {
    let level = match file.access.level.as_deref() {
        None | Some("admin") => Level::Admin,
        Some("viewer") => Level::Viewer,
        Some("nobody") => Level::Nobody,
        Some(other) => return Err(format!("'{other}' is no level; there are admin, viewer, nobody")),
    };
    let mut access = Access::new(file.access.user.as_deref().unwrap_or("demo"), level);
    access.without_namespaces = file.access.without_namespaces.iter().cloned().collect();
    access.without_kinds = file.access.without_kinds.iter().cloned().collect();
    world.accounts.default = access;
    Ok(())
}

/// Namespaces and nodes, as old as a cluster is.
fn base(world: &mut World, file: &File, start: Timestamp) -> Result<(), String> {
    world.asleep = true;
    world.clock.now = start - seconds(200 * 86_400);
    let given = file.namespaces.iter().map(String::as_str);
    for name in ["kube-system", "default"].into_iter().chain(given) {
        add(world, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}), "kubectl-create")?;
    }
    for place in 0..file.nodes {
        let name = format!("node-{place:03}");
        let labels = json!({
            "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
            "topology.kubernetes.io/region": "eu-test-1",
            "topology.kubernetes.io/zone": format!("eu-test-1{}", ["a", "b", "c"][place % 3]),
        });
        add(
            world,
            json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}),
            "kubelet",
        )?;
        let room = json!({"cpu": "32", "memory": "256Gi", "pods": "500"});
        let ready = json!([{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status",
            "lastTransitionTime": crate::sim::json::stamp(world.now()), "lastHeartbeatTime": crate::sim::json::stamp(start)}]);
        let status = json!({"capacity": room, "allocatable": room, "conditions": ready,
            "nodeInfo": {"kubeletVersion": "v1.33.0+simulated", "osImage": "simulated", "architecture": "amd64"}});
        world.modify(&Id::new(NODES, "", &name), Actor::status("kubelet"), |node| node.put("/status", status));
    }
    Ok(())
}

/// Adds what a project defines.
fn custom_kinds(world: &mut World, project: &str) -> Result<(), String> {
    let unknown = || format!("'{project}' is no project with custom resources; there are {}", PROJECTS.join(", "));
    for definition in definitions(project).ok_or_else(unknown)? {
        add(world, definition, "kubectl-create")?;
    }
    Ok(())
}

fn when(revision: &Revision, start: Timestamp) -> Result<Timestamp, String> {
    Ok(match revision.ago.strip_prefix('+') {
        Some(after) => start + span(after)?,
        None => start - span(&revision.ago)?,
    })
}

/// Lays out one workload with its history before `played`.
pub fn lay_out_workload(
    world: &mut World,
    workload: &Workload,
    start: Timestamp,
    played: Timestamp,
) -> Result<(), String> {
    let id = id(workload);
    let [first, later @ ..] = workload.revisions.as_slice() else { return Err("it needs a revision".to_owned()) };
    if when(first, start)? >= played {
        return Ok(());
    }
    world.asleep = workload.kind == WorkloadKind::Deployment;
    world.clock.now = when(first, start)?;
    let say = |refusal: crate::sim::refusal::Refusal| refusal.message;
    if let Some(rps) = workload.rps {
        let id = id.beside(SERVICES, &workload.name);
        world.create(&id, service(workload, rps), Actor::main(&first.by)).map_err(say)?;
        reconcile(world, "endpointslice-controller", &id, 1);
    }
    world.create(&id, manifest(workload, first), Actor::main(&first.by)).map_err(say)?;
    settle(world, workload, &id);
    for revision in later {
        let at = when(revision, start)?;
        if at >= played {
            break;
        }
        world.clock.now = at;
        world.modify(&id, Actor::main(&revision.by), |object| revise(object, revision));
        settle(world, workload, &id);
    }
    if workload.kind == WorkloadKind::Deployment {
        start_pods(world, &id);
    }
    Ok(())
}

/// Brings a workload to where its controllers would have brought it. A Deployment is put there directly, since long
/// histories of many pods would take long to play; the others are played.
fn settle(world: &mut World, workload: &Workload, id: &Id) {
    if workload.kind != WorkloadKind::Deployment {
        let until = world.now() + seconds(600);
        world.run_until(until);
        return;
    }
    // With the old pods gone at once, either strategy gives the new ReplicaSet all of its replicas.
    for set in world.store.get(id).map(|root| world.store.owned(&root.uid, REPLICA_SETS)).unwrap_or_default() {
        fill_set(world, &set.id, 0);
    }
    reconcile(world, "deployment-controller", id, 4);
    let Some(root) = world.store.get(id) else { return };
    let deployment = root.value();
    if deployment.flag("/spec/paused") {
        return;
    }
    let newest =
        deployment.keyed("/metadata/annotations", "deployment.kubernetes.io/revision").unwrap_or_default().to_owned();
    for set in world.store.owned(&root.uid, REPLICA_SETS) {
        let is_new = set.value().keyed("/metadata/annotations", "deployment.kubernetes.io/revision") == Some(&newest);
        let count = if is_new { deployment.count("/spec/replicas") } else { 0 };
        fill_set(world, &set.id, count);
    }
    world.clock.now += seconds(10 + deployment.count("/spec/replicas"));
    reconcile(world, "deployment-controller", id, 6);
}

/// Gives a ReplicaSet so many replicas, all of them ready.
fn fill_set(world: &mut World, id: &Id, count: i64) {
    world.modify(id, Actor::main(CONTROLLER_MANAGER), |set| set.put("/spec/replicas", count));
    world.modify(id, Actor::status(CONTROLLER_MANAGER), |set| {
        let generation = set.at("/metadata/generation").clone();
        let mut status = json!({"replicas": count, "terminatingReplicas": 0, "observedGeneration": generation});
        if count > 0 {
            for field in ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"] {
                status[field] = json!(count);
            }
        }
        set.put("/status", status);
    });
}

fn reconcile(world: &mut World, controller: &str, id: &Id, most: usize) {
    let Some(controller) = CONTROLLERS.iter().find(|have| have.name() == controller) else { return };
    for _ in 0..most {
        let before = world.store.version();
        controller.reconcile(world, id);
        if world.store.version() == before {
            return;
        }
    }
}

/// Creates the pods of a laid out Deployment, running and ready.
fn start_pods(world: &mut World, id: &Id) {
    let Some(root) = world.store.get(id) else { return };
    for set in world.store.owned(&root.uid, REPLICA_SETS) {
        let created = world.now();
        reconcile(world, "replicaset-controller", &set.id, 1);
        for pod in Pod::of(&world.store, &set.uid) {
            reconcile(world, "default-scheduler", &pod.object.id, 1);
            for _ in 0..6 {
                reconcile(world, "kubelet", &pod.object.id, 1);
                world.clock.now += seconds(1);
            }
            world.clock.now = created;
        }
        world.clock.now = created + seconds(20);
        reconcile(world, "replicaset-controller", &set.id, 2);
    }
    reconcile(world, "deployment-controller", id, 3);
    world.entered.clear();
}

fn script(world: &mut World, change: &Change, start: Timestamp) -> Result<(), String> {
    let (kind, place) = change
        .target
        .split_once(' ')
        .ok_or_else(|| format!("'{}' is no target such as 'Deployment shop/web'", change.target))?;
    let (namespace, name) = place.split_once('/').unwrap_or(("", place));
    let kind = world
        .store
        .kinds()
        .find(|(_, have)| have.kind == kind)
        .map(|(id, _)| id)
        .ok_or_else(|| format!("there is no kind {kind}"))?;
    let step = Step { target: Id::new(kind, namespace, name), manager: change.by.clone(), patch: change.patch.clone() };
    let at = start + span(&change.at)?;
    plan(world, step, at);
    Ok(())
}

fn plan(world: &mut World, step: Step, at: Timestamp) {
    world.script.push(step);
    world.queue.plan(at, Work::Step(world.script.len() - 1));
}

/// Plans a workload's young revisions as writes that happen at their times; the first of all creates it.
fn play(world: &mut World, workload: &Workload, start: Timestamp, from: Timestamp) -> Result<(), String> {
    let id = id(workload);
    let mut before = world.store.get(&id).map(|object| object.parse());
    for revision in &workload.revisions {
        let at = when(revision, start)?;
        if at < from {
            continue;
        }
        let (after, patch) = match &before {
            None => (manifest(workload, revision), manifest(workload, revision)),
            Some(before) => {
                let mut after = before.clone();
                revise(&mut after, revision);
                let mut patch = difference(before, &after);
                if revision.cause.is_none() {
                    patch.put("/metadata/annotations/kubernetes.io~1change-cause", Value::Null);
                }
                (after, patch)
            }
        };
        before = Some(after);
        plan(world, Step { target: id.clone(), manager: revision.by.clone(), patch }, at);
    }
    Ok(())
}

/// The merge patch from one value to another.
fn difference(before: &Value, after: &Value) -> Value {
    let mut patch = json!({});
    for (key, value) in after.entries("") {
        match before.get(key) {
            Some(old) if old == value => {}
            Some(old) if old.is_object() && value.is_object() => patch[key] = difference(old, value),
            _ => patch[key] = value.clone(),
        }
    }
    patch
}

fn fault_of(entry: &FaultEntry, start: Timestamp) -> Result<Fault, String> {
    let effect = match (entry.status, entry.effect.as_deref()) {
        (Some(code), _) => Effect::Status { code, retry_after: entry.retry_after },
        (None, Some("reset")) => Effect::Reset,
        (None, Some("stall")) => Effect::Stall,
        (None, Some("lost-answer")) => Effect::LostAnswer,
        (None, Some("malformed")) => Effect::Malformed,
        (None, Some(kind @ ("slow" | "ahead"))) => {
            let delay = span(entry.delay.as_deref().unwrap_or("2s"))?;
            let delay = Duration::try_from(delay).unwrap_or_default();
            if kind == "slow" { Effect::Slow(delay) } else { Effect::Ahead(delay) }
        }
        (None, other) => {
            return Err(format!(
                "{other:?} is no fault; there are reset, stall, lost-answer, malformed, slow, ahead, or a status"
            ));
        }
    };
    let from = start + span(&entry.at)?;
    let until = from + span(&entry.lasts)?;
    let on = On { verb: entry.verb.clone(), path: entry.path.clone() };
    Ok(Fault { on, effect, times: None, from: Some(from), until: Some(until) })
}
