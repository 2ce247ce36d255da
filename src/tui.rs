//! The terminal: its modes, its input, its output, and the loop between them.
//!
//! ```text
//! terminal ──► reader thread ──► parser ──► inputs ─┐
//! signals ──────────────────────────────────────────┼─► event loop ──► program ──► picture ──► writer thread ──► terminal
//! other tasks ──────────────────────────── messages ┘        ▲                                      │
//!                                                            └──────────────── flushed ─────────────┘
//! ```
//! We read and write the terminal ourselves: an input library decides at the end of each read what a torn escape
//! sequence is and spins on a terminal that is gone, and an output library ends every frame with a reset.

mod capability;
mod clipboard;
mod console;
mod event_loop;
mod guard;
mod input;
mod paint;
mod pen;
mod program;
mod screen;
mod signals;
mod sink;
mod writer;

use std::io;
use std::time::Duration;

use tokio::sync::mpsc;

pub use capability::Capabilities;
pub use console::{Display, Screenplay, console};
pub use event_loop::{Streams, drive};
pub use guard::Guard;
pub use input::{Input, Parser, Pointer, Reader};
pub use paint::{Painter, Picture};
pub use program::{Command, Copied, Ending, Program, Typed};
pub use screen::{Screen, TtyScreen};
pub use signals::{Signal, listen};
pub use sink::{Sink, TtySink};
pub use writer::{Flushed, FrameId, Writer};

/// How the terminal is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The mouse is taken, too.
    pub mouse: bool,
    /// How long a lone `ESC` waits for the rest of a sequence.
    pub escape_delay: Duration,
}

/// Takes the terminal, runs `program` on it and gives it back, however it ends. Must be awaited by the thread that runs
/// the runtime (`block_on`), so that a panic in it is told from one in a task. The error: the terminal can't be taken.
pub async fn run<P: Program>(
    program: &mut P,
    messages: mpsc::Receiver<P::Msg>,
    options: Options,
) -> io::Result<Ending> {
    // Before the terminal is taken: a signal between the two would leave it taken.
    let signals = listen()?;
    let mut screen = TtyScreen::take(options.mouse)?;
    let (_reader, inputs) = Reader::start(options.escape_delay)?;
    Ok(drive(program, &mut screen, Streams { signals, inputs, messages }).await)
}
