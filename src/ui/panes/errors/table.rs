//! The numbers side by side: a column a track, a row a measurement; from three tracks on a row a track.

use super::Lane;
use crate::app::measuring::{self, Limits};
use crate::domain::measurement::compare::{self, Difference};
use crate::domain::measurement::{Reading, TrackMeasured};
use crate::ui::text::{Align, Elide, fit};
use crate::ui::view::numbers::{self, percent, rate, shares_apart, time, times_apart};
use crate::ui::widgets::Look;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// How wide the names of measurements are.
const LABEL: usize = 9;
/// How wide a track's column and the limits are, in a pane with room and in a narrow one.
const WIDE: (usize, usize) = (14, 10);
const NARROW: (usize, usize) = (11, 8);

/// A measurement of a track: the word, and how it looks.
type Cell = (String, Style);

/// The table's lines; in a low pane without what can be done without.
pub(super) fn lines(
    lanes: &[Lane<'_>],
    limits: Limits,
    (cells, low): (usize, bool),
    look: Look<'_>,
) -> Vec<Line<'static>> {
    if lanes.len() > 2 {
        by_track(lanes, limits, cells, look)
    } else {
        by_measurement(lanes, limits, (cells, low), look)
    }
}

/// A text in so many cells, the last one of them empty: no number touches the next one.
fn apart(text: &str, cells: usize, look: Look<'_>) -> String {
    let own = fit(text, cells.saturating_sub(1), Align::Left, Elide::Middle, look.glyphs.ellipsis);
    if cells == 0 { own } else { own + " " }
}

fn by_measurement(
    lanes: &[Lane<'_>],
    limits: Limits,
    (cells, low): (usize, bool),
    look: Look<'_>,
) -> Vec<Line<'static>> {
    let muted = look.theme.style("text.muted");
    let put = |text: &str, wide: usize| apart(text, wide, look);
    let (column, limits_column) = if cells < 64 { NARROW } else { WIDE };
    let compare = cells.saturating_sub(LABEL + 1 + lanes.len() * column + limits_column).min(24);
    let row = |label: &str, values: Vec<Cell>, apart: Cell, limit: &str| {
        let mut spans = vec![Span::styled(put(label, LABEL), muted), Span::raw(" ")];
        spans.extend(values.into_iter().map(|(text, style)| Span::styled(put(&text, column), style)));
        if lanes.len() > 1 {
            spans.push(Span::styled(put(numbers::within(&apart.0, compare), compare), apart.1));
        }
        spans.push(Span::styled(put(limit, limits_column), muted));
        Line::from(spans)
    };
    let head = lanes.iter().map(|lane| (format!("{} ", lane.name), lane.style(look))).collect();
    let mut lines = vec![row("", head, (String::new(), muted), "limit")];
    let least = limits.least;
    let pair = match lanes {
        [one, other] => Some((one.track, other.track)),
        _ => None,
    };
    let differs = |difference: Option<Difference>, words: fn(Difference) -> String| {
        let difference = difference.unwrap_or(Difference::Unknown);
        let style = match difference {
            Difference::By(by) if by > 0.0 => look.theme.style("verdict.warn"),
            _ => muted,
        };
        (words(difference), style)
    };
    let errors = lanes.iter().map(|lane| errors(lane, limits, look)).collect();
    let difference = pair.map(|(one, other)| compare::errors(one, other, least));
    lines.push(row(
        "errors",
        errors,
        differs(difference, shares_apart),
        &limits.errors.map(percent).unwrap_or_default(),
    ));
    for (label, of) in
        [("p99", p99 as fn(&TrackMeasured) -> &Reading), ("p50", p50)].into_iter().take(if low { 1 } else { 2 })
    {
        let values = lanes
            .iter()
            .map(|lane| latency(lane, of(lane.track), label == "p99" && measuring::slow(lane.track, limits), look));
        let values = values.collect();
        let difference = match lanes {
            [one, other] => {
                Some(compare::times((of(one.track), one.track.samples), (of(other.track), other.track.samples), least))
            }
            _ => None,
        };
        let limit = limits.p99.filter(|_| label == "p99").map(time).unwrap_or_default();
        lines.push(row(label, values, differs(difference, times_apart), &limit));
    }
    let requests = lanes.iter().map(|lane| plain(&lane.track.requests, rate, look)).collect();
    lines.push(row("requests", requests, (String::new(), muted), ""));
    let samples = lanes.iter().map(|lane| samples(lane, limits, look)).collect();
    lines.push(row("samples", samples, (String::new(), muted), &format!("min {}", numbers::short(least as f64))));
    lines
}

/// Groups of an A/B test, and whatever else has more than two.
fn by_track(lanes: &[Lane<'_>], limits: Limits, cells: usize, look: Look<'_>) -> Vec<Line<'static>> {
    let muted = look.theme.style("text.muted");
    let put = |text: &str, wide: usize| apart(text, wide, look);
    let column = NARROW.0;
    let name = cells.saturating_sub(4 * column + 20).clamp(6, 14);
    // Where the difference has no room the names have it.
    let compare = cells.saturating_sub(name + 1 + 4 * column);
    let (name, compare) = if compare < 11 { (name + compare, 0) } else { (name, compare) };
    let row = |name_: Cell, values: [Cell; 4], apart: Cell| {
        let mut spans = vec![Span::styled(put(&name_.0, name), name_.1), Span::raw(" ")];
        spans.extend(values.into_iter().map(|(text, style)| Span::styled(put(&text, column), style)));
        spans.push(Span::styled(put(numbers::within(&apart.0, compare), compare), apart.1));
        Line::from(spans)
    };
    let heads = ["errors", "p99", "requests", "samples"].map(|head| (head.to_owned(), muted));
    let stable = lanes.first().map(|lane| format!("against {}", lane.name)).unwrap_or_default();
    let mut lines = vec![row((String::new(), muted), heads, (stable, muted))];
    for (place, lane) in lanes.iter().enumerate() {
        let values = [
            errors(lane, limits, look),
            latency(lane, p99(lane.track), measuring::slow(lane.track, limits), look),
            plain(&lane.track.requests, rate, look),
            samples(lane, limits, look),
        ];
        let difference = match place {
            0 => Difference::Unknown,
            _ => compare::errors(lanes[0].track, lane.track, limits.least),
        };
        let style =
            if matches!(difference, Difference::By(by) if by > 0.0) { look.theme.style("verdict.warn") } else { muted };
        lines.push(row((lane.name.clone(), lane.style(look)), values, (shares_apart(difference), style)));
    }
    let limit = |limit: Option<f64>, form: fn(f64) -> String| (limit.map(form).unwrap_or_default(), muted);
    let least = (format!("min {}", numbers::short(limits.least as f64)), muted);
    let none = || (String::new(), muted);
    lines.push(row(
        ("limit".to_owned(), muted),
        [limit(limits.errors, percent), limit(limits.p99, time), none(), least],
        none(),
    ));
    lines
}

const fn p99(track: &TrackMeasured) -> &Reading {
    &track.p99
}

const fn p50(track: &TrackMeasured) -> &Reading {
    &track.p50
}

/// The share of failed requests; over the limit it has a sign, since colour alone says nothing.
fn errors(lane: &Lane<'_>, limits: Limits, look: Look<'_>) -> Cell {
    if measuring::over(lane.track, limits) {
        let text = numbers::reading(&lane.track.errors, percent);
        return (format!("{} {text}", look.glyphs.down), look.theme.style("verdict.bad"));
    }
    plain(&lane.track.errors, percent, look)
}

fn latency(lane: &Lane<'_>, reading: &Reading, slow: bool, look: Look<'_>) -> Cell {
    if slow {
        return (format!("{} {}", look.glyphs.down, numbers::reading(reading, time)), look.theme.style("verdict.bad"));
    }
    // Without a request nothing takes time: one word for the track is enough.
    let silent = lane.track.errors == Reading::NoTraffic && *reading == Reading::NoTraffic;
    if silent { (String::new(), Style::new()) } else { plain(reading, time, look) }
}

fn samples(lane: &Lane<'_>, limits: Limits, look: Look<'_>) -> Cell {
    match lane.track.samples {
        None => ("not told".to_owned(), look.theme.style("text.muted")),
        Some(few) if few < limits.least => (format!("{} few", numbers::count(few)), look.theme.style("verdict.warn")),
        Some(samples) => (numbers::count(samples), Style::new()),
    }
}

fn plain(reading: &Reading, form: fn(f64) -> String, look: Look<'_>) -> Cell {
    let style = if reading.value().is_some() { Style::new() } else { look.theme.style("text.muted") };
    (numbers::reading(reading, form), style)
}
