//! Flagger's Canary.

use super::custom::{conditions, target};
use super::matching;
use super::strings::Pool;
use super::tree::Node;
use crate::domain::Str;
use crate::domain::traffic::ObjectMeta;
use crate::domain::traffic::canary::{Canary, CanaryAnalysis, CanaryMetric, CanaryService, CanaryStatus};
use crate::domain::traffic::hook::{HookKind, Webhook};
use crate::domain::traffic::rollout_steps::duration;
use jiff::SignedDuration;

/// The row of a Canary.
pub fn canary(meta: ObjectMeta, object: &Node<'_>, pool: &mut Pool) -> Canary {
    let spec = object.at("spec");
    let analysis = spec.at("analysis");
    let analysis = if analysis.is_there() { analysis } else { spec.at("canaryAnalysis") };
    let deadline = spec.at("progressDeadlineSeconds").int().filter(|seconds| *seconds > 0);
    Canary {
        target: target(&spec.at("targetRef"), pool),
        autoscaler: target(&spec.at("autoscalerRef"), pool),
        provider: spec.at("provider").shared(pool),
        progress_deadline: deadline.map_or(SignedDuration::from_mins(10), SignedDuration::from_secs),
        suspend: spec.at("suspend").flag(),
        skip_analysis: spec.at("skipAnalysis").flag(),
        service: service(&spec.at("service")),
        analysis: analysis_of(&analysis),
        status: status(&object.at("status"), pool),
        meta,
    }
}

fn service(node: &Node<'_>) -> CanaryService {
    let references = node.at("gatewayRefs").items();
    let references = references.iter().filter_map(|reference| reference.at("name").kept());
    CanaryService {
        name: node.at("name").kept(),
        port: node.at("port").int(),
        hosts: node.at("hosts").texts(),
        gateways: node.at("gateways").texts().into_iter().chain(references).collect(),
        delegation: node.at("delegation").flag(),
    }
}

fn analysis_of(node: &Node<'_>) -> CanaryAnalysis {
    let weights = node.at("stepWeights").items();
    let interval = node.at("interval");
    let read = interval.text().map(|text| {
        duration(text).or_else(|| {
            interval.unreadable();
            None
        })
    });
    CanaryAnalysis {
        interval: read.flatten(),
        threshold: node.at("threshold").int(),
        iterations: node.at("iterations").int(),
        max_weight: node.at("maxWeight").int(),
        step_weight: node.at("stepWeight").int(),
        step_weights: weights.iter().filter_map(Node::int).collect(),
        step_weight_promotion: node.at("stepWeightPromotion").int(),
        mirror: node.at("mirror").flag(),
        mirror_weight: node.at("mirrorWeight").int(),
        matches: matching::istio_or_gateway(&node.at("match")),
        affinity_cookie: node.at("sessionAffinity").at("cookieName").kept(),
        metrics: node.at("metrics").items().iter().map(metric).collect(),
        webhooks: node.at("webhooks").items().iter().map(webhook).collect(),
    }
}

fn metric(node: &Node<'_>) -> CanaryMetric {
    let name = node.at("name").kept().unwrap_or_else(|| "".into());
    let range = node.at("thresholdRange");
    // The older form has one number: the least success rate, or the most of everything else.
    let single = node.at("threshold").float();
    let (least, most) = if &*name == "request-success-rate" { (single, None) } else { (None, single) };
    let reference = node.at("templateRef");
    let template = reference.at("name").kept().map(|name| match reference.at("namespace").text() {
        Some(namespace) => Str::from(format!("{namespace}/{name}")),
        None => name,
    });
    CanaryMetric {
        name,
        interval: node.at("interval").kept(),
        min: range.at("min").float().or(least),
        max: range.at("max").float().or(most),
        template,
    }
}

fn webhook(node: &Node<'_>) -> Webhook {
    Webhook {
        name: node.at("name").kept().unwrap_or_else(|| "".into()),
        kind: HookKind::of(node.at("type").text().unwrap_or_default()),
        url: node.at("url").kept().unwrap_or_else(|| "".into()),
        timeout: node.at("timeout").kept(),
        command: node.at("metadata").at("cmd").kept(),
    }
}

fn status(node: &Node<'_>, pool: &mut Pool) -> CanaryStatus {
    CanaryStatus {
        phase: node.at("phase").shared(pool).unwrap_or_else(|| "".into()),
        weight: node.at("canaryWeight").int(),
        iterations: node.at("iterations").int(),
        failed_checks: node.at("failedChecks").int().unwrap_or_default(),
        last_applied: node.at("lastAppliedSpec").kept(),
        last_promoted: node.at("lastPromotedSpec").kept(),
        tracked: node.at("trackedConfigs").members().into_iter().map(|(name, _)| name.into()).collect(),
        last_transition: node.at("lastTransitionTime").time(),
        conditions: conditions(&node.at("conditions"), pool),
    }
}
