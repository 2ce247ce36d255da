//! `windlass version`.

use clap::{ArgMatches, Command};

use super::Subcommand;
use crate::cli::{Exit, Failure, Session};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "version", spec, run };

fn spec(command: Command) -> Command {
    command.about("Print the version")
}

#[expect(clippy::unnecessary_wraps, reason = "every subcommand has this form")]
fn run(_: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    session.output.line(concat!("windlass ", env!("CARGO_PKG_VERSION")));
    Ok(Exit::Done)
}
