//! What the loop drives.

use std::time::Instant;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Size};

use super::{FrameId, Pointer};
use crate::app::keypress::KeyPress;

/// A program with a screen: state that is changed by what happens, and drawn when it has changed.
pub trait Program {
    /// What other tasks tell it.
    type Msg;

    /// A key was pressed.
    fn key(&mut self, key: KeyPress, now: Instant);
    /// Text was pasted; it is never a command.
    fn paste(&mut self, text: &str);
    /// The mouse did something; it is taken only if asked for.
    fn pointer(&mut self, _pointer: Pointer) {}
    /// Another task tells something.
    fn message(&mut self, message: Self::Msg);
    /// Whether a person waits for what `_message` tells: the answer to their own key. It is drawn as soon as a key is.
    fn is_answer(&self, _message: &Self::Msg) -> bool {
        false
    }
    /// The screen has another size, or its first one.
    fn resized(&mut self, size: Size);
    /// The time asked for by [`Program::next_tick`] has come.
    fn tick(&mut self, now: Instant);
    /// When time alone changes something next; `None`: never.
    fn next_tick(&self) -> Option<Instant>;

    /// Whether something changed since the last [`Program::drawn`].
    fn wants_draw(&self) -> bool;
    /// Draws the whole screen into an empty buffer of its size; gives where the cursor stands, if it is seen.
    fn draw(&self, buffer: &mut Buffer) -> Option<Position>;
    /// What was drawn last is picture `frame`, on its way.
    fn drawn(&mut self, frame: FrameId);
    /// Picture `frame`, or a later one, is on the screen, as far as that can be known from here. Says what becomes of
    /// the keys that are waiting: a dialog that is seen for the first time throws them away.
    fn flushed(&mut self, frame: FrameId, now: Instant) -> Typed;

    /// What the program wants from the terminal since it was last asked.
    fn commands(&mut self) -> Vec<Command>;
    /// A copy has been sent to the terminal, or was too long.
    fn copied(&mut self, _copied: Copied) {}
    /// The picture that [`Command::Capture`] asked for.
    fn captured(&mut self, _picture: &Buffer) {}
}

/// What becomes of keys that were pressed and not yet looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// They count.
    Keep,
    /// They were pressed before the screen showed what they would be pressed for.
    Discard,
}

/// What a program wants from its terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// End.
    Quit,
    /// Give the terminal back and stop, as Ctrl-Z does everywhere.
    Suspend,
    /// Paint everything anew.
    Redraw,
    /// Put text into the clipboard of the person's own terminal (OSC 52).
    Copy(String),
    /// Hand over the picture as it is now.
    Capture,
}

/// What became of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copied {
    /// It was sent, so many bytes; whether the terminal took it can't be known.
    Sent(usize),
    /// It is longer than terminals take, in bytes.
    TooLong {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
}

/// Why a loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The program wanted to.
    Quit,
    /// A signal, by number: SIGTERM, SIGHUP or SIGINT.
    Signal(i32),
    /// The terminal is gone.
    TerminalGone,
}
