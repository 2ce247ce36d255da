//! `windlass themes`: the themes that there are, and what is wrong with the own ones.

use clap::{ArgMatches, Args, Command};
use serde_json::json;

use super::{Subcommand, read};
use crate::{
    cli::{
        Exit, Failure, Session,
        documents::API_VERSION,
        output::{Format, FormatFlag},
        table::Table,
    },
    ui::theme::{BUNDLED, ColorLevel, Library, SCOPES, Theme},
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "themes", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    #[command(flatten)]
    format: FormatFlag,

    /// List the styles that a theme can set, instead of the themes
    #[arg(long)]
    styles: bool,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command)
        .about("List the themes, and what is wrong with your own")
        .after_help("Your own are files such as themes/mine.toml beside the configuration; `windlass info` says where.")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let arguments = read::<Arguments>(matches)?;
    let format = arguments.format.output;
    if arguments.styles {
        return styles(format, session);
    }
    let config = session.config()?;
    let library = Library::new(Some(session.paths()?.themes()));
    let mut exit = Exit::Done;
    let mut themes = Vec::new();
    for name in library.names() {
        match Theme::load(&library, &name, ColorLevel::True) {
            Ok((_, problems)) => problems.iter().for_each(|problem| session.output.complain(&problem.to_string())),
            Err(problem) => {
                session.output.complain(&problem.to_string());
                exit = Exit::Usage;
            }
        }
        let origin = if BUNDLED.iter().any(|(bundled, _)| *bundled == name) { "built in" } else { "your own" };
        let used = name == config.ui.theme;
        themes.push((name, origin, used));
    }
    match format {
        Format::Name => themes.iter().for_each(|(name, ..)| session.output.line(name)),
        Format::Json | Format::Yaml => {
            let items: Vec<_> = themes
                .iter()
                .map(|(name, origin, used)| json!({"name": name, "origin": origin, "used": used}))
                .collect();
            let document = json!({"apiVersion": API_VERSION, "kind": "ThemeList", "items": items});
            session.output.document(&document, format)?;
        }
        Format::Table | Format::Wide => {
            let mut table = Table::new(["THEME", "FROM", "USED"]);
            for (name, origin, used) in themes {
                table.row([name, origin.to_owned(), if used { "yes".to_owned() } else { String::new() }]);
            }
            session.output.table(&table);
        }
    }
    Ok(exit)
}

/// Every style by name, with what it is for.
fn styles(format: Format, session: &mut Session) -> Result<Exit, Failure> {
    match format {
        Format::Name => SCOPES.iter().for_each(|(name, ..)| session.output.line(name)),
        Format::Json | Format::Yaml => {
            let items: Vec<_> = SCOPES.iter().map(|(name, _, about)| json!({"name": name, "about": about})).collect();
            let document = json!({"apiVersion": API_VERSION, "kind": "StyleList", "items": items});
            session.output.document(&document, format)?;
        }
        Format::Table | Format::Wide => {
            let mut table = Table::new(["STYLE", "WHAT IT IS FOR"]);
            for (name, _, about) in SCOPES {
                table.row([(*name).to_owned(), (*about).to_owned()]);
            }
            session.output.table(&table);
        }
    }
    Ok(Exit::Done)
}
