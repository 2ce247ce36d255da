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
use crate::domain::said::{DIFF, UNDO};
use crate::domain::{Age, Timestamp};
use crate::ui::text::{Elide, width};
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
    Column::new("VERSION", Width::Between(9, 9)).elided(Elide::Start),
    Column::new("AGE", Width::Fixed(4)).right().importance(70),
    Column::new("PODS", Width::Fixed(5)).right().importance(50),
    Column::new("EVIDENCE", Width::Between(8, 24)).importance(90),
    Column::new("CAUSE", Width::Flex { min: 16, share: 3 }).importance(40),
];

/// The place of the column whose texts tell how wide it is.
const VERSION: usize = 2;

pub(super) fn title(drawn: Drawn<'_>) -> Content {
    let release = &drawn.view.release;
    let several = release.history.len() > 1;
    let detail = if several { format!("{DIFF} against the spec, {UNDO} goes to it") } else { String::new() };
    let revisions = count(release.history.len(), "revision");
    let title = match release.history_of() {
        Some(workload) => format!("{revisions} of {}", shown(workload)),
        None => revisions,
    };
    Content { title, detail: drawn.look.said(&detail).into_owned() }
}

/// How many lines it has.
pub(super) fn lines(drawn: Drawn<'_>) -> usize {
    drawn.view.release.history.len() + 1
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
    // A version that is cut is another one: it has its room before what is said about it.
    let widest = history.iter().map(|entry| width(&images(entry))).max().unwrap_or(0);
    let mut columns = COLUMNS;
    columns[VERSION].width = Width::Between(9, widest.clamp(9, 32) as u16);
    let mut table =
        Table { columns: &columns, len: history.len(), offset: 0, selected: drawn.focused.then_some(at), header: true };
    table.offset = Scroll { at }.first(history.len(), table.visible(area.height));
    table.draw(buffer, area, drawn.look, |place| row(&history[place], drawn));
}

fn row<'a>(entry: &'a HistoryEntry, drawn: Drawn<'_>) -> Row<'a> {
    let (theme, now) = (drawn.look.theme, drawn.model.drawn_at());
    let muted = theme.style("text.muted");
    let back_to = drawn.view.release.back_to == Some(entry.revision);
    let (mark, mark_style) = match (entry.current, &entry.evidence) {
        (true, _) => ("now", theme.style("text.strong")),
        // It may be all that is left to go to, and it is what somebody went away from.
        (false, Evidence::GivenUp { .. }) => ("left", muted),
        (false, _) if back_to => ("back to", theme.style("direction.back")),
        (false, _) => ("", muted),
    };
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
            Line::raw(images(entry)),
            Line::styled(age(entry.created, now), muted),
            Line::raw(pods),
            Line::styled(evidence(entry, now), theme.style("direction.back")),
            Line::styled(cause.trim_end().to_owned(), muted),
        ],
        style: Style::new(),
    }
}

/// The versions of its images; of several with their containers' names.
fn images(entry: &HistoryEntry) -> String {
    let mut images: Vec<String> = Vec::new();
    for image in &entry.images {
        let version = shown(image.version()).into_owned();
        let name = if entry.images.len() > 1 { format!("{}:", shown(&image.container)) } else { String::new() };
        images.push(format!("{name}{version}"));
    }
    images.join(" ")
}

/// What speaks for a revision, in a few words.
fn evidence(entry: &HistoryEntry, now: Timestamp) -> String {
    match &entry.evidence {
        _ if entry.current && entry.replicas.ready > 0 => "runs now".to_owned(),
        _ if entry.current && entry.replicas.current > 0 => "none ready".to_owned(),
        _ if entry.current => "no pods".to_owned(),
        Evidence::GivenUp { at } => format!("undone {} ago", Age::between(*at, now)),
        Evidence::None => "none".to_owned(),
        Evidence::Likely { served } => format!("likely, served {}", served.words()),
        Evidence::Serving { ready } => format!("serving, {ready} ready"),
        Evidence::Recorded { at } => format!("recorded good {} ago", Age::between(*at, now)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::history::RevisionReplicas;
    use crate::ui::view::samples::{ago, now, stuck};

    #[test]
    fn only_what_has_ready_pods_is_said_to_run() {
        let told = |current, ready| {
            let entry = HistoryEntry { current: true, ..stuck().history.remove(0) };
            evidence(&HistoryEntry { replicas: RevisionReplicas { current, ready }, ..entry }, now())
        };
        assert_eq!([told(2, 2), told(2, 0), told(0, 0)], ["runs now", "none ready", "no pods"]);
        let left =
            HistoryEntry { current: false, evidence: Evidence::GivenUp { at: ago(30) }, ..stuck().history.remove(0) };
        assert_eq!(evidence(&left, now()), "undone 30s ago");
    }
}
