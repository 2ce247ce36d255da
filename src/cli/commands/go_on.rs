//! `windlass continue`.

use clap::{ArgMatches, Command};

use super::{Subcommand, bare};
use crate::{
    cli::{Exit, Failure, Session},
    domain::Intent,
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "continue", spec, run };

fn spec(command: Command) -> Command {
    bare::leaving_arguments(command).about("Go on from the pause that a release stands at").after_help(
        "It is a conflict when the release does not stand at that pause any more. So that one that is sent twice ends no other pause, without a terminal --from-step or --from-weight is needed where the release stands on steps.",
    )
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    bare::run_leaving(matches, session, Intent::Continue)
}
