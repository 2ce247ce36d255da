//! The log: a file that the person asks for, or the console's own in the state folder. Never the screen.

use std::{fs, io, path::PathBuf};

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::{Exit, Failure, Session};

/// Starts the log. A console always has one; a command only with `--log-file` or `-v`. The guard writes out what is
/// left when it is dropped; a second log in one process is none.
pub fn start(session: &Session, console: bool) -> Result<Option<WorkerGuard>, Failure> {
    let own = &session.flags.own;
    let path = match &own.log_file {
        Some(path) => path.clone(),
        None if console || own.verbose > 0 => session.paths()?.state.join("windlass.log"),
        None => return Ok(None),
    };
    let file = open(&path).map_err(|error| {
        Failure::new(
            Exit::Usage,
            format!("the log {} cannot be written: {error}; choose another with --log-file", path.display()),
        )
    })?;
    let (writer, guard) = tracing_appender::non_blocking(file);
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    let started = tracing_subscriber::registry().with(filter(own.verbose)).with(lines).try_init();
    Ok(started.is_ok().then_some(guard))
}

/// What is logged. The client library's own words are left out at every level: on an answer that it cannot parse it
/// logs the whole body, environment variables of containers included.
fn filter(verbose: u8) -> Targets {
    let level = if verbose == 0 { LevelFilter::WARN } else { LevelFilter::INFO };
    Targets::new().with_default(LevelFilter::OFF).with_target("windlass", level)
}

fn open(path: &PathBuf) -> io::Result<fs::File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_library_is_never_logged() {
        for verbose in 0..3 {
            let filter = filter(verbose);
            assert!(!filter.would_enable("kube_client::client", &tracing::Level::ERROR), "at -v {verbose}");
            assert!(filter.would_enable("windlass::cluster", &tracing::Level::WARN), "at -v {verbose}");
            let more = filter.would_enable("windlass::cluster", &tracing::Level::INFO);
            assert_eq!(more, verbose > 0, "at -v {verbose}");
        }
    }
}
