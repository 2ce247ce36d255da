//! Where commands write: standard output that goes quiet when nobody reads it any more, and one-sentence complaints.

use std::io::{self, Write};

use serde::Serialize;

use super::{Exit, Failure, table::Table};

/// How a command shows what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Aligned columns for people.
    #[default]
    Table,
    /// The same with more columns.
    Wide,
    /// JSON, as documented.
    Json,
    /// The same as YAML.
    Yaml,
    /// One `kind/name` a line.
    Name,
}

/// The flag that chooses it.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct FormatFlag {
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    pub output: Format,
}

/// Standard output and standard error of a command.
pub struct Output {
    out: Box<dyn Write + Send>,
    complaints: Box<dyn Write + Send>,
    closed: bool,
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output").field("closed", &self.closed).finish_non_exhaustive()
    }
}

impl Output {
    /// The process's own.
    pub fn of_process() -> Self {
        Self::to(io::stdout(), io::stderr())
    }

    /// Writes to `out`, and complaints to `complaints`.
    pub fn to(out: impl Write + Send + 'static, complaints: impl Write + Send + 'static) -> Self {
        Self { out: Box::new(out), complaints: Box::new(complaints), closed: false }
    }

    /// Writes `text` as it is. A reader that has gone is no fault of ours: the rest is dropped without a word.
    pub fn text(&mut self, text: &str) {
        if !self.closed {
            self.closed = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).is_err();
        }
    }

    /// Writes `line` and a line break.
    pub fn line(&mut self, line: &str) {
        self.text(&[line, "\n"].concat());
    }

    /// Writes a table.
    pub fn table(&mut self, table: &Table) {
        self.text(&[table.lines().join("\n").as_str(), "\n"].concat());
    }

    /// Whether nobody reads any more, so that a command that goes on for ever may end.
    pub fn closed(&self) -> bool {
        self.closed
    }

    /// Writes a sentence to standard error.
    pub fn complain(&mut self, sentence: &str) {
        // Nothing can be done, and nobody told, when standard error is closed, too.
        let _ = self.complaints.write_all(["windlass: ", sentence, "\n"].concat().as_bytes());
        let _ = self.complaints.flush();
    }

    /// Writes a line to standard error that is no complaint: a question, a warning, progress.
    pub fn aside(&mut self, text: &str) {
        let _ = self.complaints.write_all(text.as_bytes());
        let _ = self.complaints.flush();
    }

    /// Writes `value` as JSON or YAML.
    pub fn document(&mut self, value: &impl Serialize, format: Format) -> Result<(), Failure> {
        let broken = |error: &dyn std::fmt::Display| {
            Failure::new(Exit::Failed, format!("the answer cannot be written as {format:?}: {error}"))
        };
        if format == Format::Yaml {
            let text = serde_saphyr::to_string(value).map_err(|error| broken(&error))?;
            self.text(&text);
        } else {
            let text = serde_json::to_string_pretty(value).map_err(|error| broken(&error))?;
            self.line(&text);
        }
        Ok(())
    }

    /// Writes what clap has to say: help and version to standard output, complaints to standard error.
    pub(super) fn told_by_clap(&mut self, told: &clap::Error) -> Exit {
        let text = told.render().to_string();
        if told.use_stderr() {
            self.aside(&text);
            Exit::Usage
        } else {
            self.text(&text);
            Exit::Done
        }
    }
}
