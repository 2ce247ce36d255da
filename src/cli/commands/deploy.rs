//! `windlass deploy`: set the image, wait, switch where there are sides, guard, and undo: one command.

use std::{sync::Arc, time::Duration};

use clap::{ArgMatches, Args, Command};

use super::{
    Subcommand,
    guard::word,
    read,
    set_image::{distinct, image},
};
use crate::{
    action::guard::{Lane, arm},
    cli::{
        Exit, Failure, Session,
        guarding::{GuardFlags, Guarding, Watched, late::Late, stopped::Course},
        output::Format,
        reading::Reading,
        writing::{self, Wish, WriteFlags},
    },
    domain::{
        Intent, Outcome, Release, Role, Uid,
        guarding::OnBreach,
        history::{Evidence, HistoryEntry},
        outcome::OutcomeKind,
        plan::Refusal,
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
    distinct(&arguments.image)?;
    session.settings = arguments.guard.settings();
    Course::run(arguments.flags.output, session, async |course, session| deploy(&arguments, course, session).await)
}

async fn deploy(arguments: &Arguments, course: &Arc<Course>, session: &mut Session) -> Result<Exit, Failure> {
    // What makes no sense is told before anything is asked of the cluster.
    let config = session.config()?;
    let rules = arguments.guard.rules(&config)?;
    arguments.guard.notifier(&config, session)?;
    let reading = Reading::start(session).await?;
    let opened = reading.open(&arguments.target).await?;
    let before = opened.release;
    let steps = arguments.guard.steps(&reading.config.guard);
    let context = reading.config.context(&reading.cluster.identity().context);
    let word = word(context.protected && steps, arguments.flags.confirm.as_deref(), &reading)?;
    // The guard waits for the rollout: one that does not settle is a breach.
    let flags = WriteFlags { no_wait: true, wait: false, ..arguments.flags.clone() };
    let tried = flags.dry_run != writing::DryRun::None || reading.config.rehearse;
    let write = Wish {
        target: &arguments.target,
        intent: &|_| Ok(Intent::SetImage(arguments.image.clone())),
        leaves: None,
        optional: false,
        flags: &flags,
    };
    // It watches before anything is written: what can't be watched is not begun.
    let watched =
        if tried { None } else { Some(Watched::start(&reading, &arguments.guard, &before, course, session).await?) };
    // So is what could not be taken back.
    let held = arguments.guard.on_breach(&reading.config.guard) == OnBreach::Hold;
    let (before, served) = match &watched {
        Some(watched) => seen(&before, watched, held).await?,
        None => (Arc::new(before), None),
    };
    let outcome = writing::carry_out(&write, &reading, &course.way, session).await?;
    told(&outcome, &flags, session);
    match outcome.kind {
        OutcomeKind::Applied | OutcomeKind::Timeout if !tried => {}
        // It was so already: what an interrupted deploy left is guarded. A dry run ends here as everywhere.
        OutcomeKind::Unchanged if flags.dry_run == writing::DryRun::None => {}
        OutcomeKind::Applied
        | OutcomeKind::Unchanged
        | OutcomeKind::Planned
        | OutcomeKind::Failed
        | OutcomeKind::Partial
        | OutcomeKind::Refused
        | OutcomeKind::Conflict
        | OutcomeKind::Timeout
        | OutcomeKind::Forbidden
        | OutcomeKind::Unreachable
        | OutcomeKind::Unknown => return writing::ended(&outcome),
    }
    let watched = match watched {
        Some(watched) => watched,
        None => Watched::start(&reading, &arguments.guard, &before, course, session).await?,
    };
    let changed = outcome.kind != OutcomeKind::Unchanged;
    let rollout = rules.rollout().and_then(|within| within.try_into().ok()).unwrap_or(Duration::from_secs(300));
    let sides = before.traffic.as_ref().is_some_and(|traffic| traffic.switch.is_some());
    // An image that the idle side has already, and the live one has not, is still to be switched to.
    let live = before.track(Role::Stable);
    let live = live.is_some_and(|live| arguments.image.iter().all(|image| live.images.contains(image)));
    let lanes = if sides && (changed || !(tried || live)) {
        switched((arguments, changed), &before, &watched, (rollout, &reading), session).await?.map(Some)
    } else if changed {
        brought_in(&before, &watched, rollout).await.map(|guarded| Some((guarded, served.clone())))
    } else {
        Ok(None)
    };
    let lanes = match lanes {
        Ok(lanes) => lanes,
        Err(why) => {
            let late = Late {
                target: &arguments.target,
                guard: &arguments.guard,
                flags: &arguments.flags,
                release: &before,
                served: served.as_ref(),
                images: &arguments.image,
                why,
                way: &course.way,
            };
            return late.take_back(changed && !held, &reading, session).await;
        }
    };
    let release = watched.release(&before.uid).unwrap_or_else(|| Arc::clone(&before));
    let guarding = Guarding {
        release: &release,
        flags: &arguments.guard,
        lanes,
        reason: arguments.flags.reason.as_deref().unwrap_or("deploy"),
        word,
        overrides: &arguments.flags.overrides,
        output: arguments.flags.output,
    };
    watched.guard(&guarding, &reading.config, session).await
}

/// The release once it tells what serves, and that: nothing is brought in where nothing is known to go back to.
async fn seen(before: &Release, watched: &Watched, held: bool) -> Result<(Arc<Release>, Option<Lane>), Failure> {
    let key = &before.key;
    let served = until(&before.uid, watched, SEEN, |release| serving(release).ok()).await.ok_or_else(|| {
        let sentence = format!("{key} does not tell yet which revision serves; nothing was changed, try again");
        Failure::new(Exit::Refused, sentence)
    })?;
    if served.is_none() && !held {
        let sentence = format!(
            "nothing of {key} is known to have served, so a bad image could not be taken back; nothing was changed. With \
             --on-breach hold it is only watched"
        );
        return Err(Failure::new(Exit::Refused, sentence));
    }
    let release = watched.release(&before.uid).unwrap_or_else(|| Arc::new(before.clone()));
    Ok((release, served))
}

/// What serves before anything is written.
fn serving(release: &Release) -> Result<Option<Lane>, Refusal> {
    let (guarded, served) = arm(release, None)?;
    let candidate = release.traffic.is_some() && release.track(Role::Candidate).is_some();
    let settled = strategy(release.strategy).is_some_and(|strategy| strategy.settled(release) == Settled::Yes);
    Ok(if candidate || (!settled && stuck(release)) { served } else { Some(guarded) })
}

/// Whether the current revision of a workload never came up: none of its pods is ready, or an earlier one still serves.
fn stuck(release: &Release) -> bool {
    let current = release.current().is_some_and(|entry| entry.replicas.ready == 0);
    let earlier = |entry: &HistoryEntry| !entry.current && matches!(entry.evidence, Evidence::Serving { .. });
    release.traffic.is_none() && (current || release.history.iter().any(earlier))
}

/// The new revision, once the release tells it; else why it does not.
async fn brought_in(before: &Release, watched: &Watched, rollout: Duration) -> Result<Lane, String> {
    let old = before.current().and_then(|entry| entry.hash.clone());
    let new = |release: &Release| {
        let moved = release.current().is_some_and(|entry| entry.hash.is_some() && entry.hash != old);
        moved.then(|| arm(release, None).ok()).flatten().map(|(guarded, _)| guarded)
    };
    let told = until(&before.uid, watched, rollout.max(SEEN), new).await;
    told.ok_or_else(|| format!("the image is set, and {} has not told its new revision in time", before.key))
}

/// Waits for the idle side, and switches to it; what is guarded then, and what served. Else why it did not come up: then
/// nothing was switched.
async fn switched(
    (arguments, changed): (&Arguments, bool),
    before: &Release,
    watched: &Watched,
    (rollout, reading): (Duration, &Reading),
    session: &mut Session,
) -> Result<Result<(Lane, Option<Lane>), String>, Failure> {
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
        return Ok(Err(format!(
            "{side} has the new image and did not come up in time; nothing was switched, {} still serves",
            live.as_deref().unwrap_or("the live side")
        )));
    }
    let wish = Wish {
        leaves: None,
        target: &arguments.target,
        intent: &|_| Ok(Intent::Switch { to: Some(side.clone()) }),
        optional: false,
        flags: &arguments.flags,
    };
    let outcome = writing::carry_out(&wish, reading, watched.way(), session).await?;
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
        .map(Ok)
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
        session.output.line(&crate::domain::said::clean(&format!("{}: {}", outcome.kind, outcome.reason)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Kind, ObjectKey, State},
        strategy::testing::shop::Shop,
    };

    fn web() -> Release {
        let key = ObjectKey::new(Kind::Deployment, "shop", "web");
        let shop = Shop::default().deployment("web", &[("app", "web")], "v1", (2, 9_000));
        Release::clone(shop.index().release(&key).expect("there"))
    }

    #[test]
    fn what_serves_is_told_once_the_controller_has_seen_the_last_change_and_never_guessed() {
        assert_eq!(serving(&web()).ok().flatten().map(|served| served.version), Some("v1".into()));
        let mut unseen = web();
        unseen.generation.spec += 1;
        assert!(serving(&unseen).is_err(), "it is waited for");
        // Its only revision never came up: there is nothing to go back to.
        let mut down = web();
        down.state = State::Failed;
        down.replicas.ready = 0;
        down.history.iter_mut().for_each(|entry| entry.replicas.ready = 0);
        assert_eq!(serving(&down).map(|served| served.is_none()), Ok(true));
    }
}
