//! An open release: its summary, its panes, and two lines on what to do.
//!
//! ```text
//!  rolling   ▲ failed 6 min   v41→v42   6/8 ready   2 of 8 new, deadline in 4 min
//!  1 Versions  [2 Traffic]  3 Health  4 Error rate  5 History  6 Events
//! ┌ … ┐
//! ```
//! From 120×40 on all six panes are shown at once; Tab then moves the frame that has the keys.

use super::said::{age_words, clock, shown, versions};
use super::{numbers, presence};
use crate::app::Model;
use crate::app::layers::ReleaseView;
use crate::app::measuring::{self, Limits};
use crate::app::model::Pane;
use crate::domain::{Age, Release};
use crate::ui::panes;
use crate::ui::panes::errors::Lane;
use crate::ui::text::{Elide, width};
use crate::ui::widgets::{Look, Slot, put, put_line, tabs};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Draws the open release.
pub fn draw(buffer: &mut Buffer, area: Rect, model: &Model, view: &ReleaseView, look: Look<'_>) {
    let release = &view.release;
    summary(buffer, Slot::row(area, 0), model, view, look);
    let all = model.size.shows_all_panes();
    let above = if all { 1 } else { 2 };
    let cells = usize::from(area.width).saturating_sub(2);
    let reason = match view.gone {
        Some(_) => super::gone::reason(model, view).into(),
        None => look.said(&release.reason),
    };
    // A reason that is cut is none: where there is room it has a second line.
    let reasons = look.fitted(&reason, cells.max(1), if area.height >= 16 { 2 } else { 1 });
    let another = presence::somebody_else(model, &release.key);
    let below = match area.height {
        ..8 => 0,
        _ => 1 + reasons.len() as u16 + u16::from(another.is_some()),
    };
    let inside = Rect { y: area.y + above.min(area.height), height: area.height.saturating_sub(above + below), ..area };
    if all {
        grid(buffer, inside, model, view, look);
    } else {
        let titles = Pane::ALL.map(Pane::title);
        tabs::draw(buffer, Slot::row(area, 1), &titles, view.pane.place(), look);
        panes::draw(buffer, inside, model, view, view.pane, look);
    }
    if below > 0 {
        let slot = |row| Slot::row(area, area.height - below + row).after(1);
        if let Some(another) = &another {
            let line = look.elide(another, cells, Elide::End);
            put(buffer, slot(0), &line, look.theme.style("message.warning"));
        }
        for (row, line) in (u16::from(another.is_some())..).zip(&reasons) {
            put(buffer, slot(row), line, look.theme.style("text.strong"));
        }
        let next = if view.gone.is_some() { super::gone::next(model, look) } else { next(model, release, look) };
        put(buffer, slot(below - 1), &look.elide(&next, cells, Elide::End), Style::new());
    }
}

/// All six panes, in two columns: what is, and what was.
fn grid(buffer: &mut Buffer, area: Rect, model: &Model, view: &ReleaseView, look: Look<'_>) {
    let rows = crate::app::layout::grid_rows(area.height, view.release.traffic.is_some());
    // The pods and the numbers have more columns than the rest.
    let left = area.width.div_ceil(2) + if area.width < 160 { 3 } else { 0 };
    let columns = [
        (area.x, left, [Pane::Versions, Pane::Traffic, Pane::Errors]),
        (area.x + left, area.width - left, [Pane::History, Pane::Health, Pane::Events]),
    ];
    for (x, width, own) in columns {
        let wants = own.map(|pane| panes::wants(model, view, pane, width, look));
        let mut y = area.y;
        for (height, pane) in crate::app::layout::column(rows, wants).into_iter().zip(own) {
            panes::draw(buffer, Rect { x, y, width, height }, model, view, pane, look);
            y += height;
        }
    }
}

fn summary(buffer: &mut Buffer, slot: Slot, model: &Model, view: &ReleaseView, look: Look<'_>) {
    let release = &view.release;
    let theme = look.theme;
    let state = theme.state(release.state);
    // Where the header has no room for the name, it stands here: it counts for more than how the release is rolled out.
    let named = if super::header::names_release(model, usize::from(slot.cells), look) {
        Span::styled(strategy(release), theme.style("text.muted"))
    } else {
        let cells = usize::from(slot.cells) / 2;
        Span::styled(
            look.elide(&shown(&release.key.name), cells, Elide::Middle).into_owned(),
            theme.style("text.strong"),
        )
    };
    let mut line = Line::from(vec![named, Span::raw("  ")]);
    if let Some(gone) = view.gone {
        line.spans.extend(super::gone::summary(model, view, gone, look));
        put_line(buffer, slot.after(1), &line, look);
        return;
    }
    line.spans.extend([
        Span::styled(look.glyphs.state(release.state), state),
        Span::raw(" "),
        Span::styled(release.state.word(), state),
    ]);
    let since = age_words(release.stands_since(), model.drawn_at());
    if !since.is_empty() {
        line.push_span(Span::styled(format!(" {since}"), theme.style("text.muted")));
    }
    line.push_span(Span::raw(format!("  {}", versions(release, look.glyphs))));
    let (ready, desired) = (release.replicas.ready, release.replicas.desired);
    // Old and new pods together may be more than are wanted: a fraction of that would read as a mistake.
    let words = if ready > desired {
        format!("  {ready} ready, {desired} wanted")
    } else {
        format!("  {ready}/{desired} ready")
    };
    line.push_span(Span::raw(words));
    let rest = |line: &Line<'_>| usize::from(slot.cells).saturating_sub(line.width() + 3);
    if let Some(errors) = errors(release, model, look)
        && errors.width() + 2 <= rest(&line)
    {
        line.push_span(Span::raw("  "));
        line.spans.extend(errors.spans);
    }
    // The longest that fits: half a number would be a wrong one.
    let room = usize::from(slot.cells).saturating_sub(line.width() + 3);
    if let Some(progress) = progress(release, model).into_iter().find(|words| width(words) <= room) {
        line.push_span(Span::styled(format!("  {progress}"), theme.style("state.progressing")));
    }
    if let Some(ours) = model.stepped_by_us(&release.key) {
        let words = format!("  you since {}", clock(ours.since, model));
        if line.width() + width(&words) < usize::from(slot.cells) {
            line.push_span(Span::styled(words, theme.style("text.muted")));
        }
    }
    put_line(buffer, slot.after(1), &line, look);
}

/// `errors 0.11 │ 0.14 %`, stable first; nothing while nothing is measured.
fn errors(release: &Release, model: &Model, look: Look<'_>) -> Option<Line<'static>> {
    let measured = model.measured(&release.uid).filter(|measured| measured.at.is_some())?;
    let muted = look.theme.style("text.muted");
    if measured.stale(model.now) {
        return Some(Line::styled("errors: stale", muted));
    }
    let limits = Limits::of(&model.session.config);
    let mut line = Line::from(Span::styled("errors", muted));
    for (place, lane) in Lane::all(release, measured).iter().enumerate() {
        let over = measuring::over(lane.track, limits);
        let style = if over { look.theme.style("verdict.bad") } else { Style::new() };
        let between = if place == 0 { " ".to_owned() } else { format!(" {} ", look.glyphs.versus) };
        line.push_span(Span::styled(between, muted));
        let sign = if over { format!("{} ", look.glyphs.down) } else { String::new() };
        line.push_span(Span::styled(
            format!("{sign}{}", numbers::reading(&lane.track.errors, numbers::percent)),
            style,
        ));
    }
    (line.spans.len() > 1).then_some(line)
}

/// `istio 2/4`, `rolling`.
fn strategy(release: &Release) -> String {
    format!("{} {}", release.strategy.0, release.step_words()).trim_end().to_owned()
}

/// How far the running update is, how long it takes still, and when the controller gives up: the fullest form first.
fn progress(release: &Release, model: &Model) -> Vec<String> {
    if let Some(outage) = release.outage.filter(|outage| outage.until.is_none()) {
        return vec![format!("no ready pod for {}", Age::between(outage.from, model.drawn_at()).words())];
    }
    let Some(progress) = &release.progress else { return Vec::new() };
    let left = progress.estimate.map(|estimate| format!(", about {} left", estimate.words()));
    let deadline = progress.deadline.map(|deadline| match Age::between(model.drawn_at(), deadline) {
        left if left.0.is_zero() => ", deadline over".to_owned(),
        left => format!(", deadline {}", left.words()),
    });
    // Which of the two is nearer to the end of it: the estimate, where there is one.
    let (nearer, both) = match (left, deadline) {
        (Some(left), Some(deadline)) => (left.clone(), [left, deadline].concat()),
        (left, deadline) => {
            let one = left.or(deadline).unwrap_or_default();
            (one.clone(), one)
        }
    };
    let (done, total) = (progress.done, progress.total);
    let of = |separator: &str, rest: &str| format!("{done}{separator}{total} new{rest}");
    vec![of(" of ", &both), of("/", &both), of(" of ", &nearer), of("/", &nearer), of("/", "")]
}

/// Why the next rung is held, if it is.
fn held(model: &Model, release: &Release) -> Option<crate::domain::Str> {
    match crate::app::gates::baking_shown(model, release) {
        crate::guard::Baking::Held(why) => Some(why),
        baking => baking.holds(),
    }
}

/// Where the next rung of the release in focus is held: the way back, and why; else `None`.
pub(super) fn held_next(model: &Model, release: &Release, look: Look<'_>) -> Option<String> {
    let (why, key) = (held(model, release)?, model.keys.key_of("advance")?);
    crate::app::update::propose::possible(model, crate::app::keys::Command::Advance)?.ok()?;
    let back = crate::app::update::propose::possible(model, crate::app::keys::Command::Abort);
    let way = match (back, model.keys.key_of("abort")) {
        (Some(Ok(consequence)), Some(key)) => format!("{key} {}; ", look.said(&consequence)),
        _ => String::new(),
    };
    Some(format!("{way}{key} is held: {}", look.said(&why)))
}

/// The next key: what to do, else what an undo would do.
fn next(model: &Model, release: &Release, look: Look<'_>) -> String {
    if let Some(held) = held_next(model, release, look) {
        return held;
    }
    let advance = crate::app::update::propose::possible(model, crate::app::keys::Command::Advance);
    if !release.remedy.is_empty() {
        return look.said(&release.remedy).into_owned();
    }
    if let (Some(Ok(consequence)), Some(step), Some(key)) = (advance, &release.step, model.keys.key_of("advance")) {
        let words = if step.next.is_empty() { consequence } else { step.next.clone() };
        return format!("{key}  {}", look.said(&words));
    }
    let undo = crate::app::update::propose::possible(model, crate::app::keys::Command::Undo);
    match (undo, model.keys.key_of("undo")) {
        (Some(Ok(consequence)), Some(key)) => format!("{key} {}", look.said(&consequence)),
        _ => String::new(),
    }
}
