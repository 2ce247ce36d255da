//! A small program with a screen: it shows its size and what it was told.

use std::time::Instant;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Size};
use ratatui::widgets::{Paragraph, Widget};
use tokio::sync::mpsc;
use windlass::app::keypress::{KeyCode, KeyPress};
use windlass::tui::{Command, FrameId, Options, Program, Typed, run};

#[derive(Default)]
struct Notes {
    size: Size,
    heard: Vec<String>,
    dirty: bool,
    commands: Vec<Command>,
}

impl Program for Notes {
    type Msg = ();

    fn key(&mut self, key: KeyPress, _: Instant) {
        self.dirty = true;
        match key.code {
            KeyCode::Char('q') => self.commands.push(Command::Quit),
            KeyCode::Char('z') if key.ctrl => self.commands.push(Command::Suspend),
            KeyCode::Char('p') => panic!("as asked for"),
            KeyCode::Char('t') => {
                let failed = std::thread::spawn(|| panic!("elsewhere")).join();
                self.heard.push(format!("thread {}", if failed.is_err() { "panicked" } else { "went well" }));
            }
            _ => self.heard.push(key.to_string()),
        }
    }

    fn paste(&mut self, text: &str) {
        self.dirty = true;
        self.heard.push(format!("{text:?}"));
    }

    fn message(&mut self, (): ()) {}

    fn resized(&mut self, size: Size) {
        self.size = size;
    }

    fn tick(&mut self, _: Instant) {}

    fn next_tick(&self) -> Option<Instant> {
        None
    }

    fn wants_draw(&self) -> bool {
        self.dirty
    }

    fn draw(&self, buffer: &mut Buffer) -> Option<Position> {
        let text = format!("{} {}", self.size, self.heard.join(" "));
        Paragraph::new(text).render(buffer.area, buffer);
        None
    }

    fn drawn(&mut self, _: FrameId) {
        self.dirty = false;
    }

    fn flushed(&mut self, _: FrameId, _: Instant) -> Typed {
        Typed::Keep
    }

    fn commands(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.commands)
    }
}

/// Runs it on the terminal of this process.
#[expect(clippy::print_stdout, reason = "it says how it ended on the screen that is given back")]
pub fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (_send, messages) = mpsc::channel(1);
    let options = Options { mouse: true, escape_delay: std::time::Duration::from_millis(25) };
    let ending = runtime.block_on(run(&mut Notes::default(), messages, options));
    println!("ended: {:?}", ending.unwrap());
    // The test harness would add its own words.
    std::process::exit(0);
}
