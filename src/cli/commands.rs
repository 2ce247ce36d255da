//! The registry of subcommands: one file and one line each.

mod abort;
mod advance;
mod bare;
mod completions;
mod config;
mod demo;
mod deploy;
mod diff;
mod go_on;
mod guard;
mod history;
mod info;
mod journal;
mod keys;
mod logs;
mod man;
mod open;
mod pause;
mod promote;
mod restart;
mod resume;
mod retry;
mod scale;
mod set_image;
mod set_weight;
mod skip;
mod status;
mod switch;
mod themes;
mod undo;
mod version;

use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::{Exit, Failure, Session, flags::Flags, logging};

/// One subcommand.
pub struct Subcommand {
    /// Its name.
    pub name: &'static str,
    /// Its arguments and help.
    pub spec: fn(Command) -> Command,
    /// What it does.
    pub run: fn(&ArgMatches, &mut Session) -> Result<Exit, Failure>,
}

/// Every subcommand, in the order of the help.
static SUBCOMMANDS: &[Subcommand] = &[
    demo::SUBCOMMAND,
    status::SUBCOMMAND,
    history::SUBCOMMAND,
    diff::SUBCOMMAND,
    undo::SUBCOMMAND,
    advance::SUBCOMMAND,
    switch::SUBCOMMAND,
    set_weight::SUBCOMMAND,
    abort::SUBCOMMAND,
    promote::SUBCOMMAND,
    pause::SUBCOMMAND,
    resume::SUBCOMMAND,
    go_on::SUBCOMMAND,
    skip::SUBCOMMAND,
    retry::SUBCOMMAND,
    restart::SUBCOMMAND,
    set_image::SUBCOMMAND,
    scale::SUBCOMMAND,
    deploy::SUBCOMMAND,
    guard::SUBCOMMAND,
    logs::SUBCOMMAND,
    journal::SUBCOMMAND,
    config::SUBCOMMAND,
    keys::SUBCOMMAND,
    themes::SUBCOMMAND,
    info::SUBCOMMAND,
    completions::SUBCOMMAND,
    man::SUBCOMMAND,
    version::SUBCOMMAND,
];

/// The whole tree, under the name that the program was called by.
pub fn tree(name: &'static str) -> Command {
    let root = Flags::augment_args(Command::new("windlass"))
        .bin_name(name)
        .version(env!("CARGO_PKG_VERSION"))
        .about("A terminal release console: every release of a cluster live, stepped, switched or undone without surprises")
        .after_help(
            "Exit codes: 0 done; 1 failed or partial; 2 usage; 3 refused or conflict; 4 not settled in time; \
             5 forbidden; 6 unreachable; 7 sent, result not known; 130 interrupted.",
        )
        .term_width(80)
        .disable_help_subcommand(true)
        .infer_long_args(false);
    let root = open::spec(root);
    SUBCOMMANDS.iter().fold(root, |root, subcommand| root.subcommand((subcommand.spec)(Command::new(subcommand.name))))
}

/// Whether a subcommand is called so.
pub fn is_name(word: &str) -> bool {
    SUBCOMMANDS.iter().any(|subcommand| subcommand.name == word)
}

/// Runs the subcommand that was asked for, or the console.
pub fn dispatch(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    if open::is_stray(matches) {
        return Err(Failure::new(Exit::Usage, "a release goes behind the command, as in `windlass status deploy/web`"));
    }
    let (name, own) = matches.subcommand().unwrap_or(("", matches));
    session.flags = read::<Flags>(own)?;
    let _log = logging::start(session, name.is_empty())?;
    match SUBCOMMANDS.iter().find(|subcommand| subcommand.name == name) {
        Some(subcommand) => (subcommand.run)(own, session),
        None => open::run(own, session),
    }
}

/// The arguments of a command as its own type.
fn read<T: FromArgMatches>(matches: &ArgMatches) -> Result<T, Failure> {
    T::from_arg_matches(matches).map_err(|error| Failure::new(Exit::Usage, error.to_string()))
}
