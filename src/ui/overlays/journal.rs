//! What was written from here, and what became of it: a line a plan, and the selected one in full.
//!
//! ```text
//! ┌ Journal ──────────────────────────────────────────────────────── 12 plans ┐
//! │▌ 2m ana    applied    UNDO shop/search → revision 41                      │
//! │───────────────────────────────────────────────────────────────────────────│
//! │ PATCH apps/v1 deployments/search                                           │
//! └────────────────────────────────────────────────────────────────────────────┘
//! ```

use crate::app::Model;
use crate::app::journal::{Chapter, chapters};
use crate::app::scroll::Scroll;
use crate::domain::journal::GuardLine;
use crate::domain::outcome::OutcomeKind;
use crate::ui::view::said::{age, count, shown};
use crate::ui::widgets::pane::{Frame, Pane};
use crate::ui::widgets::table::{Column, Row, Table, Width};
use crate::ui::widgets::{Look, Slot, put, put_wrapped};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

const COLUMNS: [Column; 4] = [
    Column::new("AGE", Width::Fixed(4)).right(),
    Column::new("WHO", Width::Between(6, 14)).importance(50),
    Column::new("OUTCOME", Width::Fixed(11)),
    Column::new("PLAN", Width::Flex { min: 20, share: 1 }),
];

pub(super) fn draw(buffer: &mut Buffer, area: Rect, model: &Model, scroll: Scroll, look: Look<'_>) {
    let chapters = chapters(&model.journal.entries);
    let detail = count(chapters.len(), "plan");
    let inside = Pane { title: "Journal", detail: &detail, frame: Frame::Focused }.draw(buffer, area, look);
    if chapters.is_empty() {
        let text = "nothing was written from this machine yet";
        put(buffer, Slot::row(inside, 0).after(1), text, look.theme.style("text.muted"));
        return;
    }
    let below = (inside.height / 2).min(9);
    let list = Rect { height: inside.height - below, ..inside };
    let at = scroll.within(chapters.len());
    let mut table = Table { columns: &COLUMNS, len: chapters.len(), offset: 0, selected: Some(at), header: true };
    table.offset = Scroll { at }.first(chapters.len(), table.visible(list.height));
    table.draw(buffer, list, look, |place| row(&chapters[place], model, look));
    if below > 1 {
        let rule = look.glyphs.border.horizontal.repeat(usize::from(inside.width));
        put(buffer, Slot::row(inside, list.height), &rule, look.theme.style("border"));
        let rest = Rect {
            x: inside.x + 1,
            y: inside.y + list.height + 1,
            width: inside.width.saturating_sub(2),
            height: below - 1,
        };
        put_wrapped(buffer, rest, &full(&chapters[at]), Style::new(), look);
    }
}

/// What became of a plan, in a word and its style.
fn outcome(chapter: &Chapter<'_>, look: Look<'_>) -> (&'static str, Style) {
    let theme = look.theme;
    if chapter.reverted.is_some() {
        return ("taken back", theme.style("verdict.bad"));
    }
    match chapter.outcome.map(|outcome| outcome.kind) {
        None if chapter.guard.is_some() && chapter.ended.is_some() => ("ended", theme.style("text.muted")),
        None if chapter.guard.is_some() => ("not ended", theme.style("text.muted")),
        None => ("unfinished", theme.style("verdict.warn")),
        Some(kind @ (OutcomeKind::Applied | OutcomeKind::Unchanged)) => (kind.word(), theme.style("verdict.ok")),
        Some(kind @ OutcomeKind::Planned) => (kind.word(), theme.style("text.muted")),
        Some(
            kind @ (OutcomeKind::Failed
            | OutcomeKind::Partial
            | OutcomeKind::Refused
            | OutcomeKind::Conflict
            | OutcomeKind::Timeout
            | OutcomeKind::Forbidden
            | OutcomeKind::Unreachable
            | OutcomeKind::Unknown),
        ) => (kind.word(), theme.style("verdict.bad")),
    }
}

fn row<'a>(chapter: &Chapter<'a>, model: &Model, look: Look<'_>) -> Row<'a> {
    let muted = look.theme.style("text.muted");
    let (word, style) = outcome(chapter, look);
    let who = chapter.record.map(|record| &record.who).or(chapter.guard.map(|guard| &guard.who));
    let who = who.map(|who| shown(who)).unwrap_or_default();
    let title = match chapter.record {
        Some(record) if record.rehearsal => format!("{} (rehearsal)", shown(&record.title)),
        Some(record) => shown(&record.title).into_owned(),
        None => match chapter.guard {
            Some(guard) => guarded(guard),
            None => chapter.plan.0.to_string(),
        },
    };
    Row {
        cells: vec![
            Line::styled(age(Some(chapter.at), model.now), muted),
            Line::styled(who, muted),
            Line::styled(word, style),
            Line::raw(title),
        ],
        style: Style::new(),
    }
}

/// `GUARD shop/search`.
fn guarded(guard: &GuardLine) -> String {
    format!("GUARD {}", shown(&guard.release.key.qualified()))
}

/// The selected plan in full.
fn full(chapter: &Chapter<'_>) -> String {
    let mut lines = Vec::new();
    if let Some(guard) = chapter.guard {
        let (name, context) = (guarded(guard), shown(&guard.context));
        lines.push(format!("{name} on {context} at {}", chapter.at.strftime("%F %T UTC")));
        lines.push(shown(&guard.what).into_owned());
    }
    if let Some(record) = chapter.record {
        lines.push(format!(
            "{} on {} at {}",
            shown(&record.title),
            shown(&record.context),
            chapter.at.strftime("%F %T UTC")
        ));
        lines.extend(record.calls.iter().map(|call| shown(call).into_owned()));
        if !record.reason.is_empty() {
            lines.push(format!("reason: {}", shown(&record.reason)));
        }
    }
    if let Some(outcome) = chapter.outcome {
        lines.push(format!("{}: {}", outcome.kind, shown(&outcome.reason)));
    }
    if let Some(by) = chapter.reverted {
        lines.push(format!("{} put the template back", shown(by)));
    }
    if let Some(inverse) = chapter.inverse {
        lines.push(format!("way back: {}", shown(&inverse.words)));
    }
    lines.join("\n")
}
