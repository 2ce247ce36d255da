//! The engine: one a cluster, shared by everything that writes.

use super::desk::{Desk, Desks};
use super::gates::{self, Facts, Overridden, Policy, Write};
use super::journal::Journal;
use super::progress::{Consent, News};
use super::rights;
use super::run::Run;
use crate::cluster::rights::Rights;
use crate::cluster::{Clock, Cluster};
use crate::config::Freeze;
use crate::domain::identity::Fingerprint;
use crate::domain::intent::{Override, ReleaseId};
use crate::domain::plan::{PlanId, ReadyInverse, Refusal};
use crate::domain::traffic::TrafficSettings;
use crate::domain::{Call, Measurements, Plan, Release, Snapshot, Str, Uid};
use crate::guard::Baking;
use crate::strategy::Context;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, watch};

/// What an engine is made from.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What this context allows.
    pub policy: Policy,
    /// The windows of this context in which nothing goes forward.
    pub freeze: Freeze,
    /// Who writes: `--who`, else the cluster's name for us, else `$USER`.
    pub who: Str,
    /// The time.
    pub clock: Clock,
    /// What is, where somebody observes the cluster anyway; without it a plan that waits observes its own namespace.
    pub snapshots: Option<watch::Receiver<Arc<Snapshot>>>,
    /// What the configuration says of traffic.
    pub traffic: Arc<TrafficSettings>,
}

/// What the gate of a ladder looks at: measurements, and the release where nobody observes it.
#[derive(Debug, Clone, Default)]
pub struct Gauges {
    /// What is measured.
    pub measurements: Option<watch::Receiver<Arc<Measurements>>>,
    /// The release as it was read, for an engine without snapshots.
    pub release: Option<Arc<Release>>,
}

/// Applies plans. Cheap to clone; clones share the journal and the rule of one unanswered request a release.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub cluster: Cluster,
    pub journal: Journal,
    pub settings: Settings,
    pub desk: Arc<Desk>,
    pub fingerprint: Fingerprint,
    /// What the cluster last told about our rights on a release.
    rights: Mutex<HashMap<Uid, Rights>>,
    /// What the gate of a ladder looks at.
    gauges: Mutex<Gauges>,
}

impl Engine {
    /// An engine that writes to `cluster` as `settings.who`.
    pub fn new(cluster: &Cluster, journal: Journal, settings: Settings) -> Self {
        Self::at(&Desks::default(), cluster, journal, settings)
    }

    /// The same at one of these desks: what is under way there is known to it.
    pub fn at(desks: &Desks, cluster: &Cluster, journal: Journal, settings: Settings) -> Self {
        let cluster = cluster.with_who(&settings.who);
        let fingerprint = cluster.identity().fingerprint.clone();
        let desk = desks.of(&fingerprint.id);
        let (rights, gauges) = (Mutex::default(), Mutex::default());
        Self { inner: Arc::new(Inner { cluster, journal, settings, desk, fingerprint, rights, gauges }) }
    }

    /// The journal.
    pub fn journal(&self) -> &Journal {
        &self.inner.journal
    }

    /// What this context allows.
    pub fn policy(&self) -> Policy {
        self.inner.settings.policy
    }

    /// What a strategy needs to plan on this release, with a new plan's name.
    pub fn context(&self, release: &Uid) -> Context {
        Context {
            now: self.inner.settings.clock.now(),
            who: self.inner.settings.who.clone(),
            plan_id: self.plan_id(),
            left_by_undo: self.inner.journal.memory(|memory| memory.left_by_undo(release).cloned()),
            settings: Arc::clone(&self.inner.settings.traffic),
            overrides: Vec::new(),
            switched: self.inner.journal.memory(|memory| memory.last_switch(release)),
            leaves: None,
        }
    }

    /// A name that no other plan has, and that sorts by time.
    pub fn plan_id(&self) -> PlanId {
        let now = self.inner.settings.clock.now().strftime("%Y%m%dT%H%M%S%.3f").to_string().replace('.', "");
        PlanId(format!("{now}-{:x}-{:x}", std::process::id(), self.inner.desk.number()).into())
    }

    /// The way back from my last write on this release: `Z`.
    pub fn inverse_of(&self, release: &Uid) -> Option<ReadyInverse> {
        self.inner.journal.memory(|memory| memory.inverse_of(release).cloned())
    }

    /// Whether a request on this release has no answer yet.
    pub fn is_unanswered(&self, release: &Uid) -> bool {
        self.inner.desk.is_unanswered(release)
    }

    /// What the cluster lets us do with this release; asked anew, and remembered for the gates.
    pub async fn rights(&self, release: &ReleaseId) -> Rights {
        let rights = Box::pin(self.inner.cluster.may(release)).await;
        self.inner.remembered_rights().insert(release.uid.clone(), rights.clone());
        rights
    }

    /// Says what the gate of a ladder looks at from now on.
    pub fn look_at(&self, gauges: Gauges) {
        *self.inner.gauges.lock().unwrap_or_else(PoisonError::into_inner) = gauges;
    }

    /// How the rung that the release stands at bakes, by what is known now.
    pub fn baking(&self, uid: &Uid) -> Baking {
        let settings = &self.inner.settings;
        let gauges = self.inner.gauges.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let seen = settings.snapshots.as_ref().and_then(|snapshots| snapshots.borrow().by_uid(uid).cloned());
        let Some(release) = seen.or(gauges.release).filter(|release| release.uid == *uid) else { return Baking::Free };
        let (guard, now) = (&settings.traffic.guard, settings.clock.now());
        let armed = self.inner.desk.judged_by(uid);
        let measurements = armed.as_ref().map(|judge| judge.measurements.clone()).or(gauges.measurements);
        let measured = measurements.and_then(|now| now.borrow().of(uid).cloned());
        gates::baking(guard, armed.as_ref().map(|judge| &judge.rules), &release, measured.as_deref(), now)
    }

    /// Why the plan can't be sent now on these terms, if so. The same gates stand before [`Engine::apply`].
    pub fn allow(&self, plan: &Plan, consent: &Consent) -> Result<(), Refusal> {
        let calls = plan.calls.iter().filter(|call| !call.optional || consent.optional).map(|call| &call.call);
        let facts = self.facts(&plan.release, calls, consent);
        gates::held(self.policy(), Write::from(plan), &facts).map_or(Ok(()), |(_, refusal)| Err(refusal))
    }

    /// What the gates look at, as it is now. Sends nothing.
    pub(super) fn facts<'a>(
        &self,
        release: &ReleaseId,
        calls: impl Iterator<Item = &'a Call>,
        consent: &Consent,
    ) -> Facts {
        let inner = &self.inner;
        let overridden = |gate| Overridden::of(consent.overrides.contains(&gate), &consent.reason);
        let missing_right = inner.remembered_rights().get(&release.uid).and_then(|told| rights::lacks_any(told, calls));
        Facts {
            elsewhere: inner.cluster.elsewhere().map(Into::into),
            missing_right,
            unanswered: self.is_unanswered(&release.uid),
            unheard: None,
            freeze: inner.settings.freeze.holds(inner.settings.clock.now()).map(|held| held.to_string().into()),
            overridden: overridden(Override::Freeze),
            bake: self.baking(&release.uid).holds(),
            unbaked: overridden(Override::Bake),
            preview: consent.preview.clone(),
            unchecked: overridden(Override::PreviewCheck),
            word: consent.word,
        }
    }

    /// Applies a confirmed plan in a task of its own, which goes on when nobody listens. Must be called within a tokio
    /// runtime.
    #[expect(clippy::needless_pass_by_value, reason = "a confirmed plan is handed over")]
    pub fn apply(&self, plan: Arc<Plan>, consent: Consent) -> News {
        let (news, receiver) = mpsc::unbounded_channel();
        let run = Run::of_plan(self, &plan, consent, news);
        tokio::spawn(run.run());
        receiver
    }
}

impl Inner {
    pub(super) fn remembered_rights(&self) -> std::sync::MutexGuard<'_, HashMap<Uid, Rights>> {
        self.rights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server refused a write for want of a right: what was told before is not so any more.
    pub(super) fn forget_rights(&self, release: &Uid) {
        self.remembered_rights().remove(release);
    }
}
