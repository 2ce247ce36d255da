//! `windlass resume`.

use clap::{ArgMatches, Command};

use super::{Subcommand, bare};
use crate::{
    cli::{Exit, Failure, Session},
    domain::Intent,
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "resume", spec, run };

fn spec(command: Command) -> Command {
    bare::arguments(command).about("Let a paused rollout go on")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    bare::run(matches, session, Intent::Resume)
}
