//! A Deployment's ReplicaSets: the new one, its annotations and its revision, and clearing away the oldest.

use super::status::deadline_condition;
use super::{Deployment, NAME, Set};
use crate::sim::controllers::common::{Dated, TEMPLATE_HASH, condition, owner_reference, set_condition, template_hash};
use crate::sim::json::Json;
use crate::sim::kinds::REPLICA_SETS;
use crate::sim::world::events::normal;
use crate::sim::world::{Actor, CONTROLLER_MANAGER, World};
use serde_json::{Value, json};

/// The annotation with the number of a revision, on Deployments and ReplicaSets.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
pub const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
pub const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";

/// Annotations of the Deployment that are not copied to its ReplicaSets.
const NOT_COPIED: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    REVISION_HISTORY,
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    "deprecated.deployment.rollback.to",
];

/// Whether a look may go on.
pub enum Synced {
    /// Something was written; the next look sees it.
    Wrote,
    /// The revisions are as they should be.
    Settled,
}

/// Gives the new ReplicaSet its revision and annotations, creates it if asked to, and notes the revision on the
/// Deployment. One write a look: that is why, right after a change, a ReplicaSet's revision runs ahead of the
/// Deployment's.
pub fn sync_revision(world: &mut World, deployment: &Deployment, create: bool) -> Synced {
    let newest = deployment.old_sets().iter().map(|set| set.revision()).max().unwrap_or_default();
    match deployment.new_set() {
        Some(set) => {
            let updated = world.modify(&set.object.id, Actor::main(CONTROLLER_MANAGER), |value| {
                annotate(deployment, value, newest + 1, true);
                let min_ready = deployment.value.at("/spec/minReadySeconds").clone();
                if min_ready.is_null() {
                    drop(value.cut("/spec/minReadySeconds"));
                } else {
                    value.put("/spec/minReadySeconds", min_ready);
                }
            });
            if updated.is_some() {
                return Synced::Wrote;
            }
            note_revision(world, deployment, set)
        }
        None if create => create_set(world, deployment, newest + 1),
        None => Synced::Settled,
    }
}

fn create_set(world: &mut World, deployment: &Deployment, revision: i64) -> Synced {
    let template = deployment.value.at("/spec/template");
    let hash = template_hash(template, deployment.value.count("/status/collisionCount"));
    let name = format!("{}-{hash}", deployment.id().name);
    let mut template = template.clone();
    template.put(&format!("/metadata/labels/{TEMPLATE_HASH}"), hash.as_str());
    let mut selector = deployment.value.at("/spec/selector").clone();
    selector.put(&format!("/matchLabels/{TEMPLATE_HASH}"), hash.as_str());
    let replicas = new_set_size(deployment, 0);
    let mut set = json!({
        "metadata": {
            "name": name, "labels": template.at("/metadata/labels"),
            "ownerReferences": owner_reference(&deployment.object, "apps/v1", "Deployment"),
        },
        "spec": {"replicas": replicas, "selector": selector, "template": template},
    });
    if let Some(seconds) = deployment.value.int("/spec/minReadySeconds") {
        set.put("/spec/minReadySeconds", seconds);
    }
    annotate(deployment, &mut set, revision, false);
    let id = deployment.id().beside(REPLICA_SETS, &name);
    if world.create(&id, set, Actor::main(CONTROLLER_MANAGER)).is_err() {
        // Another template has the same hash: the next look adds the count to it.
        world.modify(deployment.id(), Actor::status(CONTROLLER_MANAGER), |value| {
            value.put("/status/collisionCount", value.count("/status/collisionCount") + 1);
        });
        return Synced::Wrote;
    }
    if replicas > 0 {
        let message = format!("Scaled up replica set {name} from 0 to {replicas}");
        world.say(&deployment.object, normal(NAME, "ScalingReplicaSet"), &message);
    }
    Synced::Wrote
}

/// Writes the revision on the Deployment, and the condition Progressing if the ReplicaSet is a new one, or if there
/// is none yet.
fn note_revision(world: &mut World, deployment: &Deployment, set: &Set) -> Synced {
    let now = world.now();
    let noted = deployment.value.keyed("/metadata/annotations", REVISION).and_then(|text| text.parse().ok());
    let fresh = noted != Some(set.revision()) && set.annotation(REVISION_HISTORY).is_none();
    let first = condition(deployment.value.at("/status"), "Progressing").is_null();
    let name = &set.object.id.name;
    let (reason, message) = if fresh {
        ("NewReplicaSetCreated", format!("Created new replica set {name:?}"))
    } else {
        ("FoundNewReplicaSet", format!("Found new replica set {name:?}"))
    };
    let speaks = (fresh || first) && deployment.deadline().is_some();
    let written = world.modify(deployment.id(), Actor::status(CONTROLLER_MANAGER), |value| {
        let key = format!("/metadata/annotations/{}", crate::domain::raw::escape(REVISION));
        value.put(&key, set.revision().to_string());
        if speaks {
            let mut status = value.at("/status").clone();
            set_condition(&mut status, &deadline_condition("True", reason, message), now, Dated::TransitionAndUpdate);
            value.put("/status", status);
        }
    });
    if written.is_some() { Synced::Wrote } else { Synced::Settled }
}

/// How many replicas the new ReplicaSet should have, given that it has `current`.
pub fn new_set_size(deployment: &Deployment, current: i64) -> i64 {
    if deployment.is_recreate() {
        return deployment.replicas();
    }
    let total: i64 = deployment.sets.iter().map(Set::replicas).sum();
    let most = deployment.replicas() + deployment.max_surge();
    if total >= most { current } else { current + (most - total).min(deployment.replicas() - current) }
}

/// Sets the annotations of a ReplicaSet: those of the Deployment, the revision, and at its creation its sizes.
fn annotate(deployment: &Deployment, set: &mut Value, revision: i64, exists: bool) {
    let copied: Vec<_> = deployment
        .value
        .entries("/metadata/annotations")
        .filter(|(key, _)| !NOT_COPIED.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let old: i64 = set.keyed("/metadata/annotations", REVISION).and_then(|text| text.parse().ok()).unwrap_or_default();
    let history = set.keyed("/metadata/annotations", REVISION_HISTORY).unwrap_or_default().to_owned();
    let annotations = set.object("/metadata/annotations");
    annotations.extend(copied);
    if old < revision {
        annotations.insert(REVISION.into(), revision.to_string().into());
        if old > 0 {
            let history = if history.is_empty() { old.to_string() } else { format!("{history},{old}") };
            annotations.insert(REVISION_HISTORY.into(), history.into());
        }
    }
    if !exists {
        size_annotations(deployment, annotations);
    }
}

fn size_annotations(deployment: &Deployment, annotations: &mut serde_json::Map<String, Value>) {
    let most = deployment.replicas() + deployment.max_surge();
    annotations.insert(DESIRED_REPLICAS.into(), deployment.replicas().to_string().into());
    annotations.insert(MAX_REPLICAS.into(), most.to_string().into());
}

/// Sizes a ReplicaSet and says so; whether anything was written.
pub fn scale_set(world: &mut World, deployment: &Deployment, set: &Set, replicas: i64) -> bool {
    let from = set.replicas();
    let written = world.modify(&set.object.id, Actor::main(CONTROLLER_MANAGER), |value| {
        value.put("/spec/replicas", replicas);
        size_annotations(deployment, value.object("/metadata/annotations"));
    });
    if from != replicas {
        let way = if replicas > from { "up" } else { "down" };
        let message = format!("Scaled {way} replica set {} from {from} to {replicas}", set.object.id.name);
        world.say(&deployment.object, normal(NAME, "ScalingReplicaSet"), &message);
    }
    written.is_some()
}

/// Deletes the oldest ReplicaSets beyond `revisionHistoryLimit`.
pub fn clean_up(world: &mut World, deployment: &Deployment) {
    let Some(limit) = deployment.value.int("/spec/revisionHistoryLimit") else { return };
    let mut old = deployment.old_sets();
    old.sort_unstable_by_key(|set| set.revision());
    let surplus = old.len().saturating_sub(limit as usize);
    for set in old.into_iter().take(surplus) {
        let unseen = set.value.count("/metadata/generation") > set.value.count("/status/observedGeneration");
        if set.actual() == 0 && set.replicas() == 0 && !unseen {
            world.delete(&set.object.id, None);
        }
    }
}
