//! The keys, by place, from the one table of keys.

use crate::app::Model;
use crate::app::keys::sections;
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
    let theme = look.theme;
    let mut lines: Vec<Line<'_>> = Vec::new();
    for section in sections(&model.keys) {
        lines.push(Line::styled(format!(" {}", section.scope.heading()), theme.style("title")));
        for line in section.lines {
            let keys = if line.keys.is_empty() { format!(":{}", line.name) } else { line.keys };
            let keys = fit(&keys, 14, Align::Left, Elide::End, look.glyphs.ellipsis);
            let name = fit(line.name, 16, Align::Left, Elide::End, look.glyphs.ellipsis);
            lines.push(Line::from(vec![
                Span::styled(format!("   {keys} "), theme.style("key")),
                Span::styled(format!("{name} "), theme.style("text.muted")),
                Span::styled(line.about, Style::new()),
            ]));
        }
        lines.push(Line::default());
    }
    let height = area.height.saturating_sub(2);
    let text = ScrollText { len: lines.len(), top: scroll.at, left: 0 }.clamped(height);
    let detail = text.position(height, look);
    let title = "Help: keys can be changed under [keys] by these names";
    let inside = Pane { title, detail: &detail, frame: Frame::Focused }.draw(buffer, area, look);
    text.draw(buffer, inside, look, |place| std::mem::take(&mut lines[place]));
}
