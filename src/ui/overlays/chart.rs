//! One measurement, large: both tracks, the limit, and the moments of our own writes and of the rollout's steps.
//!
//! ```text
//! ┌ errors of shop/checkout ─────────────── scrape · over 1 min · past 15 min ───┐
//! │ stable 0.11 %   candidate ✖ 20 %   limit 5 %                     1 of 3 Tab │
//! │  20 %│                     1          2⡠⠔⠒⠒⠒⠒                                │
//! │      │                     │          │⠁                                    │
//! │   5 %│┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈                          │
//! │   0 %│⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀                                                     │
//! │       02:57                                                          03:12  │
//! │ 1 03:04 advance → 20 %, by ana                                              │
//! └─────────────────────────────────────────────────────────────────────────────┘
//! ```

mod named;
mod plot;

use crate::app::Model;
use crate::app::layers::chart::{ChartView, Shows};
use crate::app::marks::{Mark, marks};
use crate::app::measuring::Limits;
use crate::domain::Timestamp;
use crate::domain::measurement::{Measured, Reading, TrackMeasured};
use crate::ui::panes::errors::Lane;
use crate::ui::text::{Elide, width};
use crate::ui::view::numbers::{self, percent, rate, time};
use crate::ui::view::said::{clock, shown};
use crate::ui::widgets::pane::{Frame, Pane};
use crate::ui::widgets::{Look, Slot, put, put_line, put_wrapped};
use plot::Plot;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// The most moments that are marked; of more the newest.
const MARKED: usize = 9;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, model: &Model, view: &ChartView, look: Look<'_>) {
    let measured = model.measured(&view.release.uid).map(AsRef::as_ref);
    let name = shown(&view.release.key.qualified()).into_owned();
    let what = what(view.shows, measured);
    let title = format!("{what} of {name}");
    let times = numbers::times(measured, model.span, look);
    let room = usize::from(area.width).saturating_sub(width(&title) + width(&times) + 10);
    let source = numbers::source(measured, model.now, room);
    let detail = format!("{source} {} {times}", look.glyphs.dot);
    let inside = Pane { title: &title, detail: &detail, frame: Frame::Focused }.draw(buffer, area, look);
    let inside = Rect { x: inside.x + 1.min(inside.width), width: inside.width.saturating_sub(2), ..inside };
    let Some(measured) = measured.filter(|measured| measured.at.is_some()) else {
        let text = "Nothing is measured of this release; the Error rate pane (4) says what to do about it.";
        put_wrapped(buffer, inside, text, look.theme.style("text.muted"), look);
        return;
    };
    let lanes = Lane::all(&view.release, measured);
    if let Shows::Named(place) = view.shows {
        return match measured.named.get(place) {
            Some(named) => named::draw(buffer, inside, named, &lanes, look),
            None => {
                put(buffer, Slot::row(inside, 0), "this measurement is gone; Tab shows another", Style::new());
            }
        };
    }
    past(buffer, inside, model, view, (measured, &lanes), look);
}

/// What is shown, in words.
fn what(shows: Shows, measured: Option<&Measured>) -> String {
    match shows {
        Shows::Errors => "errors".to_owned(),
        Shows::P99 => "p99".to_owned(),
        Shows::Requests => "requests".to_owned(),
        Shows::Named(place) => measured.and_then(|measured| measured.named.get(place)).map_or_else(
            || "measurement".to_owned(),
            |named| crate::ui::text::elide(&shown(&named.name), 40, Elide::Middle, "~").into_owned(),
        ),
    }
}

/// How a measurement is read off a track and written.
struct Kind {
    now: fn(&TrackMeasured) -> &Reading,
    points: fn(&TrackMeasured) -> &Vec<Option<f64>>,
    form: fn(f64) -> String,
    limit: Option<f64>,
}

fn kind(shows: Shows, limits: Limits) -> Kind {
    match shows {
        Shows::P99 => Kind { now: |it| &it.p99, points: |it| &it.series.p99, form: time, limit: limits.p99 },
        Shows::Requests => Kind { now: |it| &it.requests, points: |it| &it.series.requests, form: rate, limit: None },
        Shows::Errors | Shows::Named(_) => {
            Kind { now: |it| &it.errors, points: |it| &it.series.errors, form: percent, limit: limits.errors }
        }
    }
}

fn past(
    buffer: &mut Buffer,
    area: Rect,
    model: &Model,
    view: &ChartView,
    (measured, lanes): (&Measured, &[Lane<'_>]),
    look: Look<'_>,
) {
    let kind = kind(view.shows, Limits::on(model, &view.release.uid));
    let to = measured.at.unwrap_or(model.now);
    let from = to.checked_sub(model.span.time()).unwrap_or(to);
    let mut moments = marks(model, &view.release, from);
    let old = moments.len().saturating_sub(MARKED);
    moments.drain(..old);
    legend(buffer, Slot::row(area, 0), lanes, &kind, look);
    // Half of the height at most goes to the words.
    let told = moments.len().min(usize::from(area.height.saturating_sub(4) / 2));
    let below = u16::try_from(told).unwrap_or(0);
    let middle = Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1 + below), ..area };
    let lines = lanes
        .iter()
        .map(|lane| plot::Points {
            start: lane.track.series.start,
            step: lane.track.series.step,
            values: (kind.points)(lane.track),
            style: lane.style(look),
        })
        .collect();
    let plot = Plot {
        lines,
        from,
        to,
        limit: kind.limit,
        marks: moments.iter().map(|mark| mark.at).collect(),
        form: kind.form,
        clock: |at: Timestamp| clock(at, model),
    };
    plot.draw(buffer, middle, look);
    let first = moments.len() - told;
    for (row, (number, mark)) in (0..).zip(moments.iter().enumerate().skip(first)) {
        moment(buffer, Slot::row(area, area.height - below + row), number + 1, mark, model, look);
    }
}

/// The tracks with their colour and their number now, and the limit.
fn legend(buffer: &mut Buffer, slot: Slot, lanes: &[Lane<'_>], kind: &Kind, look: Look<'_>) {
    let muted = look.theme.style("text.muted");
    let mut spans = Vec::new();
    for (place, lane) in lanes.iter().enumerate() {
        let reading = (kind.now)(lane.track);
        let over = kind.limit.zip(reading.value()).is_some_and(|(limit, value)| value > limit);
        let sign = if over { format!("{} ", look.glyphs.down) } else { String::new() };
        let style = if over { look.theme.style("verdict.bad") } else { Style::new() };
        spans.push(Span::styled(format!("{} {} ", plot::sign(place, look), lane.name), lane.style(look)));
        spans.push(Span::styled(format!("{sign}{}   ", numbers::reading(reading, kind.form)), style));
    }
    let limit =
        kind.limit.map_or_else(|| "no limit is set".to_owned(), |limit| format!("limit {}", (kind.form)(limit)));
    spans.push(Span::styled(limit, muted));
    put_line(buffer, slot, &Line::from(spans), look);
}

fn moment(buffer: &mut Buffer, slot: Slot, number: usize, mark: &Mark, model: &Model, look: Look<'_>) {
    let rest = put(buffer, slot, &format!("{number} "), look.theme.style("spark.mark"));
    let words = format!("{} {}", clock(mark.at, model), shown(&mark.words));
    put(buffer, rest, &look.elide(&words, usize::from(rest.cells), Elide::End), look.theme.style("text.muted"));
}
