//! Where traffic goes.
//!
//! ```text
//! ┌ Service search ─────────────────────────────────────── split by ready pods ┐
//! │ stable    v41  ████████████████████████████████░░░░░░░░    75 %   6 ready   │
//! │ candidate v42  ██████████                                  25 %   2 ready   │
//! └────────────────────────────────────────────────────────────────────────────┘
//! ```

use super::{Content, Drawn};
use crate::domain::release::{Role, Track};
use crate::ui::text::{Align, Elide, fit};
use crate::ui::view::said::{shown, version};
use crate::ui::widgets::bar::Bar;
use crate::ui::widgets::ladder::Ladder;
use crate::ui::widgets::{Slot, put, put_wrapped};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

pub(super) fn title(drawn: Drawn<'_>) -> Content {
    let release = &drawn.view.release;
    let names: Vec<_> = release.services.iter().map(|service| shown(&service.key.name)).collect();
    let title = match names.len() {
        0 => "no Service selects its pods".to_owned(),
        1 => format!("Service {}", names[0]),
        _ => format!("Services {}", names.join(", ")),
    };
    let asked = release.tracks.iter().any(|track| track.weight.asked.is_some());
    Content { title, detail: if asked { String::new() } else { "split by ready pods".to_owned() } }
}

pub(super) fn draw(buffer: &mut Buffer, area: Rect, drawn: Drawn<'_>) {
    let release = &drawn.view.release;
    let versions: Vec<String> = release.tracks.iter().map(version).collect();
    let widest = versions.iter().map(|version| crate::ui::text::width(version)).max().unwrap_or(0).min(20);
    let mut row = 0;
    for (track, version) in release.tracks.iter().zip(&versions) {
        bar(
            buffer,
            Slot::row(area, row).after(1),
            track,
            &fit(version, widest, Align::Left, Elide::Middle, drawn.look.glyphs.ellipsis),
            drawn,
        );
        row += 1;
    }
    row += 1;
    if let Some(step) = &release.step {
        let slot = put(buffer, Slot::row(area, row).after(1), "ladder    ", drawn.look.theme.style("text.muted"));
        let at = step.index.and_then(|index| usize::try_from(index).ok()).and_then(|index| index.checked_sub(1));
        Ladder { rungs: &step.weights, at }.draw(buffer, slot, drawn.look);
        row += 2;
    }
    let rest = Rect {
        x: area.x + 1,
        y: area.y + row.min(area.height),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(row),
    };
    put_wrapped(buffer, rest, &words(drawn), drawn.look.theme.style("text.muted"), drawn.look);
}

fn bar(buffer: &mut Buffer, slot: Slot, track: &Track, version: &str, drawn: Drawn<'_>) {
    let theme = drawn.look.theme;
    let style = theme.track(track.role);
    let slot = put(buffer, slot, &format!("{:<9} ", track.role.word()), style);
    let slot = put(buffer, slot, version, theme.style("text.strong")).after(2);
    let share = track.weight.asked.or(track.weight.actual);
    let ready = track.replicas.ready;
    let numbers = match (track.weight.asked, track.weight.actual) {
        (Some(asked), Some(actual)) if asked != actual => format!("{asked}{}{actual} %", drawn.look.glyphs.unequal),
        (Some(share), _) | (None, Some(share)) => format!("{share} %"),
        (None, None) => "?".to_owned(),
    };
    let tail = format!("{numbers:>8}   {ready:>3} ready ");
    let wide = usize::from(slot.cells).saturating_sub(crate::ui::text::width(&tail));
    let bar = Bar {
        percent: f64::from(share.unwrap_or(0)),
        actual: track.weight.asked.and(track.weight.actual).map(f64::from),
        style,
    };
    bar.draw(buffer, slot.first(wide), drawn.look);
    put(buffer, slot.after(wide), &tail, Style::new());
}

/// How the split comes about.
fn words(drawn: Drawn<'_>) -> String {
    let release = &drawn.view.release;
    if release.tracks.iter().any(|track| track.weight.asked.is_some()) {
        return String::new();
    }
    if release.services.is_empty() {
        return "No Service selects its pods, so no traffic comes through one; what is shown is the share of ready pods."
            .to_owned();
    }
    let ready = release.replicas.ready;
    let split = release.track(Role::Candidate).is_some();
    match (ready, split) {
        (0, _) => "No pod is ready: nothing is served.".to_owned(),
        (_, true) => {
            "A Service spreads requests over all ready pods: the share follows their number, not a weight.".to_owned()
        }
        (_, false) => "All requests go to this version.".to_owned(),
    }
}
