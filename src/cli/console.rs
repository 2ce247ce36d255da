//! The console on the terminal: what it is made from, and how its end is told.

use super::{Exit, Failure, Session};
use crate::action::presence::Parting;
use crate::action::{Desks, Journal};
use crate::app::keys::KeyTable;
use crate::app::runner::Home;
use crate::app::{Session as At, Setup};
use crate::cluster::{Clock, Cluster, ConnectOptions, NamespaceScope};
use crate::config::Config;
use crate::domain::{ObjectKey, Str};
use crate::tui::{Capabilities, Display, Ending, Options, console};
use crate::ui::glyphs::Glyphs;
use crate::ui::theme::Library;
use jiff::tz::TimeZone;
use std::path::PathBuf;
use std::sync::Arc;

/// A cluster to open the console on.
#[derive(Debug)]
pub struct Opening {
    /// The configuration.
    pub config: Config,
    /// The cluster.
    pub cluster: Cluster,
    /// The namespaces to begin with.
    pub scope: NamespaceScope,
    /// Whose time counts.
    pub clock: Clock,
    /// Where writes are recorded.
    pub journal: Journal,
    /// How other contexts are reached; `None`: the simulated cluster, which stands alone.
    pub elsewhere: Option<ConnectOptions>,
    /// The release to open at once.
    pub start: Option<ObjectKey>,
    /// Where pictures of the screen are written.
    pub screens: PathBuf,
}

/// Runs the console until it ends. Must be awaited by the thread that runs the runtime.
pub async fn open(session: &mut Session, opening: Opening) -> Result<Exit, Failure> {
    let Opening { config, cluster, scope, clock, journal, elsewhere, start, screens } = opening;
    let keys = KeyTable::with(&config.bindings)?;
    let capabilities =
        Capabilities::detect(&|name| session.variables.get(name).cloned(), session.terminal.shows, config.ui.color);
    if !capabilities.full_screen {
        let sentence = "the console needs a terminal; `windlass status` prints what it would show";
        return Err(Failure::new(Exit::Usage, sentence));
    }
    let themes = Library::new(Some(session.paths()?.themes()));
    let user: Str = session.variable("USER").unwrap_or("unknown").into();
    let who = config.who.as_deref().map(Str::from);
    let glyphs = Glyphs::choose(config.ui.ascii, config.ui.ambiguous_width, capabilities.charset);
    let options = Options { mouse: config.ui.mouse, escape_delay: capabilities.escape_delay };
    let mut at = At::new(Arc::new(config), cluster.identity(), who.clone().unwrap_or_else(|| user.clone()));
    at.simulated = elsewhere.is_none();
    at.salt = format!("{:x}", std::process::id()).into();
    at.start = start;
    at.themes = themes.names().into_iter().map(Str::from).collect();
    let desks = Desks::default();
    let home = Home { cluster, scope, journal, elsewhere, who, user, screens, desks: desks.clone() };
    let setup = Setup { session: at, keys: Arc::new(keys), zone: TimeZone::system(), clock, home };
    let display = Display { themes, level: capabilities.color, glyphs, options };
    let ended = console(setup, display).await;
    // The screen is given back already: whoever leaves steps nothing any more.
    desks.part(Parting::Leaves).await;
    match ended {
        Ok(Ending::Quit) => Ok(Exit::Done),
        Ok(Ending::Signal(_) | Ending::TerminalGone) => Ok(Exit::Interrupted),
        Err(error) => Err(Failure::new(Exit::Failed, format!("the terminal cannot be taken: {error}"))),
    }
}
