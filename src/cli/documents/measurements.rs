//! `measurements` of a release in `status -o json`.

use serde::Serialize;

use crate::domain::{
    Str, Timestamp,
    measurement::{Measured, Reading, TrackMeasured},
    release::Role,
    said::clean,
};

/// What is measured: numbers, and `null` with a word where there is none.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MeasurementsPart {
    source: Str,
    detail: String,
    at: Option<Timestamp>,
    window_seconds: i64,
    trouble: Option<String>,
    stable: Option<TrackNumbers>,
    candidate: Option<TrackNumbers>,
    idle: Option<TrackNumbers>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    named: Vec<NamedPart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<HealthTick>,
}

/// One track's numbers; times are in seconds, the share of errors is from 0 to 1.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TrackNumbers {
    name: Str,
    requests_per_second: Option<f64>,
    error_ratio: Option<f64>,
    p50: Option<f64>,
    p90: Option<f64>,
    p99: Option<f64>,
    samples: Option<u64>,
    /// Why there is no share of errors: `no traffic`, `no source`, `unusable: …`; null where there is one.
    why: Option<String>,
}

#[derive(Debug, Serialize)]
struct NamedPart {
    name: String,
    unit: Str,
    min: Option<f64>,
    max: Option<f64>,
    verdict: String,
    source: Str,
    at: Option<Timestamp>,
    values: Vec<NamedValue>,
}

#[derive(Debug, Serialize)]
struct NamedValue {
    role: Role,
    value: Option<f64>,
    samples: Option<u64>,
}

#[derive(Debug, Serialize)]
struct HealthTick {
    address: String,
    ok: bool,
    said: String,
}

impl From<&Measured> for MeasurementsPart {
    fn from(measured: &Measured) -> Self {
        let numbers = |role| measured.track(role).map(TrackNumbers::from);
        let named = measured.named.iter().map(|named| NamedPart {
            name: clean(&named.name).into_owned(),
            unit: named.unit.clone(),
            min: named.min,
            max: named.max,
            verdict: clean(&named.verdict).into_owned(),
            source: named.source.clone(),
            at: named.at,
            values: named
                .values
                .iter()
                .map(|(role, value, samples)| NamedValue { role: *role, value: value.value(), samples: *samples })
                .collect(),
        });
        let tick = |health: &crate::domain::measurement::HealthCheck| {
            let last = health.ticks.last()?;
            let said = clean(&last.said).into_owned();
            Some(HealthTick { address: clean(&health.address).into_owned(), ok: last.ok, said })
        };
        Self {
            source: measured.source.clone(),
            detail: clean(&measured.detail).into_owned(),
            at: measured.at,
            window_seconds: measured.window.as_secs(),
            trouble: measured.trouble.as_ref().map(|why| clean(why).into_owned()),
            stable: numbers(Role::Stable),
            candidate: numbers(Role::Candidate),
            idle: numbers(Role::Idle),
            named: named.collect(),
            health: measured.health.as_ref().and_then(tick),
        }
    }
}

impl From<&TrackMeasured> for TrackNumbers {
    fn from(track: &TrackMeasured) -> Self {
        let why = match &track.errors {
            Reading::Unusable(why) => Some(format!("unusable: {}", clean(why))),
            reading => reading.word().map(str::to_owned),
        };
        Self {
            name: track.name.clone(),
            requests_per_second: track.requests.value(),
            error_ratio: track.errors.value(),
            p50: track.p50.value(),
            p90: track.p90.value(),
            p99: track.p99.value(),
            samples: track.samples,
            why,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn numbers_are_numbers_and_what_is_not_known_is_null_with_its_word() {
        let mut candidate = TrackMeasured::unknown(Role::Candidate, "web-2".into(), Reading::NoSource);
        candidate.errors = Reading::Value(0.25);
        let measured = Measured {
            source: "prometheus".into(),
            detail: "istio\u{1b}[31m".into(),
            at: None,
            every: SignedDuration::from_secs(5),
            window: SignedDuration::from_mins(1),
            tracks: vec![TrackMeasured::unknown(Role::Stable, "web-1".into(), Reading::NoTraffic), candidate],
            named: Vec::new(),
            health: None,
            trouble: None,
        };
        let part = serde_json::to_value(MeasurementsPart::from(&measured)).unwrap();
        assert_eq!(part["stable"]["errorRatio"], serde_json::Value::Null);
        assert_eq!((&part["stable"]["why"], &part["candidate"]["errorRatio"]), (&"no traffic".into(), &0.25.into()));
        assert_eq!((&part["idle"], &part["windowSeconds"]), (&serde_json::Value::Null, &60.into()));
        assert!(!part["detail"].as_str().unwrap().contains('\u{1b}'));
    }
}
