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

use super::said::{age, clock, shown, versions_within};
use super::{numbers, presence, unread};
use crate::app::Model;
use crate::app::filter::Filter;
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

const COLUMNS: [Column; 9] = [
    Column::new("STATE", Width::Fixed(13)),
    Column::new("", Width::Fixed(3)).right().importance(60),
    Column::new("RELEASE", Width::Between(14, 14)).elided(Elide::Middle),
    Column::new("HOW", Width::Fixed(10)).importance(40),
    Column::new("STEP", Width::Fixed(4)).right().importance(30),
    Column::new("%", Width::Fixed(4)).right().importance(35),
    Column::new("VERSIONS", Width::Flex { min: 13, share: 1 }).elided(Elide::Middle).importance(90),
    Column::new("READY", Width::Fixed(5)).right().importance(80),
    Column::new("ERR%", Width::Fixed(4)).right().importance(20),
];

/// The place of the versions among the columns.
const VERSIONS: usize = 6;

/// Draws the board.
pub fn draw(buffer: &mut Buffer, area: Rect, model: &Model, look: Look<'_>) {
    counters(buffer, Slot::row(area, 0), model, look);
    // Rule and two lines on the selected row, where there is room for rows too.
    let below = if area.height >= 7 { 3 } else { 0 };
    let table_area = Rect { y: area.y + area.height.min(1), height: area.height.saturating_sub(1 + below), ..area };
    let rows = &model.board.rows;
    let stepped = rows.iter().any(|release| release.step.is_some());
    let mut columns = COLUMNS.to_vec();
    // As wide as the longest name, so that what is left goes to the versions.
    let name = |release: &Release| {
        let mark =
            model.stepped_by_another(&release.key).map_or(0, |presence| 1 + text::width(&presence::mark(presence)));
        release.key.namespace.len() + 1 + release.key.name.len() + mark
    };
    let longest = rows.iter().map(|release| name(release)).max().unwrap_or(0).clamp(14, 40);
    columns[2].width = Width::Between(14, longest as u16);
    // A column without a word in it is room for the names.
    let mut places: Vec<usize> = (0..columns.len()).collect();
    let since = |release: &Release| release.waiting().and_then(|waiting| waiting.since).or(release.since);
    let ages = rows.iter().filter_map(|release| Some(Age::between(since(release)?, model.now).cells()));
    columns[1].width = Width::Fixed(ages.max().unwrap_or(0).clamp(3, 5) as u16);
    // The share is as wide as the widest: `20≠12`, or the live side of a blue-green release. Only what has traffic of its
    // own has one; of 2,000 releases that are drawn at every key, those are few.
    let shares =
        rows.iter().filter(|release| may_have_share(release)).map(|release| text::width(&share(release, look)));
    let widest = shares.max().unwrap_or(0);
    let split = widest > 0;
    columns[5].width = Width::Fixed(widest.clamp(4, 6) as u16);
    let measured = model.held.as_ref().map_or(&model.measurements, |held| &held.measurements);
    for (place, used) in [(8, measuring::any_source(measured)), (5, split), (4, stepped)] {
        if !used {
            columns.remove(place);
            places.remove(place);
        }
    }
    let widths = lay_out(&columns, table_area.width.saturating_sub(1));
    let of_versions = places.iter().position(|place| *place == VERSIONS).and_then(|place| widths[place]);
    let cells = of_versions.map_or(0, |(_, cells)| usize::from(cells));
    let mut table = Table { columns: &columns, len: rows.len(), offset: 0, selected: None, header: true };
    let visible = table.visible(table_area.height);
    table.offset = model.board.scroll.first(rows.len(), visible);
    table.selected = (!rows.is_empty()).then(|| model.board.scroll.within(rows.len()));
    table.draw(buffer, table_area, look, |index| {
        let mut row = row(&rows[index], model, look);
        row.cells[VERSIONS] = Line::raw(versions_within(&rows[index], cells, look.glyphs));
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
    put(buffer, Slot::row(area, area.height - 3), &rule, look.theme.style("border"));
    // What is missing from the board stands on its rule, where it takes no row.
    if let Some(line) = unread::line(model.shown(), model.now, look.glyphs.dot) {
        let slot = Slot::row(area, area.height - 3).after(1);
        let line = look.elide(&line, usize::from(slot.cells).saturating_sub(3), Elide::End);
        put(buffer, slot, &format!(" {line} "), look.theme.style("message.warning"));
    }
    if let Some(release) = model.board.current() {
        let inside =
            Rect { x: area.x + 1, y: area.y + area.height - 2, width: area.width.saturating_sub(2), height: 2 };
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
    let mut counts = [0usize; State::ALL.len()];
    for release in &model.shown().releases {
        counts[State::ALL.iter().position(|state| *state == release.state).unwrap_or(0)] += 1;
    }
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
    let namespace = shown(&release.key.namespace);
    let step = release.step_words();
    let (ready, desired) = (release.replicas.ready, release.replicas.desired);
    let ready_style = if ready < desired { state } else { Style::new() };
    let limits = Limits::of(&model.session.config);
    let (errors, tone) = measuring::board_cell(model.measured(&release.uid).map(AsRef::as_ref), limits, model.now);
    let style = if old { theme.style("row.stale") } else { Style::new() };
    Row {
        cells: vec![
            Line::from(vec![Span::styled(sign, state), Span::raw(" "), Span::styled(release.state.word(), state)]),
            // While it waits for a person, what counts is since when.
            Line::styled(age(release.waiting().and_then(|waiting| waiting.since).or(release.since), model.now), muted),
            named(&format!("{namespace}/{}", shown(&release.key.name)), release, model, look),
            Line::styled(release.strategy.short(), muted),
            Line::raw(step),
            Line::raw(share(release, look)),
            // Filled in where it is known how wide the column is.
            Line::default(),
            Line::styled(format!("{ready}/{desired}"), ready_style),
            Line::styled(errors, numbers::toned(tone, look)),
        ],
        style,
    }
}

/// The name, whether a guard of this console watches it, and who else steps it.
fn named(name: &str, release: &Release, model: &Model, look: Look<'_>) -> Line<'static> {
    let mut line = Line::raw(name.to_owned());
    if let Some(guard) = model.guards.of(&release.uid) {
        let style = if guard.word() == "guard" { "text.muted" } else { "verdict.bad" };
        line.push_span(Span::styled(format!(" {}", guard.word()), look.theme.style(style)));
    }
    if let Some(another) = model.stepped_by_another(&release.key) {
        line.push_span(Span::styled(format!(" {}", presence::mark(another)), look.theme.style("message.warning")));
    }
    line
}

/// Whether [`share`] may give anything: cheap, since it is asked of every release.
fn may_have_share(release: &Release) -> bool {
    release.traffic.is_some() || release.tracks.len() > 1
}

/// The candidate's share of the traffic: what was asked for, and what it is where that differs. Of a blue-green release
/// the side that is live.
fn share(release: &Release, look: Look<'_>) -> String {
    let switch = release.traffic.as_ref().and_then(|traffic| traffic.switch.as_ref());
    // Argo's sides are pod hashes, which name nothing to a person.
    if let Some(switch) = switch.filter(|_| release.key.kind != Kind::Rollout) {
        return look.elide(&shown(&switch.live), 6, Elide::End).into_owned();
    }
    let Some(candidate) = release.track(Role::Candidate) else { return String::new() };
    match (candidate.weight.asked, candidate.weight.actual) {
        (Some(asked), Some(actual)) if asked != actual => format!("{asked}{}{actual}", look.glyphs.unequal),
        (Some(share), _) | (None, Some(share)) => share.to_string(),
        (None, None) => String::new(),
    }
}

/// Two lines on the selected release: the reason, and what to do.
fn about(buffer: &mut Buffer, area: Rect, release: &Release, model: &Model, look: Look<'_>) {
    let name = shown(&release.key.qualified()).into_owned();
    let reason = match release.waiting().and_then(|waiting| waiting.since) {
        Some(since) => {
            let clock = clock(since, model);
            let reason = shown(release.reason.trim_end_matches('.')).into_owned();
            format!("{reason}; waiting for a person since {clock}").into()
        }
        None => shown(&release.reason),
    };
    let reason = match model.stepped_by_another(&release.key) {
        Some(another) => format!("{}; {reason}", presence::short(model, another)).into(),
        None => reason,
    };
    let strong = look.theme.style("text.strong");
    let rest = put(buffer, Slot::row(area, 0), &name, strong);
    let rest = put(buffer, rest, ": ", strong);
    let room = usize::from(rest.cells);
    if text::width(&reason) <= room || release.remedy.is_empty() {
        // A long reason with nothing to do about it has both lines.
        let lines = text::wrap(&reason, room.max(1));
        put(buffer, rest, lines.first().map_or("", String::as_str), Style::new());
        let more = lines.get(1..).unwrap_or_default().join(" ");
        if !more.is_empty() {
            let slot = Slot::row(area, 1);
            put(buffer, slot, &look.elide(&more, usize::from(slot.cells), Elide::End), Style::new());
        }
    } else {
        put(buffer, rest, &look.elide(&reason, room, Elide::End), Style::new());
    }
    if !release.remedy.is_empty() {
        let slot = Slot::row(area, 1);
        put(
            buffer,
            slot,
            &look.elide(&look.said(&shown(&release.remedy)), usize::from(slot.cells), Elide::End),
            Style::new(),
        );
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
