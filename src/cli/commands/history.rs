//! `windlass history`: the revisions of a release, and what speaks for each.

use clap::{ArgMatches, Args, Command};

use super::{Subcommand, read};
use crate::{
    cli::{
        Exit, Failure, Session,
        documents::RevisionList,
        output::{Format, FormatFlag},
        present,
        reading::Reading,
        runtime,
    },
    domain::{Release, Revision, Timestamp, history::HistoryEntry, target::Target},
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "history", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// The release, as deploy/web, sts/db, vs/web, canary/web, rollout/web or its name
    target: Target,
    /// Only this revision, with all that is known of it
    #[arg(long, value_name = "N")]
    revision: Option<i64>,
    #[command(flatten)]
    format: FormatFlag,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command).about("Show the revisions of a release and what speaks for going back to each")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let arguments = read::<Arguments>(matches)?;
    runtime::run(async {
        let reading = Reading::start(session, None).await?;
        let release = reading.open(&arguments.target).await?.release;
        print(&arguments, &release, reading.options.clock.now(), session)
    })
}

fn print(arguments: &Arguments, release: &Release, now: Timestamp, session: &mut Session) -> Result<Exit, Failure> {
    let chosen = match arguments.revision {
        None => release.history.iter().collect(),
        Some(number) => vec![entry(release, Revision(number))?],
    };
    match arguments.format.output {
        format @ (Format::Json | Format::Yaml) => {
            session.output.document(&RevisionList::new(chosen.iter().copied()), format)?;
        }
        Format::Name => chosen.iter().for_each(|entry| session.output.line(&entry.object.target())),
        Format::Table if arguments.revision.is_some() => {
            for line in chosen.iter().flat_map(|entry| present::revision_lines(release, entry, now)) {
                session.output.line(&line);
            }
        }
        format => session.output.table(&present::revisions_table(release, &chosen, format == Format::Wide, now)),
    }
    Ok(Exit::Done)
}

/// The entry of a number, or of a number that it once had; else which numbers there are.
pub fn entry(release: &Release, number: Revision) -> Result<&HistoryEntry, Failure> {
    release.entry(number).ok_or_else(|| {
        let known: Vec<String> = release.history.iter().map(|entry| entry.revision.to_string()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Failure::new(Exit::Usage, format!("{} has no revision {number}; it has {known}", release.key))
    })
}
