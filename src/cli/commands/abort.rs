//! `windlass abort`.

use clap::{ArgMatches, Command};

use super::{Subcommand, bare};
use crate::{
    cli::{Exit, Failure, Session},
    domain::Intent,
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "abort", spec, run };

fn spec(command: Command) -> Command {
    bare::arguments(command)
        .about("Send traffic back to what served before, or end an A/B test")
        .after_help("No guard, gate or change freeze ever holds an abort. Argo keeps the new template: `windlass undo` takes it back.")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    bare::run(matches, session, Intent::Abort)
}
