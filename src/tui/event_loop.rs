//! The loop: what happens goes into the program, and pictures come out of it.
//!
//! ```text
//! signals ─┐
//! flushed ─┤  everything that waits is taken first,      draw at once after a key,
//! inputs ──┼─► then, if the program wants to be drawn ──► else at most every 100 ms ──► screen
//! messages ┤                                             (a few at once after a quiet time: `pace`)
//! time ────┘
//! ```
//! Nothing in here waits for the screen: a stalled link holds no key, no message and no tick up.

mod pace;

use std::time::Duration;

use ratatui::layout::Size;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use self::pace::Pace;
use super::clipboard;
use super::{Command, Ending, Flushed, FrameId, Input, Picture, Program, Screen, Signal, Typed};

/// The least time between two drawings while the window is being dragged.
const RESIZING: Duration = Duration::from_millis(50);

/// How many messages are taken before the keys are looked at again.
const MESSAGES: usize = 1024;

/// How long a process that wanted to stop waits before it takes it that nobody could have woken it: the kernel then
/// ignores the stop, and SIGCONT never comes.
const STOPPING: Duration = Duration::from_millis(300);

/// Where everything comes from.
#[derive(Debug)]
pub struct Streams<M> {
    /// Signals.
    pub signals: mpsc::UnboundedReceiver<Signal>,
    /// Keys, pastes, the pointer; its end is the end of the terminal.
    pub inputs: mpsc::UnboundedReceiver<Input>,
    /// What other tasks tell the program; its end is theirs only.
    pub messages: mpsc::Receiver<M>,
}

/// Runs `program` on `screen` until it ends, a signal ends it, or the terminal is gone.
pub async fn drive<P: Program>(program: &mut P, screen: &mut impl Screen, mut streams: Streams<P::Msg>) -> Ending {
    let mut flushed = screen.flushed();
    let mut course = Course::new(program, screen);
    let mut messages_open = true;
    loop {
        course.draw_if_due();
        let tick = course.program.next_tick().map(Instant::from_std);
        let due = course.due;
        let at = |time: Option<Instant>| sleep_until(time.unwrap_or_else(Instant::now));
        tokio::select! {
            biased;
            signal = streams.signals.recv() => match signal {
                Some(signal) => course.signal(signal),
                None => return Ending::TerminalGone,
            },
            // Before the keys: those that wait may have to be thrown away.
            changed = flushed.changed() => match changed {
                Ok(()) => course.flushed(&mut flushed, &mut streams.inputs),
                Err(_) => return Ending::TerminalGone,
            },
            input = streams.inputs.recv() => match input {
                Some(input) => course.input(input),
                None => return Ending::TerminalGone,
            },
            message = streams.messages.recv(), if messages_open => match message {
                Some(message) => course.message(message),
                None => messages_open = false,
            },
            () = at(tick), if tick.is_some() => course.tick(),
            () = at(due), if due.is_some() => {}
        }
        course.drain(&mut streams);
        if course.stops {
            course.stop(&mut streams.signals).await;
        }
        if let Some(ending) = course.ending {
            return ending;
        }
    }
}

/// When a drawing is wanted.
enum Wish {
    /// A key waits for it.
    Now,
    /// A person waits for it.
    Answer,
    /// Something changed by itself.
    News,
    /// Not sooner than this after the last one.
    After(Duration),
}

/// One run of the loop.
struct Course<'a, P, S> {
    program: &'a mut P,
    screen: &'a mut S,
    size: Size,
    last: FrameId,
    pace: Pace,
    /// When the program is drawn next, if it wants to be.
    due: Option<Instant>,
    /// It is drawn even if it does not want to be: the screen changed, not the program.
    forced: bool,
    /// The process stops as soon as what is at hand is done.
    stops: bool,
    ending: Option<Ending>,
}

impl<'a, P: Program, S: Screen> Course<'a, P, S> {
    fn new(program: &'a mut P, screen: &'a mut S) -> Self {
        let size = screen.size();
        program.resized(size);
        Self {
            program,
            screen,
            size,
            last: FrameId(0),
            pace: Pace::default(),
            due: Some(Instant::now()),
            forced: true,
            stops: false,
            ending: None,
        }
    }

    /// Takes everything that waits, keys before messages, so that one drawing shows it all.
    fn drain(&mut self, streams: &mut Streams<P::Msg>) {
        while self.goes_on()
            && let Ok(signal) = streams.signals.try_recv()
        {
            self.signal(signal);
        }
        while self.goes_on()
            && let Ok(input) = streams.inputs.try_recv()
        {
            self.input(input);
        }
        for _ in 0..MESSAGES {
            if !self.goes_on() {
                return;
            }
            let Ok(message) = streams.messages.try_recv() else { return };
            self.message(message);
        }
    }

    fn goes_on(&self) -> bool {
        self.ending.is_none() && !self.stops
    }

    fn input(&mut self, input: Input) {
        match input {
            Input::Key(key) => self.program.key(key, Instant::now().into_std()),
            Input::Paste(text) => self.program.paste(&text),
            Input::Pointer(pointer) => self.program.pointer(pointer),
        }
        self.obey();
        self.ask(Wish::Now);
    }

    fn message(&mut self, message: P::Msg) {
        let wish = if self.program.is_answer(&message) { Wish::Answer } else { Wish::News };
        self.program.message(message);
        self.obey();
        self.ask(wish);
    }

    fn tick(&mut self) {
        self.program.tick(Instant::now().into_std());
        self.obey();
        self.ask(Wish::News);
    }

    fn flushed(&mut self, flushed: &mut watch::Receiver<Flushed>, inputs: &mut mpsc::UnboundedReceiver<Input>) {
        let now = *flushed.borrow_and_update();
        match now {
            Flushed::Closed => self.ending = Some(Ending::TerminalGone),
            Flushed::Upto(frame) => {
                if self.program.flushed(frame, Instant::now().into_std()) == Typed::Discard {
                    while inputs.try_recv().is_ok() {}
                }
                self.obey();
                self.ask(Wish::News);
            }
        }
    }

    fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::End(number) => self.ending = Some(Ending::Signal(number)),
            Signal::Resize => self.resized(Wish::After(RESIZING)),
            Signal::Continue => self.take_again(),
        }
    }

    /// Gives the terminal back and stops, until someone wakes the process.
    async fn stop(&mut self, signals: &mut mpsc::UnboundedReceiver<Signal>) {
        self.stops = false;
        if self.screen.stop().is_ok() {
            let woken = async {
                while let Some(signal) = signals.recv().await {
                    match signal {
                        Signal::Continue => return None,
                        Signal::End(number) => return Some(Ending::Signal(number)),
                        Signal::Resize => {}
                    }
                }
                Some(Ending::TerminalGone)
            };
            self.ending = self.ending.or(timeout(STOPPING, woken).await.unwrap_or(None));
        }
        self.take_again();
    }

    /// The terminal was someone else's: it is taken and painted anew.
    fn take_again(&mut self) {
        if self.screen.resume().is_err() {
            self.ending = Some(Ending::TerminalGone);
        }
        self.screen.repaint();
        self.resized(Wish::Now);
    }

    fn resized(&mut self, wish: Wish) {
        let size = self.screen.size();
        if size != self.size {
            self.size = size;
            self.program.resized(size);
        }
        self.forced = true;
        self.ask(wish);
    }

    /// Does what the program wants of the terminal.
    fn obey(&mut self) {
        for command in self.program.commands() {
            match command {
                Command::Quit => self.ending = Some(Ending::Quit),
                Command::Suspend => self.stops = true,
                Command::Redraw => {
                    self.screen.repaint();
                    self.resized(Wish::Now);
                }
                Command::Copy(text) => {
                    let (sequence, copied) = clipboard::sequence(&text);
                    if let Some(sequence) = sequence {
                        self.screen.send(sequence);
                    }
                    self.program.copied(copied);
                }
                Command::Capture => {
                    let picture = self.picture();
                    self.program.captured(&picture.buffer);
                }
            }
        }
    }

    /// Asks for a drawing.
    fn ask(&mut self, wish: Wish) {
        if !self.forced && !self.program.wants_draw() {
            return;
        }
        let now = Instant::now();
        let soonest = match wish {
            Wish::Now => now,
            Wish::Answer => self.pace.answer(now),
            Wish::News => self.pace.news(now),
            Wish::After(pause) => self.pace.after(pause, now),
        };
        self.due = Some(self.due.map_or(soonest, |due| due.min(soonest)));
    }

    fn draw_if_due(&mut self) {
        if self.due.is_none_or(|due| due > Instant::now()) {
            return;
        }
        self.due = None;
        if self.forced || self.program.wants_draw() {
            let picture = self.picture();
            self.last = FrameId(self.last.0 + 1);
            self.screen.present(self.last, picture);
            self.program.drawn(self.last);
            self.pace.drew(Instant::now());
            self.forced = false;
        }
    }

    fn picture(&self) -> Picture {
        Picture::of(self.size, |buffer| self.program.draw(buffer))
    }
}

#[cfg(test)]
mod tests;
