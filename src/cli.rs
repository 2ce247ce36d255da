//! The command line: the console's front door, and the same engine for pipelines and scripts.
//!
//! A subcommand is one file under `commands/` and one line in its registry. Every command gets a [`Session`] and
//! answers with an [`Exit`] or a [`Failure`], which is one sentence on standard error and the exit code that goes
//! with it.

mod commands;
mod console;
mod documents;
mod exit;
mod flags;
mod guarding;
mod leaving;
mod logging;
mod numbers;
mod output;
mod present;
mod reading;
mod runtime;
mod selector;
mod session;
mod spelling;
mod table;
mod writing;

use std::{collections::BTreeMap, ffi::OsString, process::ExitCode};

pub use exit::{Exit, Failure};
pub use output::Output;
pub use session::{Answers, Session, Terminal};

use crate::ui::glyphs::Charset;

/// The process's own entry: reads its arguments and environment, runs, and answers with the exit code.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let variables: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let mut output = Output::of_process();
    if Charset::of(&|name| variables.get(name).cloned()) == Charset::Other {
        output.draw_ascii();
    }
    let mut session = Session::new(variables, output, Terminal::of_process());
    ExitCode::from(run(&arguments, &mut session).code())
}

/// Runs one command line (`arguments[0]` is the program's own name).
pub fn run(arguments: &[OsString], session: &mut Session) -> Exit {
    let matches = match commands::tree(invoked_as(arguments)).try_get_matches_from(joined(arguments)) {
        Ok(matches) => matches,
        Err(told) => {
            if let Some(hint) = spelling::hint(&told, arguments) {
                session.output.complain(&hint);
                return Exit::Usage;
            }
            return session.output.told_by_clap(&told);
        }
    };
    match commands::dispatch(&matches, session) {
        Ok(exit) => exit,
        Err(failure) => {
            if !failure.sentence.is_empty() {
                session.output.complain(&failure.sentence);
            }
            failure.exit
        }
    }
}

/// `--dry-run MODE` as `--dry-run=MODE`. What else follows a `--dry-run` is no mode of it, but the target.
fn joined(arguments: &[OsString]) -> Vec<OsString> {
    let mut all = arguments.iter().peekable();
    let mut joined = Vec::with_capacity(arguments.len());
    while let Some(argument) = all.next() {
        let mode = |next: &&OsString| ["none", "client", "server"].iter().any(|mode| **next == *mode);
        match all.next_if(|next| *argument == *"--dry-run" && mode(next)) {
            Some(mode) => {
                let mut one = argument.clone();
                one.push("=");
                one.push(mode);
                joined.push(one);
            }
            None => joined.push(argument.clone()),
        }
    }
    joined
}

/// `kubectl windlass` when the binary is linked as kubectl's plugin, else `windlass`.
fn invoked_as(arguments: &[OsString]) -> &'static str {
    let name = arguments.first().map(std::path::Path::new).and_then(std::path::Path::file_stem);
    match name.and_then(std::ffi::OsStr::to_str) {
        Some("kubectl-windlass") => "kubectl windlass",
        _ => "windlass",
    }
}

#[cfg(test)]
mod tests;
