//! `windlass completions`.

use clap::{ArgMatches, Args, Command};
use clap_complete::Shell;

use super::{Subcommand, read, tree};
use crate::cli::{Exit, Failure, Session};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "completions", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// The shell
    shell: Shell,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command).about("Print the completions for a shell").after_help(
        "For bash: windlass completions bash > ~/.local/share/bash-completion/completions/windlass\n\
         For zsh: windlass completions zsh > a folder of $fpath, as _windlass\n\
         For fish: windlass completions fish > ~/.config/fish/completions/windlass.fish",
    )
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let arguments = read::<Arguments>(matches)?;
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut tree("windlass"), "windlass", &mut script);
    session.output.text(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}
