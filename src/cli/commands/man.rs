//! `windlass man`.

use clap::{ArgMatches, Args, Command};

use super::{Subcommand, read, tree};
use crate::{
    cli::{Exit, Failure, Session},
    domain::nearest::suggestion,
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "man", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// The command to print the page of; else the program's own
    command: Option<String>,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command)
        .about("Print a manual page, for man -l -")
        .after_help("windlass man | man -l -\nwindlass man undo | man -l -")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let arguments = read::<Arguments>(matches)?;
    let mut root = tree("windlass");
    root.build();
    let page = match &arguments.command {
        None => root,
        Some(name) => root.find_subcommand(name).cloned().ok_or_else(|| {
            let near = suggestion(name, root.get_subcommands().map(Command::get_name));
            Failure::new(Exit::Usage, format!("there is no command '{name}'{near}"))
        })?,
    };
    let title = page.get_bin_name().unwrap_or("windlass").replace(' ', "-");
    let mut roff = Vec::new();
    clap_mangen::Man::new(page.name(title))
        .date("")
        .render(&mut roff)
        .map_err(|error| Failure::new(Exit::Failed, format!("the manual page cannot be made: {error}")))?;
    session.output.text(&String::from_utf8_lossy(&roff));
    Ok(Exit::Done)
}
