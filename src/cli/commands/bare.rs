//! What the commands share that say no more than which release: its arguments, and the write.

use clap::{ArgMatches, Args, Command};

use super::read;
use crate::{
    cli::{
        Exit, Failure, Session,
        leaving::Leaving,
        writing::{self, Wish, WriteFlags},
    },
    domain::{Intent, Release, target::Target},
};

#[derive(Debug, Args)]
struct Arguments {
    /// The release, as deploy/web, sts/db, vs/web, canary/web, rollout/web or its name
    target: Target,
    #[command(flatten)]
    flags: WriteFlags,
}

#[derive(Debug, Args)]
struct Leaves {
    /// The release, as deploy/web, sts/db, vs/web, canary/web, rollout/web or its name
    target: Target,
    #[command(flatten)]
    leaving: Leaving,
    #[command(flatten)]
    flags: WriteFlags,
}

/// A target and the flags of every write.
pub fn arguments(command: Command) -> Command {
    Arguments::augment_args(command)
}

/// Asks for `intent`.
pub fn run(matches: &ArgMatches, session: &mut Session, intent: Intent) -> Result<Exit, Failure> {
    let Arguments { target, flags } = read(matches)?;
    let intent = |_: &Release| Ok(intent.clone());
    writing::run(&Wish { target: &target, intent: &intent, leaves: None, optional: false, flags: &flags }, session)
}

/// The same with the step that it leaves.
pub fn leaving_arguments(command: Command) -> Command {
    Leaves::augment_args(command)
}

/// Asks for `intent` on the step that was named; without a terminal one has to be.
pub fn run_leaving(matches: &ArgMatches, session: &mut Session, intent: Intent) -> Result<Exit, Failure> {
    let Leaves { target, leaving, flags } = read(matches)?;
    let asks = session.terminal.asks;
    let intent = |release: &Release| leaving.is_said(release, asks).map(|()| intent.clone());
    let leaves = leaving.standing();
    writing::run(&Wish { target: &target, intent: &intent, leaves, optional: false, flags: &flags }, session)
}
