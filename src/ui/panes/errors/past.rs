//! The past: a sparkline a track, the limit as a line over it with what lies above, and the moments that explain it.
//!
//! ```text
//! │                      ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈  limit 5 %      │
//! │ errors    stable     ▁▁▂▁▁▂▁▁▁▂▁▁▁▁▂▁▁▁▂▁▁▁▁▁  peak 0.2 %     │
//! │                      ┈┈┈┈┈┈┈┈┈│▆▅▇█▇▆▅██▇▆▅▇█                 │
//! │           candidate           │██████████████ ✖ peak 26 %     │
//! ```

use super::{Lane, Row};
use crate::app::marks::{Mark, marks};
use crate::app::measuring::Limits;
use crate::domain::Timestamp;
use crate::domain::measurement::{Measured, Reading, Series, TrackMeasured};
use crate::ui::panes::Drawn;
use crate::ui::text::Elide;
use crate::ui::view::numbers::{percent, rate, time};
use crate::ui::view::said::{clock, shown};
use crate::ui::widgets::sparkline::Sparkline;
use crate::ui::widgets::{Look, Slot, put};
use jiff::SignedDuration;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// How wide the measurement's and the track's names are.
const NAMES: [usize; 2] = [10, 11];
/// How wide the peak is.
const PEAK: usize = 16;
/// The most moments that are told below the sparklines.
const TOLD: usize = 3;

/// One sparkline.
pub(super) struct Past {
    label: &'static str,
    name: String,
    style: Style,
    /// From where to where it goes.
    from: Timestamp,
    to: Timestamp,
    start: Timestamp,
    step: SignedDuration,
    points: Vec<Option<f64>>,
    /// The value that the table above tells.
    present: Option<f64>,
    /// The value of a full cell, shared by the tracks.
    full: f64,
    limit: Option<f64>,
    /// Whether this is the line of the limit over the track's own, with what lies above it; and whether it says the limit.
    edge: Option<bool>,
    marks: Vec<Timestamp>,
    form: fn(f64) -> String,
}

/// A measurement's past: its name, its points, its present value, its form, its limit.
type Sort<'a> =
    (&'static str, fn(&Series) -> &Vec<Option<f64>>, fn(&TrackMeasured) -> &Reading, fn(f64) -> String, Option<f64>);

/// The sparklines of all tracks, errors first.
/// `lines`: whether there is room for the limits' lines.
pub(super) fn rows(
    lanes: &[Lane<'_>],
    measured: &Measured,
    (limits, lines): (Limits, bool),
    drawn: Drawn<'_>,
) -> Vec<Row> {
    let to = measured.at.unwrap_or(drawn.model.drawn_at());
    let from = to.checked_sub(drawn.model.span.time()).unwrap_or(to);
    let marks = marks(drawn.model, &drawn.view.release, from);
    let sorts: [Sort<'_>; 3] = [
        ("errors", |series| &series.errors, |track| &track.errors, percent, limits.errors),
        ("p99", |series| &series.p99, |track| &track.p99, time, limits.p99),
        ("requests", |series| &series.requests, |track| &track.requests, rate, None),
    ];
    let mut rows = Vec::new();
    for (label, of, present, form, limit) in sorts {
        let known: Vec<&Lane<'_>> =
            lanes.iter().filter(|lane| of(&lane.track.series).iter().any(Option::is_some)).collect();
        let all = known.iter().flat_map(|lane| of(&lane.track.series)).flatten().copied();
        // Below the limit the limit is the scale: little noise looks like little.
        let highest = all.filter(|value| value.is_finite()).fold(limit.unwrap_or(0.0), f64::max);
        let line = limit.filter(|_| lines);
        for (place, lane) in known.into_iter().enumerate() {
            let series = &lane.track.series;
            let past = Past {
                label: if place == 0 { label } else { "" },
                name: lane.name.clone(),
                style: lane.style(drawn.look),
                from,
                to,
                start: series.start,
                step: series.step,
                points: of(series).clone(),
                present: present(lane.track).value(),
                full: line.unwrap_or(highest),
                limit,
                edge: None,
                marks: marks.iter().map(|mark| mark.at).collect(),
                form,
            };
            if let Some(limit) = line
                && (place == 0 || past.peak().is_some_and(|peak| peak > limit))
            {
                rows.push(Row::Past(past.edge(limit, highest, place == 0)));
            }
            rows.push(Row::Past(past));
        }
        if label == "errors" && !rows.is_empty() {
            rows.extend(told(&marks, drawn));
        }
    }
    rows
}

/// The newest moments in words.
fn told(marks: &[Mark], drawn: Drawn<'_>) -> Vec<Row> {
    let muted = drawn.look.theme.style("text.muted");
    let newest = marks.iter().skip(marks.len().saturating_sub(TOLD));
    let line = |mark: &Mark| {
        let sign = Span::styled(
            format!("{}{} ", " ".repeat(NAMES[0]), drawn.look.glyphs.versus),
            drawn.look.theme.style("spark.mark"),
        );
        let words = format!("{} {}", clock(mark.at, drawn.model), shown(&mark.words));
        Row::Words(Line::from(vec![sign, Span::styled(words, muted)]))
    };
    newest.map(line).collect()
}

impl Past {
    /// The highest that is known: what is told of now may not be among the points yet.
    fn peak(&self) -> Option<f64> {
        let all = self.points.iter().flatten().copied().chain(self.present);
        all.filter(|value| value.is_finite()).reduce(f64::max)
    }

    /// The line of `limit` over this one: what lies above it, up to `highest`, which all tracks share.
    fn edge(&self, limit: f64, highest: f64, says: bool) -> Self {
        let above = |point: &Option<f64>| point.filter(|value| *value > limit).map(|value| value - limit);
        Self {
            label: "",
            name: String::new(),
            points: self.points.iter().map(above).collect(),
            full: highest - limit,
            limit: Some(limit),
            edge: Some(says),
            marks: self.marks.clone(),
            ..*self
        }
    }

    pub fn draw(&self, buffer: &mut ratatui::buffer::Buffer, slot: Slot, look: Look<'_>) {
        let muted = look.theme.style("text.muted");
        put(buffer, slot.first(NAMES[0]), self.label, muted);
        let named = slot.after(NAMES[0]).first(NAMES[1] - 1);
        put(buffer, named, &look.elide(&self.name, usize::from(named.cells), Elide::Middle), self.style);
        let rest = slot.after(NAMES[0] + NAMES[1]);
        let peak_cells = if usize::from(rest.cells) > 2 * PEAK { PEAK } else { 0 };
        let line = rest.first(usize::from(rest.cells) - peak_cells);
        let cells = usize::from(line.cells);
        let values = within((self.start, self.step), &self.points, (self.from, self.to), cells);
        let marks: Vec<usize> = self.marks.iter().filter_map(|at| place(*at, (self.from, self.to), cells)).collect();
        let bad = look.theme.style("verdict.bad");
        let over = self.limit.map(|limit| if self.edge.is_some() { (0.0, bad) } else { (limit, bad) });
        if let Some(says) = self.edge {
            put(buffer, line, &look.glyphs.limit.repeat(cells), muted);
            if says && peak_cells > 0 {
                let limit = self.limit.map(self.form).unwrap_or_default();
                put(buffer, rest.last(PEAK - 1), &format!("limit {limit}"), muted);
            }
        }
        Sparkline { values: &values, full: Some(self.full), over, marks: &marks, style: self.style }
            .draw(buffer, line, look);
        if let Some(peak) = self.peak().filter(|_| peak_cells > 0 && self.edge.is_none()) {
            let broken = self.limit.is_some_and(|limit| peak > limit);
            let style = if broken { look.theme.style("verdict.bad") } else { muted };
            let sign = if broken { format!("{} ", look.glyphs.down) } else { String::new() };
            put(buffer, rest.last(PEAK - 1), &format!("{sign}peak {}", (self.form)(peak)), style);
        }
    }
}

/// In which of `cells` a moment lies.
fn place(at: Timestamp, (from, to): (Timestamp, Timestamp), cells: usize) -> Option<usize> {
    let whole = to.duration_since(from).as_secs_f64();
    let part = at.duration_since(from).as_secs_f64() / whole;
    (cells > 0 && whole > 0.0 && (0.0..=1.0).contains(&part)).then(|| ((part * cells as f64) as usize).min(cells - 1))
}

/// The points in as many cells as there are for the time from … to: the highest of those that fall into a cell, the
/// last one before it where they lie further apart, and nothing where nothing is known.
pub(in crate::ui) fn within(
    (start, step): (Timestamp, SignedDuration),
    points: &[Option<f64>],
    (from, to): (Timestamp, Timestamp),
    cells: usize,
) -> Vec<Option<f64>> {
    let (step, whole) = (step.as_secs_f64(), to.duration_since(from).as_secs_f64());
    if step <= 0.0 || whole <= 0.0 || points.is_empty() {
        return vec![None; cells];
    }
    let ahead = from.duration_since(start).as_secs_f64();
    let wide = whole / cells.max(1) as f64;
    // A point stands for the time before it.
    let index = |time: f64| ((ahead + time) / step).ceil();
    (0..cells)
        .map(|cell| {
            let (first, after) = (index(cell as f64 * wide + 1e-6), index((cell + 1) as f64 * wide + 1e-6));
            let last = if after > first { after - 1.0 } else { first };
            if last < 0.0 || first >= points.len() as f64 {
                return None;
            }
            let (first, last) = (first.max(0.0) as usize, (last as usize).min(points.len() - 1));
            points[first..=last].iter().flatten().copied().filter(|value| value.is_finite()).reduce(f64::max)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    const STEP: SignedDuration = SignedDuration::from_secs(10);

    #[test]
    fn the_newest_point_stands_on_the_right_and_the_time_before_the_first_stays_empty() {
        let points = [Some(1.0), Some(2.0), None, Some(4.0)];
        let cells = within((at(70), STEP), &points, (at(0), at(100)), 10);
        assert_eq!(cells, [None, None, None, None, None, None, Some(1.0), Some(2.0), None, Some(4.0)]);
    }

    #[test]
    fn many_points_in_a_cell_show_their_peak_and_few_points_fill_their_time() {
        let points: Vec<_> = (0..100).map(|value| Some(f64::from(value))).collect();
        let cells = within((at(10), STEP), &points, (at(0), at(1_000)), 4);
        assert_eq!(cells, [Some(24.0), Some(49.0), Some(74.0), Some(99.0)]);
        let cells = within((at(10), STEP), &[Some(1.0), Some(2.0)], (at(0), at(20)), 6);
        assert_eq!(cells, [Some(1.0), Some(1.0), Some(1.0), Some(2.0), Some(2.0), Some(2.0)]);
    }

    #[test]
    fn absurd_series_are_survived() {
        for (start, step, whole) in [(0, 0, 10), (0, 5, 0), (1_000_000, 1, 10), (-1_000_000, 1, 10)] {
            let step = SignedDuration::from_secs(step);
            let cells = within((at(start), step), &[Some(f64::NAN), Some(1.0)], (at(0), at(whole)), 3);
            assert_eq!(cells, [None; 3]);
        }
        assert_eq!(within((at(0), STEP), &[], (at(0), at(10)), 0), []);
    }

    #[test]
    fn a_moment_lies_in_its_cell_or_nowhere() {
        assert_eq!(place(at(5), (at(0), at(10)), 10), Some(5));
        assert_eq!(place(at(10), (at(0), at(10)), 10), Some(9));
        assert_eq!(place(at(11), (at(0), at(10)), 10), None);
        assert_eq!(place(at(0), (at(0), at(0)), 10), None);
    }
}
