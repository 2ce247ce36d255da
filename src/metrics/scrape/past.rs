//! What was read of a release's pods, from which rates and the series are made.

use super::counters::Counters;
use crate::domain::measurement::Series;
use crate::domain::{Str, Timestamp};
use crate::metrics::lanes::Lanes;
use crate::metrics::source::fine;
use crate::metrics::tally::{Counted, Tally};
use jiff::SignedDuration;
use std::collections::{HashMap, VecDeque};

/// How many points a series has.
const POINTS: i32 = 60;

/// Rounds are kept one by one for so long.
const FINE: SignedDuration = SignedDuration::from_mins(15);

/// Those of gates are kept for so long, at half of their step.
const GATES: SignedDuration = SignedDuration::from_hours(6);

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

    /// Whether anything of `pod` is known.
    pub fn knows(&self, pod: &str) -> bool {
        self.pods.contains_key(pod)
    }

    /// Whether `pod` counts requests: it had a counter when it was read last.
    pub fn counts(&self, pod: &str) -> bool {
        self.pods.get(pod).is_some_and(|pod| pod.counters.found)
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
            to.add((step.requests - step.judged) * factor, None);
            if step.judged > 0.0 {
                to.add((step.judged - step.failed) * factor, Some(false));
                to.add(step.failed * factor, Some(true));
            }
            for (bound, count) in &step.buckets {
                to.bucket(f64::from_bits(*bound), count * factor);
            }
        }
    }

    /// The tracks, with their past.
    pub fn tally(&self, lanes: &Lanes, now: Timestamp, span: SignedDuration) -> Tally {
        let step = SignedDuration::from_secs((span.as_secs() / i64::from(POINTS)).max(1));
        self.spread(lanes, now, (step, POINTS))
    }

    /// The tracks' past for gates, which goes back over `span`.
    pub fn recent(&self, lanes: &Lanes, now: Timestamp, span: SignedDuration) -> Vec<Series> {
        self.spread(lanes, now, fine(span)).into_series()
    }

    fn spread(&self, lanes: &Lanes, now: Timestamp, (step, points): (SignedDuration, i32)) -> Tally {
        let start = now.checked_sub(step * (points - 1)).unwrap_or(now);
        let mut tally = Tally::new(lanes).with_past(start, step, usize::try_from(points).unwrap_or_default());
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

    /// When the last round was.
    pub fn last(&self) -> Option<Timestamp> {
        self.rounds.back().map(|(at, _)| *at)
    }

    /// Notes this round for the series of the next ones, and forgets what nobody shows any more.
    pub fn note(&mut self, now: Timestamp, tally: &Tally, span: SignedDuration, lanes: &Lanes) {
        let numbers = lanes.tracks.iter().enumerate().map(|(at, lane)| (lane.name.clone(), tally.current(at).clone()));
        self.rounds.push_back((now, numbers.collect()));
        let kept = span.max(GATES);
        let step = span / POINTS;
        // Of what is older than an hour one round a point is enough.
        let mut last: Option<Timestamp> = None;
        self.rounds.retain(|(at, _)| {
            let age = now.duration_since(*at);
            let apart = match age {
                age if age <= FINE => SignedDuration::ZERO,
                age if age <= GATES => SignedDuration::from_secs(15),
                _ => step / 2,
            };
            let stays = age <= kept && last.is_none_or(|last| at.duration_since(last) >= apart);
            last = if stays { Some(*at) } else { last };
            stays
        });
        self.pods.retain(|_, pod| now.duration_since(pod.at) <= SignedDuration::from_mins(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;
    use crate::domain::measurement::Reading;
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
    fn the_rounds_of_a_week_are_thinned_out() {
        let shop = Shop::default().deployment("web", &[("app", "web")], "v1", (1, 9_000));
        let lanes = Lanes::of(&shop.release(Kind::Deployment, "web"));
        let (mut past, week) = (Past::default(), SignedDuration::from_hours(168));
        for round in 0..3_000 {
            let mut tally = Tally::new(&lanes);
            tally.now(0).add(1.0, Some(false));
            past.note(at(round * 10), &tally, week, &lanes);
        }
        assert!(past.rounds.len() < 1_200, "{}", past.rounds.len());
        assert!(past.rounds.len() > 1_100, "and some of what is older is kept: {}", past.rounds.len());
    }

    #[test]
    fn a_counter_that_was_not_there_yet_counts_from_zero_and_without_outcomes_there_is_no_share_of_errors() {
        let shop = Shop::default().deployment("web", &[("app", "web")], "v1", (1, 9_000));
        let lanes = Lanes::of(&shop.release(Kind::Deployment, "web"));
        let (mut past, pod, window) = (Past::default(), Str::from("web-h1-0"), SignedDuration::from_secs(20));
        past.read(&pod, at(0), Counters::default());
        assert!(past.knows(&pod) && !past.counts(&pod));
        past.read(&pod, at(10), Counters::read("http_requests_total{method=\"GET\"} 30\n").unwrap());
        let mut tally = Tally::new(&lanes);
        past.add(&pod, at(10), window, 1.0, tally.now(0));
        let track = tally.finish(&lanes, window).remove(0);
        assert_eq!((track.requests.value(), &track.errors), (Some(3.0), &Reading::NoSource));
    }

    #[test]
    fn the_rounds_become_the_series() {
        let shop = Shop::default().deployment("web", &[("app", "web")], "v1", (1, 9_000));
        let lanes = Lanes::of(&shop.release(Kind::Deployment, "web"));
        let mut past = Past::default();
        let span = SignedDuration::from_mins(5);
        let mut tally = Tally::new(&lanes);
        tally.now(0).add(12.0, Some(false));
        past.note(at(0), &tally, span, &lanes);
        let series = past.tally(&lanes, at(10), span).finish(&lanes, SignedDuration::from_mins(1)).remove(0).series;
        assert_eq!((series.requests.len(), series.step.as_secs()), (60, 5));
        let known: Vec<usize> = (0..60).filter(|point| series.requests[*point] == Some(12.0)).collect();
        assert_eq!(known, [57], "ten seconds before the last point");
        let gate = past.recent(&lanes, at(10), SignedDuration::from_hours(2)).remove(0);
        assert_eq!((gate.step.as_secs(), gate.requests.iter().flatten().count()), (30, 1), "fine, whatever is shown");
        let hour_later = past.tally(&lanes, at(3_600), span).finish(&lanes, span).remove(0).series;
        assert!(hour_later.requests.iter().all(Option::is_none));
    }
}
