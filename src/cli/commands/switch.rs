//! `windlass switch`: traffic to another side.

use clap::{ArgMatches, Args, Command};

use super::{Subcommand, read};
use crate::{
    cli::{
        Exit, Failure, Session,
        writing::{self, Wish, WriteFlags},
    },
    domain::{Intent, target::Target},
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "switch", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// The release, as svc/web, rollout/web or its name
    target: Target,
    /// The side: its workload, or the value of the label that the sides differ in; else the other one
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
    #[command(flatten)]
    flags: WriteFlags,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command).about("Send all traffic to the other side of a blue-green release").after_help(
        "Without a terminal --to is needed: switched twice without it, traffic would be back where it was. Going back \
         to the side that was live before is never held.",
    )
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let Arguments { target, to, flags } = read(matches)?;
    if to.is_none() && !session.terminal.asks {
        let sentence = "say which side with --to NAME: without a terminal nothing is guessed, and sent twice it would be \
                        back where it was";
        return Err(Failure::new(Exit::Usage, sentence));
    }
    let intent = |_: &_| Ok(Intent::Switch { to: to.as_deref().map(Into::into) });
    writing::run(&Wish { target: &target, intent: &intent, leaves: None, optional: false, flags: &flags }, session)
}
