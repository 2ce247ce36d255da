//! `windlass set-weight`.

use clap::{ArgMatches, Args, Command};

use super::{Subcommand, read};
use crate::{
    cli::{
        Exit, Failure, Session,
        writing::{self, Wish, WriteFlags, rule},
    },
    domain::{Intent, Release, target::Target},
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "set-weight", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// The release, as vs/web, httproute/web, svc/web or its name
    target: Target,
    /// The candidate's share, in per cent
    #[arg(value_parser = crate::cli::numbers::weight)]
    weight: u8,
    /// Only this rule, by number, name or JSON pointer; else all that the release steers
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    #[command(flatten)]
    flags: WriteFlags,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command)
        .about("Give the candidate so many per cent of the traffic")
        .after_help("Towards stable it goes back, and nothing holds it; towards the candidate it goes forward.")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let Arguments { target, weight, rule: name, flags } = read(matches)?;
    let intent = |release: &Release| Ok(Intent::SetWeight { weight, rule: rule(release, name.as_deref())? });
    writing::run(&Wish { target: &target, intent: &intent, leaves: None, optional: false, flags: &flags }, session)
}
