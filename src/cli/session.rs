//! What a command has at hand: the environment, the terminal, the configuration, the flags.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, IsTerminal},
    sync::{Arc, Mutex, PoisonError},
};

use super::{Exit, Failure, Output, flags::Flags};
use crate::{
    app::keys::KeyTable,
    config::{self, Config, FlagValue, Paths, Problem, Sources},
    sim::SimCluster,
    ui::theme::Library,
};

/// One run of the program, as a command sees it.
#[derive(Debug)]
pub struct Session {
    /// The environment.
    pub variables: BTreeMap<String, String>,
    /// Where it writes.
    pub output: Output,
    /// What the terminal is.
    pub terminal: Terminal,
    /// The flags of this command line.
    pub flags: Flags,
    /// Where a person's answers come from.
    pub answers: Answers,
    /// Settings that the command's own flags give.
    pub settings: Vec<FlagValue>,
    /// A simulated cluster that stands for the kubeconfig's, for tests.
    pub simulated: Option<SimCluster>,
    /// What looked wrong was told: once is enough.
    warned: bool,
}

/// The lines that a person types. Clones share them.
#[derive(Clone)]
pub struct Answers(Arc<Mutex<dyn BufRead + Send>>);

impl Default for Answers {
    /// The process's standard input.
    fn default() -> Self {
        Self::from(BufReader::new(io::stdin()))
    }
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answers")
    }
}

impl Answers {
    /// Lines that are there already, or come from somewhere else.
    pub fn from(lines: impl BufRead + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(lines)))
    }

    /// The next line, without its end; `None` when there is none any more. Waits in a thread of its own, so that Ctrl-C
    /// is heard meanwhile.
    pub async fn line(&self) -> Option<String> {
        let lines = Arc::clone(&self.0);
        let read = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            let read = lines.lock().unwrap_or_else(PoisonError::into_inner).read_line(&mut line);
            matches!(read, Ok(length) if length > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned())
        });
        read.await.ok().flatten()
    }
}

/// What standard input and output are connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Terminal {
    /// A person may answer a question.
    pub asks: bool,
    /// Output goes to a screen.
    pub shows: bool,
}

impl Terminal {
    /// The process's own.
    pub fn of_process() -> Self {
        Self { asks: io::stdin().is_terminal() && io::stderr().is_terminal(), shows: io::stdout().is_terminal() }
    }
}

impl Session {
    /// A session before its command line is read.
    pub fn new(variables: BTreeMap<String, String>, output: Output, terminal: Terminal) -> Self {
        Self {
            variables,
            output,
            terminal,
            flags: Flags::default(),
            answers: Answers::default(),
            settings: Vec::new(),
            simulated: None,
            warned: false,
        }
    }

    /// The value of an environment variable that is set and not empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The folders of our files.
    pub fn paths(&self) -> Result<Paths, Failure> {
        Paths::find(&|name| self.variables.get(name).cloned())
            .map_err(|error| Failure::new(Exit::Usage, error.to_string()))
    }

    /// The configuration, merged and checked; what looks wrong but stops nothing is told on standard error.
    pub fn config(&mut self) -> Result<Config, Failure> {
        let path = self.paths()?.config_file();
        let text = config::read(&path).map_err(|problem| Failure::new(Exit::Usage, problem.to_string()))?;
        let sources = Sources {
            file: text.map(|text| (path, text)),
            variables: self.variables.clone(),
            flags: self.flags.own.settings().into_iter().chain(self.settings.iter().cloned()).collect(),
        };
        let config = Config::resolve(&sources)?;
        // A fault of the keys is one of the file, whoever asks: the console is a bad place to learn of it.
        KeyTable::with(&config.bindings)?;
        if config.ui.ascii {
            self.output.draw_ascii();
        }
        if !std::mem::replace(&mut self.warned, true) {
            config.warnings.iter().for_each(|warning| self.output.complain(&warning.to_string()));
            if !Library::new(Some(self.paths()?.themes())).names().contains(&config.ui.theme) {
                let text = format!("there is no theme '{}'; `windlass themes` lists them", config.ui.theme);
                self.output.complain(&Problem::new(config.origin("ui.theme"), text).to_string());
            }
        }
        Ok(config)
    }
}
