//! What runs now: requests without an answer, plans that wait, answers that were lost. One request a release at a time.

use super::lost::last_write;
use super::presence::{self, Parting, Sessions, console_name};
use crate::domain::plan::PlanId;
use crate::domain::{Measurements, ObjectKey, RawObject, Str, Timestamp, Uid, Verb};
use crate::guard::Rules;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

/// How long a plan waits for its release to settle when nobody says otherwise: the default progress deadline.
pub const WAIT: Duration = Duration::from_mins(10);

/// How long what closes waits until nothing else is on its way.
const QUIET: Duration = Duration::from_secs(30);

/// The desk of one engine.
#[derive(Debug)]
pub struct Desk {
    /// The releases that are stepped from here.
    pub presence: Sessions,
    papers: Mutex<Papers>,
    /// Told whenever a request was answered.
    answered: Notify,
}

#[derive(Debug, Default)]
struct Papers {
    unanswered: HashSet<Uid>,
    waiting: HashMap<Uid, (PlanId, watch::Sender<Option<Verb>>)>,
    lost: HashSet<PlanId>,
    wrote: HashMap<ObjectKey, Timestamp>,
    /// The guards that are armed here: by them the gates of their ladders hold.
    judged_by: HashMap<Uid, Arc<Judge>>,
    plans: u32,
}

/// By what a guard judges its release.
#[derive(Debug)]
pub struct Judge {
    /// Its rules.
    pub rules: Rules,
    /// What it measures.
    pub measurements: watch::Receiver<Arc<Measurements>>,
}

/// The desks of a console, one a cluster: a plan that waits there is known to whoever writes there next, whichever
/// namespaces are shown by then. Clones share them.
#[derive(Debug, Clone)]
pub struct Desks {
    console: Str,
    /// How long what it says of presence holds without a renewal.
    holds: Duration,
    of: Arc<Mutex<HashMap<Str, Arc<Desk>>>>,
}

impl Default for Desks {
    fn default() -> Self {
        Self { console: console_name(), holds: presence::HOLDS, of: Arc::default() }
    }
}

impl Desks {
    /// Those of a command: what it says of presence holds until the next command, so that nothing is to be said at its end.
    pub fn of_command() -> Self {
        Self { holds: presence::BETWEEN, ..Self::default() }
    }

    /// The name of this console, which no other one has: what it says of presence bears it.
    pub fn console(&self) -> &Str {
        &self.console
    }

    /// The desk of the cluster with this fingerprint.
    pub fn of(&self, fingerprint: &Str) -> Arc<Desk> {
        let mut desks = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(desks.entry(fingerprint.clone()).or_insert_with(|| Arc::new(Desk::new(&self.console, self.holds))))
    }

    /// The process ends: its presence is given back, or left for the next command. Takes a second at most. Why presence
    /// was off, where it could not be written.
    pub async fn part(&self, parting: Parting) -> Option<Str> {
        let desks: Vec<Arc<Desk>> = self.of.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        let parted = futures::future::join_all(desks.iter().map(|desk| desk.presence.part(parting))).await;
        parted.into_iter().flatten().next()
    }
}

impl Desk {
    fn new(console: &Str, holds: Duration) -> Self {
        let presence = Sessions::of(console.clone(), holds);
        Self { presence, papers: Mutex::default(), answered: Notify::default() }
    }

    fn papers(&self) -> MutexGuard<'_, Papers> {
        self.papers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of a new plan.
    pub fn number(&self) -> u32 {
        let mut papers = self.papers();
        papers.plans = papers.plans.wrapping_add(1);
        papers.plans
    }

    /// Whether a request on `release` has no answer yet.
    pub fn is_unanswered(&self, release: &Uid) -> bool {
        self.papers().unanswered.contains(release)
    }

    /// Notes a request on its way, until what is given is dropped; `None` when there is one already.
    pub fn request<'a>(&'a self, release: &'a Uid) -> Option<Unanswered<'a>> {
        self.papers().unanswered.insert(release.clone()).then_some(Unanswered { desk: self, release })
    }

    /// Waits until no request on `release` is on its way, for half a minute at most.
    pub async fn quiet(&self, release: &Uid) {
        let end = Instant::now() + QUIET;
        loop {
            // Made before the look: an answer that comes in between is not missed.
            let answered = self.answered.notified();
            if !self.is_unanswered(release) || timeout_at(end, answered).await.is_err() {
                return;
            }
        }
    }

    /// Registers a plan that waits and watches; the receiver tells when another verb of ours takes over.
    pub fn wait(&self, release: &Uid, plan: &PlanId) -> watch::Receiver<Option<Verb>> {
        let (sender, receiver) = watch::channel(None);
        self.papers().waiting.insert(release.clone(), (plan.clone(), sender));
        receiver
    }

    /// The plan waits no longer.
    pub fn stop_waiting(&self, release: &Uid, plan: &PlanId) {
        let mut papers = self.papers();
        if papers.waiting.get(release).is_some_and(|(waiting, _)| waiting == plan) {
            papers.waiting.remove(release);
        }
    }

    /// Ends the waiting of whatever plan waits on `release`, for the sake of `verb`.
    pub fn cancel(&self, release: &Uid, verb: Verb) {
        if let Some((_, sender)) = self.papers().waiting.remove(release) {
            sender.send_replace(Some(verb));
        }
    }

    /// The answer to a call of `plan` was lost.
    pub fn lost(&self, plan: &PlanId) {
        self.papers().lost.insert(plan.clone());
    }

    /// Whether an answer to a call of `plan` was lost before.
    pub fn was_lost(&self, plan: &PlanId) -> bool {
        self.papers().lost.contains(plan)
    }

    /// An object was read, or came as an answer: when `manager`, which is us, last wrote it is kept.
    pub fn read(&self, object: &RawObject, manager: &str) {
        let Some(at) = last_write(object, manager) else { return };
        let mut papers = self.papers();
        let known = papers.wrote.entry(object.key.clone()).or_insert(at);
        *known = at.max(*known);
    }

    /// By what the guard judges that is armed on `release` here.
    pub fn judged_by(&self, release: &Uid) -> Option<Arc<Judge>> {
        self.papers().judged_by.get(release).cloned()
    }

    /// The last write of ours to an object, as far as it was read: the server's time of it.
    pub fn wrote(&self, object: &ObjectKey) -> Option<Timestamp> {
        self.papers().wrote.get(object).copied()
    }
}

/// Holds the gate of a release to what its guard judges by while it lives, or until a newer guard takes its place.
#[derive(Debug)]
pub struct Judging {
    desk: Arc<Desk>,
    release: Uid,
    judge: Arc<Judge>,
}

impl Judging {
    /// From now on.
    pub fn begin(desk: &Arc<Desk>, release: &Uid, judge: Judge) -> Self {
        let (desk, release, judge) = (Arc::clone(desk), release.clone(), Arc::new(judge));
        desk.papers().judged_by.insert(release.clone(), Arc::clone(&judge));
        Self { desk, release, judge }
    }
}

impl Drop for Judging {
    fn drop(&mut self) {
        let mut papers = self.desk.papers();
        if papers.judged_by.get(&self.release).is_some_and(|judge| Arc::ptr_eq(judge, &self.judge)) {
            papers.judged_by.remove(&self.release);
        }
    }
}

/// Marks the release as unanswered while it lives.
#[derive(Debug)]
pub struct Unanswered<'a> {
    desk: &'a Desk,
    release: &'a Uid,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        self.desk.papers().unanswered.remove(self.release);
        self.desk.answered.notify_waiters();
    }
}
