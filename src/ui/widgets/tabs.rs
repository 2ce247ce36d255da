//! The line of tabs, the open one in brackets.
//!
//! ```text
//!  1 Versions  [2 Traffic]  3 Health  4 Error rate  5 History  6 Events
//! ```

use ratatui::buffer::Buffer;

use super::{Look, Slot, put};
use crate::ui::text;

/// Draws the tabs, numbered from 1; where they don't fit, those that are not open are numbers only.
pub fn draw(buffer: &mut Buffer, slot: Slot, titles: &[&str], active: usize, look: Look<'_>) {
    let name = |index: usize, title: &str, short: bool| match (index == active, short) {
        (true, _) => format!("[{} {title}]", index + 1),
        (false, true) => format!(" {} ", index + 1),
        (false, false) => format!(" {} {title} ", index + 1),
    };
    let all = |short| titles.iter().enumerate().map(move |(index, title)| (index, name(index, title, short)));
    let short = all(false).map(|(_, name)| text::width(&name)).sum::<usize>() > usize::from(slot.cells);
    let mut slot = slot;
    for (index, name) in all(short) {
        let style = look.theme.style(if index == active { "tab.active" } else { "tab" });
        slot = put(buffer, slot, &name, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::widgets::testing::{at_every_size, drawn};

    const TITLES: [&str; 6] = ["Versions", "Traffic", "Health", "Error rate", "History", "Events"];

    #[test]
    fn the_open_tab_is_in_brackets_and_the_others_shrink_first() {
        let at =
            |width| drawn(width, 1, |buffer, area, look| draw(buffer, Slot::row(area, 0), &TITLES, 1, look)).remove(0);
        assert_eq!(at(80), " 1 Versions [2 Traffic] 3 Health  4 Error rate  5 History  6 Events");
        assert_eq!(at(40), " 1 [2 Traffic] 3  4  5  6");
    }

    #[test]
    fn every_size_is_survived() {
        at_every_size(|buffer, area, look| draw(buffer, Slot::row(area, 0), &TITLES, 9, look));
    }
}
