//! `windlass history`: the revisions of a release, and what speaks for each.

use clap::{ArgMatches, Args, Command};

use serde_json::Value;

use super::{Subcommand, diff::template_text, read};
use crate::{
    app::yaml,
    cli::{
        Exit, Failure, Session,
        documents::RevisionList,
        output::{Format, FormatFlag},
        present,
        reading::{Opened, Reading},
        runtime,
    },
    domain::{ObjectKey, Release, Revision, Timestamp, history::HistoryEntry, mask::mask_values, target::Target},
    strategy::workload::template,
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "history", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// The release, as deploy/web, sts/db, vs/web, canary/web, rollout/web or its name
    target: Target,
    /// Only this revision, with all that is known of it and its pod template
    #[arg(long, value_name = "N", value_parser = crate::cli::numbers::revision)]
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
        let reading = Reading::start(session).await?;
        let opened = reading.open(&arguments.target).await?;
        print(&arguments, &opened, reading.options.clock.now(), session)
    })
}

fn print(arguments: &Arguments, opened: &Opened, now: Timestamp, session: &mut Session) -> Result<Exit, Failure> {
    let release = &opened.release;
    let Some(number) = arguments.revision else {
        let all: Vec<&HistoryEntry> = release.history.iter().collect();
        return print_list(arguments, opened, &all, now, session);
    };
    let chosen = entry(release, Revision(number))?;
    match arguments.format.output {
        format @ (Format::Json | Format::Yaml) => {
            let document = RevisionList::new([chosen]).with_template(shown_template(opened, chosen)?);
            session.output.document(&document, format)?;
        }
        Format::Table => {
            for line in present::revision_lines(release, workload(opened, chosen), chosen, now) {
                session.output.line(&line);
            }
            session.output.line("template");
            for line in yaml::written(&shown_template(opened, chosen)?) {
                session.output.line(&format!("  {line}"));
            }
        }
        Format::Wide | Format::Name => return print_list(arguments, opened, &[chosen], now, session),
    }
    Ok(Exit::Done)
}

fn print_list(
    arguments: &Arguments,
    opened: &Opened,
    entries: &[&HistoryEntry],
    now: Timestamp,
    session: &mut Session,
) -> Result<Exit, Failure> {
    match arguments.format.output {
        format @ (Format::Json | Format::Yaml) => {
            session.output.document(&RevisionList::new(entries.iter().copied()), format)?;
        }
        Format::Name => entries.iter().for_each(|entry| session.output.line(&entry.object.target())),
        format @ (Format::Table | Format::Wide) => {
            let of = entries.first().and_then(|entry| workload(opened, entry));
            let wide = format == Format::Wide;
            session.output.table(&present::revisions_table(&opened.release, of, entries, wide, now));
        }
    }
    Ok(Exit::Done)
}

/// The workload whose revision this is, where the release has several.
fn workload<'a>(opened: &'a Opened, entry: &HistoryEntry) -> Option<&'a ObjectKey> {
    let sides = &opened.release.traffic.as_ref()?.rows.sides;
    let several = sides.iter().filter(|_| sides.len() > 1);
    let mut keys = several.map(|side| &side.workload.key);
    keys.find(|key| opened.details.revisions_of(key).values().any(|held| held.key == entry.object))
}

/// The pod template of a revision as it may be shown: what looks like a secret is masked.
fn shown_template(opened: &Opened, entry: &HistoryEntry) -> Result<Value, Failure> {
    let raw = template_text(opened, Some(entry.revision))?;
    let mut shown = template::parsed(&raw).unwrap_or_default();
    mask_values(&mut shown);
    Ok(shown)
}

/// The entry of a number, or of a number that it once had; else which numbers there are.
pub fn entry(release: &Release, number: Revision) -> Result<&HistoryEntry, Failure> {
    release.entry(number).ok_or_else(|| {
        let known: Vec<String> = release.history.iter().map(|entry| entry.revision.to_string()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Failure::new(Exit::Usage, format!("{} has no revision {number}; it has {known}", release.key))
    })
}
