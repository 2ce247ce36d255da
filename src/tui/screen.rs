//! The loop's view of the terminal, and the real one.

use std::io;
use std::time::Duration;

use ratatui::layout::Size;
use rustix::process::{Signal as Number, kill_current_process_group};
use rustix::termios::tcgetwinsize;
use tokio::sync::watch;

use super::{Flushed, FrameId, Guard, Picture, TtySink, Writer};

/// A screen that takes pictures. The loop knows nothing else of the terminal, so that tests can be one.
pub trait Screen {
    /// Its size now.
    fn size(&self) -> Size;
    /// Takes a picture; never waits.
    fn present(&mut self, id: FrameId, picture: Picture);
    /// Takes a sequence that is no picture.
    fn send(&mut self, sequence: Vec<u8>);
    /// What it shows is no longer known: the next picture is painted whole.
    fn repaint(&mut self);
    /// Which picture is out.
    fn flushed(&self) -> watch::Receiver<Flushed>;
    /// Gives the terminal back and stops the process. The process may run on for a moment; it runs for good when
    /// SIGCONT has come.
    fn stop(&mut self) -> io::Result<()>;
    /// Takes the terminal again.
    fn resume(&mut self) -> io::Result<()>;
}

/// The terminal that the process runs in.
#[derive(Debug)]
pub struct TtyScreen {
    /// Before the guard: nothing is written any more when the terminal is given back.
    writer: Writer,
    guard: Guard,
}

impl TtyScreen {
    /// Takes the terminal.
    pub fn take(mouse: bool) -> io::Result<Self> {
        let guard = Guard::take(mouse)?;
        Ok(Self { writer: Writer::start(TtySink::open()?)?, guard })
    }
}

impl Screen for TtyScreen {
    fn size(&self) -> Size {
        // Some pseudo terminals have no size; then the usual one is assumed.
        match tcgetwinsize(rustix::stdio::stdout()) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size::new(size.ws_col, size.ws_row),
            _ => Size::new(80, 24),
        }
    }

    fn present(&mut self, id: FrameId, picture: Picture) {
        self.writer.present(id, picture);
    }

    fn send(&mut self, sequence: Vec<u8>) {
        self.writer.send(sequence);
    }

    fn repaint(&mut self) {
        self.writer.repaint();
    }

    fn flushed(&self) -> watch::Receiver<Flushed> {
        self.writer.flushed()
    }

    fn stop(&mut self) -> io::Result<()> {
        self.writer.settle(Duration::from_millis(500));
        self.guard.pause();
        // The whole group, as the terminal's own Ctrl-Z does: a parent that waits for us (cargo, a pager) must stop too,
        // or the shell never gets the terminal. Where nobody could wake us, the kernel drops the signal.
        kill_current_process_group(Number::TSTP)?;
        Ok(())
    }

    fn resume(&mut self) -> io::Result<()> {
        self.guard.resume()?;
        self.writer.repaint();
        Ok(())
    }
}
