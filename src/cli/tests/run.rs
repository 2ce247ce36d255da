//! Runs one command line in this process.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::{self, Write},
    sync::{Arc, Mutex},
};

use crate::cli::{Output, Session, Terminal, run};

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

    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Runs `windlass` with these arguments; the folder's own path is shown as `HOME`.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let arguments: Vec<OsString> = std::iter::once(&"windlass").chain(arguments).map(Into::into).collect();
        let (out, complaints) = (Sink::default(), Sink::default());
        let output = Output::to(out.clone(), complaints.clone());
        let mut session = Session::new(self.variables.clone(), output, Terminal::default());
        let code = run(&arguments, &mut session).code();
        let own = self.folder.path().to_string_lossy().into_owned();
        let shown = |sink: &Sink| sink.text().replace(&own, "HOME");
        Ran { code, out: shown(&out), complaints: shown(&complaints) }
    }
}
