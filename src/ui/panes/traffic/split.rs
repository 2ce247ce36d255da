//! The bars: one a track, moving to new numbers and standing still otherwise.

use crate::domain::release::Track;
use crate::ui::panes::Drawn;
use crate::ui::text::{Align, Elide, fit, width};
use crate::ui::view::said::version;
use crate::ui::widgets::bar::Bar;
use crate::ui::widgets::{Slot, put};
use ratatui::buffer::Buffer;
use ratatui::style::Style;

/// How wide the columns are that all bars share.
pub(super) struct Columns {
    versions: Vec<String>,
    widest: usize,
    numbers: usize,
}

impl Columns {
    pub fn of(drawn: Drawn<'_>) -> Self {
        let tracks = &drawn.view.release.tracks;
        let versions: Vec<String> = tracks.iter().map(version).collect();
        let widest = versions.iter().map(|version| width(version)).max().unwrap_or(0).min(20);
        let numbers = tracks.iter().map(|track| width(&numbers(track, drawn))).max().unwrap_or(0).max(5);
        Self { versions, widest, numbers }
    }
}

/// `80 %`, `20≠12 %`, `?`.
fn numbers(track: &Track, drawn: Drawn<'_>) -> String {
    let traffic = drawn.view.release.traffic.as_ref();
    // A rule sends all of its own to one version: as a share of everything that would be a wrong number.
    if traffic.is_some_and(|traffic| traffic.by_rule()) {
        return "by rule".to_owned();
    }
    match (track.weight.asked, track.weight.actual) {
        (Some(asked), Some(actual)) if asked != actual => format!("{asked}{}{actual} %", drawn.look.glyphs.unequal),
        (Some(share), _) | (None, Some(share)) => format!("{share} %"),
        (None, None) if traffic.is_some_and(|traffic| !traffic.groups.is_empty()) => "by rule".to_owned(),
        (None, None) => "?".to_owned(),
    }
}

pub(super) fn draw(buffer: &mut Buffer, slot: Slot, place: usize, columns: &Columns, drawn: Drawn<'_>) {
    let (Some(track), Some(version)) = (drawn.view.release.tracks.get(place), columns.versions.get(place)) else {
        return;
    };
    let theme = drawn.look.theme;
    let style = theme.track(track.role);
    let version = fit(version, columns.widest, Align::Left, Elide::Middle, drawn.look.glyphs.ellipsis);
    let slot = put(buffer, slot, &format!("{:<9} ", track.role.word()), style);
    let slot = put(buffer, slot, &version, theme.style("text.strong")).after(2);
    let by_rule = drawn.view.release.traffic.as_ref().is_some_and(|traffic| traffic.by_rule());
    let share = track.weight.asked.or(track.weight.actual).filter(|_| !by_rule);
    let (numbers, wide) = (numbers(track, drawn), columns.numbers);
    let unequal = matches!((track.weight.asked, track.weight.actual), (Some(asked), Some(actual)) if asked != actual);
    let number_style = if unequal { theme.style("weight.unequal") } else { Style::new() };
    let ready = format!("{:>4} ready", track.replicas.ready);
    let tail = wide + 2 + width(&ready);
    let cells = usize::from(slot.cells).saturating_sub(tail);
    let bar = Bar {
        percent: share.map_or(0.0, |share| drawn.view.share(&track.name, share, drawn.model.tick)),
        actual: share.and(track.weight.asked).and(track.weight.actual).map(f64::from),
        style,
    };
    bar.draw(buffer, slot.first(cells), drawn.look);
    let rest = put(buffer, slot.after(cells), &format!("  {numbers:>wide$}"), number_style);
    put(buffer, rest, &ready, Style::new());
}
