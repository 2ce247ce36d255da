//! A piece of memory that ratatui draws on.

use std::convert::Infallible;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::{Frame, Terminal};

use super::Picture;

/// Draws pictures of any size.
#[derive(Debug)]
pub(super) struct Canvas(Terminal<Memory>);

impl Canvas {
    pub(super) fn new(size: Size) -> Self {
        let Ok(terminal) = Terminal::new(Memory { size, cursor: None });
        Self(terminal)
    }

    /// The picture that `draw` draws.
    pub(super) fn draw(&mut self, size: Size, draw: impl FnOnce(&mut Frame<'_>)) -> Picture {
        self.0.backend_mut().size = size;
        let Ok(drawn) = self.0.draw(draw);
        let buffer = drawn.buffer.clone();
        let area = buffer.area;
        let cursor = self.0.backend().cursor.filter(|at| area.contains(*at));
        Picture { buffer, cursor }
    }
}

/// Ratatui's idea of a terminal. What it would write is of no interest: the writer compares whole pictures.
#[derive(Debug)]
struct Memory {
    size: Size,
    /// Where the drawing wants the cursor. After each drawing ratatui either hides it or says its place.
    cursor: Option<Position>,
}

impl Backend for Memory {
    type Error = Infallible;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, _content: I) -> Result<(), Infallible> {
        Ok(())
    }

    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        self.cursor = None;
        Ok(())
    }

    fn show_cursor(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        Ok(self.cursor.unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        self.cursor = Some(position.into());
        Ok(())
    }

    fn clear(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn clear_region(&mut self, _clear_type: ClearType) -> Result<(), Infallible> {
        Ok(())
    }

    fn size(&self) -> Result<Size, Infallible> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::ZERO })
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::widgets::Paragraph;

    #[test]
    fn pictures_have_the_size_asked_for_and_the_cursor_only_where_it_was_wanted() {
        let mut canvas = Canvas::new(Size::new(3, 1));
        let drawn = canvas.draw(Size::new(5, 2), |frame| {
            frame.render_widget(Paragraph::new("hello"), frame.area());
            frame.set_cursor_position((4, 1));
        });
        assert_eq!(drawn.buffer.area.as_size(), Size::new(5, 2));
        assert_eq!(drawn.buffer[(4, 0)].symbol(), "o");
        assert_eq!(drawn.cursor, Some(Position { x: 4, y: 1 }));
        for size in [Size::new(1, 1), Size::new(0, 0), Size::new(300, 100)] {
            let drawn = canvas.draw(size, |frame| frame.render_widget(Paragraph::new("hello"), frame.area()));
            assert_eq!((drawn.buffer.area.as_size(), drawn.cursor), (size, None));
        }
    }
}
