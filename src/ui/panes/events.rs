//! Events of the cluster, messages of controllers and our journal, in one time line.
//!
//! ```text
//! ┌ newest first ─────────────────────────────────────────────────────────────┐
//! │  2m ▲ BackOff     pod/search-6f9c-x2x1v   Back-off pulling image … (12×)   │
//! │  6m   undo        ana                     UNDO shop/search → revision 41   │
//! └───────────────────────────────────────────────────────────────────────────┘
//! ```

use super::{Content, Drawn};
use crate::app::layers::release::Events;
use crate::app::model::Pane;
use crate::app::scroll::Scroll;
use crate::app::timeline::{Kind, Moment, timeline};
use crate::ui::text::{Elide, wrap};
use crate::ui::view::said::{age, shown};
use crate::ui::widgets::table::{Column, Row, Table, Width, lay_out};
use crate::ui::widgets::{Slot, put, put_wrapped};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

const COLUMNS: [Column; 4] = [
    Column::new("AGE", Width::Fixed(4)).right(),
    Column::new("", Width::Between(14, 18)),
    Column::new("", Width::Flex { min: 12, share: 2 }).elided(Elide::Middle).importance(30),
    Column::new("", Width::Flex { min: 20, share: 3 }),
];

pub(super) fn title(drawn: Drawn<'_>) -> Content {
    let title = match &drawn.view.events {
        Events::Asked => "reading",
        Events::Unreadable(_) => "the cluster's events can't be read",
        Events::Listed(_) => "newest first",
    };
    Content { title: title.to_owned(), detail: String::new() }
}

pub(super) fn draw(buffer: &mut Buffer, area: Rect, drawn: Drawn<'_>) {
    let look = drawn.look;
    let moments = timeline(drawn.view, &drawn.model.journal.entries);
    let mut area = area;
    if let Events::Unreadable(why) = &drawn.view.events {
        let used = put_wrapped(buffer, area, &look.said(why), look.theme.style("verdict.warn"), look);
        area = Rect { y: area.y + used, height: area.height - used, ..area };
    }
    if moments.is_empty() && matches!(drawn.view.events, Events::Listed(_)) {
        let text = "no events are kept (a cluster keeps them for an hour), and nothing was written from here";
        let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
        put_wrapped(buffer, inside, text, look.theme.style("text.muted"), look);
        return;
    }
    let at = drawn.view.scrolls[Pane::Events.place()].within(moments.len());
    if let Some(texts) = in_full(&moments, area) {
        return draw_in_full(buffer, area, &moments, &texts, at, drawn);
    }
    // The selected moment is shown in full below the list, where there is room.
    let selected = moments.get(at).filter(|_| drawn.focused);
    let full = selected.map_or_else(Vec::new, |moment| {
        let text = format!("{}: {}", shown(&moment.who), shown(&moment.text));
        wrap(&text, usize::from(area.width.saturating_sub(2)))
    });
    let below = if area.height >= 8 { full.len().min(3) as u16 } else { 0 };
    let list = Rect { height: area.height - below, ..area };
    let table = Table {
        columns: &COLUMNS,
        len: moments.len(),
        offset: Scroll { at }.first(moments.len(), usize::from(list.height)),
        selected: selected.map(|_| at),
        header: false,
    };
    table.draw(buffer, list, look, |place| row(&moments[place], drawn));
    for (y, line) in (list.height..area.height).zip(&full) {
        put(buffer, Slot::row(area, y).after(1), line, look.theme.style("text.muted"));
    }
}

/// The texts of all moments wrapped, when all of them have room in full.
fn in_full(moments: &[Moment], area: Rect) -> Option<Vec<Vec<String>>> {
    let rows = usize::from(area.height);
    let (_, cells) = (*lay_out(&COLUMNS, area.width.saturating_sub(1)).last()?)?;
    if moments.len() > rows {
        return None;
    }
    let texts: Vec<Vec<String>> = moments.iter().map(|moment| wrap(&text(moment), usize::from(cells))).collect();
    (texts.iter().map(Vec::len).sum::<usize>() <= rows).then_some(texts)
}

fn draw_in_full(
    buffer: &mut Buffer,
    area: Rect,
    moments: &[Moment],
    texts: &[Vec<String>],
    at: usize,
    drawn: Drawn<'_>,
) {
    let left = match lay_out(&COLUMNS, area.width.saturating_sub(1)).last() {
        Some(Some((x, _))) => usize::from(*x) + 1,
        _ => return,
    };
    let mut y = 0;
    for (place, (moment, lines)) in moments.iter().zip(texts).enumerate() {
        let selected = (drawn.focused && place == at).then_some(0);
        let table = Table { columns: &COLUMNS, len: 1, offset: 0, selected, header: false };
        let height = (lines.len() as u16).max(1);
        let own = Rect { y: area.y + y, height, ..area };
        table.draw(buffer, Rect { height: 1, ..own }, drawn.look, |_| {
            let mut row = row(moment, drawn);
            row.cells[3] = Line::raw(lines.first().cloned().unwrap_or_default());
            row
        });
        for (below, line) in (1..height).zip(lines.iter().skip(1)) {
            put(buffer, Slot::row(own, below).after(left), line, Style::new());
        }
        y += height;
    }
}

/// What happened, and how often.
fn text(moment: &Moment) -> String {
    let times = if moment.count > 1 { format!(" ({}x)", moment.count) } else { String::new() };
    format!("{}{times}", shown(&moment.text))
}

fn row<'a>(moment: &'a Moment, drawn: Drawn<'_>) -> Row<'a> {
    let (look, theme) = (drawn.look, drawn.look.theme);
    let (sign, style) = match moment.kind {
        Kind::Normal => (" ", theme.style("text.muted")),
        Kind::Warning => (look.glyphs.failed, theme.style("verdict.warn")),
        Kind::Journal => (look.glyphs.crumb, theme.style("direction.back")),
        Kind::Alarm => (look.glyphs.down, theme.style("verdict.bad")),
    };
    Row {
        cells: vec![
            Line::styled(age(Some(moment.at), drawn.model.drawn_at()), theme.style("text.muted")),
            Line::from(vec![Span::styled(format!("{sign} "), style), Span::styled(shown(&moment.what), style)]),
            Line::styled(shown(&moment.who), theme.style("text.muted")),
            Line::raw(text(moment)),
        ],
        style: Style::new(),
    }
}
