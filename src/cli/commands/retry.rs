//! `windlass retry`.

use clap::{ArgMatches, Args, Command};

use super::{Subcommand, read};
use crate::{
    cli::{
        Exit, Failure, Session,
        writing::{self, Wish, WriteFlags},
    },
    domain::{Intent, target::Target},
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "retry", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// The release, as deploy/web, sts/db, vs/web, canary/web, rollout/web or its name
    target: Target,
    #[command(flatten)]
    flags: WriteFlags,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command).about("Begin again after an abort or a failure")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let Arguments { target, flags } = read(matches)?;
    writing::run(
        &Wish { target: &target, intent: &|_| Ok(Intent::Retry), leaves: None, optional: false, flags: &flags },
        session,
    )
}
