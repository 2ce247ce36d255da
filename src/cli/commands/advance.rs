//! `windlass advance`: one step further, from the step that was seen.

use clap::{ArgMatches, Args, Command};

use super::{Subcommand, read};
use crate::{
    cli::{
        Exit, Failure, Session,
        numbers::whole,
        writing::{self, Wish, WriteFlags, rule},
    },
    domain::{Intent, Release, intent::Standing, target::Target},
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "advance", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// The release, as vs/web, httproute/web, svc/web, rollout/web, canary/web or its name
    target: Target,
    /// The step that it leaves: `step.index` of `windlass status -o json`
    #[arg(long, value_name = "N", conflicts_with = "from_weight", value_parser = whole(0..=u32::MAX, "write the step's number, from 0"))]
    from_step: Option<u32>,
    /// The weight that it leaves, in per cent
    #[arg(long, value_name = "WEIGHT", value_parser = crate::cli::numbers::weight)]
    from_weight: Option<u8>,
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
    let from = arguments.from_step.map(Standing::Step).or(arguments.from_weight.map(Standing::Weight));
    if from.is_none() && !session.terminal.asks {
        let sentence = "say which step it leaves with --from-step or --from-weight (`windlass status -o json` has \
                        step.index): without a terminal nothing is guessed";
        return Err(Failure::new(Exit::Usage, sentence));
    }
    let intent = |release: &Release| {
        let rule = rule(release, arguments.rule.as_deref())?;
        Ok(Intent::Advance { from: from.or_else(|| release.standing()), rule })
    };
    let wish = Wish { target: &arguments.target, intent: &intent, optional: false, flags: &arguments.flags };
    writing::run(&wish, session)
}
