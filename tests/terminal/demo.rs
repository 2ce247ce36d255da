//! The command itself in `demo`: it starts, takes keys and sizes, and whatever ends it gives the terminal back and leaves
//! nothing behind.

use super::pty::Pty;
use portable_pty::CommandBuilder;
use rustix::process::Signal;

/// A person with an empty home, and the folder that temporary files go to.
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        Self { folder }
    }

    pub fn path(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let below = |name: &str| self.folder.path().join(name).to_string_lossy().into_owned();
        let own =
            [("HOME", ""), ("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state"), ("XDG_CACHE_HOME", "cache")];
        let mut variables: Vec<_> = own.into_iter().map(|(name, folder)| (name, below(folder))).collect();
        variables.extend([("TMPDIR", below("tmp")), ("KUBECONFIG", below("none")), ("LANG", "C.UTF-8".to_owned())]);
        variables
    }

    fn demo(&self) -> Pty {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_windlass"));
        command.args(["demo", "--scenario", "rolling"]);
        for (name, value) in self.variables() {
            command.env(name, value);
        }
        Pty::spawn(command)
    }

    /// What is left of the demo's own journal.
    fn left(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path().join("tmp")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }
}

fn board(pty: &Pty) {
    pty.until("the board", |screen| {
        let text = screen.contents();
        screen.alternate_screen()
            && text.contains("simulated")
            && text.contains("READY")
            && text.contains("shop/search")
    });
}

#[test]
fn the_demo_starts_takes_keys_and_sizes_and_ends_leaving_nothing() {
    let home = Home::new();
    let mut pty = home.demo();
    let before = pty.before.clone();
    board(&pty);
    pty.types("?");
    pty.shows("Help: keys");
    pty.types("\x1b");
    board(&pty);
    pty.types("/search\r\r");
    pty.shows("1 Versions");
    pty.shows("U undo");
    pty.types("U");
    pty.shows("UNDO");
    pty.until("the key counts", |screen| {
        let (rows, columns) = screen.size();
        let cells = (0..columns.get()).filter_map(|column| screen.cell(rows.get() - 1, column));
        cells.into_iter().find(|cell| cell.contents() != " ").is_some_and(|cell| cell.contents() == "y" && cell.bold())
    });
    pty.types("y");
    pty.shows("accepted ✔ yes");
    assert_eq!(home.left().len(), 1, "its journal is kept apart: {:?}", home.left());
    pty.types("\x1b");
    pty.shows("1 Versions");
    pty.resize(1, 1);
    pty.until("one cell", |screen| screen.contents().trim().chars().count() <= 1);
    pty.resize(120, 40);
    // All six panes at once.
    pty.shows("5 History");
    pty.shows("6 Events");
    pty.resize(80, 24);
    pty.until("the tabs again", |screen| screen.contents().contains("[1 Versions]"));
    pty.types("q");
    pty.shows("STATE  ");
    pty.types("q");
    pty.given_back(&before);
    assert_eq!(home.left(), Vec::<String>::new());
}

#[test]
fn signals_end_the_demo_and_leave_nothing() {
    for signal in [Signal::TERM, Signal::HUP] {
        let home = Home::new();
        let mut pty = home.demo();
        let before = pty.before.clone();
        board(&pty);
        pty.signal(signal);
        pty.given_back(&before);
        assert_eq!(home.left(), Vec::<String>::new(), "{signal:?}");
    }
}

#[test]
fn a_terminal_that_goes_away_ends_the_demo_and_leaves_nothing() {
    let home = Home::new();
    let mut pty = home.demo();
    board(&pty);
    pty.hang_up();
    pty.ended();
    assert_eq!(home.left(), Vec::<String>::new());
}

#[test]
fn ctrl_z_stops_the_demo_and_fg_draws_it_again() {
    let home = Home::new();
    let mut pty = Pty::start_shell();
    pty.shows("$");
    let variables: Vec<String> = home.variables().iter().map(|(name, value)| format!("{name}={value}")).collect();
    pty.types(&format!("env {} {} demo\n", variables.join(" "), env!("CARGO_BIN_EXE_windlass")));
    board(&pty);
    pty.types("\x1a");
    pty.until("the shell has the terminal", |screen| {
        !screen.alternate_screen() && !screen.hide_cursor() && screen.contents().contains("Stopped")
    });
    pty.types("fg\n");
    board(&pty);
    pty.types("q");
    pty.until("the shell again", |screen| !screen.alternate_screen());
    pty.types("exit\n");
    pty.ended();
    assert_eq!(home.left(), Vec::<String>::new());
}
