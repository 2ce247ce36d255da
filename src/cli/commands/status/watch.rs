//! `status --watch` and `status --wait`: over the same watches as the console's.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use tokio::time::{Instant, timeout_at};

use super::{
    Arguments, MEASURED_WITHIN, json_line, print,
    start::{complete, found, next},
};
use crate::{
    cli::{Exit, Failure, Session, output::Format, present, reading::Reading},
    cluster::Observer,
    domain::{
        Age, Kind, Measured, Measurements, Release, Snapshot, Str, Timestamp, Uid,
        presence::Presences,
        snapshot::{Connection, KindStatus, Watch},
    },
    metrics::{self, Focus, Meter, MeterOptions},
    strategy::{Settled, strategy},
};

/// A line on each release, then one a change, until nobody reads them any more.
pub async fn lines(arguments: &Arguments, reading: &Reading, session: &mut Session) -> Result<Exit, Failure> {
    let mut observer = observe(arguments, reading)?;
    let mut snapshot = complete(arguments.target.as_ref(), &mut observer, reading).await?;
    let mut picked = Picked::default();
    let chosen = match &arguments.target {
        Some(target) => Some(found(target, &snapshot, reading).await?),
        None => None,
    };
    let meter =
        if is_document(arguments) { measuring(&snapshot, chosen.as_ref(), &observer, reading).await } else { None };
    let mut seen: BTreeMap<Uid, Seen> = BTreeMap::new();
    let mut away = false;
    loop {
        let now = reading.options.clock.now();
        away = tell_connection(&snapshot, away, session);
        let due = match &arguments.selector {
            Some(selector) => Some(picked.look(selector, &snapshot, reading).await?),
            None => None,
        };
        let wanted = |release: &&Arc<Release>| match (&chosen, &arguments.selector) {
            (Some(uid), _) => *uid == release.uid,
            (None, Some(_)) => picked.wanted.contains(&release.uid),
            (None, None) => true,
        };
        let shown: Vec<&Arc<Release>> = snapshot.releases.iter().filter(wanted).collect();
        for release in &shown {
            // By pods that come in a moment it would be judged as down.
            if !seen.contains_key(&release.uid) && pods_are_coming(&snapshot) {
                continue;
            }
            let measured = meter.as_ref().and_then(|meter| meter.measurements.borrow().of(&release.uid).cloned());
            let format = arguments.format.output;
            if let Some(line) = changed(release, &snapshot.presence, &mut seen, (format, measured.as_deref()), reading)?
            {
                session.output.line(&if is_read_by_people(arguments) { stamped(now, &line) } else { line });
            }
        }
        let here: BTreeSet<&Uid> = shown.iter().map(|release| &release.uid).collect();
        let gone: Vec<Uid> = seen.keys().filter(|uid| !here.contains(uid)).cloned().collect();
        for gone in gone.iter().filter_map(|uid| seen.remove(uid)).filter(|_| is_read_by_people(arguments)) {
            let key = &gone.release.key;
            session.output.line(&stamped(now, &format!("{} ({})  gone", key.qualified(), key.kind.singular())));
        }
        if session.output.closed() {
            return Ok(Exit::Done);
        }
        snapshot = match due {
            None => next(&mut observer).await?,
            Some(due) => match timeout_at(due, next(&mut observer)).await {
                Ok(newer) => newer?,
                Err(_) => snapshot,
            },
        };
    }
}

/// The releases that a label selector picks. Labels change without a change of the release, so all are weighed now and then.
#[derive(Default)]
struct Picked {
    weighed: BTreeSet<Uid>,
    wanted: BTreeSet<Uid>,
    /// When they are weighed again.
    due: Option<Instant>,
}

/// How long a label that comes or goes may be overlooked: each look lists the few objects that have the labels.
const WEIGHED_AGAIN: Duration = Duration::from_secs(10);

impl Picked {
    /// Weighs them when a new one is there, or the time has come; when that is next.
    async fn look(&mut self, selector: &str, snapshot: &Snapshot, reading: &Reading) -> Result<Instant, Failure> {
        let new = snapshot.releases.iter().any(|release| !self.weighed.contains(&release.uid));
        if let Some(due) = self.due.filter(|due| !new && Instant::now() < *due) {
            return Ok(due);
        }
        // Who does not answer is not asked: what else there is to tell would wait for it.
        if matches!(snapshot.connection, Connection::Away { .. }) && !self.weighed.is_empty() {
            return Ok(Instant::now() + WEIGHED_AGAIN);
        }
        match reading.labelled(selector, snapshot, snapshot.releases.clone()).await {
            Ok(wanted) => {
                self.weighed = snapshot.releases.iter().map(|release| release.uid.clone()).collect();
                self.wanted = wanted.iter().map(|release| release.uid.clone()).collect();
            }
            // The watch outlives that.
            Err(_) if !self.weighed.is_empty() => {}
            Err(failure) => return Err(failure),
        }
        Ok(*self.due.insert(Instant::now() + WEIGHED_AGAIN))
    }
}

/// Whether pods, or the revisions that they belong to, are being listed for the first time.
fn pods_are_coming(snapshot: &Snapshot) -> bool {
    let listing = |status: &KindStatus| matches!(status.watch, Watch::Listing);
    [Kind::Pod, Kind::ReplicaSet, Kind::ControllerRevision]
        .iter()
        .any(|kind| snapshot.kinds.get(kind).is_some_and(listing))
}

/// A release as it was last told.
struct Seen {
    release: Arc<Release>,
    moved: present::Moved,
    /// Who stepped it.
    by: Option<Str>,
    line: String,
}

/// The line for a release that is not as it was last told; none for one that is.
fn changed(
    release: &Arc<Release>,
    presence: &Presences,
    seen: &mut BTreeMap<Uid, Seen>,
    (format, measured): (Format, Option<&Measured>),
    reading: &Reading,
) -> Result<Option<String>, Failure> {
    let before = seen.get(&release.uid);
    let stepped = presence.of(&release.key, reading.options.clock.now());
    let by = stepped.map(|presence| presence.holder.clone());
    if before.is_some_and(|before| Arc::ptr_eq(&before.release, release) && before.by == by) {
        return Ok(None);
    }
    let moved = present::Moved::of(release);
    if before.is_some_and(|before| before.moved == moved && before.by == by) {
        return Ok(None);
    }
    let line = match format {
        Format::Json | Format::Yaml => json_line(release, presence, reading, measured)?,
        Format::Name => release.key.target(),
        Format::Table | Format::Wide => present::release_line(release, stepped),
    };
    // A name is the same after every change: that it comes again is what tells of it.
    let new = format == Format::Name || before.is_none_or(|before| before.line != line);
    seen.insert(release.uid.clone(), Seen { release: Arc::clone(release), moved, by, line: line.clone() });
    Ok(new.then_some(line))
}

/// Measures what is watched, where the settings name a source; a first answer is waited for a moment.
async fn measuring(snapshot: &Snapshot, chosen: Option<&Uid>, observer: &Observer, reading: &Reading) -> Option<Meter> {
    let watched: Vec<Arc<Release>> =
        snapshot.releases.iter().filter(|release| chosen.is_none_or(|uid| *uid == release.uid)).cloned().collect();
    if !metrics::is_told(&reading.config, &watched) {
        return None;
    }
    let meter = Meter::start(MeterOptions {
        cluster: reading.cluster.clone(),
        snapshots: observer.snapshots.clone(),
        config: Arc::new(reading.config.clone()),
        clock: reading.options.clock.clone(),
    });
    meter.look_at(Focus {
        releases: chosen.cloned().into_iter().collect(),
        board: chosen.is_none(),
        ..Focus::default()
    });
    let mut told = meter.measurements.clone();
    let there = |now: &Measurements| {
        watched.iter().any(|release| now.of(&release.uid).is_some_and(|measured| measured.at.is_some()))
    };
    let _ = timeout_at(Instant::now() + MEASURED_WITHIN, told.wait_for(|now| there(now))).await;
    Some(meter)
}

fn is_document(arguments: &Arguments) -> bool {
    matches!(arguments.format.output, Format::Json | Format::Yaml)
}

/// Whether lines are for people: with the time before them, and one for what has gone.
fn is_read_by_people(arguments: &Arguments) -> bool {
    matches!(arguments.format.output, Format::Table | Format::Wide)
}

fn stamped(now: Timestamp, line: &str) -> String {
    format!("{}  {line}", now.strftime("%H:%M:%SZ"))
}

/// Says once that the server is away, and once that it is back.
fn tell_connection(snapshot: &Snapshot, away: bool, session: &mut Session) -> bool {
    match (&snapshot.connection, away) {
        (Connection::Away { reason, .. }, false) => {
            session.output.complain(&format!("the server does not answer: {reason}; lines are late until it does"));
            true
        }
        (Connection::Live, true) => {
            session.output.complain("the server answers again");
            false
        }
        (_, away) => away,
    }
}

/// Waits until the target has settled or failed, and shows it as it then is.
pub async fn until_settled(arguments: &Arguments, reading: &Reading, session: &mut Session) -> Result<Exit, Failure> {
    let Some(target) = &arguments.target else { return Err(Failure::new(Exit::Usage, "--wait needs a release")) };
    let deadline = Instant::now() + arguments.timeout;
    let mut observer = observe(arguments, reading)?;
    let mut snapshot = complete(Some(target), &mut observer, reading).await?;
    let uid = found(target, &snapshot, reading).await?;
    loop {
        let Some(release) = snapshot.by_uid(&uid).cloned() else {
            return Err(Failure::new(Exit::Failed, format!("'{target}' was deleted while it was waited for")));
        };
        let (exit, why) = match settled(&release) {
            Settled::Yes => (Exit::Done, None),
            Settled::Failed(why) => (Exit::Failed, Some(why)),
            Settled::NotYet(missing) => {
                if let Ok(newer) = timeout_at(deadline, next(&mut observer)).await {
                    snapshot = newer?;
                    continue;
                }
                let limit = Age(jiff::SignedDuration::try_from(arguments.timeout).unwrap_or_default()).words();
                (Exit::NotInTime, Some(format!("not settled within {limit}: {missing}").into()))
            }
        };
        let presence = reading.cluster.presences(&reading.options_for(Some(target))?).await;
        let snapshot = Snapshot { presence, ..Snapshot::clone(&snapshot) };
        print(&snapshot, &[release], arguments, reading, session).await?;
        return match why {
            None => Ok(exit),
            Some(why) => Err(Failure::new(exit, format!("{target}: {why}"))),
        };
    }
}

fn observe(arguments: &Arguments, reading: &Reading) -> Result<Observer, Failure> {
    Ok(reading.cluster.observe(reading.options_for(arguments.target.as_ref())?))
}

fn settled(release: &Release) -> Settled {
    strategy(release.strategy).map_or(Settled::Yes, |strategy| strategy.settled(release))
}
