//! All actions by name, with what each would do, or why it is not possible now.
//!
//! ```text
//! ┌ :und▏ ───────────────────────────────────────────────┐
//! │▌undo       U  back to revision 41, v41, likely good   │
//! │ restart    R  it is paused: resume it first (P)       │
//! │ ───────────────────────────────────────────────────── │
//! │ back to revision 41, v41, likely good                 │
//! └───────────────────────────────────────────────────────┘
//! ```

use crate::app::layers::Palette;
use crate::app::layers::palette::{Item, Line as Asked};
use crate::ui::text::{Elide, width, wrap};
use crate::ui::view::said::shown;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::pane::{Frame, Pane};
use crate::ui::widgets::table::{Column, Row, Table, Width};
use crate::ui::widgets::{Look, Slot, put};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Line;

const COLUMNS: [Column; 3] = [
    Column::new("", Width::Between(10, 16)),
    Column::new("", Width::Fixed(6)).importance(50),
    Column::new("", Width::Flex { min: 10, share: 1 }).elided(Elide::End).importance(90),
];

/// The most lines that the selected action has for itself.
const FOOT: usize = 4;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, palette: &Palette, look: Look<'_>) -> Option<Position> {
    let theme = look.theme;
    let matching = palette.matching();
    let (whole, area) = (area, super::top(area, 90, palette.items.len() + 2 + FOOT));
    super::part(buffer, whole, area, look);
    let inside = Pane { title: "", detail: ":ctx NAME  :ns NAME  :q", frame: Frame::Dialog }.draw(buffer, area, look);
    let input = Input { prompt: " :", field: &palette.input, placeholder: "an action", accepted: false };
    let cursor = input.draw(buffer, Slot::row(inside, 0), look);
    let list = Rect { y: inside.y + 1.min(inside.height), height: inside.height.saturating_sub(1), ..inside };
    let asked = match palette.line() {
        Asked::Name if matching.is_empty() => Some("no such action; Esc leaves".to_owned()),
        Asked::Name => None,
        Asked::Context(name) => Some(format!("Enter connects to the context {}", shown(name))),
        Asked::Namespaces(names) if names.is_empty() => Some("Enter shows all namespaces".to_owned()),
        Asked::Namespaces(names) => Some(format!("Enter shows {}", shown(&names.join(", ")))),
        Asked::Theme(name) => Some(format!("Enter takes the theme {}", shown(name))),
        Asked::Quit => Some("Enter leaves windlass".to_owned()),
    };
    if let Some(asked) = asked {
        put(buffer, Slot::row(list, 0).after(1), &asked, theme.style("text.muted"));
        return cursor;
    }
    let at = palette.scroll.within(matching.len());
    let list = foot(buffer, list, &matching, at, look);
    let table = Table {
        columns: &COLUMNS,
        len: matching.len(),
        offset: crate::app::scroll::Scroll { at }.first(matching.len(), usize::from(list.height)),
        selected: Some(at),
        header: false,
    };
    table.draw(buffer, list, look, |place| {
        let item = matching[place];
        let muted = theme.style("text.muted");
        let (name, about) = match &item.why_not {
            Some(why) => {
                (Line::styled(item.name, muted), Line::styled(look.said(why).into_owned(), theme.style("verdict.warn")))
            }
            None => (Line::raw(item.name), Line::styled(look.said(&item.about), Style::new())),
        };
        Row { cells: vec![name, Line::styled(item.key.as_str(), theme.style("key")), about], style: Style::new() }
    });
    cursor
}

/// What the selected action would do, or why it can't be done, in full: below the list, where any of the sentences is too
/// long for its line. Gives what is left for the list.
fn foot(buffer: &mut Buffer, area: Rect, matching: &[&Item], at: usize, look: Look<'_>) -> Rect {
    let cells = usize::from(area.width.saturating_sub(2));
    let words = |item: &Item| wrap(&look.said(item.why_not.as_ref().unwrap_or(&item.about)), cells);
    // As high as the longest needs, so that the list stands still under the selection.
    let high = matching.iter().map(|item| words(item).len()).max().unwrap_or(0).min(FOOT);
    let cut =
        matching.iter().any(|item| width(item.why_not.as_ref().unwrap_or(&item.about)) > cells.saturating_sub(26));
    let Some(item) = matching.get(at).filter(|_| cut && usize::from(area.height) > 2 * (high + 1)) else { return area };
    let top = area.height - high as u16;
    let rule = look.glyphs.border.horizontal.repeat(usize::from(area.width));
    put(buffer, Slot::row(area, top - 1), &rule, look.theme.style("border"));
    let style = if item.why_not.is_some() { look.theme.style("verdict.warn") } else { Style::new() };
    for (row, line) in (top..area.height).zip(words(item)) {
        put(buffer, Slot::row(area, row).after(1), &line, style);
    }
    Rect { height: top - 1, ..area }
}
