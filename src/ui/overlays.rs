//! What lies over the console: one file each; a new one is its file and one line here.

mod chart;
mod choice;
mod dialog;
mod form;
mod guard;
mod help;
mod interrupted;
mod journal;
mod leaving;
mod logs;
mod messages;
mod palette;
mod plan;
mod text;

use crate::app::Model;
use crate::app::layers::Layer;
use crate::app::sight::InSight;
use crate::ui::widgets::{Look, fill};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Draws a layer into `area` (all but header and footer); gives where the cursor stands, while something is typed.
pub fn draw(buffer: &mut Buffer, area: Rect, model: &Model, layer: &Layer, look: Look<'_>) -> Option<Position> {
    match layer {
        Layer::Release(view) => crate::ui::panes::draw(buffer, area, model, view, view.pane, look),
        Layer::Plan(dialog) => return plan::draw(buffer, area, model, dialog, look),
        Layer::Guard(dialog) => return guard::draw(buffer, area, model, dialog, look),
        Layer::Form(form) => return form::draw(buffer, area, form, look),
        Layer::Palette(palette) => return palette::draw(buffer, area, palette, look),
        Layer::Help(scroll) => help::draw(buffer, area, model, *scroll, look),
        Layer::Journal(scroll) => journal::draw(buffer, area, model, *scroll, look),
        Layer::Messages(scroll) => messages::draw(buffer, area, model, *scroll, look),
        Layer::Interrupted(list) => interrupted::draw(buffer, area, model, list, look),
        Layer::Choice(choice) => return choice::draw(buffer, area, choice, look),
        Layer::Chart(view) => chart::draw(buffer, area, model, view, look),
        Layer::Logs(logs) => logs::draw(buffer, area, logs, look),
        Layer::Text(view) => return text::draw(buffer, area, view, look),
        Layer::Leaving { because, .. } => leaving::draw(buffer, area, because, look),
    }
    None
}

/// What of the topmost dialog `area` shows, when it is one that takes `y`.
pub fn in_sight(area: Rect, model: &Model, look: Look<'_>) -> Option<InSight> {
    match model.top()? {
        Layer::Plan(dialog) => plan::in_sight(area, model, dialog, look),
        Layer::Guard(dialog) => guard::in_sight(area, model, dialog, look),
        Layer::Interrupted(list) => Some(interrupted::in_sight(area, model, list)),
        _ => None,
    }
}

/// The upper part of `area` that a dialog of `lines` lines takes, its frame included, no wider than `width`.
fn top(area: Rect, width: u16, lines: usize) -> Rect {
    let width = width.min(area.width);
    let height = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(2).min(area.height);
    let x = area.x + (area.width - width) / 2;
    let y = area.y + area.height.saturating_sub(height).min(1);
    Rect { x, y, width, height }
}

/// The fewest rows below a dialog that still tell something of what it stands over.
const TELLING: u16 = 5;

/// Parts what is below `dialog` in `area` from it by a blank row. Half a frame or the end of a covered sentence would read as
/// a part of the dialog: of few rows nothing is left.
fn part(buffer: &mut Buffer, area: Rect, dialog: Rect, look: Look<'_>) {
    let left = area.bottom().saturating_sub(dialog.bottom());
    let height = if left > TELLING { 1 } else { left };
    fill(buffer, Rect { y: dialog.bottom(), height, ..area }, look.theme.style("screen"));
}
