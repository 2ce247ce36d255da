//! Plans of an earlier console that were interrupted.
//!
//! ```text
//! ┌ Interrupted ──────────────────────────────────────────────────────────────┐
//! │▌ 9m ana  UNDO shop/search → revision 41                                   │
//! │ call 1 of 1 has no answer                                                  │
//! │ y goes on   r takes it back   n leaves it as it is                         │
//! └────────────────────────────────────────────────────────────────────────────┘
//! ```

use crate::action::journal::Unfinished;
use crate::app::Model;
use crate::app::layers::interrupted::Interrupted;
use crate::app::scroll::Scroll;
use crate::app::sight::{InSight, Of};
use crate::domain::said::{CONFIRM, LEAVE, REPLAN};
use crate::ui::text::{width, wrap};
use crate::ui::view::said::{age, shown};
use crate::ui::widgets::pane::{Frame, Pane};
use crate::ui::widgets::table::{Column, Row, Table, Width, lay_out};
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

/// The widest that it is drawn.
const WIDEST: u16 = 90;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, model: &Model, list: &Interrupted, look: Look<'_>) {
    let plans = &model.interrupted;
    let Laid { area, rows, below, text } = laid(area, model, list);
    Pane { title: "Interrupted", detail: "", frame: Frame::Dialog }.draw(buffer, area, look);
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
    put_wrapped(buffer, below, &text, Style::new(), look);
}

/// Whether what `y` would send is on the screen in full.
pub(super) fn in_sight(area: Rect, model: &Model, list: &Interrupted) -> InSight {
    let Laid { rows, below, text, .. } = laid(area, model, list);
    let fits = rows.height > 0 && wrap(&text, usize::from(below.width)).len() <= usize::from(below.height);
    InSight::new(Of::Interrupted, &[vec![text]], &(0..usize::from(fits)), |_| true)
}

/// Where the parts go.
struct Laid {
    area: Rect,
    rows: Rect,
    below: Rect,
    text: String,
}

fn laid(area: Rect, model: &Model, list: &Interrupted) -> Laid {
    let plans = &model.interrupted;
    let wide = area.width.min(WIDEST);
    let title_cells = match lay_out(&COLUMNS, wide.saturating_sub(3)).last() {
        Some(Some((_, cells))) => usize::from(*cells),
        _ => 0,
    };
    let plan = plans.get(list.scroll.within(plans.len()));
    let text = plan.map(|plan| about(model, plan, title_cells)).unwrap_or_default();
    let lines = wrap(&text, usize::from(wide.saturating_sub(4))).len().max(5);
    let area = super::top(area, wide, plans.len().min(8) + 1 + lines);
    let (across, height) = (area.width.saturating_sub(2), area.height.saturating_sub(2));
    let inside = Rect { x: area.x + 1.min(area.width), y: area.y + 1.min(area.height), width: across, height };
    let under = height.saturating_sub(1).min(lines as u16);
    let rows = Rect { height: height - under, ..inside };
    let below =
        Rect { x: inside.x + 1.min(across), y: rows.y + rows.height, width: across.saturating_sub(2), height: under };
    Laid { area, rows, below, text }
}

/// What is known of a plan, and what the keys do with it.
fn about(model: &Model, plan: &Unfinished, title_cells: usize) -> String {
    let state = match plan.next_call() {
        Some(call) => format!("Call {} of {} has no answer in the journal.", call + 1, plan.record.calls.len()),
        None => "Every call was answered; only the waiting was cut off.".to_owned(),
    };
    // Where the list cuts it, it stands here in full.
    let title = shown(&plan.record.title);
    let title = if width(&title) > title_cells { format!("{title}\n") } else { String::new() };
    // A letter leaves it, anything else that leaves only closes the list.
    let keys = model.keys.rows().find(|(binding, _)| binding.name == LEAVE.action).map(|(_, keys)| keys);
    let letter = keys.into_iter().flatten().find(|key| key.text().is_some());
    let leaves = letter.map(|key| format!(", {key} leaves it as it is")).unwrap_or_default();
    let next = format!(
        "{CONFIRM} goes on: each call is sent only if the object does not show that it was done.\n{REPLAN} takes it \
         back{leaves}, Esc decides later."
    );
    format!("{title}{state}\n{}", model.keys.said(&next))
}
