//! Runs one command line in this process.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::{
    cli::{Answers, Output, Session, Terminal, run},
    domain::said::MARK,
    sim::{SimCluster, SimOptions},
};

/// What a command line led to.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    pub code: u8,
    pub out: String,
    pub complaints: String,
}

/// A writer whose text can be read afterwards.
#[derive(Clone, Default)]
pub struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// A configuration folder of its own, and nothing else in the environment.
pub struct Home {
    folder: tempfile::TempDir,
    pub variables: BTreeMap<String, String>,
}

impl Home {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let variables = ["CONFIG", "STATE", "CACHE"].map(|kind| {
            let path = folder.path().join(kind.to_lowercase()).to_string_lossy().into_owned();
            (format!("WINDLASS_{kind}_DIR"), path)
        });
        Self { folder, variables: variables.into() }
    }

    pub fn with_config(text: &str) -> Self {
        let home = Self::new();
        home.write("config/config.toml", text);
        home
    }

    /// Writes a file below the folder.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The path of a file below the folder.
    pub fn path(&self, path: &str) -> String {
        self.folder.path().join(path).to_string_lossy().into_owned()
    }

    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Runs `windlass` with these arguments; the folder's own path is shown as `HOME`.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, |_| {})
    }

    /// The same over a simulated cluster.
    pub fn run_on(&self, sim: &SimCluster, arguments: &[&str]) -> Ran {
        self.run_with(arguments, |session| session.simulated = Some(sim.clone()))
    }

    /// The same on a terminal, where a person types `answers`.
    pub fn run_asked(&self, sim: &SimCluster, arguments: &[&str], answers: &'static str) -> Ran {
        self.run_with(arguments, |session| {
            session.simulated = Some(sim.clone());
            session.terminal = Terminal { asks: true, shows: true };
            session.answers = Answers::from(answers.as_bytes());
        })
    }

    /// Runs it over a simulated cluster whose time goes on meanwhile.
    pub fn run_while_time_passes(&self, sim: &SimCluster, arguments: &[&str]) -> Ran {
        std::thread::scope(|scope| {
            let running = scope.spawn(|| self.run_on(sim, arguments));
            while !running.is_finished() {
                // A second of its time in 10 ms of ours, so that what watches it keeps up.
                std::thread::park_timeout(Duration::from_millis(10));
                sim.advance(Duration::from_secs(1));
            }
            running.join().unwrap()
        })
    }

    /// The same with a session that `prepare` changes.
    pub fn run_with(&self, arguments: &[&str], prepare: impl FnOnce(&mut Session)) -> Ran {
        let arguments: Vec<OsString> = std::iter::once(&"windlass").chain(arguments).map(Into::into).collect();
        let (out, complaints) = (Sink::default(), Sink::default());
        let output = Output::to(out.clone(), complaints.clone());
        let mut session = Session::new(self.variables.clone(), output, Terminal::default());
        prepare(&mut session);
        let code = run(&arguments, &mut session).code();
        let own = self.folder.path().to_string_lossy().into_owned();
        let shown = |sink: &Sink| sink.text().replace(&own, "HOME");
        let ran = Ran { code, out: shown(&out), complaints: shown(&complaints) };
        let marked = |text: &str| text.contains(MARK) || text.to_lowercase().contains("\\ufdd0");
        assert!(!marked(&ran.out) && !marked(&ran.complaints), "an action without its words: {ran:?}");
        ran
    }
}

/// A simulated cluster whose time stands still.
pub fn sim(scenario: &str) -> SimCluster {
    SimCluster::scenario(scenario, &SimOptions::manual()).unwrap()
}
