//! The groups of an A/B test, side by side.
//!
//! ```text
//! groups    a stable 1.9.2           │ b candidate 1.9.3
//!           everyone else            │ header x-group is b
//!           6 of 6 ready             │ 3 of 3 ready
//!           errors: no source        │ errors: no source
//! ```

use super::lines::Lines;
use crate::domain::traffic::Traffic;
use crate::domain::traffic::view::Group;
use crate::ui::panes::Drawn;
use crate::ui::text::{Align, Elide, fit};
use crate::ui::view::said::shown;
use ratatui::style::Style;
use ratatui::text::Span;

/// How many stand beside each other.
const ABREAST: usize = 3;

pub(super) fn lines(lines: &mut Lines<'_>, traffic: &Traffic, drawn: Drawn<'_>) {
    for few in traffic.groups.chunks(ABREAST) {
        let cells = (lines.room() + 3) / few.len().max(1);
        for row in 0..4 {
            let mut spans = Vec::new();
            for (place, group) in few.iter().enumerate() {
                if place > 0 {
                    spans.push(Span::styled(
                        format!(" {} ", drawn.look.glyphs.versus),
                        drawn.look.theme.style("border"),
                    ));
                }
                let (text, style) = cell(group, row, drawn);
                let room = cells.saturating_sub(3);
                spans.push(Span::styled(
                    fit(&text, room, Align::Left, Elide::Middle, drawn.look.glyphs.ellipsis),
                    style,
                ));
            }
            lines.spans("groups", spans);
        }
    }
}

fn cell(group: &Group, row: usize, drawn: Drawn<'_>) -> (String, Style) {
    let theme = drawn.look.theme;
    let style = group.role.map_or_else(Style::new, |role| theme.track(role));
    let track = group.role.and_then(|role| drawn.view.release.track(role));
    match row {
        0 => {
            let role = group.role.map_or("", |role| role.word());
            (format!("{} {role} {}", shown(&group.name), shown(&group.version)), style)
        }
        1 => (shown(&group.who).into_owned(), Style::new()),
        2 => {
            let ready = track.map_or_else(
                || "pods not known".to_owned(),
                |track| format!("{} of {} ready", track.replicas.ready, track.replicas.desired),
            );
            (ready, Style::new())
        }
        _ => ("errors: no source".to_owned(), theme.style("text.muted")),
    }
}
