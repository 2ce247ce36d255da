//! `windlass guard`: rules over one release, until its time is over or it was taken back.

use std::sync::Arc;

use clap::{ArgMatches, Args, Command};

use super::{Subcommand, read};
use crate::{
    cli::{
        Exit, Failure, Session,
        guarding::{GuardFlags, Guarding, Watched, job, stopped::Course},
        output::Format,
        reading::Reading,
        writing::Gate,
    },
    domain::target::Target,
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "guard", spec, run };

#[derive(Debug, Args)]
struct Arguments {
    /// The release, as deploy/web, vs/web, svc/web, httproute/web or its name
    target: Target,
    #[command(flatten)]
    guard: GuardFlags,
    /// The cluster's fingerprint word, for steps in a protected context
    #[arg(long, value_name = "WORD")]
    confirm: Option<String>,
    /// Break the glass where nothing else takes the traffic back: suspend the controller and write the route that it owns
    #[arg(long = "override", value_name = "GATE", value_parser = glass, requires = "reason")]
    overrides: Vec<Gate>,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Print a Job that guards from inside the cluster, with the rights that it needs and no others; guards nothing now
    #[arg(long, requires = "image")]
    print_job: bool,
    /// The image of windlass that the Job runs
    #[arg(long, value_name = "REF", requires = "print_job")]
    image: Option<String>,
    /// How to print: table has a line an evaluation, json a document a line
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Format,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command).about("Watch a release under rules, and take it back when they are broken").after_help(
        "It goes back to the revision that was serving when it was armed. No numbers are never good numbers, and old ones \
         are never acted upon. Its state is kept in a Lease beside the release: killed and run again it goes on where it \
         was, and a second guard stands by.\n\n\
         Exit codes: 0 kept; 1 rolled back and settled; 4 rolled back and not settled; 3 neither known to be well nor \
         rolled back; 5 it may not be rolled back; 6 and 7 the server gave no answer to the way back: nothing was sent, or \
         nobody knows what came of it; the others as everywhere.",
    )
}

/// The one thing that may hold a guard's way back, and be overridden.
fn glass(text: &str) -> Result<Gate, String> {
    let word = Gate::BreakGlass.overridden().word();
    if text == word { Ok(Gate::BreakGlass) } else { Err(format!("a guard's way back is held by nothing but '{word}'")) }
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let arguments = read::<Arguments>(matches)?;
    session.settings = arguments.guard.settings();
    Course::run(arguments.output, session, async |course, session| guard(&arguments, course, session).await)
}

async fn guard(arguments: &Arguments, course: &Arc<Course>, session: &mut Session) -> Result<Exit, Failure> {
    // What makes no sense is told before anything is asked of the cluster.
    let config = session.config()?;
    arguments.guard.rules(&config)?;
    if arguments.image.is_none() {
        arguments.guard.notifier(&config, session)?;
    }
    let reading = Reading::start(session).await?;
    let opened = reading.open(&arguments.target).await?;
    if let Some(member) = &opened.member {
        session.output.aside(&format!("{member} is part of {}\n", opened.release.key));
    }
    if let Some(image) = &arguments.image {
        let wanted = job::Wanted {
            flags: &arguments.guard,
            image,
            overrides: &arguments.overrides,
            reason: arguments.reason.as_deref(),
        };
        let manifests = job::manifests(&opened.release, &wanted, &reading, session).await?;
        session.output.text(&manifests);
        return Ok(Exit::Done);
    }
    let context = reading.config.context(&reading.cluster.identity().context);
    let steps = arguments.guard.steps(&reading.config.guard);
    let word = word(context.protected && steps, arguments.confirm.as_deref(), &reading)?;
    let watched = Watched::start(&reading, &arguments.guard, &opened.release, course, session).await?;
    let guarding = Guarding {
        release: &opened.release,
        flags: &arguments.guard,
        lanes: None,
        reason: arguments.reason.as_deref().unwrap_or_default(),
        word,
        overrides: &arguments.overrides,
        output: arguments.output,
    };
    watched.guard(&guarding, &reading.config, session).await
}

/// Whether the fingerprint word was given; refused where it is needed and was not.
pub fn word(needed: bool, given: Option<&str>, reading: &Reading) -> Result<bool, Failure> {
    let fingerprint = &reading.cluster.identity().fingerprint;
    match given {
        Some(given) if *given == *fingerprint.word => Ok(true),
        Some(given) => Err(Failure::new(
            Exit::Refused,
            format!("'{given}' is not the fingerprint word of this cluster; `windlass info` shows it"),
        )),
        None if needed => Err(Failure::new(
            Exit::Refused,
            "going forward by itself in a protected context needs --confirm with the cluster's fingerprint word; `windlass info` shows it",
        )),
        None => Ok(false),
    }
}
