//! Where traffic goes, and who moves it.
//!
//! ```text
//! ┌ VirtualService checkout ─────────────── moved by ana (windlass) 12 min ago ┐
//! │ stable    1.9.2  ████████████████████████████████░░░░░░░░    80 %  9 ready │
//! │ candidate 1.9.3  ████████                                    20 %  3 ready │
//! │                                                                            │
//! │ ladder    5 ── [20] ── 50 ── 100      this rung 12 min                     │
//! │ next      A  20 → 50 % of checkout.shop, 2 rules, by Istio                 │
//! │ rules     1 user-agent ~ .*Mobile.*   candidate 20, stable 80              │
//! │           2 every request             stable 100                           │
//! └────────────────────────────────────────────────────────────────────────────┘
//! ```

mod checks;
mod groups;
mod lines;
mod rules;
mod split;
mod steps;
mod switch;

use self::lines::Lines;
use super::{Content, Drawn};
use crate::app::model::Pane;
use crate::domain::Release;
use crate::ui::view::said::{age_words, clock, shown};
use crate::ui::widgets::ticks::Tick;
use crate::ui::widgets::{Slot, put, put_line};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// One line of the pane.
enum Row {
    /// A track's bar, by its place.
    Track(usize),
    /// The ladder of weights.
    Ladder,
    /// Words.
    Words(Line<'static>),
}

pub(super) fn title(drawn: Drawn<'_>) -> Content {
    let release = &drawn.view.release;
    if let Some(traffic) = &release.traffic {
        let title = traffic.holder.as_ref().map_or_else(
            || "no object holds the weight".to_owned(),
            |holder| format!("{} {}", holder.kind, shown(&holder.name)),
        );
        let detail = match &traffic.last_write {
            Some((who, at)) => {
                let ago = age_words(*at, drawn.model.drawn_at());
                let ago = if ago.is_empty() { ago } else { format!(" {ago} ago") };
                format!("moved by {}{ago}", shown(who))
            }
            None => format!("moved by {}", traffic.mover.word()),
        };
        return Content { title, detail };
    }
    let names: Vec<_> = release.services.iter().map(|service| shown(&service.key.name)).collect();
    let title = match names.len() {
        0 => "no Service selects its pods".to_owned(),
        1 => format!("Service {}", names[0]),
        _ => format!("Services {}", names.join(", ")),
    };
    Content { title, detail: "split by ready pods".to_owned() }
}

/// How many lines it has.
pub(super) fn lines(drawn: Drawn<'_>, cells: usize) -> usize {
    rows(drawn, cells).len()
}

pub(super) fn draw(buffer: &mut Buffer, area: Rect, drawn: Drawn<'_>) {
    let inside = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area };
    let rows = rows(drawn, usize::from(inside.width));
    let height = usize::from(inside.height);
    let overflows = rows.len() > height;
    let page = if overflows { height.saturating_sub(1) } else { height };
    let first = drawn.view.scrolls[Pane::Traffic.place()].at.min(rows.len().saturating_sub(page));
    let columns = split::Columns::of(drawn);
    for (line, row) in (0..).zip(rows.iter().skip(first).take(page)) {
        let slot = Slot::row(inside, line);
        match row {
            Row::Track(place) => split::draw(buffer, slot, *place, &columns, drawn),
            Row::Ladder => steps::ladder(buffer, slot, drawn),
            Row::Words(words) => {
                put_line(buffer, slot, words, drawn.look);
            }
        }
    }
    if overflows && height > 0 {
        let (glyphs, under) = (drawn.look.glyphs, rows.len() - first - page);
        let words = format!("{} {first} above  {} {under} below (j k)", glyphs.more_above, glyphs.more_below);
        let last = Slot::row(inside, inside.height - 1);
        put(buffer, last, &words, drawn.look.theme.style("scroll"));
    }
}

/// Every line of the pane: what is, what holds it, what comes next, and what it is made of.
fn rows(drawn: Drawn<'_>, cells: usize) -> Vec<Row> {
    let release = &drawn.view.release;
    let mut rows: Vec<Row> = (0..release.tracks.len()).map(Row::Track).collect();
    let mut words = Lines::new(drawn, cells);
    words.gap();
    let Some(traffic) = &release.traffic else {
        let mut rows = with(rows, words);
        if release.step.is_some() {
            rows.extend([Row::Ladder, Row::Words(Line::default())]);
        }
        let mut words = Lines::new(drawn, cells);
        words.plain(&plain(release));
        return with(rows, words);
    };
    if let Some(why) = &traffic.blocked {
        words.said("blocked", Tick::Bad, &format!("nothing goes forward: {why}"));
    }
    if let Some(waiting) = &traffic.waiting {
        words.said("waiting", Tick::Warn, &for_a_person(waiting, drawn));
    }
    rows = with(rows, words);
    if release.step.is_some() {
        rows.push(Row::Ladder);
    }
    let mut words = Lines::new(drawn, cells);
    steps::gate(&mut words, drawn);
    steps::next(&mut words, drawn);
    switch::lines(&mut words, traffic, drawn);
    checks::countdowns(&mut words, traffic, drawn);
    if release.step.is_some() {
        words.gap();
    }
    rules::lines(&mut words, traffic, drawn);
    groups::lines(&mut words, traffic, drawn);
    steps::rungs(&mut words, drawn);
    checks::lines(&mut words, traffic, drawn);
    for notice in traffic.notices.iter().filter(|notice| traffic.blocked.as_ref() != Some(*notice)) {
        words.said("note", Tick::Warn, notice);
    }
    words.gap();
    let moves = match &traffic.last_write {
        Some((who, _)) => format!("{}; written last by {}", traffic.mover.word(), shown(who)),
        None => format!("{}; nothing tells who wrote it last", traffic.mover.word()),
    };
    words.said("moves", Tick::Plain, &moves);
    if !release.why.is_empty() {
        words.said("seen as", Tick::Plain, &format!("{}: {}", release.strategy.0, release.why));
    }
    with(rows, words)
}

fn with(mut rows: Vec<Row>, words: Lines<'_>) -> Vec<Row> {
    rows.extend(words.finish().into_iter().map(Row::Words));
    rows
}

/// Whom it waits for, for what, and since when.
fn for_a_person(waiting: &crate::domain::traffic::view::WaitingFor, drawn: Drawn<'_>) -> String {
    let what = &waiting.what;
    match waiting.since {
        Some(since) => {
            let clock = clock(since, drawn.model);
            format!("for a person: {what}, for {} (since {clock})", age_words(Some(since), drawn.model.drawn_at()))
        }
        None => format!("for a person: {what}"),
    }
}

/// How the split of a plain workload comes about.
fn plain(release: &Release) -> String {
    if release.tracks.iter().any(|track| track.weight.asked.is_some()) {
        return String::new();
    }
    if release.services.is_empty() {
        return "No Service selects its pods, so no traffic comes through one; what is shown is the share of ready pods."
            .to_owned();
    }
    let split = release.track(crate::domain::Role::Candidate).is_some();
    match (release.replicas.ready, split) {
        (0, _) => "No pod is ready: nothing is served.".to_owned(),
        (_, true) => {
            "A Service spreads requests over all ready pods: the share follows their number, not a weight.".to_owned()
        }
        (_, false) => "All requests go to this version.".to_owned(),
    }
}
