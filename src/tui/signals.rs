//! Signals as the loop hears them.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// A signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM, SIGHUP or SIGINT, by number: end, with the terminal given back.
    End(i32),
    /// SIGWINCH: another size.
    Resize,
    /// SIGCONT: the process runs again, and others had the terminal meanwhile.
    Continue,
}

/// Listens from now on, until the receiver is dropped.
pub fn listen() -> io::Result<mpsc::UnboundedReceiver<Signal>> {
    let (send, receive) = mpsc::unbounded_channel();
    let ends = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()]
        .map(|kind| (kind, Signal::End(kind.as_raw_value())));
    let goes_on = SignalKind::from_raw(rustix::process::Signal::CONT.as_raw());
    let others = [(SignalKind::window_change(), Signal::Resize), (goes_on, Signal::Continue)];
    for (kind, meaning) in ends.into_iter().chain(others) {
        let mut heard = signal(kind)?;
        let send = send.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    some = heard.recv() => if some.is_none() || send.send(meaning).is_err() { return },
                    () = send.closed() => return,
                }
            }
        });
    }
    Ok(receive)
}
