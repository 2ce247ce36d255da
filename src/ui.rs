//! Drawing: themes, signs, text in cells and widgets. Everything takes plain data and draws into a buffer.

pub mod glyphs;
pub mod overlays;
pub mod panes;
pub mod svg;
pub mod text;
pub mod theme;
pub mod view;
pub mod widgets;
