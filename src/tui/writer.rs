//! The writer: pictures go in, bytes come out, and the newest picture wins.
//!
//! ```text
//! loop ── present(id, picture) ─►┌──────┐ nobody writes: paint it here and write what there is room for
//!                                │ slot │
//!                                └──────┘ else, and for the rest, the thread: take the newest, paint it against what
//! loop ◄─ flushed: watch<id> ───────┘     was really written, write it in one go, say that it is out
//! ```
//! A slow or stalled link only holds the thread. A picture that is replaced before its turn was never shown, so nothing
//! is ever painted against it. Whoever has the slot's [`Output`] is the one that writes.

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

#[derive(Debug)]
struct Shared {
    slot: Mutex<Slot>,
    /// There is something for the thread to do.
    work: Condvar,
    /// Nothing is left to write.
    idle: Condvar,
    tell: watch::Sender<Flushed>,
}

#[derive(Debug)]
struct Slot {
    job: Job,
    /// What the link had no room for.
    rest: Option<Rest>,
    /// What is written with, while nobody writes.
    output: Option<Output>,
    /// The thread has ended: the terminal is gone, or the writer is being dropped.
    over: bool,
    /// The thread shall end; what is not finished at this moment is left.
    end: Option<Instant>,
}

/// What is written next.
#[derive(Debug, Default)]
struct Job {
    picture: Option<(FrameId, Picture)>,
    /// Sequences that are no picture, such as a copy to the clipboard; written in order, before the picture.
    extra: VecDeque<Vec<u8>>,
    /// What the terminal shows is no longer known.
    forget: bool,
}

/// Bytes on their way, and the picture that is out with the last of them.
#[derive(Debug)]
struct Rest {
    bytes: Vec<u8>,
    written: usize,
    picture: Option<FrameId>,
}

#[derive(Debug)]
struct Output {
    sink: Box<dyn Sink>,
    painter: Painter,
}

impl Job {
    fn is_empty(&self) -> bool {
        self.picture.is_none() && self.extra.is_empty()
    }

    fn bytes(self, painter: &mut Painter) -> Rest {
        if self.forget {
            painter.forget();
        }
        let mut bytes: Vec<u8> = self.extra.into_iter().flatten().collect();
        let id = self.picture.as_ref().map(|(id, _)| *id);
        if let Some((_, picture)) = self.picture {
            bytes.extend_from_slice(&painter.paint(picture));
        }
        Rest { bytes, written: 0, picture: id }
    }
}

impl Rest {
    const fn is_done(&self) -> bool {
        self.written >= self.bytes.len()
    }

    fn attempt(&mut self, sink: &mut dyn Sink, limit: Duration) -> std::io::Result<()> {
        self.written += sink.write(&self.bytes[self.written..], limit)?;
        Ok(())
    }
}

impl Slot {
    fn is_idle(&self) -> bool {
        self.over || self.output.is_some() && self.rest.is_none() && self.job.is_empty()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        // A slot is whole at every moment, so that a panic elsewhere does not spoil it.
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the output back, with what is left to write.
    fn put_back(&self, output: Output, rest: Rest) {
        let mut slot = self.lock();
        slot.output = Some(output);
        if rest.is_done() {
            if let Some(id) = rest.picture {
                self.tell.send_replace(Flushed::Upto(id));
            }
            self.idle.notify_all();
        } else {
            slot.rest = Some(rest);
            self.work.notify_one();
        }
    }

    /// Nothing can be written any more.
    fn close(&self) {
        self.tell.send_replace(Flushed::Closed);
        self.lock().over = true;
        self.idle.notify_all();
        self.work.notify_one();
    }
}

impl Writer {
    /// Starts the thread, which writes into `sink`.
    pub fn start(sink: impl Sink) -> std::io::Result<Self> {
        let (tell, flushed) = watch::channel(Flushed::Upto(FrameId(0)));
        let output = Some(Output { sink: Box::new(sink), painter: Painter::default() });
        let slot = Slot { job: Job::default(), rest: None, output, over: false, end: None };
        let shared = Arc::new(Shared { slot: Mutex::new(slot), work: Condvar::new(), idle: Condvar::new(), tell });
        let own = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("terminal-writer".into()).spawn(move || {
            work(&own);
            own.lock().over = true;
            own.idle.notify_all();
        })?;
        Ok(Self { shared, flushed, thread: Some(thread) })
    }

    /// Hands a picture over; one that still waits is replaced. Never waits: where nobody writes and the link has room,
    /// the picture is out when this returns, which saves a key the way through another thread.
    pub fn present(&self, id: FrameId, picture: Picture) {
        let mut slot = self.shared.lock();
        slot.job.picture = Some((id, picture));
        let free = slot.rest.is_none() && !slot.over;
        let Some(mut output) = slot.output.take_if(|output| free && output.sink.never_waits()) else {
            drop(slot);
            return self.shared.work.notify_one();
        };
        let job = std::mem::take(&mut slot.job);
        drop(slot);
        let mut rest = job.bytes(&mut output.painter);
        match rest.attempt(output.sink.as_mut(), Duration::ZERO) {
            Ok(()) => self.shared.put_back(output, rest),
            Err(_) => self.shared.close(),
        }
    }

    /// Hands a sequence over that is written as it is.
    pub fn send(&self, sequence: Vec<u8>) {
        self.shared.lock().job.extra.push_back(sequence);
        self.shared.work.notify_one();
    }

    /// The next picture is painted whole, whatever the terminal shows.
    pub fn repaint(&self) {
        self.shared.lock().job.forget = true;
    }

    /// Which picture is out.
    pub fn flushed(&self) -> watch::Receiver<Flushed> {
        self.flushed.clone()
    }

    /// Waits until nothing is left to write, at most `limit`; what is left then is thrown away. Gives whether all of it
    /// was written.
    pub fn settle(&self, limit: Duration) -> bool {
        let waited = self.shared.idle.wait_timeout_while(self.shared.lock(), limit, |slot| !slot.is_idle());
        let (mut slot, result) = waited.unwrap_or_else(PoisonError::into_inner);
        slot.job = Job { forget: true, ..Job::default() };
        !result.timed_out()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.lock().end = Some(Instant::now() + 4 * ATTEMPT);
        self.shared.work.notify_one();
        if let Some(thread) = self.thread.take() {
            // It ends by itself soon after the moment above; a panic in it has been reported by then.
            let _ = thread.join();
        }
    }
}

/// What the thread does until it is told to end or the sink is gone.
fn work(shared: &Shared) {
    let nothing = |slot: &mut Slot| {
        let waits = slot.output.is_some() && (slot.rest.is_some() || !slot.job.is_empty());
        !waits && !slot.over && slot.end.is_none()
    };
    loop {
        let mut slot = shared.work.wait_while(shared.lock(), nothing).unwrap_or_else(PoisonError::into_inner);
        let ends = slot.end.is_some() && slot.rest.is_none() && slot.job.is_empty();
        if ends || slot.over {
            return;
        }
        let Some(mut output) = slot.output.take() else { return };
        let (rest, job) = match slot.rest.take() {
            Some(rest) => (Some(rest), Job::default()),
            None => (None, std::mem::take(&mut slot.job)),
        };
        drop(slot);
        let mut rest = rest.unwrap_or_else(|| job.bytes(&mut output.painter));
        match write(shared, output.sink.as_mut(), &mut rest) {
            Ok(true) => shared.put_back(output, rest),
            Ok(false) => return,
            Err(_) => return shared.close(),
        }
    }
}

/// Writes all that is left, however long it takes, unless the thread shall end before.
fn write(shared: &Shared, sink: &mut dyn Sink, rest: &mut Rest) -> std::io::Result<bool> {
    while !rest.is_done() {
        if shared.lock().end.is_some_and(|end| end <= Instant::now()) {
            return Ok(false);
        }
        rest.attempt(sink, ATTEMPT)?;
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
    #[derive(Debug)]
    struct Link {
        allowed: mpsc::Receiver<usize>,
        left: usize,
        out: mpsc::Sender<Vec<u8>>,
        /// Whether it tells at once that there is no room.
        prompt: bool,
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

        fn never_waits(&self) -> bool {
            self.prompt
        }
    }

    fn link() -> (Writer, mpsc::Sender<usize>, mpsc::Receiver<Vec<u8>>) {
        link_that(true)
    }

    fn link_that(prompt: bool) -> (Writer, mpsc::Sender<usize>, mpsc::Receiver<Vec<u8>>) {
        let (allow, allowed) = mpsc::channel();
        let (out, written) = mpsc::channel();
        (Writer::start(Link { allowed, left: 0, out, prompt }).unwrap(), allow, written)
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

    #[test]
    fn a_picture_is_out_at_once_where_there_is_room_and_nobody_writes() {
        let (writer, allow, written) = link();
        allow.send(usize::MAX).unwrap();
        writer.present(FrameId(1), picture("ab"));
        assert_eq!(*writer.flushed().borrow(), Flushed::Upto(FrameId(1)));
        assert!(text(&written).ends_with("ab"));
    }

    #[tokio::test]
    async fn a_link_that_may_hold_its_writer_up_never_holds_the_one_who_presents() {
        let (writer, allow, written) = link_that(false);
        let mut flushed = writer.flushed();
        writer.present(FrameId(1), picture("ab"));
        assert!(text(&written).is_empty(), "nothing can be written yet, and this was not waited for");
        allow.send(usize::MAX).unwrap();
        out(&mut flushed, 1).await;
        assert!(text(&written).ends_with("ab"));
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
