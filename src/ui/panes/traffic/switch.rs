//! What a blue-green Service selects, and how far its addresses have followed.

use super::lines::Lines;
use crate::domain::Age;
use crate::domain::traffic::Traffic;
use crate::ui::panes::Drawn;
use crate::ui::view::said::{age_words, shown};
use crate::ui::widgets::ticks::Tick;

pub(super) fn lines(lines: &mut Lines<'_>, traffic: &Traffic, drawn: Drawn<'_>) {
    let Some(switch) = &traffic.switch else { return };
    let mut words = format!("{}: {} gets everything", shown(&switch.key), shown(&switch.live));
    if let Some(other) = &switch.other {
        words = format!("{words}, {} is kept", shown(other));
    }
    match &switch.preview {
        Some(preview) => words = format!("{words}; preview on {}", shown(&preview.name)),
        None if switch.other.is_some() => words.push_str("; no Service for a preview"),
        None => {}
    }
    lines.said("switch", Tick::Plain, &words);
    let (live, left) = switch.moved;
    let mut words = match (live, left) {
        (0, 0) => "none is ready: nothing is served".to_owned(),
        (live, 0) => format!("all {live} belong to {}", shown(&switch.live)),
        (live, left) => format!("{live} belong to {}, {left} still to another side", shown(&switch.live)),
    };
    if let Some(at) = switch.switched_at {
        words = format!("{words}; switched {} ago", age_words(Some(at), drawn.model.drawn_at()));
        if let Some(took) = switch.took {
            words = format!("{words}, took {}", Age(took).words());
        }
    }
    let tick = if left > 0 || live == 0 { Tick::Warn } else { Tick::Ok };
    lines.said("addresses", tick, &words);
}
