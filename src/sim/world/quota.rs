//! Resource quotas: refusing pods that would exceed one.

use super::World;
use crate::domain::quantity::quantity;
use crate::sim::json::Json;
use crate::sim::kinds::{PODS, QUOTAS};
use crate::sim::object::Id;
use crate::sim::refusal::Refusal;
use serde_json::Value;

/// A resource that would be exceeded: its name, what is asked for, what is used, the limit.
type Excess = (String, f64, f64, String);

/// The amount of a quota's resource that a pod takes, in the units of [`amount`].
fn taken(resource: &str, pod: &Value) -> f64 {
    let request = match resource {
        "pods" | "count/pods" => return 1.0,
        "requests.cpu" | "cpu" => "cpu",
        "requests.memory" | "memory" => "memory",
        _ => return 0.0,
    };
    let containers = pod.list("/spec/containers").iter();
    containers.map(|container| amount(container.at("/resources/requests").text(&format!("/{request}")))).sum()
}

/// A quantity as a number; nothing for what is none.
pub fn amount(text: &str) -> f64 {
    quantity(text).unwrap_or_default()
}

/// Refuses a pod for which some quota of its namespace has no room.
pub fn admit(world: &World, id: &Id, value: &Value) -> Result<(), Refusal> {
    if id.kind != PODS {
        return Ok(());
    }
    for quota in world.store.list(QUOTAS, &id.namespace, None) {
        let value_of = quota.value();
        let mut exceeded: Vec<Excess> = vec![];
        for (resource, hard) in value_of.entries("/spec/hard") {
            let pods = world.store.list(PODS, &id.namespace, None);
            let used: f64 = pods.map(|pod| taken(resource, &pod.parse())).sum();
            let (wanted, hard) = (taken(resource, value), hard.as_str().unwrap_or_default());
            if wanted > 0.0 && used + wanted > amount(hard) + 1e-9 {
                exceeded.push((resource.clone(), wanted, used, hard.to_owned()));
            }
        }
        if !exceeded.is_empty() {
            let list = |pick: &dyn Fn(&Excess) -> String| {
                exceeded.iter().map(|entry| format!("{}={}", entry.0, pick(entry))).collect::<Vec<_>>().join(",")
            };
            let why = format!(
                "exceeded quota: {}, requested: {}, used: {}, limited: {}",
                quota.id.name,
                list(&|entry| entry.1.to_string()),
                list(&|entry| entry.2.to_string()),
                list(&|entry| entry.3.clone()),
            );
            return Err(Refusal::forbidden(world.store.kind(PODS), &id.name, &why));
        }
    }
    Ok(())
}
