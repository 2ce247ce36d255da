//! Revisions, newest first, and the evidence for where to go back to. Where a release has several workloads, the title
//! says whose they are: `3 revisions of shop-canary`.
//!
//! ```text
//! ┌ 3 revisions, 10 kept ─────────────────────── U goes to the selected one ┐
//! │   REV         VERSION      AGE PODS EVIDENCE               CAUSE          │
//! │    42 now     v42           6m  0/2                        search v42     │
//! │ ▌  41 back to v41           3d  6/6 serving, 6 ready pods  search v41     │
//! └──────────────────────────────────────────────────────────────────────────┘
//! ```

use super::{Content, Drawn};
use crate::app::scroll::Scroll;
use crate::domain::history::{Evidence, HistoryEntry};
use crate::domain::{Age, Timestamp};
use crate::ui::text::Elide;
use crate::ui::view::said::{age, count, shown};
use crate::ui::widgets::put_wrapped;
use crate::ui::widgets::table::{Column, Row, Table, Width};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

const COLUMNS: [Column; 7] = [
    Column::new("REV", Width::Fixed(4)).right(),
    Column::new("", Width::Fixed(7)),
    Column::new("VERSION", Width::Flex { min: 9, share: 2 }).elided(Elide::Start),
    Column::new("AGE", Width::Fixed(4)).right().importance(70),
    Column::new("PODS", Width::Fixed(5)).right().importance(50),
    Column::new("EVIDENCE", Width::Between(8, 24)).importance(90),
    Column::new("CAUSE", Width::Flex { min: 16, share: 3 }).importance(40),
];

pub(super) fn title(drawn: Drawn<'_>) -> Content {
    let release = &drawn.view.release;
    let detail = if release.history.len() > 1 { "d against what runs, U goes to it" } else { "" };
    let revisions = count(release.history.len(), "revision");
    let title = match release.history_of() {
        Some(workload) => format!("{revisions} of {}", shown(workload)),
        None => revisions,
    };
    Content { title, detail: drawn.model.keys.said(detail).into_owned() }
}

pub(super) fn draw(buffer: &mut Buffer, area: Rect, drawn: Drawn<'_>) {
    let history = &drawn.view.release.history;
    let kind = drawn.view.release.key.kind.revisions();
    if history.is_empty() {
        let muted = drawn.look.theme.style("text.muted");
        let why = drawn.unread(kind).unwrap_or_else(|| "there are no revisions".to_owned());
        let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
        put_wrapped(buffer, inside, &why, muted, drawn.look);
        return;
    }
    let area = drawn.says_old(buffer, area, kind);
    let at = drawn.view.revision_place();
    let mut table =
        Table { columns: &COLUMNS, len: history.len(), offset: 0, selected: drawn.focused.then_some(at), header: true };
    table.offset = Scroll { at }.first(history.len(), table.visible(area.height));
    table.draw(buffer, area, drawn.look, |place| row(&history[place], drawn));
}

fn row<'a>(entry: &'a HistoryEntry, drawn: Drawn<'_>) -> Row<'a> {
    let (theme, now) = (drawn.look.theme, drawn.model.now);
    let muted = theme.style("text.muted");
    let back_to = drawn.view.release.back_to == Some(entry.revision);
    let (mark, mark_style) = match (entry.current, back_to) {
        (true, _) => ("now", theme.style("text.strong")),
        (false, true) => ("back to", theme.style("direction.back")),
        (false, false) => ("", muted),
    };
    let mut images: Vec<String> = Vec::new();
    for image in &entry.images {
        let version = shown(image.version()).into_owned();
        let name = if entry.images.len() > 1 { format!("{}:", shown(&image.container)) } else { String::new() };
        images.push(format!("{name}{version}"));
    }
    let pods = if entry.replicas.current == 0 {
        String::new()
    } else {
        format!("{}/{}", entry.replicas.ready, entry.replicas.current)
    };
    // Beside the cause, not beside the version: in a narrow pane a number of the past must not push the version out.
    let mut cause = entry.aliases.last().map(|alias| format!("was {alias}  ")).unwrap_or_default();
    cause.push_str(&entry.change_cause.as_deref().map(shown).unwrap_or_default());
    Row {
        cells: vec![
            Line::raw(entry.revision.to_string()),
            Line::styled(mark, mark_style),
            Line::raw(images.join(" ")),
            Line::styled(age(entry.created, now), muted),
            Line::raw(pods),
            Line::styled(evidence(&entry.evidence, entry.current, now), theme.style("direction.back")),
            Line::styled(cause.trim_end().to_owned(), muted),
        ],
        style: Style::new(),
    }
}

/// What speaks for a revision, in a few words.
fn evidence(evidence: &Evidence, current: bool, now: Timestamp) -> String {
    match evidence {
        _ if current => "runs now".to_owned(),
        Evidence::GivenUp { at } => format!("undone {} ago, unsettled", Age::between(*at, now)),
        Evidence::None => "none".to_owned(),
        Evidence::Likely { served } => format!("likely, served {}", served.words()),
        Evidence::Serving { ready } => format!("serving, {ready} ready"),
        Evidence::Recorded { at } => format!("recorded good {} ago", Age::between(*at, now)),
    }
}
