//! What comes from the terminal: keys, pastes, the pointer.

mod parser;
mod reader;
mod sequence;

pub use parser::Parser;
pub use reader::Reader;
pub(super) use reader::terminal;

use crate::app::keypress::KeyPress;

/// Something that the person did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Key(KeyPress),
    /// Pasted text: never a command.
    Paste(String),
    /// The mouse, where it is taken.
    Pointer(Pointer),
}

/// What the mouse did, and where: column and row from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointer {
    /// A button went down.
    Press(u16, u16),
    /// The wheel went up.
    Up(u16, u16),
    /// The wheel went down.
    Down(u16, u16),
}
