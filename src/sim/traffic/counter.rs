//! What one pod has counted.

use crate::sim::json::Json;
use jiff::Timestamp;
use serde_json::Value;
use std::fmt::Write as _;

/// The upper bounds of the buckets of latencies, in seconds.
const BOUNDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// How far the rate swings around its mean.
const SWING: f64 = 0.03;
/// The seconds that one swing takes.
const PERIOD: f64 = 90.0;

/// How a pod answers: annotations `sim/error-rate` and `sim/latency-ms` of its template.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Behaviour {
    /// The share of requests that fail.
    errors: f64,
    /// The mean latency, in seconds.
    latency: f64,
}

impl Behaviour {
    /// How the pod answers by its annotations.
    pub fn of(pod: &Value) -> Behaviour {
        let number = |key: &str, otherwise: f64| {
            let given = pod.keyed("/metadata/annotations", key).and_then(|text| text.parse::<f64>().ok());
            given.filter(|number| number.is_finite()).unwrap_or(otherwise)
        };
        Behaviour {
            errors: number("sim/error-rate", 0.001).clamp(0.0, 1.0),
            latency: (number("sim/latency-ms", 20.0) / 1000.0).max(0.0001),
        }
    }
}

/// A pod's counters: sums over time, which only rise.
#[derive(Debug, Clone)]
pub struct Counter {
    /// When its container started: zero.
    pub started: Timestamp,
    /// How requests are answered from the last reading on.
    pub behaviour: Behaviour,
    counted: Timestamp,
    good: f64,
    failed: f64,
    seconds: f64,
    buckets: [f64; BOUNDS.len()],
}

impl Counter {
    pub fn since(started: Timestamp, behaviour: Behaviour) -> Counter {
        let buckets = [0.0; BOUNDS.len()];
        Counter { started, behaviour, counted: started, good: 0.0, failed: 0.0, seconds: 0.0, buckets }
    }

    /// Counts the requests of the time since the last call, at so many a second.
    pub fn run(&mut self, rate: f64, now: Timestamp) {
        if now <= self.counted {
            return;
        }
        // Time as a wave sees it: the integral of 1 + SWING·sin(2πt/PERIOD).
        let wave = |at: Timestamp| {
            let turn = std::f64::consts::TAU / PERIOD;
            -SWING / turn * (turn * (at.duration_since(self.started).as_secs_f64() % PERIOD)).cos()
        };
        let passed = now.duration_since(self.counted).as_secs_f64() + wave(now) - wave(self.counted);
        let requests = (rate * passed).max(0.0);
        self.counted = now;
        self.failed += requests * self.behaviour.errors;
        self.good += requests * (1.0 - self.behaviour.errors);
        self.seconds += requests * self.behaviour.latency;
        for (bucket, bound) in self.buckets.iter_mut().zip(BOUNDS) {
            *bucket += requests * (1.0 - (-bound / self.behaviour.latency).exp());
        }
    }

    /// The Prometheus text format.
    pub fn text(&self) -> String {
        let mut text = String::from("# TYPE http_requests_total counter\n");
        let _ = writeln!(text, "http_requests_total{{code=\"200\",method=\"GET\"}} {}", self.good.floor());
        let _ = writeln!(text, "http_requests_total{{code=\"500\",method=\"GET\"}} {}", self.failed.floor());
        text.push_str("# TYPE http_request_duration_seconds histogram\n");
        for (bucket, bound) in self.buckets.iter().zip(BOUNDS) {
            let _ = writeln!(text, "http_request_duration_seconds_bucket{{le=\"{bound}\"}} {}", bucket.floor());
        }
        let total = (self.good + self.failed).floor();
        let _ = writeln!(text, "http_request_duration_seconds_bucket{{le=\"+Inf\"}} {total}");
        let _ = writeln!(text, "http_request_duration_seconds_sum {:.3}", self.seconds);
        let _ = writeln!(text, "http_request_duration_seconds_count {total}");
        text.push_str("# TYPE process_start_time_seconds gauge\n");
        let _ = writeln!(text, "process_start_time_seconds {}", self.started.as_second());
        text
    }
}
