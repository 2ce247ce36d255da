//! Another number of replicas.

use super::plan::{Draft, Part, finish, patch, same_object};
use super::words::count;
use super::{diff, kubectl};
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::management::{Manager, Reverts};
use crate::domain::objects::Autoscaler;
use crate::domain::plan::{Inverse, InverseSteps, Operation, Patch, Refusal, Wait, json, null};
use crate::domain::workload::{ConditionStatus, UpdateStrategy};
use crate::domain::{Details, Direction, Intent, Kind, Plan, Release, Str};
use crate::strategy::Context;

/// What a scale to 0 warns of.
pub const NOTHING_SERVES: &str = "0 replicas: nothing serves any more";

/// The plan of another number of replicas.
pub fn plan(release: &Release, details: &Details, replicas: i32, context: &Context) -> Result<Plan, Refusal> {
    same_object(release, details)?;
    let (key, root) = (&release.key, &details.root);
    if key.kind == Kind::DaemonSet {
        return Err(Refusal::because(format!(
            "{key} can't be scaled: a DaemonSet runs one pod on every node that it fits"
        )));
    }
    if replicas < 0 {
        return Err(Refusal::because(format!("{replicas} replicas can't be: name a number from 0")));
    }
    let was = root.value::<i32>("/spec/replicas").unwrap_or(1);
    if was == replicas {
        return Err(Refusal::unchanged(format!("{key} has {} already", count(i64::from(was), "replica"))));
    }
    let number = |number: i32| json(&number).unwrap_or_else(null);
    let call = Patch::of(root).test("/spec/replicas").add("/spec/replicas", number(replicas)).call();
    let autoscaler = details.autoscaler.as_ref().or(release.autoscaler.as_ref());
    let autoscaled = autoscaler.map(|hpa| autoscaled(hpa, replicas));
    let mut warnings: Vec<Str> = autoscaled.iter().map(|(_, warning)| warning.clone()).collect();
    if replicas == 0 {
        warnings.insert(0, NOTHING_SERVES.into());
    }
    let ends = release.budgets.iter().filter(|budget| replicas < budget.wanted).map(|budget| &budget.key.name);
    warnings.extend(ends.map(|name| Str::from(format!("pdb/{name} wants more pods than that"))));
    let draft = Draft {
        title: count(i64::from(replicas), "replica"),
        direction: Direction::Forward,
        calls: vec![patch(call, &format!("only if it has {} now", count(i64::from(was), "replica")))],
        until: Wait::Settled,
        inverse: Inverse::Exact(InverseSteps {
            subresource: None,
            also: Vec::new(),
            target: root.key.clone(),
            operations: vec![Operation::Replace { path: "/spec/replicas".into(), value: number(was) }],
            fenced_on: vec!["/spec/replicas".into()],
            words: format!("back to {} while nobody scales it", count(i64::from(was), "replica")).into(),
            direction: Direction::Back,
        }),
        forecast: Forecast { then: then(release, was, replicas).into(), warnings, ..Forecast::default() },
        risk: if replicas == 0 {
            Risk::High
        } else if replicas < was {
            Risk::Medium
        } else {
            Risk::Low
        },
        diff: vec![diff::value("replicas", Some(&was.to_string()), Some(&replicas.to_string()))],
        needs: Vec::new(),
        kubectl: vec![kubectl::scale(key, was, replicas)],
    };
    let mut plan = finish(release, details, &Intent::Scale(replicas), context, Part::Replicas, draft);
    if let Some((reverts, _)) = autoscaled {
        for by in plan.forecast.reverts.iter_mut().filter(|by| by.manager == Manager::Autoscaler) {
            by.replicas = reverts;
        }
        plan.forecast.reverts.retain(|by| by.replicas != Reverts::WillNot);
    }
    Ok(plan)
}

/// What an autoscaler does to that many replicas, and the warning that says so. Kubernetes'
/// `pkg/controller/podautoscaler`: at 0 it is switched off (unless 0 is its least), outside its bounds it goes back to them
/// whatever it measures, and between them it changes nothing while it can't read its metrics.
fn autoscaled(hpa: &Autoscaler, replicas: i32) -> (Reverts, Str) {
    let (name, min, max) = (&hpa.key.name, hpa.min, hpa.max);
    let blind = hpa.conditions.iter().any(|it| &*it.kind == "ScalingActive" && it.status == ConditionStatus::False);
    if replicas == 0 && min > 0 {
        return (Reverts::WillNot, format!("0 replicas switch hpa/{name} off until somebody scales up").into());
    }
    if blind && (min..=max).contains(&replicas) {
        let text =
            format!("hpa/{name} owns the replicas ({min} to {max}); it reads no metrics now, and may set them again");
        return (Reverts::May, text.into());
    }
    (Reverts::Will, format!("hpa/{name} owns the replicas ({min} to {max}) and sets them again within 15 s").into())
}

fn then(release: &Release, was: i32, replicas: i32) -> String {
    let difference = count((i64::from(replicas) - i64::from(was)).abs(), "pod");
    let one_by_one = matches!(release.update, UpdateStrategy::Ordered { parallel: false, .. });
    let how = if one_by_one { ", one by one" } else { ", at once" };
    if replicas > was { format!("{difference} more{how}") } else { format!("{difference} fewer{how}") }
}
