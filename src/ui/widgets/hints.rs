//! The line of keys: what can be pressed now.
//!
//! ```text
//! A advance  X to stable  W weight  F promote  U undo  m chart  ? help
//! ```

use ratatui::buffer::Buffer;

use super::{Look, Slot, put};
use crate::ui::text;

/// A key and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint<'a> {
    /// The key's name.
    pub key: &'a str,
    /// What it does, in a word or two.
    pub label: &'a str,
}

/// Draws the hints that fit, in their order. The last one is always shown before the others: it leads to all keys.
pub fn draw(buffer: &mut Buffer, slot: Slot, hints: &[Hint<'_>], look: Look<'_>) {
    const GAP: usize = 2;
    let cells = |hint: &Hint<'_>| text::width(hint.key) + 1 + text::width(hint.label);
    let Some((last, others)) = hints.split_last() else { return };
    let mut room = usize::from(slot.cells).saturating_sub(cells(last));
    let fitting = others.iter().take_while(|hint| {
        let needed = cells(hint) + GAP;
        let fits = needed <= room;
        room = room.saturating_sub(needed);
        fits
    });
    let mut slot = slot;
    for hint in fitting.chain([last]) {
        slot = put(buffer, slot, hint.key, look.theme.style("key"));
        slot = put(buffer, slot.after(1), hint.label, look.theme.style("footer")).after(GAP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::widgets::testing::{at_every_size, drawn};

    const HINTS: [Hint<'static>; 4] = [
        Hint { key: "Enter", label: "open" },
        Hint { key: "U", label: "undo" },
        Hint { key: "d", label: "diff" },
        Hint { key: "?", label: "help" },
    ];

    #[test]
    fn hints_that_do_not_fit_give_way_to_the_last_one() {
        let at = |width| drawn(width, 1, |buffer, area, look| draw(buffer, Slot::row(area, 0), &HINTS, look)).remove(0);
        assert_eq!(at(40), "Enter open  U undo  d diff  ? help");
        assert_eq!(at(34), "Enter open  U undo  d diff  ? help");
        assert_eq!(at(33), "Enter open  U undo  ? help");
        assert_eq!(at(10), "? help");
    }

    #[test]
    fn every_size_is_survived() {
        at_every_size(|buffer, area, look| {
            draw(buffer, Slot::row(area, 0), &HINTS, look);
            draw(buffer, Slot::row(area, 0), &[], look);
        });
    }
}
