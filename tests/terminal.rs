//! The terminal is given back, whatever ends the program: seen from outside, through a pseudo terminal.
//!
//! The test runs itself again inside the pseudo terminal as a small program with a screen.

#![expect(clippy::unwrap_used, reason = "a test that cannot make a pseudo terminal has failed")]

#[path = "terminal/child.rs"]
mod child;
#[path = "terminal/demo.rs"]
mod demo;
#[path = "terminal/pty.rs"]
mod pty;
#[path = "terminal/stopped.rs"]
mod stopped;
#[path = "terminal/unconfigured.rs"]
mod unconfigured;

use pty::Pty;
use rustix::process::Signal;

/// Not a test: the program inside the pseudo terminal.
#[test]
fn child() {
    if std::env::var_os(pty::CHILD).is_some() {
        child::main();
    }
}

#[test]
fn the_terminal_is_taken_and_given_back_when_the_program_ends() {
    let mut pty = Pty::start();
    let before = pty.before.clone();
    pty.until("the screen is taken", |screen| {
        screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste()
    });
    pty.shows("80x24");
    assert_ne!(pty.modes(), before, "raw mode is on");
    pty.types("jé\x1b[A");
    pty.shows("j é Up");
    pty.types("\x1b[200~qp\x1b[201~");
    pty.shows("\"qp\"");
    pty.types("q");
    pty.given_back(&before);
    pty.shows("ended: Quit");
}

#[test]
fn signals_give_the_terminal_back() {
    for (signal, number) in [(Signal::TERM, 15), (Signal::HUP, 1), (Signal::INT, 2)] {
        let mut pty = Pty::start();
        let before = pty.before.clone();
        pty.shows("80x24");
        pty.signal(signal);
        pty.given_back(&before);
        pty.shows(&format!("ended: Signal({number})"));
    }
}

#[test]
fn a_panic_gives_the_terminal_back_and_then_tells() {
    let mut pty = Pty::start();
    let before = pty.before.clone();
    pty.shows("80x24");
    pty.types("p");
    pty.given_back(&before);
    pty.shows("as asked for");
}

#[test]
fn a_panic_in_another_thread_leaves_the_screen_alone_and_is_told_at_the_end() {
    let mut pty = Pty::start();
    let before = pty.before.clone();
    pty.shows("80x24");
    pty.types("t");
    pty.shows("thread panicked");
    pty.until("the screen is still taken", |screen| {
        screen.alternate_screen() && !screen.contents().contains("elsewhere")
    });
    pty.types("q");
    pty.given_back(&before);
    pty.shows("elsewhere");
}

#[test]
fn any_size_is_drawn_down_to_one_cell() {
    let mut pty = Pty::start();
    let before = pty.before.clone();
    pty.shows("80x24");
    pty.resize(1, 1);
    pty.until("one cell", |screen| screen.contents() == "1");
    pty.resize(120, 40);
    pty.shows("120x40");
    pty.types("q");
    pty.given_back(&before);
}

#[test]
fn a_terminal_that_goes_away_ends_the_program() {
    let mut pty = Pty::start();
    pty.shows("80x24");
    pty.hang_up();
    pty.ended();
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_back() {
    let mut pty = Pty::start_shell();
    pty.shows("$");
    pty.run_child_from_shell();
    pty.until("the screen is taken", |screen| screen.alternate_screen() && screen.contents().contains("80x24"));
    pty.types("j\x1a");
    pty.until("the shell has the terminal", |screen| {
        !screen.alternate_screen() && !screen.hide_cursor() && screen.contents().contains("Stopped")
    });
    pty.types("echo still $((40+2)) here\n");
    pty.shows("still 42 here");
    pty.types("fg\n");
    pty.until("the screen is painted anew", |screen| {
        screen.alternate_screen() && screen.hide_cursor() && screen.contents().contains("80x24 j")
    });
    pty.types("q");
    pty.shows("ended: Quit");
    pty.types("exit\n");
    pty.ended();
}
