//! `windlass pause`.

use clap::{ArgMatches, Command};

use super::{Subcommand, bare};
use crate::{
    cli::{Exit, Failure, Session},
    domain::Intent,
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "pause", spec, run };

fn spec(command: Command) -> Command {
    bare::arguments(command)
        .about("Stop a rollout where it is")
        .after_help("Flagger: its gate is closed where the Canary has one, else the Canary is suspended.")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    bare::run(matches, session, Intent::Pause)
}
