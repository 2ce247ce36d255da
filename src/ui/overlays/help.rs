//! The keys, by place, from the one table of keys.

use crate::app::Model;
use crate::app::keys::{HELP_COLUMNS, HelpLine, help};
use crate::app::scroll::Scroll;
use crate::ui::text::{Align, Elide, fit};
use crate::ui::widgets::Look;
use crate::ui::widgets::pane::{Frame, Pane};
use crate::ui::widgets::scroll::ScrollText;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

pub(super) fn draw(buffer: &mut Buffer, area: Rect, model: &Model, scroll: Scroll, look: Look<'_>) {
    let lines = help(&model.keys, usize::from(area.width).saturating_sub(2));
    let height = area.height.saturating_sub(2);
    let text = ScrollText { len: lines.len(), top: scroll.at, left: 0 }.clamped(height);
    let detail = text.position(height, look);
    let title = "Help: keys can be changed under [keys] by these names";
    let inside = Pane { title, detail: &detail, frame: Frame::Focused }.draw(buffer, area, look);
    text.draw(buffer, inside, look, |place| line(&lines[place], look));
}

fn line(line: &HelpLine, look: Look<'_>) -> Line<'static> {
    let theme = look.theme;
    let [margin, keys_cells, name_cells] = HELP_COLUMNS;
    let cell = |text: &str, cells| fit(text, cells, Align::Left, Elide::End, look.glyphs.ellipsis);
    match line {
        HelpLine::Place(heading) => Line::styled(format!(" {heading}"), theme.style("title")),
        HelpLine::Binding { keys, name, about } => Line::from(vec![
            Span::styled(format!("{}{} ", " ".repeat(margin), cell(keys, keys_cells)), theme.style("key")),
            Span::styled(format!("{} ", cell(name, name_cells)), theme.style("text.muted")),
            Span::styled(about.clone(), Style::new()),
        ]),
        HelpLine::More(about) => Line::raw(format!("{}{about}", " ".repeat(margin + keys_cells + name_cells + 2))),
        HelpLine::Empty => Line::default(),
    }
}
