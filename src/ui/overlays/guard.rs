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

use super::dialog::{Laid, Paragraph, Place, Titles};
use crate::app::Model;
use crate::app::gates;
use crate::app::layers::GuardDialog;
use crate::app::layers::guard::Line;
use crate::app::sight::{InSight, Of};
use crate::domain::guarding::OnBreach;
use crate::domain::said::{CONFIRM, REASON};
use crate::guard::{Check, Rules};
use crate::ui::text::wrap;
use crate::ui::view::said::shown;
use crate::ui::widgets::Look;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::pane::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line as Text, Span};

/// How wide the names of the lines are.
const NAMES: usize = 12;

/// The widest that it is drawn.
const WIDEST: u16 = 76;

/// The least lines that it has, so that it keeps its size while a line of it is changed.
const LINES: usize = 14;

pub(super) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    model: &Model,
    dialog: &GuardDialog,
    look: Look<'_>,
) -> Option<Position> {
    let (mut laid, at) = laid(area, model, dialog, look);
    laid.draw(buffer, Frame::Dialog, Some((&dialog.sight, Of::Guard)), "j k", look);
    let field = dialog.typed.get(Line::ALL.iter().position(|line| Some(*line) == dialog.at)?)?;
    let placeholder = dialog.at.map_or("", Line::placeholder);
    let slot = laid.slot_of(at?)?.after(NAMES);
    Input { prompt: "", field, placeholder, accepted: false }.draw(buffer, slot, look)
}

/// What of it is in sight.
pub(super) fn in_sight(area: Rect, model: &Model, dialog: &GuardDialog, look: Look<'_>) -> Option<InSight> {
    dialog.at.is_none().then(|| laid(area, model, dialog, look).0.in_sight(Of::Guard))
}

/// The dialog laid out, and the place of the line that is changed.
fn laid(area: Rect, model: &Model, dialog: &GuardDialog, look: Look<'_>) -> (Laid, Option<usize>) {
    let guarded = model.guards.of(&dialog.release.uid).is_some();
    let detail = match (guarded, dialog.at) {
        (true, _) => String::new(),
        (false, None) => format!("{REASON} changes the rules"),
        (false, Some(_)) => "Enter takes them".to_owned(),
    };
    let place = Place { area, widest: WIDEST, inputs: 0, top: dialog.scroll.at };
    let cells = place.cells();
    let (mut paragraphs, at) = if guarded {
        let text = armed(model, dialog, look);
        (vec![wrap(&text, cells).into_iter().map(Text::raw).collect()], None)
    } else {
        rules(model, dialog, cells, look)
    };
    let lines = paragraphs.iter().map(Vec::len).sum::<usize>();
    let blank = LINES.saturating_sub(lines).min(usize::from(area.height).saturating_sub(lines + 2));
    paragraphs.extend(std::iter::repeat_n(vec![Text::default()], blank));
    // The line that is changed stays in sight.
    let top = at.map_or(dialog.scroll.at, |at: usize| at.saturating_sub(2));
    let titles = Titles {
        title: format!("GUARD {}", shown(&dialog.release.key.qualified())),
        detail: look.said(&detail).into_owned(),
    };
    (Laid::new(Place { top, ..place }, paragraphs, titles, look), at)
}

/// What a guard says that is armed.
fn armed(model: &Model, dialog: &GuardDialog, look: Look<'_>) -> String {
    let Some(guard) = model.guards.of(&dialog.release.uid) else { return String::new() };
    let now = guard.look.as_ref().map(|now| format!("{}: {}", now.verdict.word(), look.said(&now.reason)));
    let now = now.unwrap_or_else(|| "it has not looked yet".to_owned());
    let only = gates::only_tells(model, &dialog.release.uid, guard.terms.on_breach);
    let acts = only.map_or_else(|| guard.terms.acts.words().to_owned(), |why| only_tells(&why));
    format!(
        "{}\n\nnow      {now}\nbreach   {acts}\n\n{}",
        shown(&guard.armed),
        look.said(&format!("'{CONFIRM}' ends it."))
    )
}

fn only_tells(why: &str) -> String {
    format!("it can only tell of a breach: {}", shown(why))
}

/// A name with what is said beside it, in as many lines as that needs.
fn named(name: &str, of_name: Style, text: &str, style: Style, cells: usize) -> Paragraph {
    let parts = wrap(text, cells.saturating_sub(NAMES).max(10));
    let parts = if parts.is_empty() { vec![String::new()] } else { parts };
    let line = |(place, part)| {
        let name = if place == 0 { name } else { "" };
        Text::from(vec![Span::styled(format!("{name:<NAMES$}"), of_name), Span::styled(part, style)])
    };
    parts.into_iter().enumerate().map(line).collect()
}

/// What is said of a guard that is to be armed, and the place of the line that is changed.
fn rules(model: &Model, dialog: &GuardDialog, cells: usize, look: Look<'_>) -> (Vec<Paragraph>, Option<usize>) {
    let muted = look.theme.style("text.muted");
    let back = if dialog.served.is_empty() {
        "though nothing is known to go back to".to_owned()
    } else {
        format!("and goes back to {}", shown(&dialog.served))
    };
    let watches = format!("{}, {back}", shown(&dialog.version));
    let mut paragraphs = vec![named("watches", muted, &watches, Style::new(), cells)];
    let mut changed = None;
    for (place, line) in Line::ALL.into_iter().enumerate() {
        let at = dialog.at == Some(line);
        let style = look.theme.style(if at { "text.strong" } else { "text.muted" });
        if at {
            changed = Some(paragraphs.iter().map(Vec::len).sum());
        }
        let (text, of_text) = match dialog.typed.get(place) {
            // What is typed is drawn over it, with its cursor.
            Some(_) if at => (String::new(), Style::new()),
            Some(field) if field.text().is_empty() => {
                (line.placeholder().to_owned(), look.theme.style("input.placeholder"))
            }
            Some(field) => (shown(field.text()).into_owned(), look.theme.style("input")),
            None => {
                let words = if line == Line::Breach { way(dialog.on_breach) } else { dialog.acts.words() };
                (if at { format!("< {words} >") } else { words.to_owned() }, Style::new())
            }
        };
        paragraphs.push(named(line.name(), style, &text, of_text, cells));
    }
    if let Some(why) = gates::only_tells(model, &dialog.release.uid, dialog.on_breach) {
        paragraphs.push(named("", muted, &only_tells(&why), look.theme.style("verdict.warn"), cells));
    }
    let settings = &model.session.config.guard;
    let typed = |check: &Check| ["error rate", "p99", "health endpoint"].contains(&check.name());
    let also = Rules::from(settings).rules.into_iter().filter(|rule| !typed(&rule.check));
    let also: Vec<String> = also.map(|rule| rule.check.words()).collect();
    if !also.is_empty() {
        paragraphs.push(named("also", muted, &also.join(", "), Style::new(), cells));
    }
    let told = if settings.notify.is_empty() { "nobody".to_owned() } else { settings.notify.join(", ") };
    paragraphs.push(named("told", muted, &told, Style::new(), cells));
    if let Some(problem) = &dialog.problem {
        let bad = look.theme.style("verdict.bad");
        let parts = wrap(&look.said(problem), cells).into_iter();
        paragraphs.push(parts.map(|part| Text::styled(part, bad)).collect());
    }
    (paragraphs, changed)
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
