//! A pseudo terminal with a program in it, and a terminal emulator that looks at what the program writes.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use vt100::Parser;

/// The variable that makes the test binary the program inside.
pub const CHILD: &str = "WINDLASS_TEST_CHILD";

/// How long anything may take; only a test that fails waits for it.
const LIMIT: Duration = Duration::from_mins(1);

#[derive(Default)]
struct Seen {
    /// Nobody looks any more.
    closed: AtomicBool,
    changed: Condvar,
    terminal: Mutex<Option<Parser>>,
}

pub struct Pty {
    /// The terminal's modes as they were before the program started.
    pub before: String,
    master: Option<Box<dyn MasterPty + Send>>,
    /// Kept, so that the modes can be looked at after the program has ended.
    slave: Option<Box<dyn SlavePty + Send>>,
    child: Box<dyn Child + Send + Sync>,
    input: Option<Box<dyn Write + Send>>,
    seen: Arc<Seen>,
    looking: Option<JoinHandle<()>>,
}

fn this_binary() -> CommandBuilder {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture", "--test-threads=1", "--quiet"]);
    command.env(CHILD, "1");
    command
}

impl Pty {
    /// The test's own small program.
    pub fn start() -> Self {
        Self::spawn(this_binary())
    }

    /// A shell with job control.
    pub fn start_shell() -> Self {
        let mut shell = CommandBuilder::new("sh");
        shell.args(["-i"]);
        for (name, value) in [("PS1", "$ "), ("ENV", "")] {
            shell.env(name, value);
        }
        Self::spawn(shell)
    }

    pub fn run_child_from_shell(&mut self) {
        let words = this_binary().get_argv().iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>();
        let line = format!("{CHILD}=1 {}\n", words.join(" "));
        self.types(&line);
    }

    /// Any program.
    pub fn spawn(mut command: CommandBuilder) -> Self {
        command.env("TERM", "xterm-256color");
        command.env("RUST_BACKTRACE", "0");
        let pair = native_pty_system().openpty(PtySize { rows: 24, cols: 80, ..PtySize::default() }).unwrap();
        // Before the child runs: it takes the terminal at once.
        let before = format!("{:?}", pair.master.get_termios());
        let child = pair.slave.spawn_command(command).unwrap();
        let (rows, columns) = (24.try_into().unwrap(), 80.try_into().unwrap());
        let seen = Arc::new(Seen { terminal: Mutex::new(Some(Parser::new(rows, columns, 0))), ..Seen::default() });
        let (mut output, watched) = (pair.master.try_clone_reader().unwrap(), Arc::clone(&seen));
        let looking = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                if let Some(terminal) = watched.terminal.lock().unwrap().as_mut() {
                    terminal.process(&bytes[..count]);
                }
                watched.changed.notify_all();
                if watched.closed.load(Ordering::SeqCst) {
                    return;
                }
            }
        });
        let input = Some(pair.master.take_writer().unwrap());
        Self { before, master: Some(pair.master), slave: Some(pair.slave), child, input, seen, looking: Some(looking) }
    }

    pub fn types(&mut self, text: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        input.flush().unwrap();
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        if let Some(terminal) = self.seen.terminal.lock().unwrap().as_mut() {
            terminal.screen_mut().set_size(rows.try_into().unwrap(), columns.try_into().unwrap());
        }
        let size = PtySize { rows, cols: columns, ..PtySize::default() };
        self.master.as_ref().unwrap().resize(size).unwrap();
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.process_id().unwrap().cast_signed()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// The terminal's modes (raw or not, echo…) as text, to be compared.
    pub fn modes(&self) -> String {
        format!("{:?}", self.master.as_ref().unwrap().get_termios())
    }

    /// Whether the screen comes to be as `wanted` within `limit`.
    pub fn comes(&self, limit: Duration, wanted: impl Fn(&vt100::Screen) -> bool) -> bool {
        let held = self.seen.terminal.lock().unwrap();
        let unlike = |terminal: &mut Option<Parser>| !terminal.as_ref().is_some_and(|it| wanted(it.screen()));
        let (_held, timer) = self.seen.changed.wait_timeout_while(held, limit, unlike).unwrap();
        !timer.timed_out()
    }

    /// Waits until the screen is as `wanted`.
    pub fn until(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        if !self.comes(LIMIT, wanted) {
            let shown = self.seen.terminal.lock().unwrap();
            let shown = shown.as_ref().map(|it| it.screen().contents()).unwrap_or_default();
            panic!("never seen: {what}; the screen is:\n{shown}");
        }
    }

    /// Waits until the screen shows `text`.
    pub fn shows(&self, text: &str) {
        self.until(text, |screen| screen.contents().contains(text));
    }

    /// Waits until the program has ended.
    pub fn ended(&mut self) {
        self.child.wait().unwrap();
    }

    /// The program ended, and everything of the terminal is as it was `before`.
    pub fn given_back(&mut self, before: &str) {
        self.ended();
        self.until("the terminal as it was", |screen| {
            let mouse = screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None;
            !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste() && !mouse
        });
        assert_eq!(self.modes(), before);
    }

    /// Closes the terminal as a lost connection does.
    pub fn hang_up(&mut self) {
        // The thread that looks holds the terminal open until it has something to look at.
        self.seen.closed.store(true, Ordering::SeqCst);
        self.types("j");
        self.looking.take().unwrap().join().unwrap();
        self.input = None;
        self.slave = None;
        self.master = None;
    }
}
