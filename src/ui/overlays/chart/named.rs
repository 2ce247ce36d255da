//! A named measurement, large: a bar a track. Its sources keep no past of it.

use crate::domain::measurement::Named;
use crate::ui::panes::errors::{Lane, bounds, out_of_bounds, value};
use crate::ui::text::Elide;
use crate::ui::view::numbers;
use crate::ui::view::said::shown;
use crate::ui::widgets::{Look, Slot, put, put_wrapped};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// How wide the tracks' names are.
const NAME: usize = 14;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, named: &Named, lanes: &[Lane<'_>], look: Look<'_>) {
    let muted = look.theme.style("text.muted");
    let known = named.values.iter().filter_map(|(_, reading, _)| reading.value());
    let largest = known.fold(0.0, f64::max);
    // A limit far above the values would leave nothing of the bars.
    let highest = named.max.filter(|max| *max < largest * 4.0).map_or(largest, |max| max.max(largest));
    let mut row = 0;
    for (role, reading, samples) in &named.values {
        let name =
            lanes.iter().find(|lane| lane.role == *role).map_or_else(|| role.word().to_owned(), |l| l.name.clone());
        let slot = Slot::row(area, row);
        put(buffer, slot.first(NAME - 1), &look.elide(&name, NAME - 1, Elide::Middle), look.theme.track(*role));
        let bad = reading.value().is_some_and(|number| out_of_bounds(named, number));
        let sign = if bad { format!("{} ", look.glyphs.down) } else { String::new() };
        let of = samples.map_or_else(String::new, |samples| format!(" of {}", numbers::count(samples)));
        let style = if bad { look.theme.style("verdict.bad") } else { Style::new() };
        put(buffer, slot.after(NAME), &format!("{sign}{}{of}", value(named, reading)), style);
        if let Some(number) = reading.value().filter(|_| highest > 0.0) {
            let line = Slot::row(area, row + 1).after(NAME);
            let lit = (f64::from(line.cells) * (number / highest).clamp(0.0, 1.0)) as usize;
            put(buffer, line, &look.glyphs.bar_full.repeat(lit), look.theme.track(*role));
        }
        row += 3;
    }
    let mut words = vec![bounds(named), shown(&named.verdict).into_owned()];
    words.push("no past is kept of this measurement".to_owned());
    words.retain(|text| !text.is_empty());
    let below = Rect { y: area.y + row.min(area.height), height: area.height.saturating_sub(row), ..area };
    put_wrapped(buffer, below, &words.join("; "), muted, look);
}
