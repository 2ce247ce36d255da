//! `windlass promote`: the candidate, or the winner of an A/B test, gets everything.

use clap::{ArgMatches, Args, Command};

use super::{Subcommand, read};
use crate::{
    cli::{
        Exit, Failure, Session,
        writing::{self, Wish, WriteFlags},
    },
    domain::{Intent, target::Target},
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "promote", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// The release, as vs/web, httproute/web, rollout/web, canary/web or its name
    target: Target,
    /// Of an A/B test: the group or version that wins
    #[arg(long, value_name = "NAME")]
    winner: Option<String>,
    #[command(flatten)]
    flags: WriteFlags,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command)
        .about("Give the candidate everything, whatever steps are left")
        .after_help("Argo's plain promote, which leaves one pause, is `windlass continue`.")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let Arguments { target, winner, flags } = read(matches)?;
    let intent = |_: &_| Ok(Intent::Promote { winner: winner.as_deref().map(Into::into) });
    writing::run(&Wish { target: &target, intent: &intent, leaves: None, optional: false, flags: &flags }, session)
}
