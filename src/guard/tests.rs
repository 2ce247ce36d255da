//! What rules make of numbers.

mod bake;
mod judge;
mod rules;

use crate::domain::measurement::{HealthCheck, Measured, Reading, Series, Tick, TrackMeasured};
use crate::domain::{Kind, Release, Role, Timestamp};
use crate::strategy::testing::shop::Shop;
use crate::strategy::testing::{ago, now};
use jiff::SignedDuration;
use serde_json::json;
use std::sync::Arc;

/// An Istio canary at `weight` %, by two Deployments.
fn canary(weight: u8) -> Arc<Release> {
    let to = |host: &str| json!({"host": host});
    let route = json!([{"destination": to("shop-stable"), "weight": 100 - weight},
        {"destination": to("shop-canary"), "weight": weight}]);
    Shop::default()
        .deployment("shop-stable", &[("app", "shop"), ("track", "stable")], "v1", (4, 100_000))
        .deployment("shop-canary", &[("app", "shop"), ("track", "canary")], "v2", (2, 9_000))
        .service("shop-stable", &[("app", "shop"), ("track", "stable")])
        .service("shop-canary", &[("app", "shop"), ("track", "canary")])
        .with(Kind::VirtualService, "shop", json!({"spec": {"hosts": ["shop"], "http": [{"route": route}]}}))
        .release(Kind::VirtualService, "shop")
}

/// The numbers of one track.
fn track(role: Role, name: &str, errors: f64, samples: u64) -> TrackMeasured {
    TrackMeasured {
        role,
        name: name.into(),
        requests: Reading::Value(samples as f64 / 60.0),
        errors: Reading::Value(errors),
        p50: Reading::Value(0.02),
        p90: Reading::Value(0.2),
        p99: Reading::Value(0.4),
        samples: Some(samples),
        series: Series::default(),
        recent: Series::default(),
    }
}

/// Stable without errors, and a candidate with `errors` in `samples` requests, taken `age` seconds ago.
fn measured(errors: f64, samples: u64, age: i64) -> Measured {
    Measured {
        source: "prometheus".into(),
        detail: "".into(),
        at: Some(ago(age)),
        every: SignedDuration::from_secs(15),
        window: SignedDuration::from_mins(1),
        tracks: vec![
            track(Role::Stable, "shop-stable", 0.01, 9_000),
            track(Role::Candidate, "shop-canary", errors, samples),
        ],
        named: Vec::new(),
        health: None,
        trouble: None,
    }
}

fn ticks(answers: &[bool]) -> HealthCheck {
    let tick = |(place, ok): (usize, &bool)| Tick {
        at: ago((answers.len() - place) as i64),
        ok: *ok,
        said: if *ok { "200".into() } else { "503".into() },
    };
    let ticks = answers.iter().enumerate().map(tick).collect();
    let every = SignedDuration::from_secs(10);
    HealthCheck { address: "svc/shop:80/health".into(), every, ticks, trouble: None }
}

/// A minute of points, each of ten seconds.
fn series(start: Timestamp, requests: &[f64], errors: &[f64]) -> Series {
    Series {
        start,
        step: SignedDuration::from_secs(10),
        requests: requests.iter().copied().map(Some).collect(),
        errors: errors.iter().copied().map(Some).collect(),
        p99: vec![Some(0.4); requests.len()],
    }
}

fn later(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}
