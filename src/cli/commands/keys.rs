//! `windlass keys`: every key, with the configuration's own in place.

use clap::{ArgMatches, Args, Command};
use serde_json::json;

use super::{Subcommand, read};
use crate::{
    app::keys::{KeyTable, sections},
    cli::{
        Exit, Failure, Session,
        documents::API_VERSION,
        output::{Format, FormatFlag},
        table::Table,
    },
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "keys", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    #[command(flatten)]
    format: FormatFlag,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command).about("List the keys, with your own in place")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let format = read::<Arguments>(matches)?.format.output;
    let config = session.config()?;
    let sections = sections(&KeyTable::with(&config.bindings)?);
    match format {
        Format::Name => {
            for line in sections.iter().flat_map(|section| &section.lines) {
                session.output.line(line.name);
            }
        }
        Format::Json | Format::Yaml => {
            let items: Vec<_> = sections
                .iter()
                .flat_map(|section| section.lines.iter().map(|line| (section.scope.heading(), line)))
                .map(|(place, line)| json!({"place": place, "name": line.name, "keys": line.keys, "about": line.about}))
                .collect();
            let document = json!({"apiVersion": API_VERSION, "kind": "KeyList", "items": items});
            session.output.document(&document, format)?;
        }
        Format::Table | Format::Wide => {
            for section in &sections {
                let mut table = Table::new(["KEYS", "NAME", "ABOUT"]);
                for line in &section.lines {
                    table.row([line.keys.clone(), line.name.to_owned(), line.about.to_owned()]);
                }
                session.output.line(section.scope.heading());
                for line in table.lines().iter().skip(1) {
                    session.output.line(&format!("  {line}"));
                }
                session.output.line("");
            }
        }
    }
    Ok(Exit::Done)
}
