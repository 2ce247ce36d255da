//! Argo's `AnalysisRun`.

use super::rollout::{REVISION, role};
use super::tree::Node;
use crate::domain::traffic::ObjectMeta;
use crate::domain::traffic::analysis::{AnalysisRun, Measurement, Metric, MetricResult};
use crate::domain::{Str, Uid};

/// The row of an `AnalysisRun`.
pub fn run(meta: ObjectMeta, object: &Node<'_>) -> AnalysisRun {
    let (spec, status) = (object.at("spec"), object.at("status"));
    let label = |name: &str| meta.labels.get(name);
    let results = status.at("metricResults").items();
    let dry: Vec<Str> = spec.at("dryRun").items().iter().filter_map(|item| item.at("metricName").kept()).collect();
    let metrics = spec.at("metrics").items();
    let started = status.at("startedAt").time();
    AnalysisRun {
        owner: meta.owner.as_ref().map(|owner| Uid::new(owner.uid.0.clone())),
        role: role(label("rollout-type")),
        step: label("step-index").and_then(|text| text.parse().ok()),
        revision: meta.annotations.get(REVISION).and_then(|text| text.parse().ok()),
        hash: label("rollouts-pod-template-hash").cloned(),
        terminate: spec.at("terminate").flag(),
        phase: text(&status.at("phase")),
        message: text(&status.at("message")),
        started,
        metrics: metrics.iter().map(|node| metric(node, &results, &dry)).collect(),
        meta,
    }
}

fn text(node: &Node<'_>) -> Str {
    node.kept().unwrap_or_else(|| "".into())
}

fn metric(node: &Node<'_>, results: &[Node<'_>], dry: &[Str]) -> Metric {
    let name = text(&node.at("name"));
    let provider = node.at("provider");
    let found = results.iter().find(|result| result.at("name").text() == Some(&name));
    Metric {
        interval: node.at("interval").kept(),
        count: node.at("count").loose(),
        success: node.at("successCondition").kept(),
        failure: node.at("failureCondition").kept(),
        failure_limit: node.at("failureLimit").loose(),
        inconclusive_limit: node.at("inconclusiveLimit").loose(),
        error_limit: node.at("consecutiveErrorLimit").loose(),
        provider: provider.members().first().map(|(name, _)| Str::from(*name)),
        query: provider.at("prometheus").at("query").kept(),
        dry_run: dry.iter().any(|pattern| *pattern == name || &**pattern == ".*"),
        result: found.map(result),
        name,
    }
}

fn result(node: &Node<'_>) -> MetricResult {
    let count = |name: &str| node.at(name).int().unwrap_or_default();
    MetricResult {
        phase: text(&node.at("phase")),
        message: text(&node.at("message")),
        count: count("count"),
        successful: count("successful"),
        failed: count("failed"),
        inconclusive: count("inconclusive"),
        error: count("error"),
        consecutive_error: count("consecutiveError"),
        measurements: node.at("measurements").items().iter().map(measurement).collect(),
    }
}

fn measurement(node: &Node<'_>) -> Measurement {
    Measurement {
        phase: text(&node.at("phase")),
        value: text(&node.at("value")),
        message: text(&node.at("message")),
        started: node.at("startedAt").time(),
        finished: node.at("finishedAt").time(),
    }
}
