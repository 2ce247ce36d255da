//! The thread that reads the terminal. It reads all the time, so that nothing that is drawn or awaited holds a key up.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::isatty;
use tokio::sync::mpsc;

use super::{Input, Parser};

/// The terminal that keys come from: standard input, or the controlling terminal when that is something else.
pub(crate) fn terminal() -> io::Result<OwnedFd> {
    let stdin = rustix::stdio::stdin();
    if isatty(stdin) {
        return Ok(rustix::io::dup(stdin)?);
    }
    Ok(File::options().read(true).write(true).open("/dev/tty")?.into())
}

/// The reading thread; dropping this ends it.
#[derive(Debug)]
pub struct Reader {
    thread: Option<JoinHandle<()>>,
    stop: Option<PipeWriter>,
}

impl Reader {
    /// Starts reading; a lone `ESC` is the key after `delay`. The receiver ends when the terminal is gone.
    pub fn start(delay: Duration) -> io::Result<(Self, mpsc::UnboundedReceiver<Input>)> {
        Self::on(terminal()?, delay)
    }

    fn on(terminal: OwnedFd, delay: Duration) -> io::Result<(Self, mpsc::UnboundedReceiver<Input>)> {
        let (stopped, stop) = io::pipe()?;
        let (send, receive) = mpsc::unbounded_channel();
        let thread = std::thread::Builder::new().name("terminal-reader".into()).spawn(move || {
            // An error means that the terminal is gone; so does the end of the channel that follows.
            let _ = read(File::from(terminal), &stopped, Parser::new(delay), &send);
        })?;
        Ok((Self { thread: Some(thread), stop: Some(stop) }, receive))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // Closing the pipe wakes the thread.
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn read(
    mut terminal: File,
    stopped: &PipeReader,
    mut parser: Parser,
    send: &mpsc::UnboundedSender<Input>,
) -> io::Result<()> {
    let (mut bytes, mut inputs) = ([0; 4096], Vec::new());
    loop {
        let wait = parser.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let limit = wait.and_then(|wait| Timespec::try_from(wait).ok());
        let (ready, stop) = {
            let mut fds =
                [PollFd::from_borrowed_fd(terminal.as_fd(), PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
            match poll(&mut fds, limit.as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            (!fds[0].revents().is_empty(), !fds[1].revents().is_empty())
        };
        if stop {
            return Ok(());
        }
        if ready {
            match terminal.read(&mut bytes) {
                Ok(0) => return Ok(()),
                Ok(count) => parser.feed(&bytes[..count], Instant::now(), &mut inputs),
                Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {}
                Err(error) => return Err(error),
            }
        } else {
            parser.expire(Instant::now(), &mut inputs);
        }
        for input in inputs.drain(..) {
            if send.send(input).is_err() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::keypress::{KeyCode, KeyPress};
    use std::io::Write;

    #[tokio::test]
    async fn keys_are_read_a_lone_escape_by_itself_and_the_end_is_told() {
        let (terminal, mut person) = io::pipe().unwrap();
        let (_reader, mut inputs) = Reader::on(terminal.into(), Duration::from_millis(1)).unwrap();
        person.write_all(b"j\x1b").unwrap();
        assert_eq!(inputs.recv().await, Some(Input::Key(KeyPress::char('j'))));
        assert_eq!(inputs.recv().await, Some(Input::Key(KeyPress::plain(KeyCode::Esc))));
        drop(person);
        assert_eq!(inputs.recv().await, None);
    }

    #[test]
    fn dropping_the_reader_ends_its_thread_while_nothing_comes() {
        let (terminal, _person) = io::pipe().unwrap();
        let (reader, _inputs) = Reader::on(terminal.into(), Duration::from_millis(1)).unwrap();
        drop(reader);
    }
}
