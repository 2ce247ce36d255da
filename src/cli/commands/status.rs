//! `windlass status`: releases once, line by line as they change, or until one has settled.

mod start;
mod watch;

use std::{sync::Arc, time::Duration};

use clap::{ArgMatches, Args, Command};

use super::{Subcommand, read};
use crate::{
    cli::{
        Exit, Failure, Session,
        documents::{ReleaseItem, ReleaseList},
        output::{Format, FormatFlag, json_line as line_of},
        present,
        reading::{Reading, worst_first},
        runtime,
    },
    domain::{
        Measured, Measurements, Release, Snapshot, plan::PlanId, presence::Presences, release::Action, said::clean,
        snapshot::Watch, target::Target,
    },
    metrics::{self, MeterOptions},
    strategy::{Context, strategy},
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "status", spec, run };

/// How long the sources of measurements may take, so that a script never waits for them.
const MEASURED_WITHIN: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
struct Arguments {
    /// A release, as deploy/web, sts/db, vs/web, canary/web, rollout/web or its name; else all
    target: Option<Target>,
    /// Only releases with a workload that has these labels
    #[arg(short = 'l', long, value_name = "SELECTOR", conflicts_with = "target", value_parser = crate::cli::selector::selector)]
    selector: Option<String>,
    /// Print a line a change, until interrupted
    #[arg(long, conflicts_with = "wait")]
    watch: bool,
    /// Wait until it has settled: exit code 0, 1 when it failed, 4 when it did not in time
    #[arg(long, requires = "target")]
    wait: bool,
    /// How long to wait, as 90s or 10m
    #[arg(long, value_name = "TIME", value_parser = crate::cli::flags::span, default_value = "10m")]
    timeout: Duration,
    #[command(flatten)]
    format: FormatFlag,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command).about("Show releases, worst first")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    carry_out(&read::<Arguments>(matches)?, session)
}

/// How the releases are shown where the console can't be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// As they are now.
    Once,
    /// A line a change, too.
    Watched,
}

/// What the console would show, as text.
pub fn show(target: Option<&Target>, how: How, session: &mut Session) -> Result<Exit, Failure> {
    let arguments = Arguments {
        target: target.cloned(),
        selector: None,
        watch: how == How::Watched,
        wait: false,
        timeout: Duration::ZERO,
        format: FormatFlag { output: Format::Table },
    };
    carry_out(&arguments, session)
}

fn carry_out(arguments: &Arguments, session: &mut Session) -> Result<Exit, Failure> {
    runtime::run(runtime::until_interrupted(async {
        let reading = Reading::start(session).await?;
        if arguments.watch {
            return watch::lines(arguments, &reading, session).await;
        }
        if arguments.wait {
            return watch::until_settled(arguments, &reading, session).await;
        }
        let (snapshot, releases) = look(arguments, &reading).await?;
        tell_what_is_missing(&snapshot, session);
        print(&snapshot, &releases, arguments, &reading, session).await?;
        Ok(Exit::Done)
    }))
}

/// The releases asked for, as they are now.
async fn look(arguments: &Arguments, reading: &Reading) -> Result<(Snapshot, Vec<Arc<Release>>), Failure> {
    let snapshot = reading.snapshot_with_presence(arguments.target.as_ref()).await?;
    let releases = match &arguments.target {
        Some(target) => vec![target.find(&snapshot)?.release],
        None => worst_first(&snapshot),
    };
    let releases = match &arguments.selector {
        Some(selector) => reading.labelled(selector, &snapshot, releases).await?,
        None => releases,
    };
    Ok((snapshot, releases))
}

/// What is measured now, where the settings name a source. The table has no column for it and asks nothing.
async fn measure(snapshot: &Snapshot, releases: &[Arc<Release>], reading: &Reading) -> Measurements {
    if !metrics::is_told(&reading.config, releases) {
        return Measurements::default();
    }
    let (_, snapshots) = tokio::sync::watch::channel(Arc::new(snapshot.clone()));
    let options = MeterOptions {
        cluster: reading.cluster.clone(),
        snapshots,
        config: Arc::new(reading.config.clone()),
        clock: reading.options.clock.clone(),
    };
    metrics::measure(&options, releases, MEASURED_WITHIN).await
}

async fn print(
    snapshot: &Snapshot,
    releases: &[Arc<Release>],
    arguments: &Arguments,
    reading: &Reading,
    session: &mut Session,
) -> Result<(), Failure> {
    let (now, format) = (reading.options.clock.now(), arguments.format.output);
    match format {
        Format::Json | Format::Yaml => {
            let measurements = measure(snapshot, releases, reading).await;
            let items: Vec<_> =
                releases.iter().map(|release| (Arc::clone(release), actions(release, reading))).collect();
            session.output.document(&ReleaseList::new(snapshot, &items, &measurements, now), format)
        }
        Format::Name => {
            for release in releases {
                session.output.line(&release.key.target());
            }
            Ok(())
        }
        Format::Table | Format::Wide if releases.is_empty() => {
            session.output.aside(&format!("{}\n", nothing(snapshot, arguments.selector.as_deref())));
            Ok(())
        }
        Format::Table | Format::Wide => {
            session.output.table(&present::releases_table(releases, &snapshot.presence, format == Format::Wide, now));
            Ok(())
        }
    }
}

/// That there is nothing to show, and where else something may be.
fn nothing(snapshot: &Snapshot, selector: Option<&str>) -> String {
    match (selector, snapshot.namespaces.is_empty()) {
        (Some(selector), _) if !snapshot.releases.is_empty() => {
            format!("no release here has a workload with the labels {}", clean(selector))
        }
        (_, true) => "no releases in any namespace".to_owned(),
        (_, false) => "no releases here; -A looks in all namespaces, -n in another".to_owned(),
    }
}

/// What can be done to a release now.
fn actions(release: &Release, reading: &Reading) -> Vec<Action> {
    let context = Context {
        now: reading.options.clock.now(),
        who: "".into(),
        plan_id: PlanId("".into()),
        left_by_undo: None,
        settings: Arc::clone(&reading.options.settings),
        overrides: Vec::new(),
        switched: reading.options.recorded.last_switch(&release.uid),
        leaves: None,
    };
    strategy(release.strategy).map(|strategy| strategy.actions(release, &context)).unwrap_or_default()
}

/// One line on standard error for each kind that could not be read: what is shown rests on less than it should.
fn tell_what_is_missing(snapshot: &Snapshot, session: &mut Session) {
    for (kind, status) in &snapshot.kinds {
        match &status.watch {
            Watch::Forbidden { reason, .. } | Watch::Failing { reason, .. } => {
                session.output.complain(&format!("{} can't be read: {reason}", kind.plural()));
            }
            Watch::Listing | Watch::Live | Watch::Absent => {}
        }
        if !status.denied.is_empty() {
            let denied: Vec<&str> = status.denied.iter().map(|denied| &*denied.namespace).collect();
            session.output.complain(&format!("{} may not be read in {}", kind.plural(), denied.join(", ")));
        }
    }
}

/// One release as a line of JSON, for `--watch -o json`, with what is measured of it by then.
fn json_line(
    release: &Release,
    presence: &Presences,
    reading: &Reading,
    measured: Option<&Measured>,
) -> Result<String, Failure> {
    let now = reading.options.clock.now();
    line_of(&ReleaseItem::new(release, &actions(release, reading), measured, (presence, now)))
}
