//! `windlass undo`: back to the template of an earlier revision.

use clap::{ArgMatches, Args, Command};

use super::{Subcommand, read};
use crate::{
    cli::{
        Exit, Failure, Session,
        writing::{self, Wish, WriteFlags},
    },
    domain::{
        Intent, Revision,
        intent::{PausedUndo, UndoTo},
        target::Target,
    },
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "undo", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// The release, as deploy/web, sts/db, vs/web, canary/web, rollout/web or its name
    target: Target,
    /// Where to: a number, `previous`, or `last-good` (the newest that our journal saw settle); else the revision with
    /// the best evidence. Needed where there is no terminal
    #[arg(long, value_name = "N|previous|last-good", value_parser = revision)]
    to_revision: Option<UndoTo>,
    /// Resume a paused deployment in the same write; else it stays paused
    #[arg(long)]
    resume: bool,
    /// Delete the broken pods that block the update, too, if the plan offers it
    #[arg(long)]
    delete_broken_pods: bool,
    #[command(flatten)]
    flags: WriteFlags,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command)
        .about("Go back to the template of an earlier revision")
        .after_help("No guard, gate or change freeze ever holds an undo. `windlass diff` shows what it would change.")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let arguments = read::<Arguments>(matches)?;
    if arguments.to_revision.is_none() && !session.terminal.asks {
        let sentence =
            "say where to with --to-revision N, previous or last-good: without a terminal nothing is guessed";
        return Err(Failure::new(Exit::Usage, sentence));
    }
    let paused = if arguments.resume { PausedUndo::Resume } else { PausedUndo::StayPaused };
    let wish = Wish {
        leaves: None,
        target: &arguments.target,
        intent: &|_| Ok(Intent::Undo { to: arguments.to_revision.unwrap_or(UndoTo::Best), paused }),
        optional: arguments.delete_broken_pods,
        flags: &arguments.flags,
    };
    writing::run(&wish, session)
}

fn revision(text: &str) -> Result<UndoTo, String> {
    match text {
        "previous" => Ok(UndoTo::Previous),
        "last-good" => Ok(UndoTo::LastGood),
        number => number
            .parse()
            .map(|number| UndoTo::Number(Revision(number)))
            .map_err(|_| "write a revision's number, previous or last-good".to_owned()),
    }
}
