//! A text field: a prompt, what was typed, and the cursor.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::{Look, Slot, put};
use crate::app::field::TextField;
use crate::domain::text::sanitize;
use crate::ui::text;

/// A text field.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What stands before it.
    pub prompt: &'a str,
    /// What was typed.
    pub field: &'a TextField,
    /// What is shown while nothing was typed.
    pub placeholder: &'a str,
    /// What was typed is what was asked for.
    pub accepted: bool,
}

impl Input<'_> {
    /// Draws, scrolled so that the cursor is visible; gives where the cursor is, if there is room for it.
    pub fn draw(&self, buffer: &mut Buffer, slot: Slot, look: Look<'_>) -> Option<Position> {
        let theme = look.theme;
        let slot = put(buffer, slot, self.prompt, theme.style("key"));
        let room = usize::from(slot.cells);
        if room == 0 {
            return None;
        }
        let typed = self.field.text();
        if typed.is_empty() {
            put(buffer, slot, self.placeholder, theme.style("input.placeholder"));
        }
        let style = theme.style(if self.accepted { "input.accepted" } else { "input" });
        // The cursor needs a cell of its own after the text.
        let before = text::tail(&typed[..self.field.cursor()], room - 1);
        let after = put(buffer, slot, &sanitize(before), style);
        put(buffer, after, &sanitize(&typed[self.field.cursor()..]), style);
        buffer.set_style(after.first(1).area().intersection(buffer.area), theme.style("input.cursor"));
        Some(Position { x: after.x, y: after.y })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::keypress::KeyPress;
    use crate::ui::widgets::testing::{at_every_size, drawn};

    fn input(width: u16, field: &TextField) -> (String, Option<Position>) {
        let mut at = None;
        let lines = drawn(width, 1, |buffer, area, look| {
            let input = Input { prompt: "/ ", field, placeholder: "name or ns:shop", accepted: false };
            at = input.draw(buffer, Slot::row(area, 0), look);
        });
        (lines[0].clone(), at)
    }

    #[test]
    fn the_placeholder_stands_until_something_is_typed() {
        assert_eq!(input(20, &TextField::default()), ("/ name or ns:shop".into(), Some(Position { x: 2, y: 0 })));
        assert_eq!(input(20, &TextField::new("web")), ("/ web".into(), Some(Position { x: 5, y: 0 })));
    }

    #[test]
    fn the_cursor_stays_visible_in_a_long_text() {
        let mut field = TextField::new("a long text 漢字");
        assert_eq!(input(9, &field), ("/ t 漢字".into(), Some(Position { x: 8, y: 0 })));
        for key in KeyPress::sequence("<Home><Right>").unwrap() {
            field.key(key);
        }
        assert_eq!(input(9, &field), ("/ a long".into(), Some(Position { x: 3, y: 0 })));
    }

    #[test]
    fn every_size_is_survived() {
        at_every_size(|buffer, area, look| {
            for field in [TextField::default(), TextField::new("漢字".repeat(50))] {
                let input = Input { prompt: "type heron: ", field: &field, placeholder: "x", accepted: true };
                input.draw(buffer, Slot::row(area, 0), look);
            }
        });
    }
}
