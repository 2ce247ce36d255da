//! Between two calls of a plan: the release is followed until the first one has had its effect.

use super::progress::Progress;
use super::run::Run;
use super::verify::{Written, written};
use crate::cluster::{NamespaceScope, ObserveOptions, Observer, SendMode};
use crate::domain::milestone::Midway;
use crate::domain::outcome::OutcomeKind;
use crate::domain::{Age, Outcome, RawObject, Release, Snapshot, State, Str};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// A failure must last so long to be believed: right after a write the old one still stands in the status.
const GRACE: Duration = Duration::from_secs(3);

/// What is, seen by the console's observer, or by one of the plan's own while it waits.
#[derive(Debug)]
pub struct Watching {
    /// The newest snapshot.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    _own: Option<Observer>,
}

/// How a look at the release went.
enum Look {
    Reached,
    NotYet(Option<Str>),
    Gone,
}

impl Run {
    /// The console's snapshots; without a console the release's namespace is watched for as long as the plan runs.
    pub(super) fn watching(&self) -> Watching {
        let inner = self.inner();
        if let Some(snapshots) = &inner.settings.snapshots {
            return Watching { snapshots: snapshots.clone(), _own: None };
        }
        let own = inner.cluster.observe(ObserveOptions {
            namespaces: NamespaceScope::List(vec![self.release.key.namespace.to_string()]),
            recorded: inner.journal.recorded(),
            settings: Arc::clone(&inner.settings.traffic),
            presence: false,
            clock: inner.settings.clock.clone(),
        });
        Watching { snapshots: own.snapshots.clone(), _own: Some(own) }
    }

    /// Waits for what stands before call `index`, if anything does. An interrupted plan that goes on waits for it, too:
    /// the call before was answered, and nobody knows how far its effect had come. Why the plan stops here, else.
    pub(super) async fn midway(
        &self,
        index: usize,
        answers: &[RawObject],
        watching: &mut Option<Watching>,
    ) -> Result<(), Outcome> {
        let before = index.checked_sub(1).and_then(|before| self.waits.get(before)?.as_ref());
        let Some(midway) = before.filter(|_| self.consent.mode == SendMode::Apply) else { return Ok(()) };
        self.tell(Progress::Waiting(midway.what.clone()));
        let watching = watching.get_or_insert_with(|| self.watching());
        let (desk, written) = (&self.inner().desk, written(answers));
        let mut overtaken = desk.wait(&self.release.uid, &self.id);
        let waited = tokio::select! {
            waited = self.until(midway, &written, &mut watching.snapshots) => waited,
            verb = overtaken.wait_for(Option::is_some) => {
                let verb = verb.ok().and_then(|verb| *verb).map_or("write", |verb| verb.word());
                Err(Outcome::new(OutcomeKind::Failed, format!("a later {verb} took over")))
            }
        };
        desk.stop_waiting(&self.release.uid, &self.id);
        waited
    }

    async fn until(
        &self,
        midway: &Midway,
        written: &[Written],
        snapshots: &mut watch::Receiver<Arc<Snapshot>>,
    ) -> Result<(), Outcome> {
        let limit = Duration::try_from(midway.limit).unwrap_or_default();
        let deadline = Instant::now() + limit;
        let mut failing: Option<Instant> = None;
        let mut seen = false;
        loop {
            let snapshot = snapshots.borrow_and_update().clone();
            let release = snapshot.by_uid(&self.release.uid);
            seen |= release.is_some();
            let mut wake = deadline;
            match look(midway, written, release, seen && snapshot.complete()) {
                Look::Reached => return Ok(()),
                Look::Gone => {
                    let reason = format!("{} was deleted meanwhile", self.release.key);
                    return Err(Outcome::new(OutcomeKind::Failed, reason));
                }
                Look::NotYet(None) => failing = None,
                Look::NotYet(Some(why)) => {
                    let since = *failing.get_or_insert_with(Instant::now);
                    if since.elapsed() >= GRACE && !midway.go_on {
                        let reason = format!("it waited {}, and it does not come: {why}", midway.what);
                        return Err(Outcome::new(OutcomeKind::Failed, reason));
                    }
                    if !midway.go_on {
                        wake = wake.min(since + GRACE);
                    }
                }
            }
            tokio::select! {
                changed = snapshots.changed() => if changed.is_err() {
                    return Err(Outcome::new(OutcomeKind::Timeout, "the cluster is not watched any more"));
                },
                () = sleep_until(wake) => if Instant::now() >= deadline {
                    if midway.go_on {
                        return Ok(());
                    }
                    let reason = format!("it waited {} for {}", midway.what, Age(midway.limit).words());
                    return Err(Outcome::new(OutcomeKind::Timeout, reason));
                },
            }
        }
    }
}

/// Whether what is waited for has come, in a release that is derived from what we wrote.
fn look(midway: &Midway, written: &[Written], release: Option<&Arc<Release>>, complete: bool) -> Look {
    let Some(release) = release else {
        return if complete { Look::Gone } else { Look::NotYet(None) };
    };
    if !written.iter().all(|written| written.seen_by(release)) {
        return Look::NotYet(None);
    }
    if midway.until.reached(release) {
        return Look::Reached;
    }
    Look::NotYet((release.state == State::Failed).then(|| release.reason.clone()))
}
