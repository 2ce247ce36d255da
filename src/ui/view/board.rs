//! The board: one row a release, the worst first.
//!
//! ```text
//!  1 down · 1 failed · 2 waiting for you · 1 progressing · 37 healthy   by: worst
//!   STATE            RELEASE        HOW       STEP    % VERSIONS      READY ERR%
//!  ✖ down         2m pay/ledger     recreate            v7             0/2 none
//! ▌▲ failed       6m shop/search    rolling             v41→v42 !pull  6/8  0.1
//! ────────────────────────────────────────────────────────────────────────────────
//!  shop/search: 2 new pods can't pull reg/search:v42 (ImagePullBackOff, 6 min).
//!  Back to: revision 41, v41, likely good (served 3 d, 6 pods still serve it).
//! ```

mod name;

use self::name::{longest_marked, named};
use super::said::{age, clock, shown, versions, versions_within};
use super::{numbers, presence, unread};
use crate::app::Model;
use crate::app::filter::Filter;
use crate::app::layout;
use crate::app::measuring::{self, Limits};
use crate::domain::release::Role;
use crate::domain::snapshot::{Connection, Watch};
use crate::domain::{Age, Kind, Release, State};
use crate::ui::text::{self, Elide};
use crate::ui::widgets::table::{Column, Row, Table, Width, lay_out};
use crate::ui::widgets::{Look, Slot, put, put_line, put_wrapped};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::sync::Arc;

const COLUMNS: [Column; 10] = [
    Column::new("STATE", Width::Fixed(13)),
    Column::new("", Width::Fixed(3)).right().importance(60),
    Column::new("RELEASE", Width::Between(14, 14)).elided(Elide::Middle),
    Column::new("HOW", Width::Fixed(10)).importance(40),
    Column::new("STEP", Width::Fixed(4)).right().importance(30),
    Column::new("%", Width::Fixed(4)).right().importance(35),
    Column::new("VERSIONS", Width::Flex { min: 13, share: 1 }).elided(Elide::Middle).importance(90),
    Column::new("READY", Width::Fixed(5)).right().importance(80),
    Column::new("ERR%", Width::Fixed(4)).right().importance(20),
    Column::new("WHY", Width::Flex { min: 24, share: 3 }).importance(10),
];

/// The places of columns whose texts depend on how wide they are.
const NAME: usize = 2;
const HOW: usize = 3;
const VERSIONS: usize = 6;
const WHY: usize = 9;

/// Up to so many rows are looked at in full for how wide a column has to be.
const FEW: usize = 100;

/// From this width on the reason stands in the row, too, and the versions have room for two long ones and what is wrong.
const WIDE: u16 = 110;

/// Draws the board.
pub fn draw(buffer: &mut Buffer, area: Rect, model: &Model, look: Look<'_>) {
    counters(buffer, Slot::row(area, 0), model, look);
    // Rule and the lines on the selected row, where there is room for rows too.
    let below = if area.height >= 7 { 1 + layout::about_lines(model) } else { 0 };
    let table_area = Rect { y: area.y + area.height.min(1), height: area.height.saturating_sub(1 + below), ..area };
    let rows = &model.board.rows;
    let extent = &model.board.extent;
    let mut columns = COLUMNS.to_vec();
    let wide = table_area.width >= WIDE;
    // As wide as the longest name with its mark, so that what is left goes to the others.
    let longest = extent.longest_name.max(longest_marked(model));
    let most = if wide { usize::from(table_area.width / 3) } else { 40 };
    columns[NAME].width = Width::Between(14, longest.clamp(14, most) as u16);
    // What the versions do not need is room for the names; of a long board it would take too long to know.
    let needed = |release: &Arc<Release>| text::width(&versions(release, look.glyphs));
    let widest = if rows.len() <= FEW { rows.iter().map(needed).max().unwrap_or(0) } else { usize::MAX };
    let min = widest.clamp(8, if wide { 24 } else { 13 }) as u16;
    // Beside a reason they take what they need, in steps: a mark that comes and goes moves nothing.
    let max = if widest == usize::MAX { 32 } else { widest.next_multiple_of(8).min(48) as u16 };
    columns[VERSIONS].width = if wide { Width::Between(min, max.max(min)) } else { Width::Flex { min, share: 1 } };
    // As wide as the largest release needs: a number that is cut is another number.
    columns[7].width = Width::Fixed((2 * digits(extent.pods) + 1).clamp(5, 13));
    // A column without a word in it is room for the names.
    let mut places: Vec<usize> = (0..columns.len()).collect();
    // Ages up to 99 days have three characters: of longer ones the oldest has the most.
    let oldest = extent.oldest.map_or(0, |since| Age::between(since, model.drawn_at()).cells());
    columns[1].width = Width::Fixed(oldest.clamp(3, 5) as u16);
    // The share is as wide as the widest: `20≠12`, or the live side of a blue-green release.
    let shares = extent.with_share.iter().filter_map(|place| rows.get(*place));
    let shares = shares.map(|release| text::width(&share(release, look)));
    let widest = shares.max().unwrap_or(0);
    let split = widest > 0;
    columns[5].width = Width::Fixed(widest.clamp(4, 6) as u16);
    let measured = model.held.as_ref().map_or(&model.measurements, |held| &held.measurements);
    for (place, used) in [(WHY, wide), (8, measuring::any_source(measured)), (5, split), (4, extent.stepped)] {
        if !used {
            columns.remove(place);
            places.remove(place);
        }
    }
    let mut widths = lay_out(&columns, table_area.width.saturating_sub(1));
    if rows.len() <= FEW && widths[NAME].is_some_and(|(_, cells)| usize::from(cells) < longest) {
        // Names would be cut: what the strategies' leave is room for them.
        let how = rows.iter().map(|release| release.strategy.short().len()).max().unwrap_or(0);
        if let Some(place) = places.iter().position(|place| *place == HOW) {
            columns[place].width = Width::Fixed(how.clamp(3, 10) as u16);
            widths = lay_out(&columns, table_area.width.saturating_sub(1));
        }
    }
    let cells = |of: usize| {
        let at = places.iter().position(|place| *place == of).and_then(|place| widths[place]);
        at.map_or(0, |(_, cells)| usize::from(cells))
    };
    let (name_cells, version_cells) = (cells(NAME), cells(VERSIONS));
    let mut table = Table { columns: &columns, len: rows.len(), offset: 0, selected: None, header: true };
    let visible = table.visible(table_area.height);
    table.offset = model.board.scroll.first(rows.len(), visible);
    table.selected = (!rows.is_empty()).then(|| model.board.scroll.within(rows.len()));
    table.draw(buffer, table_area, look, |index| {
        let mut row = row(&rows[index], model, look);
        row.cells[NAME] = named(&rows[index], name_cells, model, look);
        row.cells[VERSIONS] = Line::raw(versions_within(&rows[index], version_cells, look.glyphs));
        row.cells = places.iter().map(|place| std::mem::take(&mut row.cells[*place])).collect();
        row
    });
    if rows.is_empty() {
        let inside =
            Rect { y: table_area.y.saturating_add(2), height: table_area.height.saturating_sub(2), ..table_area };
        let inside = Rect { x: inside.x + inside.width.min(2), width: inside.width.saturating_sub(4), ..inside };
        put_wrapped(buffer, inside, &nothing(model), look.theme.style("text.muted"), look);
    }
    if below == 0 {
        return;
    }
    let rule = look.glyphs.border.horizontal.repeat(usize::from(area.width));
    put(buffer, Slot::row(area, area.height - below), &rule, look.theme.style("border"));
    // What is missing from the board stands on its rule, where it takes no row.
    if let Some(line) = unread::line(model.shown(), model.now, look.glyphs.dot) {
        let slot = Slot::row(area, area.height - below).after(1);
        let line = look.elide(&line, usize::from(slot.cells).saturating_sub(3), Elide::End);
        put(buffer, slot, &format!(" {line} "), look.theme.style("message.warning"));
    }
    if let Some(release) = model.board.current() {
        let lines = below - 1;
        let inside =
            Rect { x: area.x + 1, y: area.y + area.height - lines, width: area.width.saturating_sub(2), height: lines };
        about(buffer, inside, release, model, look);
    }
}

/// How many releases are in which state, and what of them is shown.
fn counters(buffer: &mut Buffer, slot: Slot, model: &Model, look: Look<'_>) {
    let board = &model.board;
    let sort = format!("by: {} ", board.sort.word());
    let filter = match board.filter.text().trim() {
        "" => String::new(),
        text => format!("/{} {} of {} ", shown(text), board.rows.len(), board.total),
    };
    let reading = reading(model);
    let reading = if reading.is_empty() { reading } else { format!("{reading}  ") };
    let full = if filter.is_empty() { sort.clone() } else { format!("{filter} {sort}") };
    let counts = board.extent.states;
    // What says most and fits: half a word says less than a sign.
    let short = if filter.is_empty() { sort } else { filter };
    let forms = [
        (Form::Words("waiting for you"), format!("{reading}{full}")),
        (Form::Words("waiting"), format!("{reading}{full}")),
        (Form::Words("waiting"), format!("{reading}{short}")),
        (Form::Signs, format!("{reading}{short}")),
    ];
    let room = |right: &str| usize::from(slot.cells).saturating_sub(text::width(right) + 2);
    let mut forms = forms.into_iter().map(|(form, right)| (counted(counts, form, look), right));
    let (line, right) = match forms.find(|(line, right)| line.width() <= room(right)) {
        Some(fits) => fits,
        None => (counted(counts, Form::Signs, look), String::new()),
    };
    let wide = text::width(&right);
    let left = slot.after(1).first(usize::from(slot.cells).saturating_sub(wide + 2));
    put_line(buffer, left, &line, look);
    if usize::from(slot.cells) > wide {
        put(buffer, slot.last(wide), &right, look.theme.style("text.muted"));
    }
}

/// How a state is named in the counters.
#[derive(Clone, Copy)]
enum Form {
    /// By its word; this one for `waiting`.
    Words(&'static str),
    /// By its sign.
    Signs,
}

/// The states that there are, each with its count.
fn counted(counts: [usize; State::ALL.len()], form: Form, look: Look<'_>) -> Line<'static> {
    let muted = look.theme.style("text.muted");
    let mut line = Line::default();
    for (state, count) in State::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0) {
        let text = match form {
            Form::Signs => format!("{}{count}", look.glyphs.state(state)),
            Form::Words(waiting) if state == State::Waiting => format!("{count} {waiting}"),
            Form::Words(_) => format!("{count} {}", state.word()),
        };
        if !line.spans.is_empty() {
            let between = if matches!(form, Form::Signs) { " ".to_owned() } else { format!(" {} ", look.glyphs.dot) };
            line.push_span(Span::styled(between, muted));
        }
        let style = if state < State::Healthy { look.theme.state(state) } else { muted };
        line.push_span(Span::styled(text, style));
    }
    line
}

/// What is still being read for the first time.
fn reading(model: &Model) -> String {
    let listing = model.shown().kinds.iter().filter(|(_, status)| matches!(status.watch, Watch::Listing));
    let parts: Vec<String> = listing
        .map(|(kind, status)| match status.count {
            0 => kind.plural().to_owned(),
            count => format!("{count} {}", kind.plural()),
        })
        .collect();
    if parts.is_empty() { String::new() } else { format!("reading {}", parts.join(", ")) }
}

fn row<'a>(release: &'a Release, model: &Model, look: Look<'_>) -> Row<'a> {
    let theme = look.theme;
    let state = theme.state(release.state);
    let muted = theme.style("text.muted");
    let snapshot = model.shown();
    let place = &release.key.namespace;
    let old = snapshot.age_in(release.key.kind, place, model.now) > crate::domain::snapshot::LIVE_LIMIT;
    // What may not be read any more may be anything by now.
    let unseen = [release.key.kind, Kind::Pod].into_iter().any(|kind| snapshot.out_of_sight(kind, place));
    let sign = if unseen { look.glyphs.unknown } else { look.glyphs.state(release.state) };
    let reason = if release.state < State::Healthy { Style::new() } else { muted };
    let step = release.step_words();
    let (ready, desired) = (release.replicas.ready, release.replicas.desired);
    let ready_style = if ready < desired { state } else { Style::new() };
    let limits = Limits::of(&model.session.config);
    let measured = model.measured(&release.uid).map(AsRef::as_ref);
    let (errors, tone) = measuring::board_cell(release, measured, limits, model.now);
    let style = if old { theme.style("row.stale") } else { Style::new() };
    Row {
        cells: vec![
            Line::from(vec![Span::styled(sign, state), Span::raw(" "), Span::styled(release.state.word(), state)]),
            // While it waits for a person, what counts is since when.
            Line::styled(age(release.stands_since(), model.drawn_at()), muted),
            // Filled in where it is known how wide the column is.
            Line::default(),
            Line::styled(release.strategy.short(), muted),
            Line::raw(step),
            Line::raw(share(release, look)),
            Line::default(),
            Line::styled(release.replicas.ready_of_desired(), ready_style),
            Line::styled(errors, numbers::toned(tone, look)),
            Line::styled(shown(&release.reason), reason),
        ],
        style,
    }
}

/// How many digits a number of pods has.
const fn digits(number: i32) -> u16 {
    match number.checked_ilog10() {
        Some(more) => more as u16 + 1,
        None => 1,
    }
}

/// The candidate's share of the traffic: what was asked for, and what it is where that differs. Of a blue-green release
/// the side that is live.
fn share(release: &Release, look: Look<'_>) -> String {
    let switch = release.traffic.as_ref().and_then(|traffic| traffic.switch.as_ref());
    // Argo's sides are pod hashes, which name nothing to a person.
    if let Some(switch) = switch.filter(|_| release.key.kind != Kind::Rollout) {
        return look.elide(&shown(&switch.live), 6, Elide::End).into_owned();
    }
    let Some(candidate) = release.track(Role::Candidate).filter(|_| !release.by_rule()) else { return String::new() };
    match (candidate.weight.asked, candidate.weight.actual) {
        (Some(asked), Some(actual)) if asked != actual => format!("{asked}{}{actual}", look.glyphs.unequal),
        (Some(share), _) | (None, Some(share)) => share.to_string(),
        (None, None) => String::new(),
    }
}

/// The lines on the selected release: the reason, and what to do.
fn about(buffer: &mut Buffer, area: Rect, release: &Release, model: &Model, look: Look<'_>) {
    let name = format!("{}: ", shown(&release.key.qualified()));
    let reason = match release.waiting().and_then(|waiting| waiting.since) {
        Some(since) => waiting_since(&look.said(&release.reason), &clock(since, model)).into(),
        None => look.said(&release.reason),
    };
    let reason = match model.stepped_by_another(&release.key) {
        Some(another) => format!("{}; {reason}", presence::short(model, another)).into(),
        None => reason,
    };
    let cells = usize::from(area.width).max(1);
    let most = usize::from(area.height);
    let remedy = match super::release::held_next(model, release, look) {
        Some(held) => held,
        None => look.said(&release.remedy).into_owned(),
    };
    // What to do has its line whatever the reason is; what is left over is for whichever is longer.
    let room = most.saturating_sub(usize::from(!remedy.is_empty()));
    let lines = look.fitted(&format!("{name}{reason}"), cells, room);
    let mut rows = 0..;
    for (line, row) in lines.iter().zip(&mut rows) {
        let slot = Slot::row(area, row);
        let (head, rest) = line.split_at(if row == 0 { line.find(' ').unwrap_or(line.len()) } else { 0 });
        let slot = put(buffer, slot, head, look.theme.style("text.strong"));
        put(buffer, slot, rest, Style::new());
    }
    if remedy.is_empty() {
        return;
    }
    for (line, row) in look.fitted(&remedy, cells, most.saturating_sub(lines.len())).iter().zip(&mut rows) {
        put(buffer, Slot::row(area, row), line, Style::new());
    }
}

/// The reason of a release that waits for a person, with since when; a reason that says so itself says it once.
fn waiting_since(reason: &str, clock: &str) -> String {
    let reason = reason.trim_end_matches('.');
    if reason.contains("for a person for ") {
        reason.to_owned()
    } else if reason.to_lowercase().contains("wait") {
        format!("{reason}, since {clock}")
    } else {
        format!("{reason}; waiting for a person since {clock}")
    }
}

/// Why there is no row, in words.
fn nothing(model: &Model) -> String {
    let snapshot = model.shown();
    let filter = model.board.filter.text().trim();
    if !Filter::parse(filter).is_empty() && model.board.total > 0 {
        return format!(
            "no release matches '{}' ({} are hidden); Esc clears the filter",
            shown(filter),
            model.board.total
        );
    }
    let forbidden: Vec<&Kind> = snapshot
        .kinds
        .iter()
        .filter(|(kind, status)| roots(**kind) && matches!(status.watch, Watch::Forbidden { .. }))
        .map(|(kind, _)| kind)
        .collect();
    if !forbidden.is_empty() {
        let kinds: Vec<&str> = forbidden.iter().map(|kind| kind.plural()).collect();
        return format!(
            "you may not list {} here; choose a namespace that you may read with :ns NAME, or another context with :ctx",
            kinds.join(", ")
        );
    }
    match &snapshot.connection {
        Connection::Connecting { .. } => format!("connecting to {}", shown(&snapshot.cluster.server)),
        Connection::Away { reason, .. } => format!("the cluster does not answer: {}", shown(reason)),
        Connection::Live if !snapshot.complete() => "reading".to_owned(),
        Connection::Live if snapshot.namespaces.is_empty() => {
            "there is no Deployment, StatefulSet, DaemonSet or Rollout in this cluster".to_owned()
        }
        Connection::Live if snapshot.namespaces.iter().all(|name| snapshot.lacks_namespace(name)) => {
            let names: Vec<_> = snapshot.namespaces.iter().map(|name| format!("'{}'", shown(name))).collect();
            format!("there is no namespace {}; :ns all shows every namespace", names.join(" and no namespace "))
        }
        Connection::Live => {
            let names: Vec<_> = snapshot.namespaces.iter().map(|name| shown(name)).collect();
            format!(
                "there is no Deployment, StatefulSet, DaemonSet or Rollout in {}; :ns all shows every namespace",
                names.join(", ")
            )
        }
    }
}

const fn roots(kind: Kind) -> bool {
    matches!(kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet)
}
