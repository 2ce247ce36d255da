//! A Rollout's ReplicaSets: made, numbered, sized, and kept for a while after their time.

use super::{API, HASH, NAME, Rollout};
use crate::domain::raw::escape;
use crate::sim::clock::seconds;
use crate::sim::controllers::common::{owner_reference, template_hash};
use crate::sim::json::{Json, stamp, time};
use crate::sim::kinds::REPLICA_SETS;
use crate::sim::object::Object;
use crate::sim::world::events::normal;
use crate::sim::world::{Actor, World};
use serde_json::{Value, json};
use std::sync::Arc;

const REVISION: &str = "rollout.argoproj.io/revision";
const HISTORY: &str = "rollout.argoproj.io/revision-history";
const DESIRED: &str = "rollout.argoproj.io/desired-replicas";
const DEADLINE: &str = "scale-down-deadline";

/// A ReplicaSet, parsed.
#[derive(Debug, Clone)]
pub struct Set {
    pub object: Arc<Object>,
    pub value: Arc<Value>,
}

impl Set {
    pub fn hash(&self) -> &str {
        self.value.keyed("/metadata/labels", HASH).unwrap_or_default()
    }

    pub fn replicas(&self) -> i64 {
        self.value.count("/spec/replicas")
    }

    pub fn actual(&self) -> i64 {
        self.value.count("/status/replicas")
    }

    pub fn available(&self) -> i64 {
        self.value.count("/status/availableReplicas")
    }

    pub fn ready(&self) -> i64 {
        self.value.count("/status/readyReplicas")
    }

    pub fn created(&self) -> &str {
        self.value.text("/metadata/creationTimestamp")
    }

    pub fn revision(&self) -> i64 {
        self.annotation(REVISION).and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.value.keyed("/metadata/annotations", key)
    }

    /// Whether it is kept until some time.
    pub fn is_kept(&self) -> bool {
        self.annotation(DEADLINE).is_some()
    }
}

/// Makes the ReplicaSet of the template, and gives it the highest number; whether something was written that the next
/// look must see. A template that comes back keeps its ReplicaSet, gets a new number and keeps the old one as history.
pub fn sync(world: &mut World, rollout: &Rollout) -> bool {
    let others = |new: Option<&Set>| {
        let others = rollout.sets.iter().filter(|set| new.is_none_or(|new| new.object.uid != set.object.uid));
        others.map(Set::revision).max().unwrap_or_default()
    };
    let Some(new) = rollout.new_set() else {
        create(world, rollout, others(None) + 1);
        return true;
    };
    let wanted = others(Some(new)) + 1;
    let old = new.revision();
    if old < wanted {
        world.modify(&new.object.id, Actor::main(NAME), |set| {
            let history = set.keyed("/metadata/annotations", HISTORY).unwrap_or_default().to_owned();
            let history = if history.is_empty() { old.to_string() } else { format!("{history},{old}") };
            set.put(&format!("/metadata/annotations/{}", escape(REVISION)), wanted.to_string());
            set.put(&format!("/metadata/annotations/{}", escape(HISTORY)), history);
        });
        return true;
    }
    let noted = rollout.value.keyed("/metadata/annotations", REVISION);
    if noted == Some(old.to_string().as_str()) {
        return false;
    }
    let path = format!("/metadata/annotations/{}", escape(REVISION));
    world.modify(rollout.id(), Actor::main(NAME), |object| object.put(&path, old.to_string())).is_some()
}

fn create(world: &mut World, rollout: &Rollout, revision: i64) {
    let template = rollout.value.at("/spec/template");
    if !template.is_object() {
        return;
    }
    let hash = template_hash(template, rollout.value.count("/status/collisionCount"));
    let name = format!("{}-{hash}", rollout.id().name);
    let mut template = template.clone();
    template.put(&format!("/metadata/labels/{HASH}"), hash.as_str());
    let mut selector = rollout.value.at("/spec/selector").clone();
    selector.put(&format!("/matchLabels/{HASH}"), hash.as_str());
    let set = json!({
        "metadata": {
            "name": name, "labels": template.at("/metadata/labels"),
            "ownerReferences": owner_reference(&rollout.object, API, "Rollout"),
            "annotations": {REVISION: revision.to_string(), DESIRED: rollout.replicas().to_string()},
        },
        "spec": {"replicas": 0, "selector": selector, "template": template},
    });
    if world.create(&rollout.id().beside(REPLICA_SETS, &name), set, Actor::main(NAME)).is_ok() {
        let message = format!("Created ReplicaSet {name} (revision {revision})");
        world.say(&rollout.object, normal(NAME, "NewReplicaSetCreated"), &message);
    }
}

/// Gives a ReplicaSet so many replicas; one that is wanted again is no longer kept until some time.
pub fn scale(world: &mut World, rollout: &Rollout, set: &Set, replicas: i64) {
    let (old, desired) = (set.replicas(), rollout.replicas().to_string());
    world.modify(&set.object.id, Actor::main(NAME), |value| {
        value.put("/spec/replicas", replicas);
        value.put(&format!("/metadata/annotations/{}", escape(DESIRED)), desired);
        value.cut(&format!("/metadata/annotations/{DEADLINE}"));
    });
    if old != replicas {
        let verb = if old < replicas { "up" } else { "down" };
        let message = format!(
            "Scaled {verb} ReplicaSet {} (revision {}) from {old} to {replicas}",
            set.object.id.name,
            set.revision()
        );
        world.say(&rollout.object, normal(NAME, "ScalingReplicaSet"), &message);
    }
}

/// Keeps a ReplicaSet for so many seconds, then it ends; one that is kept already keeps its time.
pub fn keep(world: &mut World, set: &Set, delay: i64) {
    if set.is_kept() || set.replicas() == 0 {
        return;
    }
    let deadline = stamp(world.now() + seconds(delay));
    world.modify(&set.object.id, Actor::main(NAME), |value| {
        value.put(&format!("/metadata/annotations/{DEADLINE}"), deadline);
    });
}

/// Scales down what was kept long enough, and looks again when the next time is over.
pub fn scale_down_due(world: &mut World, rollout: &Rollout) {
    let Some(rollout) = Rollout::read(world, rollout.id()) else { return };
    let now = world.now();
    for set in &rollout.sets {
        let Some(due) = set.annotation(DEADLINE).and_then(time) else { continue };
        if due <= now {
            scale(world, &rollout, set, 0);
        } else {
            world.later(NAME, rollout.id(), due.duration_since(now));
        }
    }
}
