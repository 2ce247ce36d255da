//! `windlass [TARGET]`: the console on the cluster; where no screen can be drawn, what it would show as text.

use clap::{Arg, ArgMatches, Command, value_parser};

use super::{SUBCOMMANDS, status};
use crate::{
    cli::{
        Exit, Failure, Session,
        console::{self, Opening},
        reading::{Reading, options},
        runtime,
    },
    domain::{nearest::suggestion, target::Target},
    tui::Capabilities,
};

const TARGET: &str = "target";

/// Adds what the bare command takes.
pub fn spec(command: Command) -> Command {
    command.arg(
        Arg::new(TARGET).value_name("TARGET").value_parser(value_parser!(Target)).help(
            "The release to open the console on, as deploy/web, sts/db, vs/web, canary/web, rollout/web or its name",
        ),
    )
}

/// Whether a target stands before a subcommand, where it means nothing.
pub fn is_stray(matches: &ArgMatches) -> bool {
    matches.contains_id(TARGET) && matches.subcommand().is_some()
}

/// Opens the console.
pub fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let target = matches.get_one::<Target>(TARGET);
    if let Some(Target { namespace: None, kind: None, name }) = target {
        let near = suggestion(name, SUBCOMMANDS.iter().map(|subcommand| subcommand.name));
        if !near.is_empty() {
            let sentence = format!("'{name}' is no command{near}; a release of that name is opened by deploy/{name}");
            return Err(Failure::new(Exit::Usage, sentence));
        }
    }
    let config = session.config()?;
    let variable = |name: &str| session.variables.get(name).cloned();
    let capabilities = Capabilities::detect(&variable, session.terminal.shows, config.ui.color);
    if config.ui.plain && session.terminal.shows {
        return status::show(target, status::How::Watched, session);
    }
    if config.ui.plain || !capabilities.full_screen {
        return status::show(target, status::How::Once, session);
    }
    runtime::run_wide(async {
        let reading = Reading::start(session).await?;
        let start = match target {
            Some(target) => Some(reading.resolve(target).await?.0),
            None => None,
        };
        let opening = Opening {
            scope: start.as_ref().map_or_else(|| reading.options.namespaces.clone(), |key| reading.scope_with(key)),
            clock: reading.options.clock.clone(),
            elsewhere: Some(options(&session.flags.connection)),
            screens: session.paths()?.state.join("screens"),
            config: reading.config,
            cluster: reading.cluster,
            journal: reading.journal,
            start,
        };
        console::open(session, opening).await
    })
}
