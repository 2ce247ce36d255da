//! `windlass config show|init|path`.

use std::{fs, io::Write};

use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand as _};
use serde_json::json;

use super::{Subcommand, read};
use crate::{
    cli::{
        Exit, Failure, Session,
        documents::API_VERSION,
        output::{Format, FormatFlag},
        table::Table,
    },
    config,
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "config", spec, run };

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Print every value and where it comes from
    Show(Show),
    /// Write a commented sample where the configuration is looked for
    Init(Init),
    /// Print where the configuration is looked for
    Path,
}

#[derive(Debug, Args)]
struct Show {
    #[command(flatten)]
    format: FormatFlag,
}

#[derive(Debug, Args)]
struct Init {
    /// Print the sample instead of writing it
    #[arg(long)]
    print: bool,
}

fn spec(command: Command) -> Command {
    What::augment_subcommands(command).about("Show, start or find the configuration").subcommand_required(true)
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let what = What::from_arg_matches(matches).map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
    // The flags may stand behind the innermost command.
    if let Some((_, innermost)) = matches.subcommand() {
        session.flags = read(innermost)?;
    }
    match what {
        What::Show(show) => print_values(&show, session),
        What::Init(init) => write_sample(&init, session),
        What::Path => {
            let path = session.paths()?.config_file();
            session.output.line(&path.display().to_string());
            Ok(Exit::Done)
        }
    }
}

fn print_values(show: &Show, session: &mut Session) -> Result<Exit, Failure> {
    let config = session.config()?;
    let values = config.entries().map(|(path, entry)| {
        let path = config::dotted(path);
        // Whoever has a webhook's URL may post to it.
        let secret = path == "notify.webhook.url" && entry.value.to_string().contains("://");
        let value = if secret { "(set, not shown)".to_owned() } else { entry.value.to_string() };
        (path, value, entry.origin.to_string())
    });
    let keys = config.bindings.iter().map(|binding| {
        let path = config::dotted(&["keys".to_owned(), binding.action.clone()]);
        (path, config::Value::Texts(binding.keys.clone()).to_string(), binding.origin.to_string())
    });
    let all: Vec<_> = values.chain(keys).collect();
    match show.format.output {
        Format::Json | Format::Yaml => {
            let items: Vec<_> =
                all.iter().map(|(key, value, origin)| json!({"key": key, "value": value, "origin": origin})).collect();
            let document = json!({"apiVersion": API_VERSION, "kind": "Config", "items": items});
            session.output.document(&document, show.format.output)?;
        }
        Format::Name => {
            for (key, ..) in &all {
                session.output.line(key);
            }
        }
        Format::Table | Format::Wide => {
            let mut table = Table::new(["KEY", "VALUE", "FROM"]);
            for (key, value, origin) in all {
                table.row([key, value, origin]);
            }
            session.output.table(&table);
        }
    }
    Ok(Exit::Done)
}

fn write_sample(init: &Init, session: &mut Session) -> Result<Exit, Failure> {
    if init.print {
        session.output.text(&config::sample());
        return Ok(Exit::Done);
    }
    let path = session.paths()?.config_file();
    let failed = |error: std::io::Error| {
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            let sentence = format!(
                "{} exists and stays as it is; `windlass config init --print` prints the sample",
                path.display()
            );
            Failure::new(Exit::Refused, sentence)
        } else {
            Failure::new(Exit::Failed, format!("{} cannot be written: {error}", path.display()))
        }
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = fs::File::create_new(&path).map_err(failed)?;
    file.write_all(config::sample().as_bytes()).map_err(failed)?;
    session.output.line(&format!("wrote {}", path.display()));
    Ok(Exit::Done)
}
