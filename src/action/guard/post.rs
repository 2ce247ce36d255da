//! Where a guard keeps what it knows: a Lease beside the release, which also says who guards it; where that is not to be
//! had, the local journal.

use super::GuardOptions;
use super::kept::Kept;
use crate::action::engine::{Engine, Inner};
use crate::action::journal::PlanLock;
use crate::action::lease::{self, Terms};
use crate::cluster::{ReadError, SendError, SendMode};
use crate::domain::intent::ReleaseId;
use crate::domain::journal::{Entry, Event, GuardLine};
use crate::domain::plan::PlanId;
use crate::domain::raw::escape;
use crate::domain::{ObjectKey, RawObject, Str};
use serde_json::Map;
use sha2::{Digest as _, Sha256};
use std::time::Duration;

/// What the names of guards' Leases begin with.
const LEASE_PREFIX: &str = "windlass-guard-";

/// Where the state stands on the Lease.
const ANNOTATION: &str = "windlass.dev/guard";

/// How long a Lease holds that is not renewed.
pub const HOLDS: Duration = Duration::from_secs(30);

/// Where one guard's state is kept.
#[derive(Debug)]
pub(super) struct Post {
    engine: Engine,
    release: ReleaseId,
    holder: String,
    place: Place,
    /// Says on this machine that the guard lives, for whoever finds its Lease.
    lock: Option<PlanLock>,
    /// How long its Lease holds.
    holds: Duration,
}

#[derive(Debug)]
enum Place {
    Lease(Box<RawObject>),
    Journal,
}

/// What came of asking for the post.
pub(super) enum Claim {
    /// It is ours, with what an interrupted guard left there; and what a person should know.
    Ours(Box<Post>, Option<Box<Kept>>, Option<Str>),
    /// Another guard holds it, as of this reading.
    Held(Held),
}

/// Somebody else's Lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    /// Who.
    pub by: Str,
    /// Changes with every renewal.
    pub version: Str,
    /// What they know.
    pub kept: Option<Box<Kept>>,
    /// How long they hold it without a renewal: as they say, and not longer than a guard does.
    pub holds: Duration,
    /// Why it can't be told whether anybody holds it.
    pub why: Option<Str>,
}

impl Held {
    /// Somebody holds it, and no more is known.
    fn by(by: Str) -> Self {
        Self { by, version: "".into(), kept: None, holds: HOLDS, why: None }
    }

    /// Nobody knows who holds it, for this reason.
    fn untold(why: String) -> Self {
        Self { why: Some(why.into()), ..Self::by("".into()) }
    }
}

/// Why a state was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotKept {
    /// Another guard has taken over.
    Lost(Str),
    /// It could not be written now: why.
    Failed(Str),
}

/// The Lease of the guard on `release`.
pub fn lease_of(release: &ObjectKey) -> ObjectKey {
    lease::lease_of(LEASE_PREFIX, release)
}

/// The state on a Lease, and its holder.
fn read(object: &RawObject) -> (Option<Kept>, String) {
    let path = format!("/metadata/annotations/{}", escape(ANNOTATION));
    let text: Option<String> = object.value(&path);
    let kept = text.and_then(|text| serde_json::from_str(&text).ok());
    (kept, lease::holder(object))
}

/// Where we run, as a holder says it: the machine, and the journal on it.
fn place_name(inner: &Inner) -> String {
    let machine = lease::machine();
    let digest = Sha256::digest(inner.journal.file().as_os_str().as_encoded_bytes());
    format!("{machine}/{:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3])
}

impl Post {
    /// Asks for the post on `release` under the guard's name. `expired` is a reading of somebody else's Lease that has not
    /// changed for as long as it holds.
    pub async fn claim(engine: &Engine, options: &GuardOptions, guard: &PlanId, expired: Option<&Held>) -> Claim {
        let GuardOptions { release, holds, .. } = options;
        let inner = &engine.inner;
        let policy = inner.settings.policy;
        let here = place_name(inner);
        let holder = format!("{}@{here}/{}", inner.settings.who, guard.0);
        let local = |why: Option<String>| {
            let kept = last_in_journal(engine, release);
            let post = Self {
                engine: engine.clone(),
                release: release.clone(),
                holder: holder.clone(),
                place: Place::Journal,
                lock: lock(engine, kept.as_ref().map_or(guard, |kept| &kept.guard)),
                holds: *holds,
            };
            let why = why.map(|why| format!("{why}; the guard's state is kept in the local journal only").into());
            Claim::Ours(Box::new(post), kept.map(Box::new), why)
        };
        if policy.read_only {
            return local(None);
        }
        if policy.rehearse {
            return local(Some("rehearsal: no Lease is written".to_owned()));
        }
        let key = lease_of(&release.key);
        let (old, kept) = match inner.cluster.read(&key).await {
            Ok(object) => {
                let (kept, by) = read(&object);
                let kept = kept.filter(|kept| kept.release == release.uid);
                let version = object.value::<Str>("/metadata/resourceVersion").unwrap_or_default();
                let ours = kept.as_ref().is_some_and(|kept| {
                    // The guard ran here, under the same journal, and its process has ended.
                    by.contains(&format!("@{here}/")) && !locked(engine, &kept.guard)
                });
                let given_up = by.is_empty() || ours || expired.is_some_and(|held| held.version == version);
                if !given_up {
                    let holds = lease::holds(&object).map_or(HOLDS, |holds| holds.min(HOLDS));
                    let held = Held::by(by.into());
                    return Claim::Held(Held { version, kept: kept.map(Box::new), holds, ..held });
                }
                (Some(object), kept)
            }
            Err(ReadError::NotFound(_)) => (None, None),
            Err(error @ ReadError::Forbidden(_)) => {
                return local(Some(format!("Leases can't be read here ({error})")));
            }
            // Another guard may hold it: without an answer nothing is guarded twice.
            Err(error) => return Claim::Held(Held::untold(error.to_string())),
        };
        let name = kept.as_ref().filter(|kept| kept.ended.is_none()).map_or(guard, |kept| &kept.guard).clone();
        let lock = lock(engine, &name);
        if lock.is_none() && locked(engine, &name) {
            return Claim::Held(Held::untold("a guard of that name runs on this machine".to_owned()));
        }
        let terms = Terms { holder: &holder, holds: *holds, now: inner.settings.clock.now() };
        let call = match &old {
            None => lease::created(&key, &terms, Map::new()),
            Some(object) => lease::written(object, &terms, &[]),
        };
        let Some(call) = call else { return local(Some("the Lease can't be written as JSON".to_owned())) };
        match inner.cluster.send(&call, SendMode::Apply).await.map(|answer| answer.body) {
            Ok(Some(object)) => {
                let post = Self {
                    engine: engine.clone(),
                    release: release.clone(),
                    holder,
                    place: Place::Lease(Box::new(object)),
                    lock,
                    holds: *holds,
                };
                Claim::Ours(Box::new(post), kept.map(Box::new), None)
            }
            // Somebody was quicker, or the answer was lost: look again.
            Ok(None) | Err(SendError::Fence | SendError::Conflict(_) | SendError::Lost(_) | SendError::NotFound(_)) => {
                let by = old.as_ref().map(|object| read(object).1).unwrap_or_default();
                Claim::Held(Held::by(by.into()))
            }
            Err(error @ (SendError::Forbidden(_) | SendError::Denied(_))) => {
                local(Some(format!("Leases can't be written here ({error})")))
            }
            Err(error) => Claim::Held(Held::untold(error.to_string())),
        }
    }

    /// Says on this machine that the guard called so lives here: what an interrupted one left may not be gone on from.
    pub fn answer_for(&mut self, guard: &PlanId) {
        if let Some(lock) = lock(&self.engine, guard) {
            self.lock = Some(lock);
        }
    }

    /// Whether the state is where other processes find it.
    pub const fn shared(&self) -> bool {
        matches!(self.place, Place::Lease(_))
    }

    /// Keeps `kept`, and renews the Lease with it.
    pub async fn keep(&mut self, kept: &Kept) -> Result<(), NotKept> {
        let Place::Lease(object) = &self.place else { return Ok(()) };
        let now = self.engine.inner.settings.clock.now();
        let failed = || NotKept::Failed("the guard's state can't be written as JSON".into());
        for again in [false, true] {
            let object = if again {
                match self.engine.inner.cluster.read(&object.key).await {
                    Ok(object) if read(&object).1 == self.holder => object,
                    Ok(object) => return Err(NotKept::Lost(read(&object).1.into())),
                    Err(ReadError::NotFound(_)) => return Err(NotKept::Lost("somebody, who deleted it".into())),
                    Err(error) => return Err(NotKept::Failed(error.to_string().into())),
                }
            } else {
                RawObject::clone(object)
            };
            let holder = if kept.ended.is_some() { "" } else { &self.holder };
            let text = serde_json::to_string(kept).map_err(|_| failed())?;
            let terms = Terms { holder, holds: self.holds, now };
            let call = lease::written(&object, &terms, &[(ANNOTATION, &text)]).ok_or_else(failed)?;
            match self.engine.inner.cluster.send(&call, SendMode::Apply).await.map(|answer| answer.body) {
                Ok(Some(object)) => {
                    self.place = Place::Lease(Box::new(object));
                    return Ok(());
                }
                // A person's annotation, or our own write whose answer was lost: look whose it is.
                Ok(None) | Err(SendError::Fence | SendError::Conflict(_) | SendError::Lost(_)) if !again => {}
                Ok(None) => return Err(failed()),
                Err(error) => return Err(NotKept::Failed(error.to_string().into())),
            }
        }
        Err(NotKept::Failed("its Lease changes all the time".into()))
    }

    /// Gives the post up before anything was kept there: nobody has to wait for it. Best effort, as a Lease runs out.
    pub async fn leave(&self) {
        let Place::Lease(object) = &self.place else { return };
        let now = self.engine.inner.settings.clock.now();
        let terms = Terms { holder: "", holds: self.holds, now };
        if let Some(call) = lease::written(object, &terms, &[])
            && let Err(error) = self.engine.inner.cluster.send(&call, SendMode::Apply).await
        {
            tracing::info!(%error, "the Lease of a guard that did not begin runs out by itself");
        }
    }

    /// Writes a line to the journal; what is kept is with it where it has no other place, and whenever a write is near.
    pub async fn note(&self, kept: &Kept, what: &str, whole: bool) {
        let inner = &self.engine.inner;
        let line = GuardLine {
            who: kept.who.clone(),
            context: inner.cluster.identity().context.clone(),
            fingerprint: inner.fingerprint.id.clone(),
            release: self.release.clone(),
            what: what.into(),
            kept: (whole || !self.shared()).then(|| serde_json::to_string(kept).ok()).flatten(),
            ended: kept.ended.is_some(),
        };
        let entry =
            Entry { at: inner.settings.clock.now(), plan: kept.guard.clone(), event: Event::Guard(Box::new(line)) };
        if let Err(error) = inner.journal.append(&entry).await {
            tracing::warn!(%error, "a line of a guard is missing in the journal");
        }
    }
}

fn lock(engine: &Engine, guard: &PlanId) -> Option<PlanLock> {
    engine.inner.journal.lock(&guard_lock(guard)).ok()
}

fn locked(engine: &Engine, guard: &PlanId) -> bool {
    crate::action::journal::locks::is_held(engine.inner.journal.file(), &guard_lock(guard))
}

/// A guard's lock: no plan has such a name.
fn guard_lock(guard: &PlanId) -> PlanId {
    PlanId(format!("guard-{}", guard.0).into())
}

/// The state of the last guard on `release` that was interrupted on this machine.
fn last_in_journal(engine: &Engine, release: &ReleaseId) -> Option<Kept> {
    let entries = engine.inner.journal.entries().ok()?;
    let last = entries.iter().rev().find_map(|entry| match &entry.event {
        Event::Guard(line) if line.release.uid == release.uid && (line.kept.is_some() || line.ended) => Some(line),
        _ => None,
    })?;
    let kept: Kept = serde_json::from_str(last.kept.as_ref()?).ok()?;
    (!last.ended && !locked(engine, &kept.guard)).then_some(kept)
}
