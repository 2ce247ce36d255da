//! What controllers measure by themselves: Argo's analysis runs, and the checks of Flagger's Canary, whose last values
//! Flagger exports to Prometheus (`flagger_canary_metric_analysis`).

use super::prometheus::Client;
use super::source::{Answering, Found, MetricSource, Question, Trouble};
use crate::domain::Str;
use crate::domain::measurement::{Named, Reading};
use crate::domain::release::{Release, Role};
use crate::domain::traffic::{AnalysisRun, Canary};
use std::collections::HashMap;
use std::sync::Arc;

/// The source.
#[derive(Debug)]
pub struct Controllers {
    prometheus: Arc<Client>,
}

impl MetricSource for Controllers {
    fn name(&self) -> &'static str {
        "controllers"
    }

    fn queries(&self) -> bool {
        true
    }

    fn release<'a>(&'a self, question: &'a Question) -> Answering<'a, Option<Found>> {
        Box::pin(self.measure(&question.release))
    }
}

impl Controllers {
    /// Asks nothing yet.
    pub const fn new(prometheus: Arc<Client>) -> Self {
        Self { prometheus }
    }

    async fn measure(&self, release: &Release) -> Result<Option<Found>, Trouble> {
        let Some(traffic) = &release.traffic else { return Ok(None) };
        if let Some(canary) = &traffic.rows.canary {
            if canary.analysis.metrics.is_empty() {
                return Ok(None);
            }
            let values = self.flaggers_values(canary).await.unwrap_or_default();
            return Ok(Some(found("flagger", "checks of the Canary", flagger(canary, &values))));
        }
        let named = argo(&traffic.rows.runs);
        Ok((!named.is_empty()).then(|| found("argo", "measurements of the analysis runs", named)))
    }

    /// The last value of each check, where there is a Prometheus that has Flagger's own metrics.
    async fn flaggers_values(&self, canary: &Canary) -> Option<HashMap<String, f64>> {
        self.prometheus.server().await.ok()??;
        let key = &canary.meta.key;
        let query = format!("flagger_canary_metric_analysis{{name=\"{}\",namespace=\"{}\"}}", key.name, key.namespace);
        // Where honor_labels is off, the scrape's own namespace takes the label and Flagger's is `exported_namespace`.
        let query = format!("{query} or {}", query.replace("namespace=", "exported_namespace="));
        let answer = self.prometheus.query(&query).await.ok()?;
        let value = |row: &super::prometheus::Row| Some((row.label("metric")?.to_owned(), row.points.last()?.1));
        Some(answer.rows.iter().filter_map(value).collect())
    }
}

fn found(source: &str, detail: &str, named: Vec<Named>) -> Found {
    Found { source: source.into(), detail: detail.into(), named, ..Found::default() }
}

/// The Canary's checks with their limits.
fn flagger(canary: &Canary, values: &HashMap<String, f64>) -> Vec<Named> {
    let named = |metric: &crate::domain::traffic::canary::CanaryMetric| {
        // Flagger's two built-in checks have fixed units; a template's is its own. Durations have their limits in
        // milliseconds, and are exported in seconds (`SetAnalysis(…, val.Seconds())`).
        let (unit, scale) = match (&*metric.name, &metric.template) {
            ("request-success-rate", None) => ("%", 1.0),
            ("request-duration", None) => ("ms", 1_000.0),
            _ => ("", 1.0),
        };
        let value = values.get(&*metric.name).map_or(Reading::NoSource, |value| Reading::of(*value * scale));
        let verdict: Str = match value.value() {
            None => "".into(),
            Some(value) if metric.min.is_some_and(|min| value < min) => "below its limit".into(),
            Some(value) if metric.max.is_some_and(|max| value > max) => "above its limit".into(),
            Some(_) => "within its limits".into(),
        };
        Named {
            name: metric.name.clone(),
            values: vec![(Role::Candidate, value, None)],
            min: metric.min,
            max: metric.max,
            unit: unit.into(),
            verdict,
            ..Named::default()
        }
    };
    canary.analysis.metrics.iter().map(named).collect()
}

/// The metrics of the runs that measure now, else of the newest one.
fn argo(runs: &[Arc<AnalysisRun>]) -> Vec<Named> {
    let mut running: Vec<&Arc<AnalysisRun>> = runs.iter().filter(|run| run.is_running()).collect();
    if running.is_empty() {
        running.extend(runs.first());
    }
    let metrics = running.into_iter().flat_map(|run| &run.metrics);
    metrics
        .map(|metric| {
            let result = metric.result.as_ref();
            let last = result.and_then(|result| result.measurements.last());
            let reading = last.map_or(Reading::NoSource, |last| match number(&last.value) {
                Some(value) => Reading::of(value),
                None if last.message.is_empty() => Reading::NoTraffic,
                None => Reading::Unusable(last.message.clone()),
            });
            let samples = result.and_then(|result| u64::try_from(result.count).ok());
            let (min, max) = limits(metric.success.as_deref(), metric.failure.as_deref());
            let mut verdict = result.map(|result| result.phase.to_string()).unwrap_or_default();
            if metric.dry_run {
                verdict.push_str(" (dry run)");
            }
            Named {
                name: metric.name.clone(),
                values: vec![(Role::Candidate, reading, samples)],
                min,
                max,
                verdict: verdict.into(),
                // The controller measured it, and not we when we asked.
                at: last.and_then(|last| last.finished.or(last.started)),
                ..Named::default()
            }
        })
        .collect()
}

/// The first number of a measurement: `[0.98]`, `0.98`, `[NaN]`.
fn number(value: &str) -> Option<f64> {
    let first = value.trim().trim_start_matches('[').trim_end_matches(']').split(',').next()?.trim();
    first.parse().ok()
}

/// The limits that plain conditions name: `result[0] >= 0.95`, `result < 0.05 && result > 0`. Others are none.
fn limits(success: Option<&str>, failure: Option<&str>) -> (Option<f64>, Option<f64>) {
    let (mut min, mut max) = (None, None);
    let conditions = [(success, true), (failure, false)];
    for (condition, well) in conditions.into_iter().filter_map(|(condition, well)| Some((condition?, well))) {
        if condition.contains("||") {
            continue;
        }
        for clause in condition.split("&&") {
            let Some(at) = clause.find(['<', '>']) else { continue };
            let (left, right) = clause.split_at(at);
            let above = right.starts_with('>');
            let limit = right.trim_start_matches(['<', '>', '=']).trim().parse::<f64>().ok();
            let of_result = left.trim().starts_with("result");
            match (of_result, limit, above == well) {
                (true, Some(limit), true) => min = min.or(Some(limit)),
                (true, Some(limit), false) => max = max.or(Some(limit)),
                _ => {}
            }
        }
    }
    (min, max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_conditions_are_limits_and_others_are_none() {
        assert_eq!(limits(Some("result[0] >= 0.95"), None), (Some(0.95), None));
        assert_eq!(limits(Some("result <= 0.05 && result >= 0"), None), (Some(0.0), Some(0.05)));
        assert_eq!(limits(None, Some("result[0] < 0.9")), (Some(0.9), None));
        assert_eq!(limits(Some("result[0] >= 0.95"), Some("result[0] > 2")), (Some(0.95), Some(2.0)));
        assert_eq!(limits(Some("len(result) == 0 || result[0] < 1"), None), (None, None));
        assert_eq!(limits(Some("all(result, {# < 1})"), None), (None, None));
    }

    #[test]
    fn a_duration_is_held_against_its_limit_in_the_limits_unit() {
        use crate::domain::Kind;
        let canary = serde_json::json!({"spec": {
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "service": {"port": 80},
            "analysis": {"interval": "10s", "threshold": 5, "maxWeight": 50, "stepWeight": 25, "metrics": [
                {"name": "request-duration", "thresholdRange": {"max": 500}, "interval": "10s"}]},
        }});
        let shop = crate::strategy::testing::shop::Shop::default()
            .deployment("web", &[("app", "web")], "v1", (2, 9_000))
            .with(Kind::Canary, "web", canary);
        let release = shop.release(Kind::Canary, "web");
        let canary = release.traffic.as_ref().unwrap().rows.canary.clone().unwrap();
        let of = |seconds| flagger(&canary, &HashMap::from([("request-duration".to_owned(), seconds)])).remove(0);
        assert_eq!((of(0.75).values[0].1.clone(), &*of(0.75).verdict), (Reading::Value(750.0), "above its limit"));
        assert_eq!(&*of(0.12).verdict, "within its limits");
    }

    #[test]
    fn a_measurements_first_number_counts() {
        assert_eq!(number("[0.98]"), Some(0.98));
        assert_eq!(number("0.5"), Some(0.5));
        assert_eq!(number("[1.5, 2]"), Some(1.5));
        assert!(number("[NaN]").is_some_and(f64::is_nan));
        assert_eq!(number("ok"), None);
        assert_eq!(number("[]"), None);
    }
}
