//! After an answer was lost: look at the object until it tells whether the write was done.
//!
//! A request that was cut off may still be carried out, so "as it was" is believed only after the limit. What can't be
//! told is unknown, never a guess.

use super::conflict::{intended, untouched};
use super::owners::{owners, writer_of};
use crate::cluster::{Cluster, ReadError};
use crate::domain::plan::Operation;
use crate::domain::{Call, RawObject, Snapshot, Str, Timestamp, Uid};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

/// How long we look.
pub const LIMIT: Duration = Duration::from_secs(10);

/// How long we look after the server did answer, and failed.
pub const AFTER_AN_ANSWER: Duration = Duration::from_secs(1);

/// How long between two looks when nothing tells of a change.
const PAUSE: Duration = Duration::from_millis(500);

/// What looking found.
#[derive(Debug)]
pub enum Found {
    /// It was done; the object as it is now, where it still is.
    Done(Option<RawObject>),
    /// It was not done.
    NotDone,
    /// Somebody else wrote there since, or the server can't be read: it can't be told.
    Unknown(Str),
}

/// A call whose answer was lost.
#[derive(Debug)]
pub struct Lost {
    /// When it was sent, by our clock.
    pub sent: Timestamp,
    /// The time of our last write to the object that was known then, by the server's clock.
    pub own: Option<Timestamp>,
    /// The name that we write under.
    pub manager: String,
    /// How long to look for what became of it.
    pub limit: Duration,
}

/// Looks for what became of `call`.
pub async fn look(
    cluster: &Cluster,
    call: &Call,
    lost: &Lost,
    snapshots: Option<watch::Receiver<Arc<Snapshot>>>,
) -> Found {
    let end = Instant::now() + lost.limit;
    let mut snapshots = snapshots;
    let mut last: Found;
    loop {
        let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(200));
        let read = timeout(left.min(Duration::from_secs(3)), cluster.read(call.target())).await;
        last = match read {
            Ok(Ok(object)) => judge(call, &object, lost),
            Ok(Err(ReadError::NotFound(_))) => gone(call),
            Ok(Err(error)) => Found::Unknown(error.to_string().into()),
            Err(_) => Found::Unknown("the server does not answer".into()),
        };
        if matches!(last, Found::Done(_)) || Instant::now() >= end {
            return last;
        }
        let pause = (Instant::now() + PAUSE).min(end);
        let news = async {
            match &mut snapshots {
                Some(snapshots) => {
                    if snapshots.changed().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
                None => std::future::pending().await,
            }
        };
        // A change is a reason to look before the pause is over, but not more often than the server's own pace.
        tokio::select! {
            () = sleep_until(pause) => {}
            () = async { news.await; tokio::time::sleep(Duration::from_millis(50)).await } => {}
        }
    }
}

/// What the object tells about a write that was sent to it.
pub fn judge(call: &Call, object: &RawObject, lost: &Lost) -> Found {
    match call {
        Call::JsonPatch { operations, .. } => {
            if intended(operations, object) {
                return Found::Done(Some(object.clone()));
            }
            if wrote_since(operations, object, lost) {
                return Found::Done(Some(object.clone()));
            }
            if untouched(operations, object) {
                return Found::NotDone;
            }
            Found::Unknown("somebody else changed it meanwhile".into())
        }
        Call::Delete { uid, .. } => {
            let ending = object.at("/metadata/deletionTimestamp").is_some();
            if ending || is_another(object, uid) { Found::Done(None) } else { Found::NotDone }
        }
        Call::Create { .. } => Found::Done(Some(object.clone())),
        Call::ProxyPost { .. } => proxied(),
    }
}

fn gone(call: &Call) -> Found {
    match call {
        Call::Delete { .. } => Found::Done(None),
        Call::JsonPatch { .. } => Found::Unknown("it was deleted meanwhile".into()),
        Call::Create { .. } => Found::NotDone,
        Call::ProxyPost { .. } => proxied(),
    }
}

/// What a Service did with a request can't be read from the Service's object.
fn proxied() -> Found {
    Found::Unknown("the request went through a proxy, and nothing tells whether it came through".into())
}

fn is_another(object: &RawObject, uid: &Uid) -> bool {
    object.uid != *uid
}

/// Whether managedFields say that we wrote one of the patched places after the moment of sending (they keep whole
/// seconds), and later than any write of ours that was known by then: clocks differ, and an earlier write of ours is not
/// the lost one.
fn wrote_since(operations: &[Operation], object: &RawObject, lost: &Lost) -> bool {
    let owners = owners(object);
    operations.iter().any(|operation| match operation {
        Operation::Replace { path, .. } | Operation::Add { path, .. } => {
            let owned = writer_of(&owners, path).filter(|owned| *owned.manager == *lost.manager);
            owned.and_then(|owned| owned.at).is_some_and(|at| {
                at.as_second() > lost.sent.as_second()
                    && lost.own.is_none_or(|known| at.as_second() > known.as_second())
            })
        }
        Operation::Test { .. } | Operation::Remove { .. } => false,
    })
}

/// When `manager` last wrote `object`, by the server's clock; `None` when it never did.
pub fn last_write(object: &RawObject, manager: &str) -> Option<Timestamp> {
    owners(object).into_iter().filter(|owned| *owned.manager == *manager).filter_map(|owned| owned.at).max()
}
