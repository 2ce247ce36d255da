//! `windlass scale`.

use clap::{ArgMatches, Args, Command};

use super::{Subcommand, read};
use crate::{
    cli::{
        Exit, Failure, Session,
        writing::{self, Wish, WriteFlags},
    },
    domain::{Intent, target::Target},
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "scale", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// The release, as deploy/web, sts/db, rollout/web or its name
    target: Target,
    /// The number of replicas
    #[arg(value_parser = crate::cli::numbers::replicas)]
    replicas: i32,
    /// Only this side of a release with several, by its workload or the value of the label that they differ in
    #[arg(long, value_name = "NAME")]
    side: Option<String>,
    #[command(flatten)]
    flags: WriteFlags,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command).about("Change the number of replicas")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let Arguments { target, replicas, side, flags } = read(matches)?;
    let intent = |_: &_| {
        Ok(match &side {
            Some(side) => Intent::ScaleSide { side: side.as_str().into(), replicas },
            None => Intent::Scale(replicas),
        })
    };
    writing::run(&Wish { target: &target, intent: &intent, leaves: None, optional: false, flags: &flags }, session)
}
