//! `windlass pause`.

use clap::{ArgMatches, Args, Command};

use super::{Subcommand, read};
use crate::{
    cli::{
        Exit, Failure, Session,
        writing::{self, Wish, WriteFlags},
    },
    domain::{Intent, target::Target},
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "pause", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// The release, as deploy/web, sts/db, vs/web, canary/web, rollout/web or its name
    target: Target,
    #[command(flatten)]
    flags: WriteFlags,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command)
        .about("Stop a rollout where it is")
        .after_help("Flagger: its gate is closed where the Canary has one, else the Canary is suspended.")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let Arguments { target, flags } = read(matches)?;
    writing::run(
        &Wish { target: &target, intent: &|_| Ok(Intent::Pause), leaves: None, optional: false, flags: &flags },
        session,
    )
}
