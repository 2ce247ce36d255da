//! `windlass info`: versions, paths, the terminal, and what is configured.

use std::{path::Path, time::Duration};

use clap::{ArgMatches, Command};
use tokio::time::timeout;

use super::Subcommand;
use crate::{
    cli::{Exit, Failure, Session, reading, runtime, table::Table},
    config::{Origin, dotted},
    domain::said::clean,
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "info", spec, run };

/// How long the cluster may take to say which it is: what else is told here does not wait for it.
const ANSWER: Duration = Duration::from_secs(3);

fn spec(command: Command) -> Command {
    command.about("Print versions, paths, what the terminal says of itself, and what is configured")
}

fn run(_: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let mut table = Table::new(["WHAT", "IS"]);
    let mut say = |what: &str, is: String| table.row([what.to_owned(), is]);
    say(
        "version",
        format!("windlass {}, {}-{}", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH, std::env::consts::OS),
    );
    let paths = session.paths()?;
    say("configuration", with_presence(&paths.config_file()));
    say("themes", with_presence(&paths.themes()));
    say("journal and logs", with_presence(&paths.state));
    say("cache", with_presence(&paths.cache));
    let kubeconfig = match &session.flags.connection.kubeconfig {
        Some(path) => format!("{} (--kubeconfig)", with_presence(path)),
        None => match session.variable("KUBECONFIG") {
            Some(list) => format!("{list} (KUBECONFIG)"),
            None => "~/.kube/config".to_owned(),
        },
    };
    say("kubeconfig", kubeconfig);
    say("cluster", cluster(session));
    let terminal = session.terminal;
    say("standard output", if terminal.shows { "a terminal" } else { "no terminal" }.to_owned());
    for name in ["TERM", "COLORTERM", "NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG", "TMUX", "SSH_CONNECTION"] {
        say(name, session.variable(name).unwrap_or("not set").to_owned());
    }
    // A configuration that cannot be read is what somebody may be looking for here: the rest is told all the same.
    let config = session.config();
    let mut set = 0;
    if let Ok(config) = &config {
        for (path, entry) in config.entries().filter(|(_, entry)| entry.origin != Origin::Default) {
            set += 1;
            say(&dotted(path), format!("{} ({})", entry.value, entry.origin));
        }
        if set == 0 {
            say("settings", "all as built in".to_owned());
        }
    }
    table.lines().iter().skip(1).for_each(|line| session.output.line(line));
    config.map(|_| Exit::Done)
}

/// The cluster by its fingerprint word, which goes forward in a protected context; or why it is not known.
fn cluster(session: &Session) -> String {
    let asked = runtime::run(runtime::until_interrupted(async {
        timeout(ANSWER, reading::identity(session)).await.unwrap_or_else(|_| {
            let silent = format!("it did not answer within {} s", ANSWER.as_secs());
            Err(Failure::new(Exit::Unreachable, silent))
        })
    }));
    let told = match asked {
        Ok(is) => format!("{} {} ({})", is.fingerprint.word, is.context, is.server),
        Err(failure) => format!("not known: {}", failure.sentence),
    };
    clean(&told).into_owned()
}

fn with_presence(path: &Path) -> String {
    let presence = if path.exists() { "" } else { " (not there)" };
    format!("{}{presence}", path.display())
}
