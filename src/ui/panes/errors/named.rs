//! Measurements with names of their own: a controller's, and business metrics.

use super::Lane;
use crate::domain::Timestamp;
use crate::domain::measurement::{Measured, Named, Reading};
use crate::ui::text::{Align, Elide, fit};
use crate::ui::view::numbers;
use crate::ui::view::said::shown;
use crate::ui::widgets::Look;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// A line a metric: its values by track, its limits, and what is made of it.
pub(super) fn lines(
    measured: &Measured,
    lanes: &[Lane<'_>],
    (cells, now): (usize, Timestamp),
    look: Look<'_>,
) -> Vec<Line<'static>> {
    if measured.named.is_empty() {
        return Vec::new();
    }
    let muted = look.theme.style("text.muted");
    let name_cells = (cells * 2 / 5).clamp(8, 30);
    let mut lines = vec![Line::default()];
    for named in &measured.named {
        let name = fit(&shown(&named.name), name_cells, Align::Left, Elide::Middle, look.glyphs.ellipsis);
        let mut spans = vec![Span::raw(name), Span::raw(" ")];
        for (place, (role, reading, samples)) in named.values.iter().enumerate() {
            let text = value(named, reading);
            let lane =
                lanes.iter().find(|lane| lane.role == *role).map_or_else(|| role.word().to_owned(), |l| l.name.clone());
            let bad = reading.value().is_some_and(|value| out_of_bounds(named, value));
            let style = if bad { look.theme.style("verdict.bad") } else { Style::new() };
            let between = if place > 0 { format!(" {} ", look.glyphs.versus) } else { String::new() };
            spans.push(Span::styled(between, muted));
            if named.values.len() > 1 {
                spans.push(Span::styled(format!("{lane} "), look.theme.track(*role)));
            }
            let sign = if bad { format!("{} ", look.glyphs.down) } else { String::new() };
            spans.push(Span::styled(format!("{sign}{text}"), style));
            if let Some(samples) = samples {
                spans.push(Span::styled(format!(" of {}", numbers::count(*samples)), muted));
            }
        }
        let mut rest = bounds(named);
        if !named.verdict.is_empty() {
            let verdict = shown(&named.verdict);
            rest = if rest.is_empty() { verdict.into_owned() } else { format!("{rest}, {verdict}") };
        }
        let told = told(measured, named, now);
        if !told.is_empty() {
            rest = if rest.is_empty() { told } else { format!("{rest}, {told}") };
        }
        if !rest.is_empty() {
            spans.push(Span::styled(format!("  {rest}"), muted));
        }
        lines.push(Line::from(spans));
    }
    lines
}

/// Who tells it and how old it is, where that is another than the title says.
fn told(measured: &Measured, named: &Named, now: Timestamp) -> String {
    let apart = measured.at.zip(named.at).is_none_or(|(at, own)| at.duration_since(own) > measured.every);
    let age = named.age(now).filter(|age| apart && age.0 > measured.every).map(|age| format!("{} old", age.words()));
    let source =
        Some(shown(&named.source).into_owned()).filter(|source| !source.is_empty() && named.source != measured.source);
    [source, age].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A value with its unit, or its word.
pub(in crate::ui) fn value(named: &Named, reading: &Reading) -> String {
    let Some(number) = reading.value() else { return reading.word().unwrap_or_default().to_owned() };
    let unit = shown(&named.unit);
    let number = numbers::short(number);
    if unit.is_empty() { number } else { format!("{number} {unit}") }
}

/// `99 to 100`, `at least 99`, `at most 500`.
pub(in crate::ui) fn bounds(named: &Named) -> String {
    match (named.min, named.max) {
        (Some(min), Some(max)) => format!("{} to {}", numbers::short(min), numbers::short(max)),
        (Some(min), None) => format!("at least {}", numbers::short(min)),
        (None, Some(max)) => format!("at most {}", numbers::short(max)),
        (None, None) => String::new(),
    }
}

/// Whether a value lies beyond what its owner calls well.
pub(in crate::ui) fn out_of_bounds(named: &Named, value: f64) -> bool {
    named.min.is_some_and(|min| value < min) || named.max.is_some_and(|max| value > max)
}
