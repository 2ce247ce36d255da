//! Stable against candidate: errors, latency, requests, and what they rest on. What is not known is a word, never 0 %.
//!
//! ```text
//! ┌ prometheus ──────────────────────────────── over 1 min · past 15 min ┐
//! │            stable     candidate                            limit          │
//! │ errors     0.11 %     0.14 %       no clear difference     5 %            │
//! │ p99        182 ms     190 ms       +4 %                    500 ms         │
//! │                   ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈  limit 5 %                       │
//! │ errors  stable    ▁▁▂▁▁▂▁▁▁▂▁▁▁▁▂▁▁▁▂▁▁  peak 0.2 %                      │
//! │         candidate        │▁▁▁▂▁▁▃▁▁▁▂▁▁  peak 0.3 %                      │
//! │         │ 03:04 advance → 20 %, by ana                                    │
//! └───────────────────────────────────────────────────────────────────────────┘
//! ```

mod lanes;
mod named;
mod past;
mod table;

use super::{Content, Drawn};
use crate::app::measuring::Limits;
use crate::app::model::Pane;
use crate::domain::measurement::Measured;
use crate::ui::text::wrap;
use crate::ui::view::numbers;
use crate::ui::view::said::shown;
use crate::ui::widgets::{Slot, put, put_line};
pub(in crate::ui) use lanes::Lane;
pub(in crate::ui) use named::{bounds, out_of_bounds, value};
pub(in crate::ui) use past::within;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// One line of the pane.
enum Row {
    /// Words.
    Words(Line<'static>),
    /// A sparkline.
    Past(past::Past),
}

pub(super) fn title(drawn: Drawn<'_>) -> Content {
    let measured = drawn.model.measured(&drawn.view.release.uid);
    let cells = usize::from(drawn.model.size.width) / if drawn.model.size.shows_all_panes() { 2 } else { 1 };
    let title = numbers::source(measured.map(AsRef::as_ref), drawn.model.drawn_at(), cells.saturating_sub(44));
    Content { title, detail: numbers::times(measured.map(AsRef::as_ref), drawn.model.span, drawn.look) }
}

/// How many lines it has.
pub(super) fn lines(drawn: Drawn<'_>, cells: usize) -> usize {
    rows(drawn, (cells, false)).len()
}

pub(super) fn draw(buffer: &mut Buffer, area: Rect, drawn: Drawn<'_>) {
    let inside = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area };
    let rows = rows(drawn, (usize::from(inside.width), inside.height < 10));
    let height = usize::from(inside.height);
    let overflows = rows.len() > height;
    let page = if overflows { height.saturating_sub(1) } else { height };
    let first = drawn.view.scrolls[Pane::Errors.place()].at.min(rows.len().saturating_sub(page));
    for (line, row) in (0..).zip(rows.iter().skip(first).take(page)) {
        let slot = Slot::row(inside, line);
        match row {
            Row::Words(words) => {
                put_line(buffer, slot, words, drawn.look);
            }
            Row::Past(past) => past.draw(buffer, slot, drawn.look),
        }
    }
    if overflows && height > 0 {
        let (glyphs, under) = (drawn.look.glyphs, rows.len() - first - page);
        let words = format!("{} {first} above  {} {under} below (j k)", glyphs.more_above, glyphs.more_below);
        let last = Slot::row(inside, inside.height - 1);
        put(buffer, last, &words, drawn.look.theme.style("scroll"));
    }
}

/// Every line of the pane, those that say most first: a small pane shows the first ones.
fn rows(drawn: Drawn<'_>, (cells, low): (usize, bool)) -> Vec<Row> {
    let release = &drawn.view.release;
    let muted = drawn.look.theme.style("text.muted");
    let words = |text: &str| {
        let lines = wrap(text, cells.max(8));
        lines.into_iter().map(move |line| Row::Words(Line::styled(line, muted))).collect::<Vec<_>>()
    };
    let Some(measured) = drawn.model.measured(&release.uid) else {
        return words("Not measured yet: the sources are being asked.");
    };
    let limits = Limits::on(drawn.model, &release.uid);
    let lanes = Lane::all(release, measured);
    let mut rows = Vec::new();
    if let Some(sentence) = trouble(measured, drawn) {
        let style = drawn.look.theme.style("verdict.warn");
        rows.extend(wrap(&sentence, cells.max(8)).into_iter().map(|line| Row::Words(Line::styled(line, style))));
    }
    if measured.at.is_none() && measured.named.is_empty() {
        rows.extend(words(&nothing(measured)));
        return rows;
    }
    rows.extend(table::lines(&lanes, limits, (cells, low), drawn.look).into_iter().map(Row::Words));
    rows.extend(past::rows(&lanes, measured, (limits, !low), drawn));
    rows.extend(
        named::lines(measured, &lanes, (cells, drawn.model.drawn_at()), drawn.look).into_iter().map(Row::Words),
    );
    rows.extend(lanes.iter().filter_map(Lane::unusable).flat_map(|why| words(&why)));
    rows
}

/// Why there are no newer numbers.
fn trouble(measured: &Measured, drawn: Drawn<'_>) -> Option<String> {
    let trouble = measured.trouble.as_ref().map(|trouble| shown(trouble).into_owned());
    if trouble.is_some() || !measured.stale(drawn.model.drawn_at()) {
        return trouble;
    }
    let age = measured.age(drawn.model.drawn_at())?;
    Some(format!("Stale: these numbers are {} old, and nobody should act on them.", age.words()))
}

/// What to do where nothing is measured.
fn nothing(measured: &Measured) -> String {
    let hint = "name a Prometheus with metrics.prometheus in the configuration, or give the pods prometheus.io/scrape";
    let known = match (&*measured.source, &*measured.detail) {
        ("", _) => String::new(),
        (source, "") => format!(" There is only {}.", shown(source)),
        (source, detail) => format!(" There is {}: {}.", shown(source), shown(detail)),
    };
    format!("No source tells errors, latency and requests of this release, and not known is not 0 %: {hint}.{known}")
}
