//! The counters of one pod at one moment, read from the Prometheus text format.

use prometheus_parse::{Labels, Scrape, Value};
use std::collections::BTreeMap;
use std::io;

/// Counters of requests, the likeliest first.
const REQUESTS: [&str; 5] = [
    "http_requests_total",
    "http_server_requests_seconds_count",
    "http_server_request_duration_seconds_count",
    "http_request_duration_seconds_count",
    "istio_requests_total",
];

/// Histograms of durations, without `_bucket`, with the number of their units in a second.
const DURATIONS: [(&str, f64); 4] = [
    ("http_request_duration_seconds", 1.0),
    ("http_server_requests_seconds", 1.0),
    ("http_server_request_duration_seconds", 1.0),
    ("istio_request_duration_milliseconds", 1_000.0),
];

/// The labels that say how a request ended.
const OUTCOMES: [&str; 6] =
    ["code", "status", "status_code", "http_response_status_code", "response_code", "http_status_code"];

/// When the process began: another one counts from 0.
const STARTED: &str = "process_start_time_seconds";

/// What a pod counted since its start.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counters {
    /// Requests.
    pub requests: f64,
    /// Those of which it is told how they ended.
    pub judged: f64,
    /// Those that failed.
    pub failed: f64,
    /// Requests by the upper bound of their duration in seconds (as bits, so that it orders), cumulative.
    pub buckets: BTreeMap<u64, f64>,
    /// Whether there was any counter: one with labels is not there before the first request.
    pub found: bool,
    started: Option<f64>,
}

impl Counters {
    /// Reads the text of a pod; `None`: no counter of requests that is known.
    pub fn read(text: &str) -> Option<Self> {
        let wanted = |line: &&str| {
            let name = line.trim_start().strip_prefix("# TYPE ").unwrap_or(line);
            let known = REQUESTS.iter().copied().chain(DURATIONS.iter().map(|(name, _)| *name)).chain([STARTED]);
            known.into_iter().any(|known| name.starts_with(known))
        };
        let lines = text.lines().filter(wanted).map(|line| io::Result::Ok(plainly_quoted(line)));
        let mut scrape = Scrape::parse(lines).ok()?;
        // A sidecar counts what its pod asks of others, too.
        scrape.samples.retain(|sample| sample.labels.get("reporter") != Some("source"));
        let requests = REQUESTS.iter().find(|name| scrape.samples.iter().any(|sample| sample.metric == **name));
        let mut counters = Self { found: true, ..Self::default() };
        match requests {
            Some(name) => {
                for sample in scrape.samples.iter().filter(|sample| sample.metric == *name) {
                    counters.count(plain(&sample.value)?, &sample.labels);
                }
            }
            // The parser keeps a histogram's buckets and drops its count: that is the last bucket.
            None => {
                let mut any = false;
                for (name, _) in DURATIONS {
                    for sample in scrape.samples.iter().filter(|sample| sample.metric == name) {
                        let Value::Histogram(buckets) = &sample.value else { continue };
                        let all = buckets.iter().find(|bucket| bucket.less_than == f64::INFINITY);
                        counters.count(all.map_or(0.0, |bucket| bucket.count), &sample.labels);
                        any = true;
                    }
                    if any {
                        break;
                    }
                }
                if !any {
                    return None;
                }
            }
        }
        for (name, per_second) in DURATIONS {
            for sample in scrape.samples.iter().filter(|sample| sample.metric == name) {
                let Value::Histogram(buckets) = &sample.value else { continue };
                for bucket in buckets.iter().filter(|bucket| bucket.count.is_finite()) {
                    let bound = (bucket.less_than / per_second).to_bits();
                    *counters.buckets.entry(bound).or_default() += bucket.count;
                }
            }
            if !counters.buckets.is_empty() {
                break;
            }
        }
        let started = scrape.samples.iter().find(|sample| sample.metric == STARTED);
        counters.started = started.and_then(|sample| plain(&sample.value));
        Some(counters)
    }

    fn count(&mut self, number: f64, labels: &Labels) {
        if !number.is_finite() {
            return;
        }
        self.requests += number;
        let outcome = OUTCOMES.iter().find_map(|name| labels.get(name));
        let Some(outcome) = outcome else { return };
        self.judged += number;
        if outcome.starts_with('5') {
            self.failed += number;
        }
    }

    /// What was counted since `earlier`. After a restart of the process that is all there is.
    pub fn since(&self, earlier: &Self) -> Self {
        let restarted = self.started != earlier.started || self.requests < earlier.requests;
        if restarted {
            return self.clone();
        }
        let buckets = self.buckets.iter().map(|(bound, count)| {
            let before = earlier.buckets.get(bound).copied().unwrap_or_default();
            (*bound, (count - before).max(0.0))
        });
        Self {
            requests: self.requests - earlier.requests,
            judged: (self.judged - earlier.judged).max(0.0),
            failed: (self.failed - earlier.failed).max(0.0),
            buckets: buckets.collect(),
            found: self.found,
            started: self.started,
        }
    }
}

/// Whether a text may be a page of metrics without any counter that is known: no page for people, and no JSON.
pub fn may_be_metrics(text: &str) -> bool {
    !text.trim_start().starts_with(['<', '{', '['])
}

/// The line with nothing inside of its quotes that the parser takes for its own: a path may be `/users/{id}`.
fn plainly_quoted(line: &str) -> String {
    if line.starts_with('#') {
        return line.to_owned();
    }
    let (mut quoted, mut escaped) = (false, false);
    let plain = |letter: char| match (letter, quoted, escaped) {
        (_, true, true) => {
            escaped = false;
            '_'
        }
        ('\\', true, false) => {
            escaped = true;
            '_'
        }
        ('"', ..) => {
            quoted = !quoted;
            letter
        }
        ('{' | '}' | ',' | '=', true, false) => '_',
        _ => letter,
    };
    line.chars().map(plain).collect()
}

fn plain(value: &Value) -> Option<f64> {
    match value {
        Value::Counter(number) | Value::Gauge(number) | Value::Untyped(number) => Some(*number),
        Value::Histogram(_) | Value::Summary(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
# HELP go_goroutines Number of goroutines.
# TYPE go_goroutines gauge
go_goroutines 12
# TYPE http_requests_total counter
http_requests_total{code="200",method="GET"} 90
http_requests_total{code="200",method="POST"} 5
http_requests_total{code="503",method="GET"} 5
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.1"} 60
http_request_duration_seconds_bucket{le="+Inf"} 100
http_request_duration_seconds_sum 4.2
http_request_duration_seconds_count 100
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1000
"#;

    #[test]
    fn requests_failures_and_durations_are_read() {
        let counters = Counters::read(TEXT).unwrap();
        assert_eq!((counters.requests, counters.failed), (100.0, 5.0));
        let buckets: Vec<(f64, f64)> =
            counters.buckets.iter().map(|(bound, count)| (f64::from_bits(*bound), *count)).collect();
        assert_eq!(buckets, [(0.1, 60.0), (f64::INFINITY, 100.0)]);
    }

    #[test]
    fn a_histogram_alone_counts_requests_too() {
        let text = "# TYPE http_server_requests_seconds histogram\n\
                    http_server_requests_seconds_bucket{status=\"200\",le=\"+Inf\"} 8\n\
                    http_server_requests_seconds_bucket{status=\"500\",le=\"+Inf\"} 2\n";
        let counters = Counters::read(text).unwrap();
        assert_eq!((counters.requests, counters.failed), (10.0, 2.0));
    }

    #[test]
    fn text_without_requests_is_none() {
        assert_eq!(Counters::read("# TYPE go_goroutines gauge\ngo_goroutines 12\n"), None);
        assert_eq!(Counters::read("<html>not here</html>"), None);
        assert_eq!(Counters::read(""), None);
    }

    #[test]
    fn a_path_with_braces_is_counted_too() {
        let text = "http_requests_total{path=\"/users/{id}\",code=\"200\"} 7\n\
                    http_requests_total{path=\"/a,b=\\\"c\\\"}\",code=\"500\"} 2\n";
        let counters = Counters::read(text).unwrap();
        assert_eq!((counters.requests, counters.failed), (9.0, 2.0));
    }

    #[test]
    fn what_a_pod_asks_of_others_is_not_counted() {
        let text = "istio_requests_total{reporter=\"source\",response_code=\"500\"} 70\n\
                    istio_requests_total{reporter=\"destination\",response_code=\"200\"} 2\n";
        let counters = Counters::read(text).unwrap();
        assert_eq!((counters.requests, counters.failed), (2.0, 0.0));
    }

    #[test]
    fn without_a_label_for_the_outcome_nothing_is_judged() {
        let counters = Counters::read("http_requests_total{method=\"GET\"} 7\n").unwrap();
        assert_eq!((counters.requests, counters.judged, counters.failed), (7.0, 0.0, 0.0));
    }

    #[test]
    fn a_restart_counts_from_zero() {
        let before = Counters::read(TEXT).unwrap();
        let later = Counters { requests: 140.0, failed: 6.0, ..before.clone() };
        assert_eq!((later.since(&before).requests, later.since(&before).failed), (40.0, 1.0));
        let fell = Counters { requests: 30.0, failed: 3.0, ..before.clone() };
        assert_eq!((fell.since(&before).requests, fell.since(&before).failed), (30.0, 3.0));
        let anew = Counters { requests: 130.0, started: Some(2_000.0), ..before.clone() };
        assert_eq!(anew.since(&before), anew, "more than before, by a new process");
    }
}
