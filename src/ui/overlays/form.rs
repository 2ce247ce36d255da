//! What must be typed before a plan can be made.
//!
//! ```text
//! ┌ SET IMAGE shop/search ───────────────────────────────┐
//! │ app      reg/search:v43▏                              │
//! │          now reg/search:v42                           │
//! └───────────────────────────────────────────────────────┘
//! ```

use crate::app::layers::Form;
use crate::app::layers::form::FormKind;
use crate::ui::text::{Elide, width};
use crate::ui::view::said::shown;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::pane::{Frame, Pane};
use crate::ui::widgets::{Look, Slot, put, put_wrapped};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

pub(super) fn draw(buffer: &mut Buffer, area: Rect, form: &Form, look: Look<'_>) -> Option<Position> {
    let theme = look.theme;
    let verb = match form.kind {
        FormKind::SetImage => "SET IMAGE",
        FormKind::Scale | FormKind::ScaleSide => "SCALE",
        FormKind::Weight => "SET WEIGHT",
    };
    let title = format!("{verb} {}", shown(&form.release.key.qualified()));
    let below = if form.problem.is_some() || form.warning.is_some() { 3 } else { 0 };
    let (whole, area) = (area, super::top(area, 100, form.fields.len() * 2 + below));
    super::part(buffer, whole, area, look);
    let inside = Pane { title: &title, detail: "Enter makes the plan", frame: Frame::Dialog }.draw(buffer, area, look);
    let labels = form.fields.iter().map(|field| width(&shown(&field.name))).max().unwrap_or(0).min(24);
    let mut cursor = None;
    let mut row = 0;
    // The field that has the keys is always in sight.
    let first = form.at.saturating_sub(usize::from(inside.height / 2).saturating_sub(2));
    for (place, field) in form.fields.iter().enumerate().skip(first) {
        let slot = Slot::row(inside, row).after(1);
        let name = shown(&field.name);
        let style = theme.style(if place == form.at { "text.strong" } else { "text.muted" });
        put(buffer, slot.first(labels), &look.elide(&name, labels, Elide::Middle), style);
        let input = slot.after(labels + 2);
        if place == form.at {
            let field = Input { prompt: "", field: &field.input, placeholder: "", accepted: false };
            cursor = field.draw(buffer, input, look).or(cursor);
        } else {
            put(buffer, input, &shown(field.input.text()), theme.style("input"));
        }
        let now = format!("now {}", shown(&field.now));
        let below = Slot::row(inside, row + 1).after(labels + 3);
        let room = usize::from(below.cells).saturating_sub(1);
        put(buffer, below, &look.elide(&now, room, Elide::Middle), theme.style("text.muted"));
        row += 2;
    }
    let rest = Rect {
        x: inside.x + 1.min(inside.width),
        y: inside.y + (row + 1).min(inside.height),
        width: inside.width.saturating_sub(2),
        height: inside.height.saturating_sub(row + 1),
    };
    if let Some(problem) = &form.problem {
        put_wrapped(buffer, rest, &look.said(problem), theme.style("verdict.bad"), look);
    } else if let Some(warning) = &form.warning {
        put_wrapped(buffer, rest, &look.said(warning), theme.style("verdict.warn"), look);
    }
    cursor
}
