//! Where a value came from, so that `config show` and every complaint can say it.

use std::{fmt, path::PathBuf, sync::Arc};

/// The source of one value, weakest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// A line of a file; `line` and `column` count from 1.
    File {
        /// The file as it was opened.
        path: Arc<PathBuf>,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
    },
    /// An environment variable, by name.
    Environment(String),
    /// A command-line flag, as it is typed (`--theme`).
    Flag(String),
}

impl Origin {
    /// The place of byte `offset` of `text`, which was read from `path`.
    pub fn in_file(path: &Arc<PathBuf>, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self::File {
            path: Arc::clone(path),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line, .. } => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}
