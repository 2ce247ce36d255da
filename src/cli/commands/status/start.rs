//! How a watch begins: with the first snapshot from which the truth can be told, or as plain `status` would fail.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::time::{Instant, timeout_at};

use crate::{
    cli::{Exit, Failure, reading::Reading},
    cluster::Observer,
    domain::{
        Kind, Snapshot, Uid,
        snapshot::{Connection, Watch},
        target::Target,
    },
};

/// A server that has not answered for so long since the start is unreachable; what can't be listed for so long is told
/// without.
const FIRST_ANSWER: Duration = Duration::from_secs(10);

/// How long after a look that found all well the next one is made, where the watches still say otherwise.
const LOOKED_AGAIN: Duration = Duration::from_secs(1);

/// What roots releases in every cluster: one of them must be readable.
const ROOTS: [Kind; 3] = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet];

/// The first snapshot in which everything was listed, as far as it can be. What plain `status` would fail with, this fails
/// with, too: a watch by itself goes on trying for ever, and tells why in no error.
pub async fn complete(
    target: Option<&Target>,
    observer: &mut Observer,
    reading: &Reading,
) -> Result<Arc<Snapshot>, Failure> {
    let deadline = Instant::now() + FIRST_ANSWER;
    let mut read = BTreeSet::new();
    let mut look_at = Instant::now();
    loop {
        let snapshot = Arc::clone(&observer.snapshots.borrow_and_update());
        let answered = snapshot.kinds.iter().filter(|(_, status)| is_answer(&status.watch));
        read.extend(answered.map(|(kind, _)| *kind));
        let nothing = is_unreadable(&snapshot, &read);
        let late = Instant::now() >= deadline;
        if nothing && Instant::now() >= look_at {
            reading.snapshot(target).await?;
            if late {
                return Err(unwatched(&snapshot));
            }
            look_at = Instant::now() + LOOKED_AGAIN;
        }
        let listing = snapshot.kinds.values().any(|status| matches!(status.watch, Watch::Listing));
        let all = snapshot.kinds.keys().all(|kind| read.contains(kind));
        if snapshot.complete() && !listing && !nothing && (all || late) {
            return Ok(snapshot);
        }
        let wake = if nothing { look_at } else { deadline };
        match timeout_at(wake, next(observer)).await {
            Ok(newer) => drop(newer?),
            Err(_) if nothing => {}
            Err(_) if matches!(snapshot.connection, Connection::Live) => {
                // It answers, and its lists are long: they are waited for.
                if listing || !snapshot.complete() {
                    next(observer).await?;
                }
            }
            Err(_) => return Err(unanswered(&snapshot.connection)),
        }
    }
}

/// The release that `target` names in the first snapshot. That there is none is believed only of a cluster that can be
/// read.
pub async fn found(target: &Target, snapshot: &Snapshot, reading: &Reading) -> Result<Uid, Failure> {
    match target.find(snapshot) {
        Ok(found) => Ok(found.release.uid.clone()),
        Err(error) => {
            reading.snapshot(Some(target)).await?;
            Err(error.into())
        }
    }
}

/// The next snapshot.
pub async fn next(observer: &mut Observer) -> Result<Arc<Snapshot>, Failure> {
    if observer.snapshots.changed().await.is_err() {
        return Err(Failure::new(Exit::Failed, "the watch ended; start again"));
    }
    Ok(Arc::clone(&observer.snapshots.borrow_and_update()))
}

/// Whether a first list is there, or will not come: one that fails is tried again.
const fn is_answer(watch: &Watch) -> bool {
    match watch {
        Watch::Live | Watch::Forbidden { .. } | Watch::Absent => true,
        Watch::Listing | Watch::Failing { .. } => false,
    }
}

/// Whether nothing that roots releases was read, nor is being read.
fn is_unreadable(snapshot: &Snapshot, read: &BTreeSet<Kind>) -> bool {
    ROOTS.iter().all(|kind| match snapshot.kinds.get(kind).map(|status| &status.watch) {
        Some(Watch::Forbidden { since: None, .. } | Watch::Absent) => true,
        Some(Watch::Failing { .. }) => !read.contains(kind),
        // What was listed and may not be watched is there, and is listed anew now and then.
        Some(Watch::Forbidden { since: Some(_), .. } | Watch::Listing | Watch::Live) | None => false,
    })
}

/// Why nothing can be watched although it can be read.
fn unwatched(snapshot: &Snapshot) -> Failure {
    let failure = ROOTS.iter().find_map(|kind| match &snapshot.kinds.get(kind)?.watch {
        Watch::Forbidden { reason, .. } => Some(Failure::new(Exit::Forbidden, reason.to_string())),
        Watch::Failing { reason, .. } => Some(Failure::new(Exit::Unreachable, reason.to_string())),
        Watch::Listing | Watch::Live | Watch::Absent => None,
    });
    failure.unwrap_or_else(|| unanswered(&snapshot.connection))
}

fn unanswered(connection: &Connection) -> Failure {
    let why = match connection {
        Connection::Away { reason, .. } => reason.to_string(),
        Connection::Connecting { .. } | Connection::Live => {
            format!("the server did not answer within {} s; is it the right one?", FIRST_ANSWER.as_secs())
        }
    };
    Failure::new(Exit::Unreachable, why)
}
