//! Adds series up to a track's numbers.

use super::lanes::{Lane, Lanes};
use super::quantile::quantile;
use crate::domain::Timestamp;
use crate::domain::measurement::{Reading, Series, TrackMeasured};
use jiff::SignedDuration;
use std::collections::HashMap;

/// What was counted at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counted {
    /// Requests a second.
    pub requests: f64,
    /// Those of which it is told how they ended.
    judged: f64,
    /// Failed ones.
    failed: f64,
    /// Requests a second by upper bound in seconds, cumulative.
    buckets: HashMap<u64, f64>,
    /// How many requests the numbers rest on, where that was counted apart.
    cases: Option<f64>,
    /// Whether there was any series.
    seen: bool,
    /// A rate that is infinite: what it is added to is none any more.
    infinite: Option<f64>,
}

impl Counted {
    /// Adds requests; what is no number adds nothing. `failed`: `None` where nothing says how they ended.
    pub fn add(&mut self, rate: f64, failed: Option<bool>) {
        self.seen = true;
        if rate.is_infinite() {
            self.infinite = Some(rate);
        }
        if rate.is_finite() {
            self.requests += rate;
            self.judged += if failed.is_some() { rate } else { 0.0 };
            self.failed += if failed == Some(true) { rate } else { 0.0 };
        }
    }

    /// Adds to the bucket that ends at `bound` seconds.
    pub fn bucket(&mut self, bound: f64, rate: f64) {
        if rate.is_finite() {
            *self.buckets.entry(bound.to_bits()).or_default() += rate;
        }
    }

    /// Says how many requests the rates were made of, where they do not come from the whole window.
    pub fn rest_on(&mut self, cases: f64) {
        *self.cases.get_or_insert_default() += cases;
    }

    /// Whether there was any series of requests.
    pub const fn seen(&self) -> bool {
        self.seen
    }

    fn errors(&self) -> Option<f64> {
        (self.judged > 0.0).then(|| (self.failed / self.judged).clamp(0.0, 1.0))
    }

    fn quantile(&self, q: f64) -> Option<f64> {
        let buckets: Vec<(f64, f64)> =
            self.buckets.iter().map(|(bound, count)| (f64::from_bits(*bound), *count)).collect();
        quantile(q, &buckets)
    }
}

/// The numbers of every track: now, and at the points of the past.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    now: Vec<Counted>,
    past: Vec<Vec<Counted>>,
    words: Vec<Option<Reading>>,
    start: Timestamp,
    step: SignedDuration,
}

impl Tally {
    /// For `lanes`, without a past.
    pub fn new(lanes: &Lanes) -> Self {
        let tracks = lanes.tracks.len();
        Self { now: vec![Counted::default(); tracks], words: vec![None; tracks], ..Self::default() }
    }

    /// With a past of `points` points from `start` on.
    #[must_use]
    pub fn with_past(mut self, start: Timestamp, step: SignedDuration, points: usize) -> Self {
        self.past = vec![vec![Counted::default(); points]; self.now.len()];
        self.start = start;
        self.step = step;
        self
    }

    /// The track's numbers now.
    pub fn now(&mut self, lane: usize) -> &mut Counted {
        &mut self.now[lane]
    }

    /// The same, to be read.
    pub fn current(&self, lane: usize) -> &Counted {
        &self.now[lane]
    }

    /// Says why there is nothing of a track.
    pub fn without(&mut self, lane: usize, word: Reading) {
        self.words[lane] = Some(word);
    }

    /// The track's numbers at a point of the past; `None` outside of it.
    pub fn past(&mut self, lane: usize, point: usize) -> Option<&mut Counted> {
        self.past.get_mut(lane)?.get_mut(point)
    }

    /// Whether any track has any series.
    pub fn seen(&self) -> bool {
        self.now.iter().any(Counted::seen)
    }

    /// The tracks' measurements. A track without series gets no requests where another has some, unless it is said
    /// why there is nothing of it.
    pub fn finish(&self, lanes: &Lanes, window: SignedDuration) -> Vec<TrackMeasured> {
        let past = |at: usize| self.past.get(at).map(Vec::as_slice).unwrap_or_default();
        lanes.tracks.iter().enumerate().map(|(at, lane)| self.track(lane, at, past(at), window)).collect()
    }

    /// The series of a past of its own, by track.
    pub fn into_series(self) -> Vec<Series> {
        self.past.iter().map(|past| self.series(past)).collect()
    }

    fn series(&self, past: &[Counted]) -> Series {
        Series {
            start: self.start,
            step: self.step,
            requests: past.iter().map(|point| point.seen.then_some(point.requests)).collect(),
            errors: past.iter().map(Counted::errors).collect(),
            p99: past.iter().map(|point| point.quantile(0.99)).collect(),
        }
    }

    fn track(&self, lane: &Lane, at: usize, past: &[Counted], window: SignedDuration) -> TrackMeasured {
        let now = &self.now[at];
        let series = self.series(past);
        if let Some(word) = &self.words[at] {
            return TrackMeasured { series, ..TrackMeasured::unknown(lane.role, lane.name.clone(), word.clone()) };
        }
        if let Some(rate) = now.infinite {
            let unusable = TrackMeasured::unknown(lane.role, lane.name.clone(), Reading::of(rate));
            return TrackMeasured { series, ..unusable };
        }
        if now.requests <= 0.0 {
            let idle = TrackMeasured::unknown(lane.role, lane.name.clone(), Reading::NoTraffic);
            return TrackMeasured { samples: Some(0), series, ..idle };
        }
        let latency = |q| {
            if now.buckets.is_empty() {
                return Reading::NoSource;
            }
            now.quantile(q).map_or(Reading::NoTraffic, Reading::of)
        };
        TrackMeasured {
            role: lane.role,
            name: lane.name.clone(),
            requests: Reading::of(now.requests),
            errors: now.errors().map_or(Reading::NoSource, Reading::of),
            p50: latency(0.5),
            p90: latency(0.9),
            p99: latency(0.99),
            samples: Some(now.cases.unwrap_or(now.requests * window.as_secs_f64()).round() as u64),
            series,
            recent: Series::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;
    use crate::strategy::testing::shop::Shop;

    #[test]
    fn a_track_that_could_not_be_read_is_not_one_without_traffic() {
        let shop = Shop::default().deployment("web", &[("app", "web")], "v1", (1, 9_000));
        let lanes = Lanes::of(&shop.release(Kind::Deployment, "web"));
        let mut tally = Tally::new(&lanes);
        let errors = |tally: &Tally| tally.finish(&lanes, SignedDuration::from_mins(1)).remove(0).errors;
        assert_eq!(errors(&tally), Reading::NoTraffic);
        let away = Reading::Unusable("Pod web-1 is away.".into());
        tally.without(0, away.clone());
        assert_eq!(errors(&tally), away);
    }
}
