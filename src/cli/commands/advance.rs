//! `windlass advance`: one step further, from the step that was seen.

use clap::{ArgMatches, Args, Command};

use super::{Subcommand, read};
use crate::{
    cli::{
        Exit, Failure, Session,
        leaving::{Leaving, unsaid},
        writing::{self, Wish, WriteFlags, rule},
    },
    domain::{Intent, Release, target::Target},
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "advance", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// The release, as vs/web, httproute/web, svc/web, rollout/web, canary/web or its name
    target: Target,
    #[command(flatten)]
    leaving: Leaving,
    /// Only this rule, by number, name or JSON pointer; else all that the release steers
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    #[command(flatten)]
    flags: WriteFlags,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command).about("Go one step further on the ladder").after_help(
        "An advance names the step it leaves, so that one that is sent twice is a conflict and never two steps. \
         Without a terminal --from-step or --from-weight is needed; on one it is the step shown in the plan.",
    )
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let arguments = read::<Arguments>(matches)?;
    let from = arguments.leaving.standing();
    if from.is_none() && !session.terminal.asks {
        return Err(unsaid());
    }
    let intent = |release: &Release| {
        let rule = rule(release, arguments.rule.as_deref())?;
        Ok(Intent::Advance { from: from.or_else(|| release.standing()), rule })
    };
    let wish =
        Wish { target: &arguments.target, intent: &intent, leaves: None, optional: false, flags: &arguments.flags };
    writing::run(&wish, session)
}
