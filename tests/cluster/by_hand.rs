//! Each strategy as a person steers it: by the command line, and by keys in a pseudo terminal. What became of it is read
//! from the objects by kubectl.

#[path = "by_hand/ab_test.rs"]
mod ab_test;
#[path = "by_hand/argo_blue_green.rs"]
mod argo_blue_green;
#[path = "by_hand/argo_canary.rs"]
mod argo_canary;
#[path = "by_hand/blue_green.rs"]
mod blue_green;
#[path = "by_hand/flagger.rs"]
mod flagger;
#[path = "by_hand/replica_canary.rs"]
mod replica_canary;
#[path = "by_hand/weights.rs"]
mod weights;

use crate::pty::Pty;
use crate::room::{Room, image};
use portable_pty::CommandBuilder;
use serde_json::Value;
use std::time::Duration;
use windlass::domain::Kind;

/// One person with a home of their own: what one command leaves in the journal, the next one knows.
pub struct Person<'a> {
    room: &'a Room,
    home: tempfile::TempDir,
}

impl<'a> Person<'a> {
    pub fn new(room: &'a Room) -> Self {
        Self { room, home: tempfile::tempdir().expect("a directory") }
    }

    pub fn document(&self, arguments: &[&str]) -> (Option<i32>, Value, String) {
        let child = self.room.start_windlass_in(self.home.path(), &[arguments, &["-o", "json"]].concat());
        let output = child.wait_with_output().expect("ends");
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default(), complaint)
    }

    /// The release as `status -o json` tells it.
    pub fn status(&self, target: &str) -> Value {
        let (code, document, complaint) = self.document(&["status", target]);
        assert_eq!(code, Some(0), "{complaint}");
        document["items"][0].clone()
    }

    /// A write that is carried out and waited for.
    pub fn does(&self, arguments: &[&str]) {
        let (code, document, complaint) = self.document(&[arguments, &["--yes", "--timeout", "2m"]].concat());
        assert_eq!((code, document["outcome"].as_str()), (Some(0), Some("applied")), "{arguments:?}: {complaint}");
    }

    /// A write that is refused; why.
    pub fn may_not(&self, arguments: &[&str]) -> String {
        let (code, document, complaint) = self.document(&[arguments, &["--yes"]].concat());
        assert_eq!(code, Some(3), "{arguments:?}: {document} {complaint}");
        document["reason"].as_str().unwrap_or_default().to_owned()
    }

    /// Brings a version in on the side that the next one goes to, Deployment `side`, and takes it back by the number of the
    /// revision before.
    pub fn brings_a_version_in_and_undoes_it(&self, target: &str, side: &str) {
        let before = self.room.image(Kind::Deployment, side);
        self.does(&["set-image", target, &format!("app={}", image("v9"))]);
        assert_eq!(self.room.image(Kind::Deployment, side), image("v9"));
        self.does(&["undo", target, "--to-revision", "1"]);
        assert_eq!(self.room.image(Kind::Deployment, side), before);
    }
}

/// A console in a pseudo terminal, open on a release.
pub struct Console {
    pty: Pty,
    home: tempfile::TempDir,
}

impl Console {
    /// Opens it, and waits for a hint in the footer: all that the verb needs is read.
    pub fn open(room: &Room, target: &str, hint: &str) -> Self {
        Self::open_with(&room.name, target, hint, &[])
    }

    /// The same in any namespace, with settings of the environment.
    pub fn open_with(namespace: &str, target: &str, hint: &str, settings: &[(&str, &str)]) -> Self {
        let mut console = Self::started(&["-n", namespace, target], "1 Versions", settings);
        console.types("2");
        console.shows("[2 Traffic]");
        console.shows(hint);
        console
    }

    /// Starts one, and waits until it shows `first`.
    pub fn board_of(arguments: &[&str], first: &str) -> Self {
        Self::started(arguments, first, &[])
    }

    fn started(arguments: &[&str], first: &str, settings: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_windlass"));
        command.args(arguments);
        for (name, value) in Room::person(home.path()) {
            command.env(name, value);
        }
        for (name, value) in settings {
            command.env(name, value);
        }
        let pty = Pty::spawn(command);
        pty.shows(first);
        Self { pty, home }
    }

    /// Where the person lives who has it open: journal and settings are there.
    pub fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    pub fn types(&mut self, keys: &str) {
        self.pty.types(keys);
    }

    pub fn shows(&self, text: &str) {
        self.pty.shows(text);
    }

    /// Presses a write key, and confirms the plan of this title as soon as it takes keys; waits for its end.
    pub fn does(&mut self, keys: &str, title: &str) {
        self.plans(keys, title);
        self.confirms(title);
    }

    /// Presses a write key, and waits for its plan.
    pub fn plans(&mut self, keys: &str, title: &str) {
        self.pty.types(keys);
        self.pty.until(title, |screen| screen.contents().contains(&format!("┌ {title}")));
    }

    /// Overrides what holds the plan that is asked for, with a reason; the plan says `text` then.
    pub fn overrides(&mut self, reason: &str, text: &str) {
        let typing = |screen: &vt100::Screen| screen.contents().contains("keep the reason");
        self.presses("b", typing);
        // From the start of the line: a part of it may stand there.
        self.presses(&format!("\x15{reason}"), |screen| screen.contents().contains(&format!("reason  {reason}")));
        self.presses("\r", |screen| !typing(screen));
        self.reads(text);
    }

    /// Scrolls down through an open plan until it shows `text`.
    fn reads(&mut self, text: &str) {
        for _ in 0..60 {
            if self.comes(Duration::from_secs(1), text) {
                return;
            }
            self.pty.types("j");
        }
        self.shows(text);
    }

    /// Presses keys until the screen is as `wanted`: those that come before the program knows that its dialog was seen are
    /// dropped.
    pub fn presses(&mut self, keys: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        let seen = (0..60).any(|_| {
            self.pty.types(keys);
            self.pty.comes(Duration::from_secs(1), &wanted)
        });
        if !seen {
            self.pty.until(&format!("what {keys:?} does"), wanted);
        }
    }

    /// Whether the screen comes to show `text` within `limit`.
    pub fn comes(&self, limit: Duration, text: &str) -> bool {
        self.pty.comes(limit, |screen| screen.contents().contains(text))
    }

    /// Waits until the key that confirms is bright, presses it, and waits for the end.
    pub fn confirms(&mut self, title: &str) {
        let counts = |screen: &vt100::Screen| {
            let (rows, columns) = screen.size();
            let last = rows.get() - 1;
            let cell =
                (0..columns.get()).filter_map(|column| screen.cell(last, column)).find(|cell| cell.contents() != " ");
            cell.is_some_and(|cell| cell.contents() == "y" && cell.bold())
        };
        // It counts once every line was there to be read: what a plan has below is scrolled to.
        while !self.pty.comes(Duration::from_secs(1), counts) && self.comes(Duration::ZERO, "before y") {
            self.pty.types("j");
        }
        self.pty.until("the key counts", counts);
        self.pty.types("y");
        self.pty.until("its end", |screen| {
            let text = screen.contents();
            text.contains("Z takes it back") || text.contains("Esc leaves, 'r' plans again")
        });
        self.pty.until("it is applied", |screen| screen.contents().contains("applied"));
        self.pty.types("\x1b");
        self.pty.until("the dialog is closed", |screen| !screen.contents().contains(&format!("┌ {title}")));
    }

    /// The text on the screen.
    pub fn screen(&self) -> String {
        let text = std::cell::RefCell::default();
        self.pty.comes(Duration::ZERO, |screen| {
            *text.borrow_mut() = screen.contents();
            true
        });
        text.into_inner()
    }

    /// Nothing on the screen steers the terminal or hides text.
    pub fn plain(&self, what: &str) {
        self.pty.until(what, |screen| {
            crate::seeds::plain(&screen.contents(), what);
            true
        });
    }

    /// Leaves, and the terminal is as it was.
    pub fn quit(mut self) {
        let before = self.pty.before.clone();
        self.pty.types("q");
        self.pty.shows("by: worst");
        self.pty.types("q");
        self.pty.given_back(&before);
    }
}
