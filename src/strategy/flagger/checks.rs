//! What Flagger checks, with its limits and where it stands.

use super::phase::{Phase, iterations, style};
use super::scene::Scene;
use crate::domain::Str;
use crate::domain::state::Verdict;
use crate::domain::traffic::canary::{CanaryMetric, CanaryStyle};
use crate::domain::traffic::hook::{HookKind, Webhook};
use crate::domain::traffic::view::Check;
use crate::strategy::workload::words::clip;

/// The checks: failed ones first, then iterations, metrics and hooks.
pub fn checks(scene: &Scene) -> Vec<Check> {
    let canary = &scene.canary;
    let mut checks = Vec::new();
    if scene.phase.can_roll_back() {
        checks.push(failed(canary.status.failed_checks, canary.threshold()));
        if style(canary) != CanaryStyle::Weighted {
            let (done, all) = (canary.status.iterations.unwrap_or(0).max(0), iterations(canary));
            checks.push(check("iterations", format!("{} of {all}", done.min(all)), Verdict::Ok, String::new()));
        }
    }
    checks.extend(canary.analysis.metrics.iter().map(|it| metric(it, scene.phase)));
    checks.extend(canary.analysis.webhooks.iter().filter_map(|it| hook(it, &canary.meta.key.namespace)));
    checks
}

fn check(name: &str, standing: String, verdict: Verdict, limit: String) -> Check {
    Check {
        name: clip(name, 60).into(),
        standing: standing.into(),
        verdict,
        limit: limit.into(),
        values: Vec::new(),
        message: "".into(),
    }
}

fn failed(failed: i64, threshold: i64) -> Check {
    let verdict = match failed {
        ..=0 => Verdict::Ok,
        some if some < threshold => Verdict::Warn,
        _ => Verdict::Bad,
    };
    let mut check =
        check("failed checks", format!("{failed} of {threshold}"), verdict, format!("{threshold} roll back"));
    check.message = "counted over the whole run: a good check takes none away".into();
    check
}

fn metric(metric: &CanaryMetric, phase: Phase) -> Check {
    let standing =
        if phase.can_roll_back() { "measured by Flagger at every check" } else { "measured during a release" };
    let every = metric.interval.as_ref().map(|interval| format!("over {}", clip(interval, 20)));
    let from = metric.template.as_ref().map(|template| format!("MetricTemplate {}", clip(template, 60)));
    let message: Vec<String> = [from, every].into_iter().flatten().collect();
    let mut check = check(&metric.name, standing.into(), Verdict::Unknown, limit(metric));
    check.message = message.join(", ").into();
    check
}

/// `≥ 99 %`, `≤ 500 ms`, `0.5 to 2`.
fn limit(metric: &CanaryMetric) -> String {
    let unit = match &*metric.name {
        "request-success-rate" => " %",
        "request-duration" => " ms",
        _ => "",
    };
    match (metric.min, metric.max) {
        (Some(min), Some(max)) => format!("{min} to {max}{unit}"),
        (Some(min), None) => format!("≥ {min}{unit}"),
        (None, Some(max)) => format!("≤ {max}{unit}"),
        (None, None) => "no limit".into(),
    }
}

fn hook(hook: &Webhook, namespace: &Str) -> Option<Check> {
    let when: Str = match &hook.kind {
        HookKind::ConfirmRollout => "asked before the start".into(),
        HookKind::ConfirmTrafficIncrease => "asked before every weight".into(),
        HookKind::ConfirmPromotion => "asked before the promotion".into(),
        HookKind::Rollback => "asked at every check: a yes rolls back".into(),
        HookKind::PreRollout => "asked before the first weight".into(),
        HookKind::Rollout => "asked at every check".into(),
        HookKind::PostRollout | HookKind::Event => return None,
        HookKind::Other(word) => format!("of type '{}'", clip(word, 40)).into(),
    };
    let limit = if hook.kind.holds() { "a no holds" } else { "a no is a failed check" };
    let limit = if hook.kind == HookKind::Rollback { "" } else { limit };
    let mut check = check(&hook.name, when.to_string(), Verdict::Unknown, limit.into());
    if hook.gate(namespace).is_some() {
        check.message =
            "a gate of the load tester: nothing tells whether it is open, and a restart of the load tester closes it"
                .into();
    }
    Some(check)
}
