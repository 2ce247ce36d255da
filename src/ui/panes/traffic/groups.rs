//! The groups of an A/B test, side by side.
//!
//! ```text
//! groups    a stable 1.9.2           │ b candidate 1.9.3
//!           everyone else            │ header x-group is b
//!           6 of 6 ready             │ 3 of 3 ready
//!           errors 0.11 %            │ errors 0.14 %
//!           p99 182 ms               │ p99 190 ms
//!           conversion 3.1           │ conversion 3.4
//! ```

use super::lines::Lines;
use crate::app::measuring::{self, Limits};
use crate::domain::measurement::{Measured, Reading, compare};
use crate::domain::release::Role;
use crate::domain::traffic::Traffic;
use crate::domain::traffic::view::Group;
use crate::ui::panes::{Drawn, errors};
use crate::ui::text::{Align, Elide, fit};
use crate::ui::view::numbers::{self as form, percent, time};
use crate::ui::view::said::shown;
use crate::ui::widgets::ticks::Tick;
use ratatui::style::Style;
use ratatui::text::Span;

/// How many stand beside each other.
const ABREAST: usize = 3;

pub(super) fn lines(lines: &mut Lines<'_>, traffic: &Traffic, drawn: Drawn<'_>) {
    let measured = drawn.model.measured(&drawn.view.release.uid).map(AsRef::as_ref);
    let rows = 5 + measured.map_or(0, |measured| measured.named.len());
    for few in traffic.groups.chunks(ABREAST) {
        let cells = (lines.room() + 3) / few.len().max(1);
        for row in 0..rows {
            let mut spans = Vec::new();
            for (place, group) in few.iter().enumerate() {
                if place > 0 {
                    spans.push(Span::styled(
                        format!(" {} ", drawn.look.glyphs.versus),
                        drawn.look.theme.style("border"),
                    ));
                }
                let (text, style) = cell(group, row, measured, drawn);
                let room = cells.saturating_sub(3);
                spans.push(Span::styled(
                    fit(&text, room, Align::Left, Elide::Middle, drawn.look.glyphs.ellipsis),
                    style,
                ));
            }
            lines.spans("groups", spans);
        }
    }
    if !traffic.groups.is_empty() {
        compared(lines, measured, drawn);
    }
}

/// What is made of the differences: of the errors, and of each named measurement.
fn compared(lines: &mut Lines<'_>, measured: Option<&Measured>, drawn: Drawn<'_>) {
    let Some(measured) = measured.filter(|measured| measured.at.is_some()) else { return };
    let limits = Limits::of(&drawn.model.session.config);
    if let (Some(one), Some(other)) = (measured.track(Role::Stable), measured.track(Role::Candidate)) {
        let words = form::shares_apart(compare::errors(one, other, limits.least));
        if !words.is_empty() {
            lines.said("compared", Tick::Plain, &format!("errors: {words}"));
        }
    }
    for named in measured.named.iter().filter(|named| !named.verdict.is_empty()) {
        lines.said("compared", Tick::Plain, &format!("{}: {}", shown(&named.name), shown(&named.verdict)));
    }
}

fn cell(group: &Group, row: usize, measured: Option<&Measured>, drawn: Drawn<'_>) -> (String, Style) {
    let theme = drawn.look.theme;
    let style = group.role.map_or_else(Style::new, |role| theme.track(role));
    let track = group.role.and_then(|role| drawn.view.release.track(role));
    match row {
        0 => {
            let role = group.role.map_or("", |role| role.word());
            (format!("{} {role} {}", shown(&group.name), shown(&group.version)), style)
        }
        1 => (shown(&group.who).into_owned(), Style::new()),
        2 => {
            let ready = track.map_or_else(
                || "pods not known".to_owned(),
                |track| format!("{} of {} ready", track.replicas.ready, track.replicas.desired),
            );
            (ready, Style::new())
        }
        _ => numbers(group, row - 3, measured, drawn),
    }
}

/// What is measured of the group: errors, p99, then each named measurement.
fn numbers(group: &Group, row: usize, measured: Option<&Measured>, drawn: Drawn<'_>) -> (String, Style) {
    let (theme, glyphs) = (drawn.look.theme, drawn.look.glyphs);
    let muted = theme.style("text.muted");
    let Some(measured) = measured else {
        return (if row == 0 { "errors: not measured" } else { "" }.to_owned(), muted);
    };
    let track = group.role.and_then(|role| measured.track(role));
    let number = |label: &str, reading: Option<&Reading>, form: fn(f64) -> String, bad: bool| {
        let text = reading.map_or_else(|| "no source".to_owned(), |reading| form::reading(reading, form));
        let sign = if bad { format!("{} ", glyphs.down) } else { String::new() };
        let style = if bad { theme.style("verdict.bad") } else { Style::new() };
        (format!("{sign}{label} {text}"), style)
    };
    let limits = Limits::of(&drawn.model.session.config);
    match row {
        0 => number(
            "errors",
            track.map(|track| &track.errors),
            percent,
            track.is_some_and(|it| measuring::over(it, limits)),
        ),
        1 => number("p99", track.map(|track| &track.p99), time, track.is_some_and(|it| measuring::slow(it, limits))),
        place => {
            let Some(named) = measured.named.get(place - 2) else { return (String::new(), muted) };
            let found = named.values.iter().find(|(role, ..)| Some(*role) == group.role);
            let Some((_, reading, samples)) = found else { return (String::new(), muted) };
            let of = samples.map_or_else(String::new, |samples| format!(" of {}", form::count(samples)));
            (format!("{} {}{of}", shown(&named.name), errors::value(named, reading)), Style::new())
        }
    }
}
