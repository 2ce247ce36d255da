//! What was measured: how many requests each track of a release gets, how many fail, and how long they take.
//!
//! ```text
//! Measurements ─► Measured (a release) ─► TrackMeasured (stable, candidate…) ─► Reading, Series
//!                                      ├► Named (a controller's own, a business metric)
//!                                      └► HealthCheck ─► Tick
//! ```
//! What is not known is a word and never a zero: [`Reading`] says which.

pub mod compare;

use super::release::Role;
use super::{Age, Str, Timestamp, Uid};
use jiff::SignedDuration;
use std::collections::HashMap;
use std::sync::Arc;

/// Everything that is measured at one moment. Cheap to clone: releases are shared between publications.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measurements {
    /// Rises with every publication.
    pub version: u64,
    /// By the identity of the release's root.
    pub releases: HashMap<Uid, Arc<Measured>>,
}

impl Measurements {
    /// What is measured of the release.
    pub fn of(&self, release: &Uid) -> Option<&Arc<Measured>> {
        self.releases.get(release)
    }
}

/// What is measured of one release.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Which source answered: `prometheus`, `flagger`, `argo`, `scrape`; empty while none has.
    pub source: Str,
    /// More of it, in words: `svc/prometheus.monitoring:9090`, `3 of 12 pods`.
    pub detail: Str,
    /// When these numbers were taken, by our clock; `None`: never yet.
    pub at: Option<Timestamp>,
    /// How often the source is asked: numbers older than two rounds are stale.
    pub every: SignedDuration,
    /// What rates and quantiles are taken over.
    pub window: SignedDuration,
    /// The tracks, as the release has them.
    pub tracks: Vec<TrackMeasured>,
    /// What controllers measured by themselves, and business metrics.
    pub named: Vec<Named>,
    /// The health endpoint's last answers; `None` where none is configured.
    pub health: Option<HealthCheck>,
    /// Why there are no newer numbers, in one sentence that names the source and the next step; `None`: all is well.
    pub trouble: Option<Str>,
}

impl Measured {
    /// The numbers of the track in `role`.
    pub fn track(&self, role: Role) -> Option<&TrackMeasured> {
        self.tracks.iter().find(|track| track.role == role)
    }

    /// The numbers of the track with this name: it keeps its name when its role changes.
    pub fn named_track(&self, name: &str) -> Option<&TrackMeasured> {
        self.tracks.iter().find(|track| &*track.name == name)
    }

    /// How old the numbers are; `None`: there are none.
    pub fn age(&self, now: Timestamp) -> Option<Age> {
        Some(Age::between(self.at?, now))
    }

    /// Whether the numbers are too old to act upon: two rounds were missed. Without numbers nothing is stale.
    pub fn stale(&self, now: Timestamp) -> bool {
        let limit = self.every.checked_mul(2).unwrap_or(SignedDuration::MAX).max(SignedDuration::from_secs(10));
        self.age(now).is_some_and(|age| age.0 > limit)
    }
}

/// What is measured of one track.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackMeasured {
    /// Its role when it was measured.
    pub role: Role,
    /// The track's name: the object that makes its pods.
    pub name: Str,
    /// Requests a second.
    pub requests: Reading,
    /// The share of failed requests, 0 to 1.
    pub errors: Reading,
    /// Half of the requests are quicker: seconds.
    pub p50: Reading,
    /// Nine of ten requests are quicker: seconds.
    pub p90: Reading,
    /// 99 of 100 requests are quicker: seconds.
    pub p99: Reading,
    /// How many requests the numbers rest on; `None` where the source does not tell.
    pub samples: Option<u64>,
    /// Its past over the window, for sparklines and charts.
    pub series: Series,
    /// Its past for gates and guards, whatever charts show; empty where `series` is fine and long enough for them.
    pub recent: Series,
}

impl TrackMeasured {
    /// A track of which nothing is known, and why.
    pub fn unknown(role: Role, name: Str, reading: Reading) -> Self {
        let [requests, errors, p50, p90, p99] = std::array::from_fn(|_| reading.clone());
        let (series, recent) = (Series::default(), Series::default());
        Self { role, name, requests, errors, p50, p90, p99, samples: None, series, recent }
    }
}

impl TrackMeasured {
    /// The past that gates and guards count on: it does not depend on what charts show.
    pub const fn judged_past(&self) -> &Series {
        if self.recent.requests.is_empty() && self.recent.errors.is_empty() { &self.series } else { &self.recent }
    }
}

/// A number, or the word for why there is none.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// A number, never NaN nor infinite.
    Value(f64),
    /// The source answers, and no request came in the window.
    NoTraffic,
    /// Nothing measures it.
    NoSource,
    /// The source's answer can't be used: why, in one sentence.
    Unusable(Str),
}

impl Reading {
    /// The number of a source: NaN is what a source says of nothing divided by nothing, and of something divided by nothing
    /// it says an infinity, which nobody can use.
    pub fn of(number: f64) -> Self {
        match number {
            number if number.is_finite() => Self::Value(number),
            number if number.is_nan() => Self::NoTraffic,
            number => {
                let sign = if number > 0.0 { '+' } else { '-' };
                Self::Unusable(format!("the source gives {sign}Inf, which is no number").into())
            }
        }
    }

    /// The number, if there is one.
    pub const fn value(&self) -> Option<f64> {
        match self {
            Self::Value(number) => Some(*number),
            Self::NoTraffic | Self::NoSource | Self::Unusable(_) => None,
        }
    }

    /// The word in place of a number; `None` where there is a number.
    pub const fn word(&self) -> Option<&'static str> {
        match self {
            Self::Value(_) => None,
            Self::NoTraffic => Some("no traffic"),
            Self::NoSource => Some("no source"),
            Self::Unusable(_) => Some("unusable"),
        }
    }
}

/// Points over the window, oldest first, at a fixed distance; a gap where the source had nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// When the first point was.
    pub start: Timestamp,
    /// From point to point.
    pub step: SignedDuration,
    /// Requests a second.
    pub requests: Vec<Option<f64>>,
    /// The share of failed requests, 0 to 1.
    pub errors: Vec<Option<f64>>,
    /// p99 in seconds.
    pub p99: Vec<Option<f64>>,
}

/// A measurement with a name of its own: a controller's metric, or a business metric.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Named {
    /// Its name, as the person or the controller wrote it.
    pub name: Str,
    /// Its values by track, and how many samples they rest on, where that is told.
    pub values: Vec<(Role, Reading, Option<u64>)>,
    /// The lowest value that is well.
    pub min: Option<f64>,
    /// The highest value that is well.
    pub max: Option<f64>,
    /// The unit, as it is written after the number: `%`, `ms`; empty where it is not told.
    pub unit: Str,
    /// What its owner made of it, or how it compares, in words: `Successful`, `no clear difference (two-proportion
    /// test)`; empty where nothing is said.
    pub verdict: Str,
    /// Which source tells it; empty while that is not noted.
    pub source: Str,
    /// When it was asked for, by our clock.
    pub at: Option<Timestamp>,
}

impl Named {
    /// How old it is; `None`: nobody noted when it was asked for.
    pub fn age(&self, now: Timestamp) -> Option<Age> {
        Some(Age::between(self.at?, now))
    }
}

/// The last answers of a health endpoint, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// What is asked: a URL, or `svc/NAME:PORT/PATH`; without user info.
    pub address: Str,
    /// How often it is asked.
    pub every: SignedDuration,
    /// At most sixty answers.
    pub ticks: Vec<Tick>,
    /// Why it could not be asked last, where that is not its own fault: a right is missing, the API server is away.
    pub trouble: Option<Str>,
}

impl HealthCheck {
    /// How many of the last answers in a row were bad.
    pub fn failing(&self) -> usize {
        self.ticks.iter().rev().take_while(|tick| !tick.ok).count()
    }
}

/// One answer of a health endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// When it was asked.
    pub at: Timestamp,
    /// Whether it answered as it should.
    pub ok: bool,
    /// What it said: `200`, `503`, `no answer within 2 s`.
    pub said: Str,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn measured(taken: Option<Timestamp>) -> Measured {
        Measured {
            source: "prometheus".into(),
            detail: "".into(),
            at: taken,
            every: SignedDuration::from_secs(15),
            window: SignedDuration::from_mins(1),
            tracks: vec![TrackMeasured::unknown(Role::Stable, "web-1".into(), Reading::NoTraffic)],
            named: Vec::new(),
            health: None,
            trouble: None,
        }
    }

    #[test]
    fn numbers_are_stale_after_two_missed_rounds_and_never_before_there_are_any() {
        assert!(!measured(Some(at(100))).stale(at(130)));
        assert!(measured(Some(at(100))).stale(at(131)));
        assert!(!measured(None).stale(at(1_000)));
    }

    #[test]
    fn nothing_divided_by_nothing_is_no_traffic_and_never_a_zero() {
        assert_eq!(Reading::of(f64::NAN), Reading::NoTraffic);
        assert_eq!(
            Reading::of(f64::NEG_INFINITY),
            Reading::Unusable("the source gives -Inf, which is no number".into())
        );
        assert_eq!(Reading::of(0.0), Reading::Value(0.0));
        assert_eq!(measured(None).track(Role::Stable).map(|track| track.errors.value()), Some(None));
    }

    #[test]
    fn only_the_last_answers_in_a_row_count_as_failing() {
        let tick = |ok| Tick { at: at(0), ok, said: "200".into() };
        let check = |ticks: &[bool]| HealthCheck {
            address: "".into(),
            every: SignedDuration::ZERO,
            ticks: ticks.iter().map(|ok| tick(*ok)).collect(),
            trouble: None,
        };
        assert_eq!(check(&[false, true, false, false]).failing(), 2);
        assert_eq!(check(&[false, true]).failing(), 0);
    }
}
