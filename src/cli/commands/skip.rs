//! `windlass skip`.

use clap::{ArgMatches, Command};

use super::{Subcommand, bare};
use crate::{
    cli::{Exit, Failure, Session},
    domain::Intent,
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "skip", spec, run };

fn spec(command: Command) -> Command {
    bare::leaving_arguments(command).about("Leave out the step that a release stands at").after_help(
        "Only that step: its weight, pause or analysis is not waited for. `windlass continue` goes on from a pause without leaving anything out. A skip names the step it leaves, so that one that is sent twice is a conflict and never two steps: without a terminal --from-step or --from-weight is needed where the release stands on steps.",
    )
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    bare::run_leaving(matches, session, Intent::Skip)
}
