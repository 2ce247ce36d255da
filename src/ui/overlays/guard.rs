//! Arms a guard, or ends one.
//!
//! ```text
//! ┌ GUARD shop/checkout ──────────────────────────────────┐
//! │ watches  1.9.3 for 10 min                             │
//! │ rules    error rate at most 5 %, settled within 5 min │
//! │ breach   asks: a breach opens the plan of the way …   │
//! │ back to  1.9.2                                        │
//! │ told     slack                                        │
//! └───────────────────────────────────────────────────────┘
//! ```

use crate::app::Model;
use crate::app::layers::GuardDialog;
use crate::domain::Age;
use crate::guard::Rules;
use crate::ui::view::said::shown;
use crate::ui::widgets::pane::{Frame, Pane};
use crate::ui::widgets::{Look, put_wrapped};
use jiff::SignedDuration;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, model: &Model, dialog: &GuardDialog, look: Look<'_>) {
    let area = super::top(area, 76, 13);
    let title = format!("GUARD {}", shown(&dialog.release.key.qualified()));
    let inside = Pane { title: &title, detail: "", frame: Frame::Dialog }.draw(buffer, area, look);
    let inside = Rect { x: inside.x + 1.min(inside.width), width: inside.width.saturating_sub(2), ..inside };
    put_wrapped(buffer, inside, &text(model, dialog), Style::new(), look);
}

/// What the dialog says.
fn text(model: &Model, dialog: &GuardDialog) -> String {
    let settings = &model.session.config.guard;
    if let Some(guard) = model.guards.of(&dialog.release.uid) {
        let look = guard.look.as_ref().map(|look| format!("{}: {}", look.verdict.word(), shown(&look.reason)));
        let look = look.unwrap_or_else(|| "it has not looked yet".to_owned());
        return format!("{}\n\nnow      {look}\nbreach   {}\n\n'y' ends it.", shown(&guard.armed), guard.acts.words());
    }
    let span = Age(settings.watch.unwrap_or(SignedDuration::from_mins(10))).words();
    let told = if settings.notify.is_empty() { "nobody".to_owned() } else { settings.notify.join(", ") };
    let back = if dialog.served.is_empty() { "nothing is known to go back to".into() } else { shown(&dialog.served) };
    format!(
        "watches  {} for {span}\nrules    {}\nbreach   {}\nback to  {back}\ntold     {told}",
        shown(&dialog.version),
        Rules::from(settings).words(),
        dialog.acts.words()
    )
}
