//! The terminal's modes, taken and always given back: when the guard is dropped, when the program panics, and before the
//! process stops for Ctrl-Z. Giving back twice does nothing.

use std::io::{self, Write};
use std::ops::{Deref, DerefMut};
use std::os::fd::OwnedFd;
use std::sync::{Condvar, Mutex, Once, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use super::input::terminal;
use super::sink::{TtySink, write_all};

/// Alternate screen, no cursor, no wrapping at the right edge, pastes told from typing.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h";
const ENTER_MOUSE: &str = "\x1b[?1000h\x1b[?1006h";
/// The mouse is given back whether it was taken or not: it costs nothing, and a shell with it on is unusable.
const LEAVE: &str = "\x1b[?2026l\x1b[m\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l";

/// How long giving back may wait for a stalled link.
const LIMIT: Duration = Duration::from_millis(500);

/// The terminal while it is taken. A static, since a panic anywhere must find it.
static TERMINAL: Mutex<Slot> = Mutex::new(Slot::Here(None));
static RETURNED: Condvar = Condvar::new();
static HOOK: Once = Once::new();

#[derive(Debug)]
struct Taken {
    input: OwnedFd,
    output: TtySink,
    original: Termios,
    mouse: bool,
    /// The thread that drives the screen; a panic in another one must not take the screen from it.
    owner: ThreadId,
    /// What panicked elsewhere meanwhile; told when the terminal is given back.
    panics: Vec<String>,
}

impl Taken {
    fn enter(&mut self) -> io::Result<()> {
        let mut raw = self.original.clone();
        raw.make_raw();
        tcsetattr(&self.input, OptionalActions::Now, &raw)?;
        let sequence = if self.mouse { [ENTER, ENTER_MOUSE].concat() } else { ENTER.to_owned() };
        write_all(&mut self.output, sequence.as_bytes(), LIMIT).map(drop)
    }

    /// What fails here fails because the terminal is gone: there is nothing left to give back.
    fn leave(&mut self) {
        let _ = write_all(&mut self.output, LEAVE.as_bytes(), LIMIT);
        let _ = tcsetattr(&self.input, OptionalActions::Now, &self.original);
    }
}

/// The terminal in full-screen mode. Dropping it gives the terminal back.
#[derive(Debug)]
#[must_use = "the terminal is given back when this is dropped"]
pub struct Guard(());

impl Guard {
    /// Takes the terminal. From here on a panic gives it back before its message is shown.
    pub fn take(mouse: bool) -> io::Result<Self> {
        let mut slot = lock(LIMIT).ok_or(io::ErrorKind::ResourceBusy)?;
        if slot.is_some() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the terminal is taken already"));
        }
        // Around whatever hook is there: ours gives the terminal back first, then the other one may print.
        HOOK.call_once(|| {
            let next = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                if tells(&panic.to_string()) {
                    next(panic);
                }
            }));
        });
        let input = terminal()?;
        let original = tcgetattr(&input)?;
        let owner = thread::current().id();
        let taken = Taken { input, output: TtySink::open()?, original, mouse, owner, panics: Vec::new() };
        let guard = Self(());
        slot.insert(taken).enter().inspect_err(|_| {
            if let Some(mut taken) = slot.take() {
                taken.leave();
            }
        })?;
        Ok(guard)
    }

    /// Gives the terminal back for a while.
    pub fn pause(&self) {
        if let Some(taken) = lock(LIMIT).as_mut().and_then(|slot| slot.as_mut()) {
            taken.leave();
        }
    }

    /// Takes it again, as it was first found.
    pub fn resume(&self) -> io::Result<()> {
        match lock(LIMIT).as_mut().and_then(|slot| slot.as_mut()) {
            Some(taken) => taken.enter(),
            None => Ok(()),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(mut taken) = lock(LIMIT).and_then(|mut slot| slot.take()) else { return };
        taken.leave();
        for panic in taken.panics {
            // Standard error may be closed by now; the log has it too.
            let _ = writeln!(io::stderr(), "{panic}");
        }
    }
}

/// Whether a panic's message may be printed: yes once the terminal is given back. A panic in another thread than the
/// screen's leaves the terminal alone, since the console goes on; its message is kept.
fn tells(message: &str) -> bool {
    let Some(mut slot) = lock(LIMIT) else { return true };
    let Some(taken) = slot.as_mut() else { return true };
    if taken.owner == thread::current().id() {
        taken.leave();
        let earlier = slot.take().map(|taken| taken.panics).unwrap_or_default();
        for panic in earlier {
            let _ = writeln!(io::stderr(), "{panic}");
        }
        return true;
    }
    tracing::error!("{message}");
    if taken.panics.len() < 8 {
        taken.panics.push(message.to_owned());
    }
    false
}

/// Where the terminal is: here, or lent to whoever works with it. The mutex itself is held for a moment only, so that a
/// panic while the terminal is lent finds it and does not hang.
#[derive(Debug)]
enum Slot {
    Here(Option<Taken>),
    Lent,
}

/// The slot's contents on loan; dropping it brings them back.
struct Loan(Option<Taken>);

impl Deref for Loan {
    type Target = Option<Taken>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Loan {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        *TERMINAL.lock().unwrap_or_else(PoisonError::into_inner) = Slot::Here(self.0.take());
        RETURNED.notify_one();
    }
}

/// The slot, unless someone keeps it for longer than `limit`: a panic while it is lent must not hang.
fn lock(limit: Duration) -> Option<Loan> {
    let slot = TERMINAL.lock().unwrap_or_else(PoisonError::into_inner);
    let lent = |slot: &mut Slot| matches!(slot, Slot::Lent);
    let (mut slot, _) = RETURNED.wait_timeout_while(slot, limit, lent).unwrap_or_else(PoisonError::into_inner);
    match std::mem::replace(&mut *slot, Slot::Lent) {
        Slot::Here(taken) => Some(Loan(taken)),
        Slot::Lent => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn who_waits_for_the_terminal_gets_it_when_it_is_returned_and_does_not_wait_for_ever() {
        let loan = lock(LIMIT).expect("nobody has it");
        assert!(lock(Duration::ZERO).is_none(), "the same thread may ask while it has it: a panic does");
        let (waits, begun) = mpsc::channel();
        let waiter = thread::spawn(move || {
            waits.send(()).expect("heard");
            lock(Duration::from_secs(60)).is_some()
        });
        begun.recv().expect("told");
        drop(loan);
        assert!(waiter.join().expect("ended"));
        assert!(lock(LIMIT).is_some(), "and it is brought back");
    }
}
