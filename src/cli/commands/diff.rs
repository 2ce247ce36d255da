//! `windlass diff`: what differs between two revisions' templates.

use std::sync::Arc;

use clap::{ArgMatches, Args, Command};
use serde_json::{json, value::RawValue};

use super::{Subcommand, history::entry, read};
use crate::{
    cli::{
        Exit, Failure, Session,
        documents::API_VERSION,
        output::{Format, FormatFlag},
        present,
        reading::{Opened, Reading},
        runtime,
    },
    domain::{Revision, target::Target},
    strategy::workload::{diff, template},
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "diff", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// The release, as deploy/web, sts/db, vs/web, canary/web, rollout/web or its name
    target: Target,
    /// The revision on the left; else the current one
    #[arg(long, value_name = "N", value_parser = crate::cli::numbers::revision)]
    from: Option<i64>,
    /// The revision on the right; else the one that an undo would go to
    #[arg(long, value_name = "N", value_parser = crate::cli::numbers::revision)]
    to: Option<i64>,
    #[command(flatten)]
    format: FormatFlag,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command)
        .about("Show what differs between two revisions")
        .after_help("Without numbers: what an undo would change. Values that look like secrets are masked.")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let arguments = read::<Arguments>(matches)?;
    runtime::run(async {
        let reading = Reading::start(session).await?;
        let opened = reading.open(&arguments.target).await?;
        print(&arguments, &opened, session)
    })
}

fn print(arguments: &Arguments, opened: &Opened, session: &mut Session) -> Result<Exit, Failure> {
    let release = &opened.release;
    let to = match arguments.to {
        Some(number) => Some(entry(release, Revision(number))?.revision),
        None if arguments.from.is_some() => None,
        None => Some(release.back_to.ok_or_else(|| {
            let sentence =
                format!("{} has no revision to go back to, so there is nothing to compare with", release.key);
            Failure::new(Exit::Usage, sentence)
        })?),
    };
    let from = arguments.from.map(|number| entry(release, Revision(number)).map(|entry| entry.revision)).transpose()?;
    let changes = diff::templates(&template_text(opened, from)?, &template_text(opened, to)?);
    let name = |revision: Option<Revision>| {
        revision.map_or_else(|| "the current template".to_owned(), |revision| format!("revision {revision}"))
    };
    match arguments.format.output {
        format @ (Format::Json | Format::Yaml) => {
            let number = |revision: Option<Revision>| revision.or(release.revision).map(|revision| revision.0);
            let document = json!({
                "apiVersion": API_VERSION, "kind": "Diff", "target": release.key.target(),
                "namespace": release.key.namespace, "from": number(from), "to": number(to), "items": changes,
            });
            session.output.document(&document, format)?;
        }
        Format::Name => {
            for change in &changes {
                session.output.line(&change.place);
            }
        }
        Format::Table | Format::Wide => {
            session.output.line(&format!("{}: {} → {}", release.key, name(from), name(to)));
            if changes.is_empty() {
                session.output.line("no difference");
            }
            for line in present::diff_lines(&changes) {
                session.output.line(&line);
            }
        }
    }
    Ok(Exit::Done)
}

/// The template of a revision, or the release's own.
pub fn template_text(opened: &Opened, revision: Option<Revision>) -> Result<Arc<RawValue>, Failure> {
    let found = match revision {
        None => template::current(&opened.details.root).map(|raw| raw.to_owned().into()),
        Some(number) => opened.details.revisions.get(&number).and_then(template::of_revision),
    };
    found.ok_or_else(|| {
        let which = revision.map_or_else(|| "current".to_owned(), |number| format!("revision {number}"));
        Failure::new(Exit::Failed, format!("the {which} template of {} can't be read", opened.release.key))
    })
}
