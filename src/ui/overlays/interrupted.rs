//! Plans of an earlier console that were interrupted.
//!
//! ```text
//! ┌ Interrupted ──────────────────────────────────────────────────────────────┐
//! │▌ 9m ana  UNDO shop/search → revision 41                                   │
//! │ call 1 of 1 has no answer                                                  │
//! │ y goes on   r takes it back   n leaves it as it is                         │
//! └────────────────────────────────────────────────────────────────────────────┘
//! ```

use crate::app::Model;
use crate::app::layers::interrupted::Interrupted;
use crate::app::scroll::Scroll;
use crate::ui::view::said::{age, shown};
use crate::ui::widgets::pane::{Frame, Pane};
use crate::ui::widgets::table::{Column, Row, Table, Width};
use crate::ui::widgets::{Look, put_wrapped};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

const COLUMNS: [Column; 3] = [
    Column::new("", Width::Fixed(4)).right(),
    Column::new("", Width::Between(6, 14)).importance(50),
    Column::new("", Width::Flex { min: 20, share: 1 }),
];

pub(super) fn draw(buffer: &mut Buffer, area: Rect, model: &Model, list: &Interrupted, look: Look<'_>) {
    let plans = &model.interrupted;
    let area = super::top(area, 90, plans.len().min(8) + 6);
    let inside = Pane { title: "Interrupted", detail: "", frame: Frame::Dialog }.draw(buffer, area, look);
    let below = inside.height.min(5);
    let rows = Rect { height: inside.height - below, ..inside };
    let at = list.scroll.within(plans.len());
    let table = Table {
        columns: &COLUMNS,
        len: plans.len(),
        offset: Scroll { at }.first(plans.len(), usize::from(rows.height)),
        selected: Some(at),
        header: false,
    };
    let muted = look.theme.style("text.muted");
    table.draw(buffer, rows, look, |place| {
        let plan = &plans[place];
        Row {
            cells: vec![
                Line::styled(age(Some(plan.at), model.now), muted),
                Line::styled(shown(&plan.record.who), muted),
                Line::raw(shown(&plan.record.title)),
            ],
            style: Style::new(),
        }
    });
    let Some(plan) = plans.get(at) else { return };
    let state = match plan.next_call() {
        Some(call) => format!("Call {} of {} has no answer in the journal.", call + 1, plan.record.calls.len()),
        None => "Every call was answered; only the waiting was cut off.".to_owned(),
    };
    let text = format!(
        "{state}\ny goes on: each call is sent only if the object does not show that it was done.\nr takes it back, n leaves it as it is, Esc decides later."
    );
    let rest = Rect {
        x: inside.x + 1.min(inside.width),
        y: inside.y + rows.height,
        width: inside.width.saturating_sub(2),
        height: below,
    };
    put_wrapped(buffer, rest, &text, Style::new(), look);
}
