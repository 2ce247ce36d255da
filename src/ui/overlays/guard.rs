//! Arms a guard, or ends one.
//!
//! ```text
//! ┌ GUARD shop/checkout ─────────────────────────────────────────────────────┐
//! │ watches     1.9.3, and goes back to 1.9.2                                │
//! │ error rate  5%                                                           │
//! │ p99         500ms                                                        │
//! │ health      svc/checkout:80/health                                       │
//! │ for         10m                                                          │
//! │ on breach   undo                                                         │
//! │ acts        asks: a breach opens the plan of the way back, and you …     │
//! │ also        settled within 5 min                                         │
//! │ told        slack                                                        │
//! └──────────────────────────────────────────────────────────────────────────┘
//! ```

use crate::app::Model;
use crate::app::layers::GuardDialog;
use crate::app::layers::guard::Line;
use crate::domain::guarding::OnBreach;
use crate::guard::{Check, Rules};
use crate::ui::text::Elide;
use crate::ui::view::said::shown;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::pane::{Frame, Pane};
use crate::ui::widgets::{Look, Slot, put, put_wrapped};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

/// How wide the names of the lines are.
const NAMES: usize = 12;

pub(super) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    model: &Model,
    dialog: &GuardDialog,
    look: Look<'_>,
) -> Option<Position> {
    let area = super::top(area, 76, 14);
    let title = format!("GUARD {}", shown(&dialog.release.key.qualified()));
    let guarded = model.guards.of(&dialog.release.uid).is_some();
    let detail = match (guarded, dialog.at) {
        (true, _) => "",
        (false, None) => "e changes the rules",
        (false, Some(_)) => "Enter takes them",
    };
    let inside = Pane { title: &title, detail, frame: Frame::Dialog }.draw(buffer, area, look);
    let inside = Rect { x: inside.x + 1.min(inside.width), width: inside.width.saturating_sub(2), ..inside };
    if guarded {
        put_wrapped(buffer, inside, &armed(model, dialog), Style::new(), look);
        return None;
    }
    lines(buffer, inside, model, dialog, look)
}

/// What a guard says that is armed.
fn armed(model: &Model, dialog: &GuardDialog) -> String {
    let Some(guard) = model.guards.of(&dialog.release.uid) else { return String::new() };
    let look = guard.look.as_ref().map(|look| format!("{}: {}", look.verdict.word(), shown(&look.reason)));
    let look = look.unwrap_or_else(|| "it has not looked yet".to_owned());
    format!("{}\n\nnow      {look}\nbreach   {}\n\n'y' ends it.", shown(&guard.armed), guard.terms.acts.words())
}

/// The lines that were drawn.
struct Rows<'a> {
    inside: Rect,
    row: u16,
    look: Look<'a>,
}

impl Rows<'_> {
    /// A line's name, and the place behind it.
    fn named(&mut self, buffer: &mut Buffer, name: &str, style: Style) -> Slot {
        let slot = Slot::row(self.inside, self.row);
        put(buffer, slot.first(NAMES), name, style);
        self.row += 1;
        slot.after(NAMES)
    }

    /// A line that can't be changed here.
    fn said(&mut self, buffer: &mut Buffer, name: &str, text: &str) {
        let slot = self.named(buffer, name, self.look.theme.style("text.muted"));
        put(buffer, slot, &self.look.elide(text, usize::from(slot.cells), Elide::End), Style::new());
    }
}

fn lines(buffer: &mut Buffer, inside: Rect, model: &Model, dialog: &GuardDialog, look: Look<'_>) -> Option<Position> {
    let mut rows = Rows { inside, row: 0, look };
    let back = if dialog.served.is_empty() {
        "though nothing is known to go back to".to_owned()
    } else {
        format!("and goes back to {}", shown(&dialog.served))
    };
    rows.said(buffer, "watches", &format!("{}, {back}", shown(&dialog.version)));
    let mut cursor = None;
    for (place, line) in Line::ALL.into_iter().enumerate() {
        let at = dialog.at == Some(line);
        let style = look.theme.style(if at { "text.strong" } else { "text.muted" });
        let slot = rows.named(buffer, line.name(), style);
        let Some(field) = dialog.typed.get(place) else {
            let words = if line == Line::Breach { way(dialog.on_breach) } else { dialog.acts.words() };
            let words = if at { format!("< {words} >") } else { words.to_owned() };
            put(buffer, slot, &look.elide(&words, usize::from(slot.cells), Elide::End), Style::new());
            continue;
        };
        if at {
            let input = Input { prompt: "", field, placeholder: line.placeholder(), accepted: false };
            cursor = input.draw(buffer, slot, look);
        } else if field.text().is_empty() {
            put(buffer, slot, line.placeholder(), look.theme.style("input.placeholder"));
        } else {
            put(buffer, slot, &shown(field.text()), look.theme.style("input"));
        }
    }
    let settings = &model.session.config.guard;
    let typed = |check: &Check| ["error rate", "p99", "health endpoint"].contains(&check.name());
    let also = Rules::from(settings).rules.into_iter().filter(|rule| !typed(&rule.check));
    let also: Vec<String> = also.map(|rule| rule.check.words()).collect();
    if !also.is_empty() {
        rows.said(buffer, "also", &also.join(", "));
    }
    let told = if settings.notify.is_empty() { "nobody".to_owned() } else { settings.notify.join(", ") };
    rows.said(buffer, "told", &told);
    if let Some(problem) = &dialog.problem {
        let below = rows.row.min(inside.height);
        let rest = Rect { y: inside.y + below, height: inside.height - below, ..inside };
        put_wrapped(buffer, rest, &shown(problem), look.theme.style("verdict.bad"), look);
    }
    cursor
}

/// What is done when a rule is broken.
const fn way(on_breach: OnBreach) -> &'static str {
    match on_breach {
        OnBreach::Undo => "undo: back to what served, by this release's own way",
        OnBreach::Abort => "abort: the traffic back to stable",
        OnBreach::SwitchBack => "switch back: to the side that was live",
        OnBreach::Hold => "hold: only say so",
    }
}
