//! Where the bytes go: the terminal, written without ever being stuck in it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::termios::ttyname;

/// A place for bytes that may take its time.
pub trait Sink: std::fmt::Debug + Send + 'static {
    /// Writes some of `bytes`, waiting at most `limit` for room; 0 when there was none. An error: it is gone for good.
    fn write(&mut self, bytes: &[u8], limit: Duration) -> io::Result<usize>;
    /// Whether a write that may not wait at all really returns at once, whatever the link does.
    fn never_waits(&self) -> bool;
}

/// The terminal behind standard output.
#[derive(Debug)]
pub struct TtySink {
    terminal: File,
    /// Opened for us alone, so that a write is refused where there is no room.
    own: bool,
}

impl TtySink {
    /// Opens the terminal anew by its name, so that not waiting for it concerns nobody who shares standard output.
    /// Where its name can't be opened (some containers), the controlling terminal, else a copy of standard output.
    pub fn open() -> io::Result<Self> {
        let open = |path: &Path| {
            let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
            OpenOptions::new().write(true).custom_flags(flags).open(path)
        };
        let named = ttyname(rustix::stdio::stdout(), Vec::new())
            .map_err(io::Error::from)
            .and_then(|name| open(Path::new(std::ffi::OsStr::from_bytes(name.to_bytes()))));
        if let Ok(file) = named.or_else(|_| open(Path::new("/dev/tty"))) {
            return Ok(Self { terminal: file, own: true });
        }
        let copy = rustix::io::dup(rustix::stdio::stdout())?;
        Ok(Self { terminal: File::from(copy), own: false })
    }
}

impl Sink for TtySink {
    fn write(&mut self, bytes: &[u8], limit: Duration) -> io::Result<usize> {
        if !wait(&self.terminal, PollFlags::OUT, Some(limit))? {
            return Ok(0);
        }
        match self.terminal.write(bytes) {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(0),
            Ok(0) if !bytes.is_empty() => Err(io::ErrorKind::WriteZero.into()),
            written => written,
        }
    }

    fn never_waits(&self) -> bool {
        self.own
    }
}

/// Waits until `file` is ready; `false` when `limit` passed. `None`: without limit.
fn wait(file: &File, flags: PollFlags, limit: Option<Duration>) -> io::Result<bool> {
    let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
    match poll(&mut [PollFd::new(file, flags)], limit.as_ref()) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Writes all of `bytes`, as long as it takes at most `limit`; gives whether all of it was written.
pub(super) fn write_all(sink: &mut dyn Sink, mut bytes: &[u8], limit: Duration) -> io::Result<bool> {
    let end = std::time::Instant::now() + limit;
    while !bytes.is_empty() {
        let left = end.saturating_duration_since(std::time::Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        let written = sink.write(bytes, left)?;
        bytes = &bytes[written..];
    }
    Ok(true)
}
