//! `windlass retry`.

use clap::{ArgMatches, Command};

use super::{Subcommand, bare};
use crate::{
    cli::{Exit, Failure, Session},
    domain::Intent,
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "retry", spec, run };

fn spec(command: Command) -> Command {
    bare::arguments(command).about("Begin again after an abort or a failure")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    bare::run(matches, session, Intent::Retry)
}
