//! Measurements for the tests of drawing.

use super::{ago, now};
use crate::app::{Model, Msg, update};
use crate::domain::measurement::{HealthCheck, Measured, Named, Reading, Series, Tick, TrackMeasured};
use crate::domain::release::{Release, Role};
use crate::domain::{Measurements, Str};
use jiff::SignedDuration;
use std::sync::Arc;

/// A past of so many points of 15 s, up to now, around these numbers.
pub fn series(count: usize, requests: f64, errors: f64, p99: f64) -> Series {
    let wave = |place: usize, mean: f64| Some(mean * (1.0 + 0.3 * (place as f64 * 0.9).sin()));
    let all = |mean: f64| (0..count).map(|place| wave(place, mean)).collect();
    Series {
        start: now() - SignedDuration::from_secs(15 * (count as i64 - 1)),
        step: SignedDuration::from_secs(15),
        requests: all(requests),
        errors: all(errors),
        p99: all(p99),
    }
}

/// A track's numbers: requests a second, the share of errors, p99 in seconds, and how many requests they rest on.
pub fn track(role: Role, name: &str, (requests, errors, p99): (f64, f64, f64), samples: u64) -> TrackMeasured {
    let of = Reading::Value;
    TrackMeasured {
        role,
        name: name.into(),
        requests: of(requests),
        errors: of(errors),
        p50: of(p99 / 8.0),
        p90: of(p99 / 2.0),
        p99: of(p99),
        samples: Some(samples),
        series: series(60, requests, errors, p99),
        recent: Series::default(),
    }
}

pub fn measured(tracks: Vec<TrackMeasured>) -> Measured {
    Measured {
        source: "prometheus".into(),
        detail: "svc/prometheus.monitoring:9090".into(),
        at: Some(ago(1)),
        every: SignedDuration::from_secs(15),
        window: SignedDuration::from_mins(1),
        tracks,
        named: vec![],
        health: None,
        trouble: None,
    }
}

/// Stable and candidate with the names that `release` has for them, all well.
pub fn well(release: &Release) -> Measured {
    let numbers = [(412.0, 0.0011, 0.182), (104.0, 0.0014, 0.19), (51.0, 0.002, 0.2)];
    let samples = [74_880, 18_720, 9_000];
    let tracks = release.tracks.iter().zip(numbers.into_iter().zip(samples));
    measured(tracks.map(|(known, (numbers, samples))| track(known.role, &known.name, numbers, samples)).collect())
}

/// The same with a candidate of which every fifth request fails.
pub fn breach(release: &Release) -> Measured {
    let mut measured = well(release);
    if let Some(candidate) = measured.tracks.iter_mut().find(|track| track.role == Role::Candidate) {
        let name = candidate.name.clone();
        *candidate = track(Role::Candidate, &name, (104.0, 0.2, 0.61), 1_240);
        for point in candidate.series.errors.iter_mut().take(45) {
            *point = None;
        }
    }
    measured.health = Some(HealthCheck {
        address: "svc/checkout:80/health".into(),
        every: SignedDuration::from_secs(10),
        ticks: (0..12)
            .map(|place| Tick {
                at: ago(120 - place * 10),
                ok: place < 10,
                said: if place < 10 { "200" } else { "503" }.into(),
            })
            .collect(),
        trouble: None,
    });
    measured
}

/// A named measurement of stable and candidate.
pub fn named(name: &str, stable: f64, candidate: f64, verdict: &str) -> Named {
    Named {
        name: name.into(),
        values: vec![
            (Role::Stable, Reading::Value(stable), Some(12_400)),
            (Role::Candidate, Reading::Value(candidate), Some(3_100)),
        ],
        max: Some(100.0),
        unit: "%".into(),
        verdict: verdict.into(),
        ..Named::default()
    }
}

/// Tells the Model what is measured of `release`.
pub fn tell(model: &mut Model, release: &Release, measured: Measured) {
    let releases = [(release.uid.clone(), Arc::new(measured))].into();
    let version = model.measurements.version + 1;
    update(model, Msg::Measured(Arc::new(Measurements { version, releases })));
}

/// Numbers that no source should tell, and texts that no terminal should be given.
pub fn hostile(release: &Release) -> Measured {
    let mut measured = well(release);
    let odd = [f64::MAX, -1e300, 1e-300, 0.0, 4e9];
    for (place, track) in measured.tracks.iter_mut().enumerate() {
        track.errors = Reading::Value(odd[place % 5]);
        track.requests = Reading::Value(odd[(place + 1) % 5]);
        track.p99 = Reading::Value(odd[(place + 2) % 5]);
        track.p50 = Reading::Unusable("\u{1b}[31mNaN\u{202e} from the source".into());
        track.samples = Some(if place == 0 { u64::MAX } else { 0 });
        track.series.errors = (0..5_000).map(|point| odd.get(point % 7).copied()).collect();
        track.series.p99 = vec![Some(f64::MAX), Some(f64::NAN), None];
        track.series.step = SignedDuration::from_millis(1);
    }
    measured.source = "prom\u{1b}[2Jetheus".into();
    measured.detail = Str::from("x".repeat(300));
    measured.named = (0..30)
        .map(|place| {
            named(
                &format!("{}{place}", "metric\u{200b}_".repeat(40)),
                odd[place % 5],
                odd[(place + 1) % 5],
                &"said ".repeat(60),
            )
        })
        .collect();
    measured.trouble = Some(Str::from(format!("{}\u{7}", "trouble ".repeat(40))));
    measured
}
