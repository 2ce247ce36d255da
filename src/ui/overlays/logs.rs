//! Logs of a pod or of a whole track.

use crate::app::layers::Logs;
use crate::app::layers::logs::{Line as LogLine, Source};
use crate::ui::text::wrap;
use crate::ui::view::said::{count, shown};
use crate::ui::widgets::pane::{Frame, Pane};
use crate::ui::widgets::{Look, Slot, put, put_line, put_wrapped};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

pub(super) fn draw(buffer: &mut Buffer, area: Rect, logs: &Logs, look: Look<'_>) {
    let theme = look.theme;
    let source = match &logs.source {
        Source::Pod(pod) => format!("Logs of {}", shown(pod)),
        Source::Track(track) => {
            let read = track.pods.len();
            let pods =
                if read < track.all { format!("{read} of {}", count(track.all, "pod")) } else { count(read, "pod") };
            format!("Logs of {pods} of {}", shown(&track.name))
        }
    };
    let previous = if logs.previous { ", before the last restart" } else { "" };
    let state = match (&logs.ended, logs.follow) {
        (Some(_), _) => "ended".to_owned(),
        (None, true) => "following".to_owned(),
        (None, false) => format!("{} of {}", (logs.scroll.at + 1).min(logs.lines.len()), logs.lines.len()),
    };
    let detail = format!("last {} a pod, {state}", logs.tail);
    let title = format!("{source}{previous}");
    let inside = Pane { title: &title, detail: &detail, frame: Frame::Focused }.draw(buffer, area, look);
    if logs.lines.is_empty() {
        let text = match &logs.ended {
            Some(why) if !why.is_empty() => shown(why).into_owned(),
            Some(_) => "no lines".to_owned(),
            None => "reading; no line yet".to_owned(),
        };
        let inside = Rect { x: inside.x + 1.min(inside.width), width: inside.width.saturating_sub(2), ..inside };
        put_wrapped(buffer, inside, &text, theme.style("text.muted"), look);
        return;
    }
    let many = matches!(logs.source, Source::Track(_));
    let containers = logs.lines.iter().any(|line| line.container != logs.lines[0].container);
    let mut height = inside.height;
    if let Some(why) = logs.ended.as_ref().filter(|why| !why.is_empty()) {
        height = height.saturating_sub(1);
        put(buffer, Slot::row(inside, height), &format!("-- {}", shown(why)), theme.style("text.muted"));
    }
    // From the last line in sight upwards, since wrapped lines take what they take.
    let last = logs.scroll.within(logs.lines.len());
    let mut bottom = height;
    let mut place = last + 1;
    // With few lines, the text stands at the top.
    if last < usize::from(height) && !logs.wrap {
        bottom = u16::try_from(last + 1).unwrap_or(height);
    }
    while place > 0 && bottom > 0 {
        place -= 1;
        let line = &logs.lines[place];
        let mut head = String::new();
        if many {
            head.push_str(&short(&line.pod));
            head.push(' ');
        }
        if containers {
            head = format!("{head}{} ", shown(&line.container));
        }
        bottom = put_log(buffer, inside, bottom, &head, line, logs.wrap, look);
    }
}

/// Writes one line above `bottom`; gives the new bottom.
fn put_log(
    buffer: &mut Buffer,
    area: Rect,
    bottom: u16,
    head: &str,
    line: &LogLine,
    wraps: bool,
    look: Look<'_>,
) -> u16 {
    let style = look.theme.style("log.pod");
    let text = shown(&line.text);
    if !wraps {
        let spans = vec![Span::styled(head.to_owned(), style), Span::styled(text.into_owned(), Style::new())];
        put_line(buffer, Slot::row(area, bottom - 1), &Line::from(spans), look);
        return bottom - 1;
    }
    let whole = format!("{head}{text}");
    let lines = wrap(&whole, usize::from(area.width).max(1));
    let mut bottom = bottom;
    for (place, part) in lines.iter().enumerate().rev() {
        if bottom == 0 {
            break;
        }
        bottom -= 1;
        put(buffer, Slot::row(area, bottom), part, Style::new());
        if place == 0 {
            let head = Slot::row(area, bottom).first(crate::ui::text::width(head));
            buffer.set_style(head.area().intersection(buffer.area), style);
        }
    }
    bottom
}

/// The last part of a pod's name: what tells it from its siblings.
fn short(pod: &str) -> String {
    shown(pod.rsplit('-').next().unwrap_or(pod)).into_owned()
}
