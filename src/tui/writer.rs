//! The writer thread: pictures go in, bytes come out, and the newest picture wins.
//!
//! ```text
//! loop ── present(id, picture) ─►┌──────┐      thread: take the newest, paint it against what was
//!                                │ slot │ ───► really written, write it in one go, say that it is out
//! loop ◄─ flushed: watch<id> ────└──────┘
//! ```
//! A slow or stalled link only holds this thread. A picture that is replaced before its turn was never shown, so nothing
//! is ever painted against it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::paint::{Painter, Picture};
use super::sink::Sink;

/// The number of a picture, rising from 1 in the order in which they were handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct FrameId(pub u64);

/// How the output is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flushed {
    /// This picture, or a later one, is out: the terminal (or the link to it) has all its bytes.
    Upto(FrameId),
    /// The terminal is gone; nothing will be written any more.
    Closed,
}

/// How long one attempt to write waits before it looks whether it should stop.
const ATTEMPT: Duration = Duration::from_millis(50);

/// The writer. Dropping it stops its thread, within a short time even on a stalled link.
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
    flushed: watch::Receiver<Flushed>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    slot: Mutex<Slot>,
    /// Something to do for the thread, or the thread has become idle.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Slot {
    picture: Option<(FrameId, Picture)>,
    /// Sequences that are no picture, such as a copy to the clipboard; written in order, before the picture.
    extra: VecDeque<Vec<u8>>,
    /// What the terminal shows is no longer known.
    forget: bool,
    /// The thread is writing.
    busy: bool,
    /// The thread shall end; what is not finished at this moment is left.
    end: Option<Instant>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        // A slot is whole at every moment, so that a panic elsewhere does not spoil it.
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    /// Starts the thread, which writes into `sink`.
    pub fn start(sink: impl Sink) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (tell, flushed) = watch::channel(Flushed::Upto(FrameId(0)));
        let own = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("terminal-writer".into()).spawn(move || {
            work(&own, Box::new(sink), &tell);
        })?;
        Ok(Self { shared, flushed, thread: Some(thread) })
    }

    /// Hands a picture over; one that still waits is replaced. Never waits.
    pub fn present(&self, id: FrameId, picture: Picture) {
        self.shared.lock().picture = Some((id, picture));
        self.shared.changed.notify_all();
    }

    /// Hands a sequence over that is written as it is.
    pub fn send(&self, sequence: Vec<u8>) {
        self.shared.lock().extra.push_back(sequence);
        self.shared.changed.notify_all();
    }

    /// The next picture is painted whole, whatever the terminal shows.
    pub fn repaint(&self) {
        self.shared.lock().forget = true;
    }

    /// Which picture is out.
    pub fn flushed(&self) -> watch::Receiver<Flushed> {
        self.flushed.clone()
    }

    /// Waits until nothing is left to write, at most `limit`; what is left then is thrown away. Gives whether all of it
    /// was written.
    pub fn settle(&self, limit: Duration) -> bool {
        let idle = |slot: &mut Slot| slot.busy || slot.picture.is_some() || !slot.extra.is_empty();
        let waited = self.shared.changed.wait_timeout_while(self.shared.lock(), limit, idle);
        let (mut slot, result) = waited.unwrap_or_else(PoisonError::into_inner);
        (slot.picture, slot.forget) = (None, true);
        slot.extra.clear();
        !result.timed_out()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.lock().end = Some(Instant::now() + 4 * ATTEMPT);
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // It ends by itself soon after the moment above; a panic in it has been reported by then.
            let _ = thread.join();
        }
    }
}

/// What the thread does until it is told to end or the sink is gone.
fn work(shared: &Shared, mut sink: Box<dyn Sink>, tell: &watch::Sender<Flushed>) {
    let mut painter = Painter::default();
    loop {
        let (bytes, id) = {
            let mut slot = shared.lock();
            slot.busy = false;
            shared.changed.notify_all();
            let nothing = |slot: &mut Slot| slot.picture.is_none() && slot.extra.is_empty() && slot.end.is_none();
            slot = shared.changed.wait_while(slot, nothing).unwrap_or_else(PoisonError::into_inner);
            if slot.end.is_some() && slot.picture.is_none() && slot.extra.is_empty() {
                return;
            }
            slot.busy = true;
            if std::mem::take(&mut slot.forget) {
                painter.forget();
            }
            let mut bytes: Vec<u8> = slot.extra.drain(..).flatten().collect();
            let picture = slot.picture.take();
            drop(slot);
            let id = picture.as_ref().map(|(id, _)| *id);
            if let Some((_, picture)) = picture {
                bytes.extend_from_slice(&painter.paint(picture));
            }
            (bytes, id)
        };
        match write(shared, sink.as_mut(), &bytes) {
            Ok(true) => {
                if let Some(id) = id {
                    tell.send_replace(Flushed::Upto(id));
                }
            }
            Ok(false) => break,
            Err(_) => {
                tell.send_replace(Flushed::Closed);
                break;
            }
        }
    }
    shared.lock().busy = false;
    shared.changed.notify_all();
}

/// Writes all of `bytes`, however long it takes, unless the thread shall end before.
fn write(shared: &Shared, sink: &mut dyn Sink, bytes: &[u8]) -> std::io::Result<bool> {
    let mut left = bytes;
    while !left.is_empty() {
        if shared.lock().end.is_some_and(|end| end <= Instant::now()) {
            return Ok(false);
        }
        let written = sink.write(left, ATTEMPT)?;
        left = &left[written..];
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::buffer::Buffer;
    use std::io;
    use std::sync::mpsc;

    /// A sink that takes bytes only when it is allowed to.
    struct Link {
        allowed: mpsc::Receiver<usize>,
        left: usize,
        out: mpsc::Sender<Vec<u8>>,
    }

    impl Sink for Link {
        fn write(&mut self, bytes: &[u8], limit: Duration) -> io::Result<usize> {
            if self.left == 0 {
                match self.allowed.recv_timeout(limit) {
                    Ok(more) => self.left = more,
                    Err(mpsc::RecvTimeoutError::Timeout) => return Ok(0),
                    Err(mpsc::RecvTimeoutError::Disconnected) => return Err(io::ErrorKind::BrokenPipe.into()),
                }
            }
            let taken = bytes.len().min(self.left);
            self.left -= taken;
            self.out.send(bytes[..taken].to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(taken)
        }
    }

    fn link() -> (Writer, mpsc::Sender<usize>, mpsc::Receiver<Vec<u8>>) {
        let (allow, allowed) = mpsc::channel();
        let (out, written) = mpsc::channel();
        (Writer::start(Link { allowed, left: 0, out }).unwrap(), allow, written)
    }

    fn picture(text: &str) -> Picture {
        Picture { buffer: Buffer::with_lines([text]), cursor: None }
    }

    async fn out(flushed: &mut watch::Receiver<Flushed>, id: u64) {
        flushed.wait_for(|now| *now == Flushed::Upto(FrameId(id))).await.unwrap();
    }

    fn text(written: &mpsc::Receiver<Vec<u8>>) -> String {
        String::from_utf8(written.try_iter().flatten().collect()).unwrap().replace('\u{1b}', "^")
    }

    #[tokio::test]
    async fn a_stalled_link_skips_to_the_newest_picture_and_paints_it_against_what_was_really_written() {
        // The link stalls: of what follows only the last is ever written, against "a0 b0".
        let (writer, allow, written) = link();
        let mut flushed = writer.flushed();
        writer.present(FrameId(1), picture("a0 b0"));
        allow.send(1).unwrap();
        while text(&written).is_empty() {
            tokio::task::yield_now().await;
        }
        writer.present(FrameId(2), picture("a1 b0"));
        writer.present(FrameId(3), picture("a0 b9"));
        allow.send(usize::MAX).unwrap();
        out(&mut flushed, 3).await;
        let rest = text(&written);
        assert!(rest.contains("a0 b0") && rest.ends_with('9') && !rest.contains("a1"), "{rest}");
    }

    #[tokio::test]
    async fn sequences_are_written_in_order_and_a_repaint_is_whole() {
        let (writer, allow, written) = link();
        let mut flushed = writer.flushed();
        allow.send(usize::MAX).unwrap();
        writer.send(b"<copy>".to_vec());
        writer.present(FrameId(1), picture("ab"));
        out(&mut flushed, 1).await;
        assert!(text(&written).starts_with("<copy>"));
        writer.repaint();
        writer.present(FrameId(2), picture("ab"));
        out(&mut flushed, 2).await;
        assert!(text(&written).ends_with("^[2Jab"));
    }

    #[tokio::test]
    async fn a_terminal_that_is_gone_is_told() {
        let (writer, allow, _written) = link();
        let mut flushed = writer.flushed();
        drop(allow);
        writer.present(FrameId(1), picture("ab"));
        flushed.wait_for(|now| *now == Flushed::Closed).await.unwrap();
    }

    #[test]
    fn dropping_the_writer_and_settling_end_on_a_link_that_never_moves() {
        let (writer, _allow, _written) = link();
        writer.present(FrameId(1), picture("ab"));
        assert!(!writer.settle(Duration::from_millis(1)));
        drop(writer);
    }
}
