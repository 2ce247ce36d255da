//! What was read of a release's pods, from which rates and the series are made.

use super::counters::Counters;
use crate::domain::{Str, Timestamp};
use crate::metrics::lanes::Lanes;
use crate::metrics::tally::{Counted, Tally};
use jiff::SignedDuration;
use std::collections::{HashMap, VecDeque};

/// How many points a series has.
const POINTS: i32 = 60;

/// The past of one release.
#[derive(Debug, Default)]
pub struct Past {
    pods: HashMap<Str, PodPast>,
    /// The tracks' numbers at each round, by track name, oldest first.
    rounds: VecDeque<(Timestamp, HashMap<Str, Counted>)>,
}

#[derive(Debug)]
struct PodPast {
    at: Timestamp,
    counters: Counters,
    /// What was counted between two readings: the end, how long, how much.
    steps: VecDeque<(Timestamp, SignedDuration, Counters)>,
}

impl Past {
    /// Whether there is anything to tell of `pod`: it was read twice.
    pub fn has_rates(&self, pod: &str) -> bool {
        self.pods.get(pod).is_some_and(|pod| !pod.steps.is_empty())
    }

    /// Takes a reading.
    pub fn read(&mut self, pod: &Str, at: Timestamp, counters: Counters) {
        let Some(past) = self.pods.get_mut(pod) else {
            self.pods.insert(pod.clone(), PodPast { at, counters, steps: VecDeque::new() });
            return;
        };
        let passed = at.duration_since(past.at);
        if passed <= SignedDuration::ZERO {
            return;
        }
        past.steps.push_back((at, passed, counters.since(&past.counters)));
        past.at = at;
        past.counters = counters;
    }

    /// Adds a pod's rates over the last `window`, times `scale`.
    pub fn add(&mut self, pod: &str, now: Timestamp, window: SignedDuration, scale: f64, to: &mut Counted) {
        let Some(past) = self.pods.get_mut(pod) else { return };
        while past.steps.front().is_some_and(|(end, ..)| now.duration_since(*end) >= window) && past.steps.len() > 1 {
            past.steps.pop_front();
        }
        let seconds: f64 = past.steps.iter().map(|(_, passed, _)| passed.as_secs_f64()).sum();
        if seconds <= 0.0 {
            return;
        }
        let factor = scale / seconds;
        for (.., step) in &past.steps {
            to.rest_on(step.requests);
            to.add((step.requests - step.failed) * factor, false);
            to.add(step.failed * factor, true);
            for (bound, count) in &step.buckets {
                to.bucket(f64::from_bits(*bound), count * factor);
            }
        }
    }

    /// The tracks, with their past.
    pub fn tally(&self, lanes: &Lanes, now: Timestamp, span: SignedDuration) -> Tally {
        let step = SignedDuration::from_secs((span.as_secs() / i64::from(POINTS)).max(1));
        let start = now.checked_sub(step * (POINTS - 1)).unwrap_or(now);
        let mut tally = Tally::new(lanes).with_past(start, step, POINTS as usize);
        let point = |at: Timestamp| {
            let passed = at.duration_since(start).as_secs_f64() / step.as_secs_f64();
            (passed > -0.5).then(|| passed.round().max(0.0) as usize)
        };
        for (at, lane) in lanes.tracks.iter().enumerate() {
            let rounds = self.rounds.iter().filter_map(|(when, lanes)| Some((point(*when)?, lanes.get(&lane.name)?)));
            // The last round of a point stands for it: each holds a whole window's rates.
            for (point, counted) in rounds {
                if let Some(there) = tally.past(at, point) {
                    *there = counted.clone();
                }
            }
        }
        tally
    }

    /// Notes this round for the series of the next ones, and forgets what nobody shows any more.
    pub fn note(&mut self, now: Timestamp, tally: &Tally, span: SignedDuration, lanes: &Lanes) {
        let numbers = lanes.tracks.iter().enumerate().map(|(at, lane)| (lane.name.clone(), tally.current(at).clone()));
        self.rounds.push_back((now, numbers.collect()));
        let kept = span.max(SignedDuration::from_mins(15));
        while self.rounds.front().is_some_and(|(at, _)| now.duration_since(*at) > kept) {
            self.rounds.pop_front();
        }
        self.pods.retain(|_, pod| now.duration_since(pod.at) <= SignedDuration::from_mins(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;
    use crate::strategy::testing::shop::Shop;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000 + second).unwrap()
    }

    fn counters(ok: u32, failed: u32) -> Counters {
        let text = format!("http_requests_total{{code=\"200\"}} {ok}\nhttp_requests_total{{code=\"500\"}} {failed}\n");
        Counters::read(&text).unwrap()
    }

    #[test]
    fn rates_are_taken_over_the_window_and_rest_on_what_was_counted() {
        let shop = Shop::default().deployment("web", &[("app", "web")], "v1", (4, 9_000));
        let lanes = Lanes::of(&shop.release(Kind::Deployment, "web"));
        let (mut past, pod) = (Past::default(), Str::from("web-h1-0"));
        let window = SignedDuration::from_secs(20);
        past.read(&pod, at(0), counters(1_000, 0));
        assert!(!past.has_rates(&pod), "one reading tells no rate");
        past.read(&pod, at(10), counters(1_090, 10));
        past.read(&pod, at(20), counters(1_180, 20));
        let measured = |past: &mut Past, now: i64| {
            let mut tally = Tally::new(&lanes);
            past.add(&pod, at(now), window, 4.0, tally.now(0));
            let track = tally.finish(&lanes, window).remove(0);
            (track.requests.value(), track.errors.value(), track.samples)
        };
        assert_eq!(measured(&mut past, 20), (Some(40.0), Some(0.1), Some(200)), "four pods by one");
        // What fell out of the window counts no more; a restart counts from 0.
        past.read(&pod, at(30), counters(100, 100));
        past.read(&pod, at(40), counters(200, 200));
        assert_eq!(measured(&mut past, 40), (Some(80.0), Some(0.5), Some(400)));
    }

    #[test]
    fn the_rounds_become_the_series() {
        let shop = Shop::default().deployment("web", &[("app", "web")], "v1", (1, 9_000));
        let lanes = Lanes::of(&shop.release(Kind::Deployment, "web"));
        let mut past = Past::default();
        let span = SignedDuration::from_mins(5);
        let mut tally = Tally::new(&lanes);
        tally.now(0).add(12.0, false);
        past.note(at(0), &tally, span, &lanes);
        let series = past.tally(&lanes, at(10), span).finish(&lanes, SignedDuration::from_mins(1)).remove(0).series;
        assert_eq!((series.requests.len(), series.step.as_secs()), (60, 5));
        let known: Vec<usize> = (0..60).filter(|point| series.requests[*point] == Some(12.0)).collect();
        assert_eq!(known, [57], "ten seconds before the last point");
        let hour_later = past.tally(&lanes, at(3_600), span).finish(&lanes, span).remove(0).series;
        assert!(hour_later.requests.iter().all(Option::is_none));
    }
}
