//! `windlass journal`: what was asked for on this machine, and what became of it.

use std::{collections::BTreeMap, time::Duration};

use clap::{ArgMatches, Args, Command};
use serde_json::json;

use super::{Subcommand, read};
use crate::{
    action::Journal,
    cli::{
        Exit, Failure, Session,
        documents::API_VERSION,
        output::{Format, FormatFlag},
        table::Table,
    },
    domain::{
        Age, Outcome, Str, Timestamp,
        journal::{Entry, Event, Record},
        plan::PlanId,
    },
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "journal", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// Only what was asked for within this time, as 30m or 24h
    #[arg(long, value_name = "TIME", value_parser = crate::cli::flags::span)]
    since: Option<Duration>,
    #[command(flatten)]
    format: FormatFlag,
}

/// One plan in the journal.
struct Told<'a> {
    at: Timestamp,
    record: &'a Record,
    outcome: Option<&'a Outcome>,
    reverted_by: Option<&'a Str>,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command)
        .about("Show what was asked for on this machine and what became of it")
        .after_help("-o json prints every line of the journal as it was written. `windlass info` says where it is.")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let arguments = read::<Arguments>(matches)?;
    let journal = Journal::open(&session.paths()?.state);
    let entries = journal.entries().map_err(|error| {
        Failure::new(Exit::Failed, format!("the journal {} can't be read: {error}", journal.file().display()))
    })?;
    let plans = plans(&entries, arguments.since.and_then(|since| Timestamp::now().checked_sub(since).ok()));
    match arguments.format.output {
        format @ (Format::Json | Format::Yaml) => {
            let items: Vec<&Entry> = entries.iter().filter(|entry| plans.contains_key(&entry.plan)).collect();
            let document = json!({"apiVersion": API_VERSION, "kind": "Journal", "items": items});
            session.output.document(&document, format)?;
        }
        Format::Name => {
            for plan in plans.keys() {
                session.output.line(&plan.0);
            }
        }
        Format::Table | Format::Wide if plans.is_empty() => {
            let since = arguments.since.filter(|_| !entries.is_empty());
            session.output.aside(&[nothing(since).as_str(), "\n"].concat());
        }
        format => session.output.table(&table(&plans, format == Format::Wide)),
    }
    Ok(Exit::Done)
}

/// That there is nothing to show: at all, or within the time asked for.
fn nothing(since: Option<Duration>) -> String {
    since.map_or_else(
        || "nothing was asked for here yet".to_owned(),
        |since| {
            let within = Age(jiff::SignedDuration::try_from(since).unwrap_or(jiff::SignedDuration::MAX)).words();
            format!("nothing was asked for here within the last {within}; a longer --since, or none, shows more")
        },
    )
}

/// The plans that were asked for after `from`, by their names, which sort by time.
fn plans(entries: &[Entry], from: Option<Timestamp>) -> BTreeMap<&PlanId, Told<'_>> {
    let mut plans: BTreeMap<&PlanId, Told<'_>> = BTreeMap::new();
    for entry in entries {
        match &entry.event {
            Event::Intent(record) if from.is_none_or(|from| entry.at >= from) => {
                plans.insert(&entry.plan, Told { at: entry.at, record, outcome: None, reverted_by: None });
            }
            Event::Outcome(outcome) => {
                if let Some(told) = plans.get_mut(&entry.plan) {
                    told.outcome = Some(outcome);
                }
            }
            Event::Reverted { by } => {
                if let Some(told) = plans.get_mut(&entry.plan) {
                    told.reverted_by = Some(by);
                }
            }
            Event::Intent(_)
            | Event::Call { .. }
            | Event::Inverse(_)
            | Event::Observed
            | Event::Settled { .. }
            | Event::Guard(_) => {}
        }
    }
    plans
}

fn table(plans: &BTreeMap<&PlanId, Told<'_>>, wide: bool) -> Table {
    let mut heading = vec!["TIME", "WHO", "CONTEXT", "PLAN", "OUTCOME"];
    if wide {
        heading.extend(["ID", "BECAUSE"]);
    }
    heading.push("WHAT CAME OF IT");
    let mut table = Table::new(heading);
    for (id, told) in plans {
        let record = told.record;
        let rehearsal = if record.rehearsal { " (dry run)" } else { "" };
        let mut cells = vec![
            told.at.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
            record.who.to_string(),
            record.context.to_string(),
            format!("{}{rehearsal}", record.title),
            told.outcome.map_or("unfinished", |outcome| outcome.kind.word()).to_owned(),
        ];
        if wide {
            cells.extend([id.0.to_string(), record.reason.to_string()]);
        }
        let reason = told.outcome.map_or_else(String::new, |outcome| outcome.reason.to_string());
        cells.push(match told.reverted_by {
            Some(by) => format!("{reason} Taken back by {by}."),
            None => reason,
        });
        table.row(cells);
    }
    table
}
