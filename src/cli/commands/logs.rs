//! `windlass logs`: the logs of a release's pods, merged as they come.

use std::time::Duration;

use clap::{ArgMatches, Args, Command};

use super::{Subcommand, read};
use crate::{
    cli::{
        Exit, Failure, Session,
        numbers::whole,
        reading::{Opened, Reading},
        runtime,
    },
    cluster::logs::{LogLine, LogMsg, LogRequest},
    domain::{Kind, ObjectKey, release::Role, said::clean, target::Target},
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "logs", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// The release, as deploy/web, or one pod of it, as pod/web-1
    target: Target,
    /// Only the pods of this track
    #[arg(long, value_enum)]
    track: Option<Track>,
    /// Only this container
    #[arg(short, long, value_name = "NAME")]
    container: Option<String>,
    /// Go on as lines come
    #[arg(short, long)]
    follow: bool,
    /// How many of the last lines of each container; -1 for all
    #[arg(long, value_name = "N", default_value_t = 20, allow_negative_numbers = true, value_parser = whole(-1..=i64::MAX, "write how many lines, or -1 for all"))]
    tail: i64,
    /// Not older than this, as 10m
    #[arg(long, value_name = "TIME", value_parser = crate::cli::flags::span)]
    since: Option<Duration>,
    /// Of the run before the last restart
    #[arg(short, long)]
    previous: bool,
    /// With the time of each line
    #[arg(long)]
    timestamps: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Track {
    Stable,
    Candidate,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command).about("Show the logs of a release's pods")
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let arguments = read::<Arguments>(matches)?;
    runtime::run(runtime::until_interrupted(async {
        let reading = Reading::start(session).await?;
        let opened = reading.open(&arguments.target).await?;
        let pods = pods(&arguments, &opened)?;
        let several = pods.len() > 1;
        let mut logs = reading.cluster.logs(&LogRequest {
            pods,
            container: arguments.container.as_deref().map(Into::into),
            follow: arguments.follow,
            tail: u32::try_from(arguments.tail).ok(),
            since: arguments.since,
            previous: arguments.previous,
            timestamps: arguments.timestamps,
        });
        let (mut lines, mut failed) = (false, None);
        while let Some(message) = logs.recv().await {
            match message {
                LogMsg::Line(line) => {
                    lines = true;
                    session.output.verbatim(&[shown(&line, several).as_str(), "\n"].concat());
                }
                LogMsg::Ended { pod, why: Some(why) } => {
                    session.output.complain(&format!("{pod}: {}", clean(&why)));
                    failed = Some(why);
                }
                LogMsg::Ended { why: None, .. } => {}
            }
            if session.output.closed() {
                break;
            }
        }
        Ok(if failed.is_some() && !lines { Exit::Failed } else { Exit::Done })
    }))
}

/// The pods asked for; without any that is a failure that says why.
fn pods(arguments: &Arguments, opened: &Opened) -> Result<Vec<ObjectKey>, Failure> {
    if let Some(pod) = opened.member.as_ref().filter(|member| member.kind == Kind::Pod) {
        return Ok(vec![pod.clone()]);
    }
    let release = &opened.release;
    let role = arguments.track.map(|track| match track {
        Track::Stable => Role::Stable,
        Track::Candidate => Role::Candidate,
    });
    let tracks = release.tracks.iter().filter(|track| role.is_none_or(|role| role == track.role));
    let pods: Vec<ObjectKey> = tracks.flat_map(|track| &track.pods).map(|pod| pod.key()).collect();
    if pods.is_empty() {
        let of = role.map_or_else(String::new, |role| format!(" of the {} track", role.word()));
        return Err(Failure::new(Exit::Failed, format!("{} has no pods{of} to read logs from", release.key)));
    }
    Ok(pods)
}

/// A line with where it comes from, stripped of what could steer the terminal.
fn shown(line: &LogLine, several: bool) -> String {
    let mut text = String::new();
    if several {
        text.push_str(&line.pod);
        text.push(' ');
    }
    if !line.container.is_empty() {
        text.push_str(&line.container);
        text.push(' ');
    }
    if let Some(at) = line.at {
        text.push_str(&at.to_string());
        text.push(' ');
    }
    text.push_str(&line.text);
    clean(&text).into_owned()
}
