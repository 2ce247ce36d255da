//! What the console had to say, the newest first; errors stay until acknowledged.

use crate::app::Model;
use crate::app::messages::{Level, Message};
use crate::app::scroll::Scroll;
use crate::ui::text::wrap;
use crate::ui::view::said::{age, count, shown};
use crate::ui::widgets::pane::{Frame, Pane};
use crate::ui::widgets::table::{Column, Row, Table, Width};
use crate::ui::widgets::{Look, Slot, put};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

const COLUMNS: [Column; 4] = [
    Column::new("", Width::Fixed(4)).right(),
    Column::new("", Width::Fixed(1)),
    // By colour alone nobody could tell what is still to be acknowledged.
    Column::new("", Width::Fixed(4)),
    Column::new("", Width::Flex { min: 20, share: 1 }),
];

pub(super) fn draw(buffer: &mut Buffer, area: Rect, model: &Model, scroll: Scroll, look: Look<'_>) {
    let messages: Vec<&Message> = model.messages.iter().collect();
    let detail = format!("{} open", count(model.messages.open(), "message"));
    let inside = Pane { title: "Messages", detail: &detail, frame: Frame::Focused }.draw(buffer, area, look);
    if messages.is_empty() {
        put(buffer, Slot::row(inside, 0).after(1), "nothing was said yet", look.theme.style("text.muted"));
        return;
    }
    let at = scroll.within(messages.len());
    let full = wrap(&look.said(&messages[at].text), usize::from(inside.width.saturating_sub(2)));
    let below = if full.len() > 1 { (full.len() as u16).min(inside.height / 3) } else { 0 };
    let list = Rect { height: inside.height - below, ..inside };
    let table = Table {
        columns: &COLUMNS,
        len: messages.len(),
        offset: Scroll { at }.first(messages.len(), usize::from(list.height)),
        selected: Some(at),
        header: false,
    };
    table.draw(buffer, list, look, |place| row(messages[place], model, look));
    for (y, line) in (list.height..inside.height).zip(&full) {
        put(buffer, Slot::row(inside, y).after(1), line, look.theme.style("text.muted"));
    }
}

fn row<'a>(message: &'a Message, model: &Model, look: Look<'_>) -> Row<'a> {
    let theme = look.theme;
    let (sign, scope) = match message.level {
        Level::Note => (look.glyphs.dot, "message.info"),
        Level::Warning => (look.glyphs.failed, "message.warning"),
        Level::Error | Level::Alarm => (look.glyphs.down, "message.error"),
    };
    let style = if message.acknowledged { theme.style("text.muted") } else { theme.style(scope) };
    let times = if message.times > 1 { format!(" ({}x)", message.times) } else { String::new() };
    Row {
        cells: vec![
            Line::styled(age(Some(message.at), model.now), theme.style("text.muted")),
            Line::styled(sign.to_owned(), style),
            Line::styled(if message.is_open() { "open" } else { "" }, style),
            Line::styled(format!("{}{times}", shown(&message.text)), style),
        ],
        style: Style::new(),
    }
}
