//! `windlass continue`.

use clap::{ArgMatches, Args, Command};

use super::{Subcommand, read};
use crate::{
    cli::{
        Exit, Failure, Session,
        leaving::Leaving,
        writing::{self, Wish, WriteFlags},
    },
    domain::{Intent, Release, target::Target},
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "continue", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// The release, as deploy/web, sts/db, vs/web, canary/web, rollout/web or its name
    target: Target,
    #[command(flatten)]
    leaving: Leaving,
    #[command(flatten)]
    flags: WriteFlags,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command).about("Go on from the pause that a release stands at").after_help(
        "It is a conflict when the release does not stand at that pause any more. So that one that is sent twice ends no other pause, without a terminal --from-step or --from-weight is needed where the release stands on steps.",
    )
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let Arguments { target, leaving, flags } = read(matches)?;
    let asks = session.terminal.asks;
    let intent = |release: &Release| leaving.is_said(release, asks).map(|()| Intent::Continue);
    let leaves = leaving.standing();
    writing::run(&Wish { target: &target, intent: &intent, leaves, optional: false, flags: &flags }, session)
}
