//! A plan: what will be done to what, what is known about it, and how it goes once it was confirmed.
//!
//! ```text
//! ┌ UNDO shop/search → revision 41 ──────────────────────────── heron prod-eu ┐
//! │ 1 PATCH apps/v1 deployments/search   only if its template is as shown      │
//! │                                                                            │
//! │  container search  image      - reg/search:v42                             │
//! │                               + reg/search:v41                             │
//! │                                                                            │
//! │ dry run  ✔ accepted                                                        │
//! │ then     rolling: 2 of 8 pods change, 6 of v41 stay up; about 40 s         │
//! └────────────────────────────────────────────────────────────────────────────┘
//! ```

mod progress;
mod sections;

use crate::app::Model;
use crate::app::gates;
use crate::app::layers::PlanDialog;
use crate::app::layers::plan::{Stage, Word};
use crate::domain::{Direction, Plan};
use crate::ui::text::{Elide, width};
use crate::ui::view::said::shown;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::pane::{Frame, Pane};
use crate::ui::widgets::scroll::ScrollText;
use crate::ui::widgets::{Look, Slot, put};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::sync::Arc;

/// The widest that a plan is drawn: longer lines are hard to read.
const WIDEST: u16 = 110;

pub(super) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    model: &Model,
    dialog: &PlanDialog,
    look: Look<'_>,
) -> Option<Position> {
    let plan: Option<&Arc<Plan>> = match &dialog.stage {
        Stage::Ready(plan) => Some(plan),
        Stage::Confirmed(id) => model.writes.of_plan(id).map(|write| &write.plan),
        Stage::Reading | Stage::Refused(_) => None,
    };
    let wide = area.width.min(WIDEST);
    let cells = usize::from(wide.saturating_sub(4));
    let mut lines = match (&dialog.stage, plan) {
        (Stage::Ready(_), Some(plan)) => sections::lines(model, dialog, plan, cells, look),
        (Stage::Confirmed(id), Some(plan)) => progress::lines(model, id, plan, cells, look),
        _ => sections::without_plan(dialog, cells, look),
    };
    let word = shows_word(model, dialog);
    let inputs = usize::from(word.is_some()) + usize::from(dialog.typing_reason || !dialog.reason.text().is_empty());
    let frame_area = super::top(area, wide, lines.len() + inputs);
    let title = plan.map_or_else(
        || format!("{} {}", dialog.intent.verb().heading(), shown(&dialog.release.key.qualified())),
        |plan| shown(&plan.title).replace('→', look.glyphs.arrow),
    );
    let session = &model.session;
    let cluster = format!("{} {}", session.cluster.fingerprint.word, shown(session.context_name()));
    let room = usize::from(frame_area.height.saturating_sub(2)).saturating_sub(inputs);
    // What does not fit is said on a line of its own: nobody confirms what they did not know was there.
    let more = lines.len() > room;
    let height = room.saturating_sub(usize::from(more)) as u16;
    let text = ScrollText { len: lines.len(), top: dialog.scroll.at, left: 0 }.clamped(height);
    // The cluster's word is never what gives way.
    let title_cells = usize::from(wide).saturating_sub(width(&cluster) + 8);
    let title = look.elide(&title, title_cells, Elide::Middle).into_owned();
    let direction = plan.map_or(Direction::Back, |plan| plan.direction);
    let inside = Pane { title: &title, detail: &cluster, frame: Frame::Plan(direction) }.draw(buffer, frame_area, look);
    let inside = Rect { x: inside.x + 1.min(inside.width), width: inside.width.saturating_sub(2), ..inside };
    let body = Rect { height: inside.height.min(height), ..inside };
    text.draw(buffer, body, look, |place| std::mem::take(&mut lines[place]));
    let mut below = Rect { y: body.y + body.height, height: inside.height - body.height, ..inside };
    if more && below.height > 0 {
        let (above, under) = (text.top, lines.len().saturating_sub(text.top + usize::from(height)));
        let words = format!("{} {above} above  {} {under} below (j k)", look.glyphs.more_above, look.glyphs.more_below);
        put(buffer, Slot::row(below, 0), &words, look.theme.style("scroll"));
        below = Rect { y: below.y + 1, height: below.height - 1, ..below };
    }
    draw_inputs(buffer, below, dialog, word, look)
}

/// The fingerprint word, once nothing but it holds the plan back.
fn shows_word<'a>(model: &Model, dialog: &'a PlanDialog) -> Option<&'a Word> {
    let word = dialog.word.as_ref().filter(|_| matches!(dialog.stage, Stage::Ready(_)))?;
    (word.matches() || gates::takes_word(model, dialog)).then_some(word)
}

/// The fingerprint word and the reason, below what scrolls: never out of sight.
fn draw_inputs(
    buffer: &mut Buffer,
    area: Rect,
    dialog: &PlanDialog,
    word: Option<&Word>,
    look: Look<'_>,
) -> Option<Position> {
    let theme = look.theme;
    let mut cursor = None;
    let mut row = 0;
    if let Some(word) = word {
        let slot = Slot::row(area, row);
        let prompt = format!("type {} to unlock: ", word.wanted);
        let slot = put(buffer, slot, &prompt, theme.style("text.strong"));
        let style = if word.matches() { theme.style("input.accepted") } else { theme.style("input") };
        let after = put(buffer, slot, &word.typed, style);
        if word.matches() {
            put(buffer, after.after(1), &format!("{} unlocked", look.glyphs.healthy), theme.style("verdict.ok"));
        } else {
            cursor = Some(Position { x: slot.x + width(&word.typed) as u16, y: slot.y });
        }
        row += 1;
    }
    if dialog.typing_reason || !dialog.reason.text().is_empty() {
        let input =
            Input { prompt: "reason  ", field: &dialog.reason, placeholder: "why, for the journal", accepted: false };
        let at = input.draw(buffer, Slot::row(area, row), look);
        cursor = at.filter(|_| dialog.typing_reason).or(cursor);
    }
    cursor.filter(|at| area.contains(*at))
}
