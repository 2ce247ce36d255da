//! Whether there is room for the pods that an update brings for a while: quotas, the autoscaler's range, disruption budgets.

use super::words::{clip, count, form};
use crate::domain::details::Quota;
use crate::domain::quantity::quantity;
use crate::domain::workload::UpdateStrategy;
use crate::domain::{Details, Kind, Release, Str};
use serde_json::Value;

/// What of it should be known before `template` rolls out.
pub fn warnings(release: &Release, details: &Details, template: &Value) -> Vec<Str> {
    let extra = extra_pods(release);
    let quotas = details.quotas.iter().filter_map(|quota| too_small(quota, extra, template));
    let autoscaler = release.autoscaler.iter().filter(|hpa| hpa.desired >= hpa.max && hpa.max > 0);
    let at_its_end = autoscaler.map(|hpa| {
        format!(
            "HPA {} is at its maximum of {}: if this version needs more pods, it gets none",
            clip(&hpa.key.name, 60),
            hpa.max
        )
    });
    let budgets = release.budgets.iter().filter(|budget| budget.allowed <= 0);
    let closed = budgets.map(|budget| {
        format!(
            "PDB {} allows no disruption now ({} of {} healthy): a rollout does not ask it, a drain would wait",
            clip(&budget.key.name, 60),
            budget.healthy,
            budget.wanted
        )
    });
    quotas.chain(at_its_end).chain(closed).map(Into::into).collect()
}

/// Pods that there are on top of the wanted ones while it rolls.
fn extra_pods(release: &Release) -> i32 {
    let desired = release.replicas.desired.max(0);
    match release.update {
        UpdateStrategy::Rolling { surge, .. } if release.key.kind == Kind::Deployment => {
            surge.rounded_up(desired).clamp(0, desired.max(1))
        }
        UpdateStrategy::Rolling { surge, .. } => surge.rounded_up(desired).max(0),
        UpdateStrategy::Ordered { .. } | UpdateStrategy::Recreate | UpdateStrategy::OnDelete => 0,
    }
}

/// What a quota has no room for: a sentence without its stop.
fn too_small(quota: &Quota, extra: i32, template: &Value) -> Option<String> {
    if extra == 0 {
        return None;
    }
    let short = quota.left.iter().find_map(|(resource, left)| {
        let each = needed(resource, template)?;
        let wanted = each * f64::from(extra);
        (wanted > *left + f64::EPSILON).then_some(resource)
    })?;
    Some(format!(
        "quota {} has no room for the {} that {} on top while it rolls ({short} is used up): it goes on only as others end",
        clip(&quota.name, 60),
        count(i64::from(extra), "pod"),
        form(i64::from(extra), "comes", "come"),
    ))
}

/// How much of a quota's resource one pod of the template takes; `None` for what pods do not take.
fn needed(resource: &str, template: &Value) -> Option<f64> {
    let (section, name) = match resource {
        "pods" | "count/pods" => return Some(1.0),
        "cpu" | "memory" => ("requests", resource),
        other => other.split_once('.').filter(|(section, _)| matches!(*section, "requests" | "limits"))?,
    };
    let containers = template.pointer("/spec/containers")?.as_array()?;
    let pointer = format!("/resources/{section}/{name}");
    let amounts = containers.iter().filter_map(|container| container.pointer(&pointer)?.as_str().and_then(quantity));
    Some(amounts.sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::testing::{World, autoscaler, budget};
    use serde_json::json;
    use std::sync::Arc;

    fn quota(resource: &str, left: f64) -> Quota {
        Quota { name: "small".into(), left: [(resource.into(), left)].into() }
    }

    #[test]
    fn a_quota_without_room_for_the_surge_is_named_and_one_with_room_is_not() {
        let template = json!({"spec": {"containers": [{"resources": {"requests": {"cpu": "500m"}, "limits": {"memory": "1Gi"}}}]}});
        // A quarter of 8 on top: two pods.
        let release = World::rolling(8).revision(1, "v1", 9_000).pods(1, 8, true).release();
        let mut details = World::rolling(8).revision(1, "v1", 9_000).details();
        let told = |details: &Details| warnings(&release, details, &template);
        for (resource, too_little, enough) in
            [("pods", 1.0, 2.0), ("requests.cpu", 0.9, 1.0), ("cpu", 0.9, 1.0), ("limits.memory", 1e9, 3e9)]
        {
            details.quotas = vec![quota(resource, too_little)];
            let said = told(&details);
            assert!(
                said.len() == 1 && said[0].contains("quota small has no room for the 2 pods"),
                "{resource}: {said:?}"
            );
            details.quotas = vec![quota(resource, enough)];
            assert!(told(&details).is_empty(), "{resource}");
        }
        details.quotas = vec![quota("services", 0.0)];
        assert!(told(&details).is_empty(), "what pods do not take is no matter");
    }

    #[test]
    fn an_autoscaler_at_its_maximum_and_a_budget_without_room_are_told_before_a_rollout() {
        let world = World::rolling(8).revision(1, "v1", 9_000).pods(1, 8, true);
        let told = |desired: i32, max: i32, allowed: i32| {
            let mut release = world.release();
            release.autoscaler = Some(Arc::new(autoscaler(desired, max)));
            release.budgets = vec![Arc::new(budget(allowed, 6))];
            warnings(&release, &world.details(), &json!({}))
        };
        assert_eq!(
            told(9, 9, 0),
            [
                "HPA web is at its maximum of 9: if this version needs more pods, it gets none",
                "PDB web allows no disruption now (6 of 6 healthy): a rollout does not ask it, a drain would wait",
            ]
            .map(Str::from)
        );
        assert!(told(8, 9, 1).is_empty(), "{:?}", told(8, 9, 1));
        assert!(told(0, 0, 1).is_empty(), "an autoscaler that was not looked at yet has no maximum");
    }
}
