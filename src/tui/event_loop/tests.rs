use super::*;
use crate::app::keypress::{KeyCode, KeyPress};
use crate::tui::{Copied, Pointer};
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::widgets::{Paragraph, Widget};
use std::io;
use std::time::Instant as Std;

/// Writes down what it is told, and draws it.
#[derive(Default)]
struct Notes {
    heard: Vec<String>,
    dirty: bool,
    commands: Vec<Command>,
    tick_at: Option<Std>,
    discard_at: Option<FrameId>,
}

impl Notes {
    fn note(&mut self, what: impl Into<String>) {
        self.heard.push(what.into());
        self.dirty = true;
    }
}

impl Program for Notes {
    type Msg = String;

    fn key(&mut self, key: KeyPress, _: Std) {
        match key.code {
            KeyCode::Char('q') => self.commands.push(Command::Quit),
            KeyCode::Char('z') if key.ctrl => self.commands.push(Command::Suspend),
            KeyCode::Char('l') if key.ctrl => self.commands.push(Command::Redraw),
            KeyCode::Char('c') => self.commands.push(Command::Copy("text".into())),
            KeyCode::Char('s') => self.commands.push(Command::Capture),
            KeyCode::Char('.') => {}
            _ => self.note(key.to_string()),
        }
    }

    fn paste(&mut self, text: &str) {
        self.note(format!("{text:?}"));
    }

    fn pointer(&mut self, pointer: Pointer) {
        self.note(format!("{pointer:?}"));
    }

    fn message(&mut self, message: String) {
        self.note(message);
    }

    fn is_answer(&self, message: &String) -> bool {
        message == "answer"
    }

    fn resized(&mut self, size: Size) {
        self.note(format!("{size}"));
    }

    fn tick(&mut self, _: Std) {
        self.tick_at = None;
        self.note("tick");
    }

    fn next_tick(&self) -> Option<Std> {
        self.tick_at
    }

    fn wants_draw(&self) -> bool {
        self.dirty
    }

    fn draw(&self, buffer: &mut Buffer) -> Option<Position> {
        Paragraph::new(self.heard.join(" ")).render(buffer.area, buffer);
        None
    }

    fn drawn(&mut self, _: FrameId) {
        self.dirty = false;
    }

    fn flushed(&mut self, frame: FrameId, _: Std) -> Typed {
        if self.discard_at.take_if(|at| *at <= frame).is_some() {
            self.note("discard");
            return Typed::Discard;
        }
        Typed::Keep
    }

    fn commands(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.commands)
    }

    fn copied(&mut self, copied: Copied) {
        self.note(format!("{copied:?}"));
    }

    fn captured(&mut self, picture: &Buffer) {
        self.note(format!("{} cells", picture.content.len()));
    }
}

/// A screen that writes down what it is handed, and when.
struct Paper {
    size: Size,
    log: mpsc::UnboundedSender<(Instant, String)>,
    flushed: watch::Sender<Flushed>,
}

impl Paper {
    fn log(&self, what: impl Into<String>) {
        self.log.send((Instant::now(), what.into())).unwrap();
    }
}

impl Screen for Paper {
    fn size(&self) -> Size {
        self.size
    }

    fn present(&mut self, _: FrameId, picture: Picture) {
        let text: String = picture.buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        self.log(text.trim_end());
    }

    fn send(&mut self, sequence: Vec<u8>) {
        self.log(format!("send {} bytes", sequence.len()));
    }

    fn repaint(&mut self) {
        self.log("repaint");
    }

    fn flushed(&self) -> watch::Receiver<Flushed> {
        self.flushed.subscribe()
    }

    fn stop(&mut self) -> io::Result<()> {
        self.log("stop");
        Ok(())
    }

    fn resume(&mut self) -> io::Result<()> {
        self.log("resume");
        Ok(())
    }
}

/// The other ends of everything.
struct Outside {
    signals: mpsc::UnboundedSender<Signal>,
    inputs: mpsc::UnboundedSender<Input>,
    messages: mpsc::Sender<String>,
    flushed: watch::Sender<Flushed>,
    log: mpsc::UnboundedReceiver<(Instant, String)>,
    began: Instant,
}

impl Outside {
    fn keys(&self, text: &str) {
        for key in KeyPress::sequence(text).unwrap() {
            self.inputs.send(Input::Key(key)).unwrap();
        }
    }

    async fn message(&self, text: &str) {
        self.messages.send(text.into()).await.unwrap();
    }

    /// What the screen gets next: after how many milliseconds, and what.
    async fn next(&mut self) -> (u128, String) {
        let (at, what) = self.log.recv().await.unwrap();
        (at.duration_since(self.began).as_millis(), what)
    }

    async fn pause(&self, millis: u64) {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}

/// Runs `notes` beside `script`; gives how it ended and what it heard.
async fn run<F: Future<Output = Outside>>(
    mut notes: Notes,
    script: impl FnOnce(Outside) -> F,
) -> (Ending, Vec<String>) {
    let (log, logged) = mpsc::unbounded_channel();
    let (flushed, _) = watch::channel(Flushed::Upto(FrameId(0)));
    let mut paper = Paper { size: Size::new(60, 2), log, flushed: flushed.clone() };
    let (signals, heard) = mpsc::unbounded_channel();
    let (inputs, typed) = mpsc::unbounded_channel();
    let (messages, told) = mpsc::channel(4096);
    let outside = Outside { signals, inputs, messages, flushed, log: logged, began: Instant::now() };
    let streams = Streams { signals: heard, inputs: typed, messages: told };
    let (ending, _outside) = tokio::join!(drive(&mut notes, &mut paper, streams), script(outside));
    (ending, notes.heard)
}

#[tokio::test(start_paused = true)]
async fn a_key_is_drawn_at_once_and_everything_that_waits_in_one_drawing() {
    run(Notes::default(), async |mut outside| {
        assert_eq!(outside.next().await, (0, "60x2".into()));
        outside.pause(5).await;
        outside.keys("jk");
        outside.message("news").await;
        assert_eq!(outside.next().await, (5, "60x2 j k news".into()));
        outside.pause(1).await;
        outside.keys("l");
        assert_eq!(outside.next().await, (6, "60x2 j k news l".into()));
        outside.keys("q");
        outside
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_few_messages_are_drawn_at_once_after_quiet_and_five_a_second_under_churn() {
    let (_, heard) = run(Notes::default(), async |mut outside| {
        outside.next().await;
        outside.pause(1000).await;
        let mut drawn = Vec::new();
        for _ in 0..95 {
            outside.message("m").await;
            outside.pause(10).await;
        }
        while let Ok((at, _)) = outside.log.try_recv() {
            drawn.push(at.duration_since(outside.began).as_millis());
        }
        let burst = (0..17).map(|step| 1000 + 16 * step);
        let steady = (2..5).map(|step| 1000 + 200 * step);
        assert_eq!(drawn, burst.chain(steady).collect::<Vec<_>>());
        outside.keys("q");
        outside
    })
    .await;
    assert_eq!(heard.len(), 96);
}

#[tokio::test(start_paused = true)]
async fn what_a_person_waits_for_is_drawn_at_once_under_churn_too() {
    run(Notes::default(), async |mut outside| {
        outside.next().await;
        outside.pause(1000).await;
        for _ in 0..24 {
            outside.message("m").await;
            outside.pause(14).await;
        }
        // The supply is used up: the next picture of the stream is due at 1400.
        while outside.log.try_recv().is_ok() {}
        outside.message("answer").await;
        let (at, what) = outside.next().await;
        assert!(at == 1336 && what.ends_with("answer"), "{at} {what}");
        outside.keys("q");
        outside
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_drawn_when_nothing_changed() {
    run(Notes::default(), async |mut outside| {
        outside.next().await;
        outside.keys("...");
        outside.pause(60_000).await;
        assert!(outside.log.try_recv().is_err());
        outside.keys("q");
        outside
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn ticks_come_when_the_program_asked_for_them() {
    let notes = Notes { tick_at: Some(Std::now() + Duration::from_secs(3)), ..Notes::default() };
    run(notes, async |mut outside| {
        outside.next().await;
        let (at, what) = outside.next().await;
        assert!((2900..=3100).contains(&at) && what == "60x2 tick", "{at} {what}");
        outside.keys("q");
        outside
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn keys_pressed_before_a_dialog_was_seen_are_thrown_away_and_later_ones_count() {
    let notes = Notes { discard_at: Some(FrameId(1)), ..Notes::default() };
    let (_, heard) = run(notes, async |mut outside| {
        outside.next().await;
        // The writer says that the picture is out; what was typed until then waits.
        outside.keys("yU");
        outside.flushed.send_replace(Flushed::Upto(FrameId(1)));
        assert_eq!(outside.next().await.1, "60x2 discard");
        outside.keys("yq");
        outside
    })
    .await;
    assert_eq!(heard, ["60x2", "discard", "y"]);
}

#[tokio::test(start_paused = true)]
async fn copies_captures_and_redraws_reach_the_screen() {
    run(Notes::default(), async |mut outside| {
        outside.next().await;
        outside.keys("c");
        assert_eq!(outside.next().await.1, "send 16 bytes");
        assert_eq!(outside.next().await.1, "60x2 Sent(4)");
        outside.keys("s");
        assert_eq!(outside.next().await.1, "60x2 Sent(4) 120 cells");
        outside.keys("<Ctrl-l>");
        assert_eq!(outside.next().await.1, "repaint");
        assert_eq!(outside.next().await.1, "60x2 Sent(4) 120 cells");
        outside.keys("q");
        outside
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn ctrl_z_stops_and_sigcont_takes_the_terminal_again_and_paints_it_anew() {
    run(Notes::default(), async |mut outside| {
        outside.next().await;
        outside.keys("<Ctrl-z>j");
        assert_eq!(outside.next().await.1, "stop");
        outside.signals.send(Signal::Continue).unwrap();
        assert_eq!(outside.next().await, (0, "resume".into()));
        assert_eq!(outside.next().await.1, "repaint");
        assert_eq!(outside.next().await.1, "60x2");
        assert_eq!(outside.next().await.1, "60x2 j");
        // Where nobody could wake it the kernel drops the stop: it goes on by itself.
        outside.keys("<Ctrl-z>");
        assert_eq!(outside.next().await.1, "stop");
        assert_eq!(outside.next().await, (STOPPING.as_millis(), "resume".into()));
        outside.signals.send(Signal::End(15)).unwrap();
        outside
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_window_that_is_dragged_is_drawn_now_and_then_and_at_its_last_size() {
    run(Notes::default(), async |mut outside| {
        outside.next().await;
        outside.pause(1000).await;
        for _ in 0..10 {
            outside.signals.send(Signal::Resize).unwrap();
            outside.pause(10).await;
        }
        let mut drawn = 0;
        while outside.log.try_recv().is_ok() {
            drawn += 1;
        }
        assert_eq!(drawn, 2);
        outside.keys("q");
        outside
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn it_ends_by_signal_by_key_and_when_the_terminal_is_gone() {
    let ended = run(Notes::default(), async |outside| {
        outside.signals.send(Signal::End(1)).unwrap();
        outside
    });
    assert_eq!(ended.await.0, Ending::Signal(1));
    let ended = run(Notes::default(), async |outside| {
        outside.keys("jqk");
        outside
    });
    assert_eq!(ended.await, (Ending::Quit, vec!["60x2".into(), "j".into()]));
    let ended = run(Notes::default(), async |outside| {
        outside.flushed.send_replace(Flushed::Closed);
        outside
    });
    assert_eq!(ended.await.0, Ending::TerminalGone);
    let ended = run(Notes::default(), async |outside| Outside { inputs: mpsc::unbounded_channel().0, ..outside });
    assert_eq!(ended.await.0, Ending::TerminalGone);
}
