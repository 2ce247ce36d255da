//! The numbers of a track over a rule's window.

use super::rules::{Quantile, Terms};
use crate::domain::measurement::{Measured, Reading, Series, TrackMeasured};
use crate::domain::{Str, Timestamp};
use jiff::SignedDuration;

/// A number and what it rests on, or why there is none.
#[derive(Debug, Clone, PartialEq)]
pub enum Number {
    /// A number, and how many requests it rests on (`None`: not told).
    Is(f64, Option<u64>),
    /// None: why, in a few words.
    Missing(Str),
}

/// The share of failed requests of `track`.
pub fn errors(measured: &Measured, track: &TrackMeasured, terms: Terms) -> Number {
    let Some(span) = longer(measured, track, terms) else { return of(&track.errors, track) };
    let series = track.judged_past();
    let step = series.step.as_secs_f64();
    let mut requests = 0.0;
    let mut failed = 0.0;
    for place in span {
        if let (Some(Some(rate)), Some(Some(share))) = (series.requests.get(place), series.errors.get(place)) {
            requests += rate * step;
            failed += rate * step * share;
        }
    }
    if requests > 0.0 { Number::Is(failed / requests, Some(whole(requests))) } else { of(&track.errors, track) }
}

/// The quantile of `track`, in seconds. Over a longer window than the source's it is the highest of p99's points; the
/// other quantiles have no past, and are the source's own.
pub fn latency(measured: &Measured, track: &TrackMeasured, quantile: Quantile, terms: Terms) -> Number {
    let own = of(quantile.of(track), track);
    let Some(span) = longer(measured, track, terms).filter(|_| quantile == Quantile::P99) else { return own };
    let series = track.judged_past();
    let highest = span.clone().filter_map(|place| series.p99.get(place).copied().flatten()).reduce(f64::max);
    let requests: f64 = span.filter_map(|place| series.requests.get(place).copied().flatten()).sum();
    let requests = whole(requests * series.step.as_secs_f64());
    highest.map_or(own, |highest| Number::Is(highest, Some(requests)))
}

/// The points of the rule's window, where that is longer than the source's own.
fn longer(measured: &Measured, track: &TrackMeasured, terms: Terms) -> Option<std::ops::Range<usize>> {
    let window = terms.window.filter(|window| *window > measured.window)?;
    let (series, step) = (track.judged_past(), track.judged_past().step);
    if step <= SignedDuration::ZERO || series.errors.is_empty() {
        return None;
    }
    let points = (window.as_secs_f64() / step.as_secs_f64()).ceil().max(1.0) as usize;
    let end = series.errors.len();
    Some(end.saturating_sub(points)..end)
}

fn of(reading: &Reading, track: &TrackMeasured) -> Number {
    match reading {
        Reading::Value(number) => Number::Is(*number, track.samples),
        Reading::NoTraffic => Number::Missing("no traffic".into()),
        Reading::NoSource => Number::Missing("no source".into()),
        Reading::Unusable(why) => Number::Missing(why.clone()),
    }
}

/// How many requests `track` had since `since`, as far as its series reaches back: never too many.
pub fn requests_since(track: &TrackMeasured, since: Timestamp) -> u64 {
    let series = track.judged_past();
    let step = series.step.as_secs_f64();
    let counted = points_since(track, since).filter_map(|place| series.requests.get(place).copied().flatten());
    let known = whole(counted.sum::<f64>() * step);
    if series.requests.is_empty() { track.samples.unwrap_or(0) } else { known }
}

/// The places of the points that lie wholly after `since`.
pub fn points_since(track: &TrackMeasured, since: Timestamp) -> impl Iterator<Item = usize> + use<> {
    let series = track.judged_past();
    let (start, step) = (series.start, series.step);
    (0..points(series)).filter(move |place| {
        // A point stands for the time before it.
        let at = step.checked_mul(*place as i32).and_then(|ahead| start.checked_add(ahead).ok());
        at.is_some_and(|at| at.duration_since(since) >= step)
    })
}

/// The last point of a time in which nobody told any number for longer than `patience`. Before the first number there is
/// none: a source that was just asked for the first time has no past.
pub fn last_silence(track: &TrackMeasured, patience: SignedDuration) -> Option<usize> {
    let series = track.judged_past();
    let told = |place: usize| {
        let at = |numbers: &[Option<f64>]| numbers.get(place).is_some_and(Option::is_some);
        at(&series.requests) || at(&series.errors) || at(&series.p99)
    };
    let (mut last, mut silent) = (None, None);
    for place in 0..points(series) {
        if told(place) {
            last = Some(place);
        } else if last.is_some_and(|last| series.step.saturating_mul((place - last) as i32) > patience) {
            silent = Some(place);
        }
    }
    silent
}

/// How many points the past has: own queries may tell errors, and no requests.
fn points(series: &Series) -> usize {
    series.requests.len().max(series.errors.len()).max(series.p99.len())
}

/// The time of the point at `place`.
pub fn time_of(track: &TrackMeasured, place: usize) -> Option<Timestamp> {
    let series = track.judged_past();
    let ahead = series.step.checked_mul(i32::try_from(place).ok()?)?;
    series.start.checked_add(ahead).ok()
}

const fn whole(number: f64) -> u64 {
    if number > 0.0 { (number + 1e-6) as u64 } else { 0 }
}
