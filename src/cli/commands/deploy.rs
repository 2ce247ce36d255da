//! `windlass deploy`: set the image, wait, switch where there are sides, guard, and undo: one command.

use std::{sync::Arc, time::Duration};

use clap::{ArgMatches, Args, Command};

use super::{Subcommand, guard::word, read, set_image::image};
use crate::{
    action::guard::{Lane, arm},
    cli::{
        Exit, Failure, Session,
        guarding::{GuardFlags, Guarding, Watched},
        output::Format,
        reading::Reading,
        runtime,
        writing::{self, Wish, WriteFlags},
    },
    domain::{
        Intent, Outcome, Release, Role, Uid,
        history::{Evidence, HistoryEntry},
        outcome::OutcomeKind,
        target::Target,
        workload::Image,
    },
    strategy::{Settled, strategy},
};

pub const SUBCOMMAND: Subcommand = Subcommand { name: "deploy", spec, run };

/// How long the release may take to tell the new revision.
const SEEN: Duration = Duration::from_secs(30);

#[derive(Debug, Args)]
struct Arguments {
    /// The release, as deploy/web, vs/web, svc/web or its name
    target: Target,
    /// A container and its new image; may be repeated, all in one write
    #[arg(long, required = true, value_name = "CONTAINER=IMAGE", value_parser = image)]
    image: Vec<Image>,
    #[command(flatten)]
    guard: GuardFlags,
    #[command(flatten)]
    flags: WriteFlags,
}

fn spec(command: Command) -> Command {
    Arguments::augment_args(command).about("Bring a new image in, guard it, and take it back when it is bad").after_help(
        "Sets the image and waits for the rollout, switches a blue-green Service to the new side once it is ready, and then \
         guards as `windlass guard` does, with the same exit codes. With --step-when-ok it walks the ladder of a route.",
    )
}

fn run(matches: &ArgMatches, session: &mut Session) -> Result<Exit, Failure> {
    let arguments = read::<Arguments>(matches)?;
    session.settings = arguments.guard.settings();
    runtime::run(runtime::until_interrupted(deploy(&arguments, session)))
}

async fn deploy(arguments: &Arguments, session: &mut Session) -> Result<Exit, Failure> {
    let reading = Reading::start(session, None).await?;
    let rules = arguments.guard.rules(&reading.config.guard)?;
    arguments.guard.notifier(&reading.config, session)?;
    let opened = reading.open(&arguments.target).await?;
    let before = opened.release;
    let steps = arguments.guard.steps(&reading.config.guard);
    let context = reading.config.context(&reading.cluster.identity().context);
    let word = word(context.protected && steps, arguments.flags.confirm.as_deref(), &reading)?;
    // The guard waits for the rollout: one that does not settle is a breach.
    let flags = WriteFlags { no_wait: true, wait: false, ..arguments.flags.clone() };
    let tried = flags.dry_run != writing::DryRun::None || reading.config.rehearse;
    let served = serving(&before);
    let write = Wish {
        target: &arguments.target,
        intent: &|_| Ok(Intent::SetImage(arguments.image.clone())),
        optional: false,
        flags: &flags,
    };
    // It watches before anything is written: what can't be watched is not begun.
    let watched = if tried { None } else { Some(Watched::start(&reading, &arguments.guard, &before, session).await?) };
    let outcome = writing::carry_out(&write, &reading, session).await?;
    told(&outcome, &flags, session);
    match outcome.kind {
        OutcomeKind::Applied | OutcomeKind::Timeout if !tried => {}
        // It was so already: what an interrupted deploy left is guarded.
        OutcomeKind::Unchanged => {}
        _ => return writing::ended(&outcome),
    }
    let watched = match watched {
        Some(watched) => watched,
        None => Watched::start(&reading, &arguments.guard, &before, session).await?,
    };
    let changed = outcome.kind != OutcomeKind::Unchanged;
    let rollout = rules.rollout().and_then(|within| within.try_into().ok()).unwrap_or(Duration::from_secs(300));
    let sides = before.traffic.as_ref().is_some_and(|traffic| traffic.switch.is_some());
    // An image that the idle side has already, and the live one has not, is still to be switched to.
    let live = before.track(Role::Stable);
    let live = live.is_some_and(|live| arguments.image.iter().all(|image| live.images.contains(image)));
    let lanes = if sides && (changed || !(tried || live)) {
        Some(switched((arguments, changed), &before, &watched, (rollout, &reading), session).await?)
    } else if changed {
        let guarded = brought_in(&before, &watched).await?;
        Some((guarded, served))
    } else {
        None
    };
    let release = watched.release(&before.uid).unwrap_or_else(|| Arc::new(before.clone()));
    let guarding = Guarding {
        release: &release,
        flags: &arguments.guard,
        lanes,
        reason: arguments.flags.reason.as_deref().unwrap_or("deploy"),
        word,
        output: arguments.flags.output,
    };
    watched.guard(&guarding, &reading.config, session).await
}

/// What serves before anything is written.
fn serving(release: &Release) -> Option<Lane> {
    let (guarded, served) = arm(release, None).ok()?;
    let candidate = release.traffic.is_some() && release.track(Role::Candidate).is_some();
    let settled = strategy(release.strategy).is_some_and(|strategy| strategy.settled(release) == Settled::Yes);
    if candidate || (!settled && stuck(release)) { served } else { Some(guarded) }
}

/// Whether the current revision of a workload never came up: none of its pods is ready, or an earlier one still serves.
fn stuck(release: &Release) -> bool {
    let current = release.current().is_some_and(|entry| entry.replicas.ready == 0);
    let earlier = |entry: &HistoryEntry| !entry.current && matches!(entry.evidence, Evidence::Serving { .. });
    release.traffic.is_none() && (current || release.history.iter().any(earlier))
}

/// The new revision, once the release tells it.
async fn brought_in(before: &Release, watched: &Watched) -> Result<Lane, Failure> {
    let old = before.current().and_then(|entry| entry.hash.clone());
    let new = |release: &Release| {
        let moved = release.current().is_some_and(|entry| entry.hash.is_some() && entry.hash != old);
        moved.then(|| arm(release, None).ok()).flatten().map(|(guarded, _)| guarded)
    };
    until(&before.uid, watched, SEEN, new).await.ok_or_else(|| {
        let sentence = format!(
            "the image is set, and {} does not tell its new revision yet; guard it with `windlass guard {}`",
            before.key,
            before.key.target()
        );
        Failure::new(Exit::NotInTime, sentence)
    })
}

/// Waits for the idle side, and switches to it; what is guarded then, and what served.
async fn switched(
    (arguments, changed): (&Arguments, bool),
    before: &Release,
    watched: &Watched,
    (rollout, reading): (Duration, &Reading),
    session: &mut Session,
) -> Result<(Lane, Option<Lane>), Failure> {
    let live = before.track(Role::Stable).map(|track| track.name.clone());
    let traffic = before.traffic.as_ref();
    let side = traffic.and_then(|traffic| traffic.other_than_stable()).map(|side| side.name.clone());
    let side = side.ok_or_else(|| Failure::new(Exit::Refused, format!("{} has no idle side", before.key)))?;
    session.output.aside(&format!("waiting until {side} is ready\n"));
    let workload = traffic.and_then(|traffic| traffic.side_called(&side)).map(|side| side.workload.key.clone());
    let written = workload.and_then(|key| before.generation_of(&key)).map_or(0, |generation| generation.spec);
    let ready = |release: &Release| {
        let idle = release.traffic.as_ref()?.side_called(&side)?;
        let own = idle.own.as_ref()?;
        let seen = idle.workload.observed() && (!changed || own.generation.spec > written);
        let settled = strategy(own.strategy)?.settled(own);
        (seen && settled == Settled::Yes).then_some(())
    };
    if until(&before.uid, watched, rollout, ready).await.is_none() {
        let sentence = format!(
            "{side} has the new image and did not come up in time; nothing was switched, {} still serves",
            live.as_deref().unwrap_or("the live side")
        );
        return Err(Failure::new(Exit::NotInTime, sentence));
    }
    let wish = Wish {
        target: &arguments.target,
        intent: &|_| Ok(Intent::Switch { to: Some(side.clone()) }),
        optional: false,
        flags: &arguments.flags,
    };
    let outcome = writing::carry_out(&wish, reading, session).await?;
    told(&outcome, &arguments.flags, session);
    // One that was sent and did not come up well, or whose answer was lost, may be live: it is guarded once it is seen.
    let perhaps = matches!(
        outcome.kind,
        OutcomeKind::Timeout | OutcomeKind::Failed | OutcomeKind::Partial | OutcomeKind::Unknown
    );
    if !perhaps && !matches!(outcome.kind, OutcomeKind::Applied | OutcomeKind::Unchanged) {
        writing::ended(&outcome)?;
    }
    let now = |release: &Release| {
        let track = release.track(Role::Stable).filter(|track| track.name == side)?;
        let own = release.traffic.as_ref()?.side_called(&track.name)?.own.as_ref()?;
        let lane = |name: &str| {
            let side = release.traffic.as_ref()?.side_called(name)?;
            let entry = side.own.as_ref().and_then(|own| own.current());
            Some(Lane {
                track: side.name.clone(),
                hash: entry.and_then(|entry| entry.hash.clone()),
                version: release.tracks.iter().find(|track| *track.name == *name)?.version.clone(),
                revision: entry.map(|entry| entry.revision),
            })
        };
        own.current()?;
        Some((lane(&side)?, live.as_deref().and_then(lane)))
    };
    until(&before.uid, watched, SEEN, now)
        .await
        .ok_or_else(|| Failure::new(Exit::NotInTime, format!("{} was switched, and does not show it yet", before.key)))
}

/// Waits until the release tells what is asked.
async fn until<T>(uid: &Uid, watched: &Watched, limit: Duration, asked: impl Fn(&Release) -> Option<T>) -> Option<T> {
    let mut snapshots = watched.snapshots.clone();
    let found = async {
        loop {
            let release = snapshots.borrow_and_update().by_uid(uid).cloned();
            if let Some(told) = release.and_then(|release| asked(&release)) {
                return Some(told);
            }
            snapshots.changed().await.ok()?;
        }
    };
    tokio::time::timeout(limit, found).await.ok().flatten()
}

fn told(outcome: &Outcome, flags: &WriteFlags, session: &mut Session) {
    if !matches!(flags.output, Format::Json | Format::Yaml) {
        session.output.line(&crate::domain::text::sanitize(&format!("{}: {}", outcome.kind, outcome.reason)));
    }
}
