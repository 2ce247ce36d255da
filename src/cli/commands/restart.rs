//! `windlass restart`.

use clap::{ArgMatches, Command};

use super::{Subcommand, bare};
use crate::{
    cli::{Exit, Failure, Session},
    domain::Intent,
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "restart", spec, run };

fn spec(command: Command) -> Command {
    bare::arguments(command).about("Replace every pod by a new one of the same template")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    bare::run(matches, session, Intent::Restart)
}
