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

use super::dialog::{Laid, Paragraph, Place, Titles};
use crate::app::Model;
use crate::app::gates;
use crate::app::layers::PlanDialog;
use crate::app::layers::plan::{Stage, Word};
use crate::app::sight::{InSight, Of};
use crate::domain::{Direction, Plan};
use crate::ui::text::width;
use crate::ui::view::said::shown;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::pane::Frame;
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
    let mut laid = laid(area, model, dialog, look);
    let direction = plan_of(model, dialog).map_or(Direction::Back, |plan| plan.direction);
    let ready = matches!(dialog.stage, Stage::Ready(_));
    let sight = ready.then_some((&dialog.sight, Of::Plan(dialog.number)));
    // While letters go into the word, the arrows scroll.
    let arrows = if gates::takes_word(model, dialog) { "Up Down" } else { "j k" };
    let below = laid.draw(buffer, Frame::Plan(direction), sight, arrows, look);
    draw_inputs(buffer, below, dialog, shows_word(model, dialog), look)
}

/// What of a plan that waits for `y` is in sight.
pub(super) fn in_sight(area: Rect, model: &Model, dialog: &PlanDialog, look: Look<'_>) -> Option<InSight> {
    let ready = matches!(dialog.stage, Stage::Ready(_));
    ready.then(|| laid(area, model, dialog, look).in_sight(Of::Plan(dialog.number)))
}

fn plan_of<'a>(model: &'a Model, dialog: &'a PlanDialog) -> Option<&'a Arc<Plan>> {
    match &dialog.stage {
        Stage::Ready(plan) => Some(plan),
        Stage::Confirmed(id) => model.writes.of_plan(id).map(|write| &write.plan),
        Stage::Reading | Stage::Refused(_) => None,
    }
}

fn laid(area: Rect, model: &Model, dialog: &PlanDialog, look: Look<'_>) -> Laid {
    let plan = plan_of(model, dialog);
    let word = shows_word(model, dialog);
    let inputs = usize::from(word.is_some()) + usize::from(dialog.typing_reason || !dialog.reason.text().is_empty());
    let place = Place { area, widest: WIDEST, inputs, top: dialog.scroll.at };
    let cells = place.cells();
    let paragraphs: Vec<Paragraph> = match (&dialog.stage, plan) {
        (Stage::Ready(_), Some(plan)) => sections::paragraphs(model, dialog, plan, cells, look),
        (Stage::Confirmed(id), Some(plan)) => vec![progress::lines(model, id, plan, cells, look)],
        _ => vec![sections::without_plan(dialog, cells, look)],
    };
    let title = plan.map_or_else(
        || format!("{} {}", dialog.intent.verb().heading(), shown(&dialog.release.key.qualified())),
        |plan| shown(&plan.title).replace('→', look.glyphs.arrow),
    );
    let session = &model.session;
    let detail = format!("{} {}", session.cluster.fingerprint.word, shown(session.context_name()));
    Laid::new(place, paragraphs, Titles { title, detail }, look)
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
