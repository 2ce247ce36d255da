//! Which objects belong to a Rollout's release.

use crate::domain::objects::{MANAGED_BY_ROLLOUTS, Objects};
use crate::domain::traffic::Rollout;
use crate::domain::traffic::rollout::RolloutStrategy;
use crate::domain::{Kind, ObjectKey};
use crate::strategy::{Claim, Rank};
use std::sync::Arc;

/// The claim of the Rollout at `key`, or of the first Rollout with a strategy of `ours` that names the object at `key` as
/// the workload with its template, as a Service or as a route.
pub fn claim(key: &ObjectKey, objects: &dyn Objects, ours: fn(&RolloutStrategy) -> bool) -> Option<Claim> {
    if !objects.any(Kind::Rollout) {
        return None;
    }
    let rollout = owner(key, objects, ours)?;
    let members = std::iter::once(rollout.meta.key.clone()).chain(named(&rollout));
    Some(Claim {
        root: rollout.meta.key.clone(),
        members: members.collect(),
        rank: Rank::Argo,
        why: why(&rollout).into(),
    })
}

fn owner(key: &ObjectKey, objects: &dyn Objects, ours: fn(&RolloutStrategy) -> bool) -> Option<Arc<Rollout>> {
    if key.kind == Kind::Rollout {
        return objects.rollout(key).filter(|rollout| ours(&rollout.strategy)).cloned();
    }
    let named = objects.rollouts_naming(key).into_iter().find(|rollout| ours(&rollout.strategy));
    named.or_else(|| {
        // A Service keeps Argo's annotation also where the Rollout names it in a way that is not known here.
        let service = (key.kind == Kind::Service).then(|| objects.service(key))??;
        let name = service.managed_by_rollout()?;
        let root = ObjectKey::new(Kind::Rollout, key.namespace.clone(), name.clone());
        objects.rollout(&root).filter(|rollout| ours(&rollout.strategy)).cloned()
    })
}

/// The objects that a Rollout names: its referenced workload, its Services, its routes, its DestinationRule.
pub fn named(rollout: &Rollout) -> Vec<ObjectKey> {
    let namespace = &rollout.meta.key.namespace;
    let template = rollout.template_key().filter(|key| *key != rollout.meta.key);
    let subsets = rollout.routing().and_then(|routing| routing.destination_rule.as_ref());
    let rule = subsets.map(|rule| ObjectKey::new(Kind::DestinationRule, namespace.clone(), rule.name.clone()));
    template.into_iter().chain(rollout.services()).chain(rollout.routes()).chain(rule).collect()
}

/// Why it was recognised.
pub fn why(rollout: &Rollout) -> String {
    let how = match &rollout.strategy {
        RolloutStrategy::Canary(canary) => match &canary.routing {
            Some(routing) if !routing.routers.is_empty() => {
                let routers: Vec<&str> = routing.routers.iter().map(AsRef::as_ref).collect();
                format!("strategy canary, weights by {}", routers.join(" and "))
            }
            _ => "strategy canary, weights by numbers of pods".into(),
        },
        RolloutStrategy::BlueGreen(sides) => {
            format!("strategy blueGreen, switched by service/{}", sides.active_service)
        }
        RolloutStrategy::Unclear => "its strategy is neither canary nor blueGreen".into(),
    };
    match &rollout.workload_ref {
        Some(target) => format!("an Argo Rollout: {how}; its template is in {}", target.words()),
        None => format!("an Argo Rollout: {how}"),
    }
}

/// Whether a Service carries Argo's mark of another Rollout than this one.
pub fn steered_by_another(annotations: &crate::domain::selector::Labels, rollout: &Rollout) -> Option<String> {
    let name = annotations.get(MANAGED_BY_ROLLOUTS)?;
    (*name != rollout.meta.key.name).then(|| name.to_string())
}
