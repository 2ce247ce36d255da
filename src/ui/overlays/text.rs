//! YAML, or the diff of two revisions.
//!
//! ```text
//! ┌ shop/search: the spec against revision 41 ────────────────── all 6 lines ┐
//! │ container search  image                                                   │
//! │   - reg/search:v42                                                         │
//! │   + reg/search:v41                                                         │
//! └────────────────────────────────────────────────────────────────────────────┘
//! ```

use crate::app::layers::TextView;
use crate::app::layers::text::Body;
use crate::domain::mask::MASK;
use crate::domain::plan::Change;
use crate::ui::text::wrap;
use crate::ui::theme::Theme;
use crate::ui::view::said::shown;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::pane::{Frame, Pane};
use crate::ui::widgets::scroll::ScrollText;
use crate::ui::widgets::{Look, Slot, put_wrapped};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &TextView, look: Look<'_>) -> Option<Position> {
    let width = usize::from(area.width.saturating_sub(3));
    let mut lines = lines(view, width, look);
    let height = area.height.saturating_sub(2 + u16::from(view.find.is_some()));
    let text = ScrollText { len: lines.len(), top: view.scroll.at, left: 0 }.clamped(height);
    let mut detail = text.position(height, look);
    if !view.word.is_empty() {
        detail = format!("/{} {detail}", shown(&view.word));
    }
    let title = shown(&view.title);
    let inside = Pane { title: &title, detail: &detail, frame: Frame::Focused }.draw(buffer, area, look);
    let words = match &view.body {
        Body::Reading(key) => Some(format!("reading {key}")),
        Body::ReadingDiff(release, _) => Some(format!("reading {}", release.key)),
        Body::Problem(why) => Some(why.to_string()),
        Body::Diff(changes) if changes.is_empty() => Some("the two are the same".to_owned()),
        Body::Yaml(_) | Body::Diff(_) => None,
    };
    let padded = Rect { x: inside.x + 1.min(inside.width), width: inside.width.saturating_sub(1), ..inside };
    if let Some(words) = words {
        put_wrapped(buffer, padded, &shown(&words), look.theme.style("text.muted"), look);
        return None;
    }
    let rows = Rect { height: padded.height.min(height), ..padded };
    text.draw(buffer, rows, look, |place| std::mem::take(&mut lines[place]));
    let find = view.find.as_ref()?;
    let input = Input { prompt: "/", field: find, placeholder: "a word", accepted: false };
    input.draw(buffer, Slot::row(padded, padded.height.saturating_sub(1)), look)
}

fn lines<'a>(view: &'a TextView, width: usize, look: Look<'_>) -> Vec<Line<'a>> {
    match &view.body {
        Body::Yaml(lines) => lines
            .iter()
            .filter(|line| line.contains(&view.word))
            .flat_map(
                |line| if view.wrap { wrapped_yaml(line, width, look.theme) } else { vec![yaml(line, look.theme)] },
            )
            .collect(),
        Body::Diff(changes) => changes.iter().flat_map(|change| diff(change, width, look.theme)).collect(),
        Body::Reading(_) | Body::ReadingDiff(..) | Body::Problem(_) => Vec::new(),
    }
}

/// A line of YAML with its key, text, number or comment told apart.
fn yaml<'a>(line: &'a str, theme: &Theme) -> Line<'a> {
    if line.trim_start().starts_with('#') {
        return Line::styled(line, theme.style("yaml.comment"));
    }
    let Some((key, value)) = line.split_once(": ").or_else(|| line.strip_suffix(':').map(|key| (key, ""))) else {
        return Line::styled(line, theme.style("yaml.text"));
    };
    let plain = value.trim();
    let number = plain.parse::<f64>().is_ok() || matches!(plain, "true" | "false" | "null" | "~");
    let style = if value.contains(MASK) {
        theme.style("yaml.comment")
    } else if number {
        theme.style("yaml.number")
    } else {
        theme.style("yaml.text")
    };
    let colon = if value.is_empty() { ":" } else { ": " };
    Line::from(vec![
        Span::styled(key, theme.style("yaml.key")),
        Span::styled(colon, theme.style("text.muted")),
        Span::styled(value, style),
    ])
}

fn wrapped_yaml<'a>(line: &str, width: usize, theme: &Theme) -> Vec<Line<'a>> {
    let indent = line.len() - line.trim_start().len();
    let parts = wrap(line.trim_start(), width.saturating_sub(indent).max(10));
    let pad = " ".repeat(indent);
    parts.into_iter().map(|part| Line::styled(format!("{pad}{part}"), theme.style("yaml.text"))).collect()
}

/// A changed place: where, what it was, what it becomes. Long values are wrapped: a diff that is cut is no diff.
fn diff<'a>(change: &'a Change, width: usize, theme: &Theme) -> Vec<Line<'a>> {
    let mut lines = vec![Line::styled(shown(&change.place), theme.style("diff.place"))];
    for (sign, value, style) in
        [("-", &change.old, theme.style("diff.removed")), ("+", &change.new, theme.style("diff.added"))]
    {
        let Some(value) = value else { continue };
        let parts = wrap(&crate::domain::text::sanitize_lines(value), width.saturating_sub(4).max(10));
        for (place, part) in parts.into_iter().enumerate() {
            let sign = if place == 0 { sign } else { " " };
            lines.push(Line::styled(format!("  {sign} {part}"), style));
        }
    }
    lines.push(Line::styled("", Style::new()));
    lines
}
