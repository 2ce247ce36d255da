//! `windlass demo`: a simulated cluster, to try everything without one.

use std::{net::Ipv4Addr, path::PathBuf};

use clap::{ArgMatches, Args, Command};
use tokio::net::TcpListener;

use super::{Subcommand, read, status};
use crate::{
    action::Journal,
    cli::{
        Exit, Failure, Session,
        console::{self, Opening},
        numbers::whole,
        runtime,
        table::Table,
    },
    cluster::{Clock, Cluster, ConnectOptions, NamespaceScope},
    sim::{SimCluster, SimOptions, scenarios},
    tui::Capabilities,
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "demo", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// What the cluster is like; --list tells
    #[arg(long, value_name = "NAME", default_value = scenarios()[0].name)]
    scenario: String,
    /// Simulated seconds a second
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// How many pods the scenario 'large' has
    #[arg(long, value_name = "N", value_parser = whole(1..=1_000_000_usize, "write how many, 1 to 1000000"))]
    pods: Option<usize>,
    /// List the scenarios
    #[arg(long, conflicts_with = "serve")]
    list: bool,
    /// No console: serve the cluster's API on this port of 127.0.0.1 (0: a free one) and print a kubeconfig for it
    #[arg(long, value_name = "PORT", value_parser = whole(0..=u16::MAX, "write a port, 0 to 65535"))]
    serve: Option<u16>,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command).about("Open the console on a simulated cluster")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let arguments = read::<Arguments>(matches)?;
    if arguments.list {
        let mut table = Table::new(["SCENARIO", "ABOUT"]);
        for scenario in scenarios() {
            table.row([scenario.name.to_owned(), scenario.about.to_owned()]);
        }
        session.output.table(&table);
        return Ok(Exit::Done);
    }
    let options = SimOptions { pods: arguments.pods, ..SimOptions::live(arguments.speed) };
    let config = session.config()?;
    let variable = |name: &str| session.variables.get(name).cloned();
    let capabilities = Capabilities::detect(&variable, session.terminal.shows, config.ui.color);
    if arguments.serve.is_none() && (config.ui.plain || !capabilities.full_screen) {
        return print(&arguments, options, session);
    }
    match arguments.serve {
        Some(port) => runtime::run_wide(runtime::until_interrupted(serve(&arguments, options, port, session))),
        None => runtime::run_wide(show(&arguments, options, session)),
    }
}

async fn serve(arguments: &Arguments, options: SimOptions, port: u16, session: &mut Session) -> Result<Exit, Failure> {
    let sim = start(&arguments.scenario, options)?;
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Failed, format!("port {port} of 127.0.0.1 cannot be served: {error}; choose another, or 0"))
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
    let url = format!("http://{}", listener.local_addr().map_err(failed)?);
    session.output.text(&sim.kubeconfig(&url));
    session.output.aside(&format!("serving the simulated cluster '{}' on {url}; Ctrl-C ends it\n", sim.name()));
    sim.serve(listener).await.map_err(failed)?;
    Ok(Exit::Done)
}

/// The console on a simulated cluster. Its journal and its screens are kept apart, and go when it ends.
async fn show(arguments: &Arguments, options: SimOptions, session: &mut Session) -> Result<Exit, Failure> {
    let config = session.config()?;
    let sim = start(&arguments.scenario, options)?;
    let cluster = Cluster::over(sim.client(), "demo", &ConnectOptions::default())
        .await
        .map_err(|error| Failure::new(Exit::Unreachable, error.to_string()))?;
    let folder = Folder(std::env::temp_dir().join(format!("windlass-demo-{}", std::process::id())));
    let clock = {
        let sim = sim.clone();
        Clock::new(move || sim.now())
    };
    let opening = Opening {
        config,
        cluster,
        scope: NamespaceScope::All,
        clock,
        journal: Journal::open(&folder.0),
        elsewhere: None,
        start: None,
        // What a person saves on purpose stays.
        screens: session.paths()?.state.join("screens"),
    };
    console::open(session, opening).await
}

/// A folder that goes, whatever ends the demo.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What the console would show at first, as text.
fn print(arguments: &Arguments, options: SimOptions, session: &mut Session) -> Result<Exit, Failure> {
    let manual = SimOptions { pods: options.pods, ..SimOptions::manual() };
    session.simulated = Some(start(&arguments.scenario, manual)?);
    session.output.aside("the simulated cluster; on a terminal this is the console\n");
    status::show(None, status::How::Once, session)
}

fn start(scenario: &str, options: SimOptions) -> Result<SimCluster, Failure> {
    SimCluster::scenario(scenario, &options).map_err(|error| Failure::new(Exit::Usage, error.to_string()))
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "write a number such as 1, 0.5 or 10".to_owned())?;
    if speed.is_finite() && (0.01..=1000.0).contains(&speed) {
        Ok(speed)
    } else {
        Err("write a number from 0.01 to 1000".to_owned())
    }
}
