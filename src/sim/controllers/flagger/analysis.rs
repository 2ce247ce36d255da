//! What Flagger asks at a check: metrics, as the target's annotations make them, and webhooks.

use super::canary::Canary;
use crate::sim::json::Json;
use crate::sim::loadtester;
use crate::sim::world::World;
use serde_json::Value;

/// Whether every webhook of a kind says yes; the name of the first that does not.
pub fn asked<'a>(world: &World, canary: &'a Canary, kind: &str) -> Result<(), &'a str> {
    let hooks = canary.value.list("/spec/analysis/webhooks").iter();
    let mut of_kind = hooks.filter(|hook| {
        let kinds = hook.text("/type");
        kinds == kind || (kinds.is_empty() && kind == "rollout")
    });
    match of_kind.find(|hook| !loadtester::says_yes(world, &canary.id, hook.text("/url"))) {
        Some(hook) => Err(hook.text("/name")),
        None => Ok(()),
    }
}

/// Whether a rollback hook asks for a rollback.
pub fn rolls_back(world: &World, canary: &Canary) -> bool {
    let mut hooks = canary.value.list("/spec/analysis/webhooks").iter();
    hooks.any(|hook| hook.text("/type") == "rollback" && loadtester::says_yes(world, &canary.id, hook.text("/url")))
}

/// Whether the metrics are within their limits; else which is not.
pub fn measured(canary: &Canary, target: &Value) -> Result<(), String> {
    let set = |key: &str| target.keyed("/spec/template/metadata/annotations", key)?.parse::<f64>().ok();
    let (name, namespace) = (canary.name(), &canary.id.namespace);
    for metric in canary.value.list("/spec/analysis/metrics") {
        let limit = |side: &str| metric.at(&format!("/thresholdRange/{side}")).as_f64();
        match metric.text("/name") {
            "request-success-rate" => {
                let rate = 100.0 * (1.0 - set("sim/error-rate").unwrap_or(0.001));
                let least = limit("min").or(metric.at("/threshold").as_f64());
                if let Some(least) = least.filter(|least| rate < *least) {
                    return Err(format!("Halt {name}.{namespace} advancement success rate {rate:.2}% < {least}%"));
                }
            }
            "request-duration" => {
                let took = set("sim/latency-ms").unwrap_or(20.0);
                let most = limit("max").or(metric.at("/threshold").as_f64());
                if let Some(most) = most.filter(|most| took > *most) {
                    return Err(format!("Halt {name}.{namespace} advancement request duration {took:.0}ms > {most}ms"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}
