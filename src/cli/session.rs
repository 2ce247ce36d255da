//! What a command has at hand: the environment, the terminal, the configuration, the flags.

use std::{collections::BTreeMap, io::IsTerminal};

use super::{Exit, Failure, Output, flags::Flags};
use crate::config::{self, Config, Paths, Sources};

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
        Self {
            asks: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
            shows: std::io::stdout().is_terminal(),
        }
    }
}

impl Session {
    /// A session before its command line is read.
    pub fn new(variables: BTreeMap<String, String>, output: Output, terminal: Terminal) -> Self {
        Self { variables, output, terminal, flags: Flags::default() }
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
            flags: self.flags.own.settings(),
        };
        let config = Config::resolve(&sources)?;
        for warning in &config.warnings {
            self.output.complain(&warning.to_string());
        }
        Ok(config)
    }
}
