//! Presence: while a release is stepped, a Lease beside it says who and since when, so that a second person sees it.
//!
//! ```text
//! the first call was answered ─► write ─► renew, a minute apart ─┬─► it stands at an end ──► give back
//!                                  ▲                            ├─► no step for a while ──► give back
//!                                  └────── another step ────────┤─► another took it over ─► leave it alone
//!                                                               └─► killed ───────────────► it lapses
//! ```
//! It is a notice and no fence: it is written beside the plan, after the server took its first call, by a task of its own
//! that no write ever waits for. What goes wrong with it changes nothing else.

mod keeper;

use super::engine::{Engine, Inner};
use super::gates::Policy;
use super::lease;
use super::run::Run;
use crate::cluster::SendMode;
use crate::cluster::rights::{Allowed, Rights};
use crate::domain::intent::ReleaseId;
use crate::domain::plan::PlanId;
use crate::domain::presence::steps;
use crate::domain::{Kind, ObjectKey, Plan, Release, Role, Str, Timestamp, Uid};
use keeper::Keeper;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// What the names of these Leases begin with.
const PREFIX: &str = "windlass-step-";

/// How long a console's Lease holds without a renewal: what a killed one leaves is shown for so long.
pub const HOLDS: Duration = Duration::from_secs(150);

/// How long that of a command holds, which ends and is renewed no more: the next one takes the next step.
pub const BETWEEN: Duration = Duration::from_mins(10);

/// How long a process that ends waits for its Leases at most.
const PARTING: Duration = Duration::from_secs(1);

/// The Lease that says who steps `release`.
pub fn lease_of(release: &ObjectKey) -> ObjectKey {
    lease::lease_of(PREFIX, release)
}

/// What a plan says of presence before it is confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Announced {
    /// It is no step: nobody is told.
    No,
    /// This Lease will be written, too.
    Lease(ObjectKey),
    /// Presence is off, and why.
    Off(Str),
}

impl Announced {
    /// In words: what is written, or why nothing is.
    pub fn words(&self) -> String {
        match self {
            Self::No => String::new(),
            Self::Lease(lease) => format!("Lease {} will say who steps it, and since when", lease.name),
            Self::Off(why) => format!("off: {why}; others will not see who steps it"),
        }
    }
}

/// What is announced with `plan` in a context with this policy; `missing` is the right to write Leases that is known to
/// lack.
pub fn announced(plan: &Plan, policy: Policy, missing: Option<&Str>) -> Announced {
    if !plan.steps() {
        return Announced::No;
    }
    if policy.read_only {
        return Announced::Off("read-only".into());
    }
    if policy.rehearse {
        return Announced::Off("rehearsal".into());
    }
    match missing {
        Some(right) => Announced::Off(format!("it needs '{right}'").into()),
        None => Announced::Lease(lease_of(&plan.release.key)),
    }
}

/// As whom a console of `who` on this machine steps: `ana@host`.
pub fn holder(who: &str) -> String {
    format!("{who}@{}", lease::machine())
}

/// The right to write Leases that is known to lack.
pub fn lacks(rights: &Rights) -> Option<Str> {
    ["get", "create", "patch"].into_iter().find_map(|verb| match rights.may(verb, Kind::Lease, None) {
        Allowed::No(permission) => Some(permission),
        Allowed::Yes | Allowed::Unknown(_) => None,
    })
}

impl Engine {
    /// As whom we step.
    pub fn holder(&self) -> String {
        holder(&self.inner.settings.who)
    }

    /// What is announced with `plan`, by what is known of our rights.
    pub fn announced(&self, plan: &Plan) -> Announced {
        let missing = self.inner.remembered_rights().get(&plan.release.uid).and_then(lacks);
        announced(plan, self.policy(), missing.as_ref())
    }
}

/// What becomes of a Lease when the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parting {
    /// The person leaves: it is given back.
    Leaves,
    /// The command ends, the stepping may go on with the next one: it holds for a while yet.
    Ends,
}

/// A step that was taken.
#[derive(Debug)]
struct Step {
    plan: PlanId,
    title: Str,
}

/// What a keeper is told.
#[derive(Debug)]
enum Word {
    /// A step was taken.
    Stepped(Step),
    /// The plan came to its end; where the release stands then, if it was seen. Of a plan that took no step, or that a
    /// later one took over from, it says nothing.
    Rests(PlanId, Option<Stands>),
    /// The process ends.
    Parting(Parting, oneshot::Sender<Option<Str>>),
}

/// The stepping of one process on one cluster: a keeper for each release that it steps.
#[derive(Debug)]
pub struct Sessions {
    console: Str,
    /// How long a Lease holds without a renewal.
    holds: Duration,
    keepers: Mutex<HashMap<Uid, mpsc::UnboundedSender<Word>>>,
}

impl Sessions {
    /// None yet, of this console, whose Leases hold so long without a renewal.
    pub fn of(console: Str, holds: Duration) -> Self {
        Self { console, holds, keepers: Mutex::default() }
    }

    fn keepers(&self) -> MutexGuard<'_, HashMap<Uid, mpsc::UnboundedSender<Word>>> {
        self.keepers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A step was taken on `release`.
    fn stepped(&self, inner: &Arc<Inner>, release: &ReleaseId, step: Step) {
        let mut keepers = self.keepers();
        if let Some(keeper) = keepers.get(&release.uid).filter(|keeper| !keeper.is_closed()) {
            // It ends only under this lock, and not while it has something to hear.
            let _ = keeper.send(Word::Stepped(step));
            return;
        }
        let (words, heard) = mpsc::unbounded_channel();
        keepers.insert(release.uid.clone(), words);
        tokio::spawn(Keeper::new(Arc::clone(inner), release.clone(), step, self).run(heard));
    }

    fn rests(&self, release: &Uid, plan: &PlanId, stands: Option<Stands>) {
        if let Some(keeper) = self.keepers().get(release) {
            let _ = keeper.send(Word::Rests(plan.clone(), stands));
        }
    }

    /// Ends a keeper, unless something was told to it meanwhile. Whoever steps next has a new one.
    fn end(&self, release: &Uid, heard: &mpsc::UnboundedReceiver<Word>) -> bool {
        let mut keepers = self.keepers();
        let ends = heard.is_empty();
        if ends {
            keepers.remove(release);
        }
        ends
    }

    /// The process ends: what became of the Leases that could not be written, by the first of them.
    pub async fn part(&self, parting: Parting) -> Option<Str> {
        let keepers: Vec<_> = self.keepers().drain().map(|(_, keeper)| keeper).collect();
        let told = keepers.into_iter().map(|keeper| {
            let (done, heard) = oneshot::channel();
            let _ = keeper.send(Word::Parting(parting, done));
            heard
        });
        let all = timeout(PARTING, futures::future::join_all(told)).await;
        all.ok()?.into_iter().find_map(|told| told.ok().flatten())
    }
}

/// A name that no other console has, on whichever machine.
pub fn console_name() -> Str {
    static CONSOLES: AtomicU32 = AtomicU32::new(0);
    let number = CONSOLES.fetch_add(1, Ordering::Relaxed);
    let (now, machine) = (Timestamp::now().as_nanosecond(), lease::machine());
    let digest = Sha256::digest(format!("{machine} {} {now} {number}", std::process::id()).as_bytes());
    format!("{:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3]).into()
}

/// Where a release stands on its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// Between the ends of its steps, or it waits for a person.
    Between,
    /// Where nobody steps it any more.
    AtAnEnd,
}

impl Stands {
    fn of(release: &Release) -> Self {
        let asked = release.track(Role::Candidate).and_then(|track| track.weight.asked);
        let step = release.step.as_ref().and_then(|step| step.index.filter(|index| *index < step.count));
        let between = asked.is_some_and(|asked| (1..100).contains(&asked))
            || step.is_some_and(|index| index > 0)
            || release.waiting().is_some();
        if between { Self::Between } else { Self::AtAnEnd }
    }
}

impl Run {
    /// Says who steps the release, once the server took the first call: what was refused is no step.
    pub(super) fn announce(&self) {
        let person = self.consent.presence && !self.inner().settings.policy.rehearse;
        if person && self.consent.mode == SendMode::Apply && steps(self.verb, self.release.key.kind) {
            let step = Step { plan: self.id.clone(), title: self.title.clone() };
            self.inner().desk.presence.stepped(&self.engine.inner, &self.release, step);
        }
    }

    /// The plan came to its end; `settled` is the release where it came to rest.
    pub(super) fn rests(&self, settled: Option<&Release>) {
        self.inner().desk.presence.rests(&self.release.uid, &self.id, settled.map(Stands::of));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_console_has_a_name_of_its_own() {
        assert_ne!(console_name(), console_name());
    }
}
