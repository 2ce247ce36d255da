//! A list to choose from: contexts, namespaces or themes.

use crate::app::layers::Choice;
use crate::app::scroll::Scroll;
use crate::ui::text::Elide;
use crate::ui::view::said::shown;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::pane::{Frame, Pane};
use crate::ui::widgets::table::{Column, Row, Table, Width};
use crate::ui::widgets::{Look, Slot, put_wrapped};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Line;

const COLUMNS: [Column; 3] = [
    Column::new("", Width::Fixed(1)),
    Column::new("", Width::Flex { min: 16, share: 2 }).elided(Elide::Middle),
    Column::new("", Width::Flex { min: 10, share: 3 }).elided(Elide::Middle).importance(50),
];

pub(super) fn draw(buffer: &mut Buffer, area: Rect, choice: &Choice, look: Look<'_>) -> Option<Position> {
    let theme = look.theme;
    let matching = choice.matching();
    let lines = matching.len().max(2) + usize::from(choice.typing || !choice.find.text().is_empty());
    let (whole, area) = (area, super::top(area, 80, lines));
    super::part(buffer, whole, area, look);
    let marked = choice.items.iter().flatten().filter(|item| item.marked).count();
    let detail = match (choice.marks(), marked) {
        (true, 0) => "Space marks several".to_owned(),
        (true, marked) => format!("{marked} marked"),
        (false, _) => String::new(),
    };
    let pane = Pane { title: choice.subject.title(), detail: &detail, frame: Frame::Dialog };
    let mut inside = pane.draw(buffer, area, look);
    let mut cursor = None;
    if choice.typing || !choice.find.text().is_empty() {
        let input = Input { prompt: " /", field: &choice.find, placeholder: "a name", accepted: false };
        cursor = input.draw(buffer, Slot::row(inside, 0), look).filter(|_| choice.typing);
        inside = Rect { y: inside.y + 1.min(inside.height), height: inside.height.saturating_sub(1), ..inside };
    }
    let words = match (&choice.problem, &choice.items) {
        (Some(problem), _) => Some(shown(problem).into_owned()),
        (None, None) => Some("reading".to_owned()),
        (None, Some(items)) if items.is_empty() => Some(
            "there is nothing to choose from, or it may not be listed; a name can be typed in the palette (:)"
                .to_owned(),
        ),
        (None, Some(_)) if matching.is_empty() => Some("nothing matches".to_owned()),
        (None, Some(_)) => None,
    };
    if let Some(words) = words {
        let inside = Rect { x: inside.x + 1.min(inside.width), width: inside.width.saturating_sub(2), ..inside };
        put_wrapped(buffer, inside, &words, theme.style("text.muted"), look);
        return cursor;
    }
    let at = choice.scroll.within(matching.len());
    let table = Table {
        columns: &COLUMNS,
        len: matching.len(),
        offset: Scroll { at }.first(matching.len(), usize::from(inside.height)),
        selected: Some(at),
        header: false,
    };
    table.draw(buffer, inside, look, |place| {
        let (_, item) = matching[place];
        let sign = if item.marked || (item.current && !choice.marks()) { look.glyphs.healthy } else { "" };
        let name = if item.current { theme.style("text.strong") } else { Style::new() };
        Row {
            cells: vec![
                Line::styled(sign.to_owned(), theme.style("verdict.ok")),
                Line::styled(shown(&item.name), name),
                Line::styled(shown(&item.about), theme.style("text.muted")),
            ],
            style: Style::new(),
        }
    });
    cursor
}
