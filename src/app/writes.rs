//! Plans that were confirmed here: how far each is, and what became of it.

use crate::domain::plan::PlanId;
use crate::domain::{ObjectKey, Outcome, Plan, Release, Snapshot, Str, Timestamp, Uid, Verb};
use std::collections::HashMap;
use std::sync::Arc;

/// The last confirmed plan of each release.
#[derive(Debug, Clone, Default)]
pub struct Writes {
    by_release: HashMap<Uid, Write>,
    /// Interrupted plans that go on: of these there is no plan to show, only whether they are answered.
    resumed: HashMap<PlanId, Resumed>,
}

/// An interrupted plan that goes on.
#[derive(Debug, Clone)]
struct Resumed {
    release: Uid,
    title: Str,
    phase: Phase,
}

/// A confirmed plan.
#[derive(Debug, Clone)]
pub struct Write {
    /// The plan.
    pub plan: Arc<Plan>,
    /// The release as it was then: a write may end it, as the decision of an A/B test does, and is taken back all the same.
    pub release: Option<Arc<Release>>,
    /// The context that it was sent in: the console may show another one by the time it ends.
    pub context: Str,
    /// When it was confirmed.
    pub since: Timestamp,
    /// How far it is.
    pub phase: Phase,
    /// How far it had come before it ended.
    pub reached: Phase,
    /// How many of its calls were answered.
    pub answered: usize,
    /// What happened so far, the oldest first.
    pub steps: Vec<(Timestamp, Str)>,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// Who put the template back afterwards.
    pub reverted_by: Option<Str>,
    /// It was not written to the journal: why.
    pub not_journalled: Option<Str>,
}

/// How far a confirmed plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It is being written to the journal.
    Journalling,
    /// A request is on its way and was not answered yet.
    Unanswered,
    /// The server took it.
    Accepted,
    /// The controller saw it.
    Observed,
    /// All that it waits for has come, or will not come.
    Ended,
}

impl Phase {
    /// The word on the screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Journalling => "writing the journal",
            Self::Unanswered => "sent, no answer yet",
            Self::Accepted => "accepted",
            Self::Observed => "observed",
            Self::Ended => "done",
        }
    }
}

impl Write {
    /// Whether a request may be on its way: no other one is sent to this release meanwhile.
    pub fn unanswered(&self) -> bool {
        self.phase <= Phase::Unanswered
    }
}

impl Writes {
    /// A plan was confirmed, in this context.
    pub fn begin(&mut self, plan: &Arc<Plan>, release: Option<Arc<Release>>, context: &Str, now: Timestamp) {
        let write = Write {
            release,
            context: context.clone(),
            since: now,
            phase: Phase::Journalling,
            reached: Phase::Journalling,
            answered: 0,
            steps: Vec::new(),
            outcome: None,
            reverted_by: None,
            not_journalled: None,
            plan: plan.clone(),
        };
        self.by_release.insert(plan.release.uid.clone(), write);
    }

    /// The last plan of a release.
    pub fn of(&self, release: &Uid) -> Option<&Write> {
        self.by_release.get(release)
    }

    /// The release that was promoted or aborted last in `context` of those that are no more in `snapshot`, and that the
    /// object `member` belonged to: what ended a test.
    pub fn dissolved(&self, member: &ObjectKey, context: &Str, snapshot: &Snapshot) -> Option<&Arc<Release>> {
        if !snapshot.complete() {
            return None;
        }
        let ends = |write: &&Write| matches!(write.plan.intent.verb(), Verb::Promote | Verb::Abort);
        let here = self.by_release.values().filter(|write| write.context == *context).filter(ends);
        let known = here.filter_map(|write| Some((write.since, write.release.as_ref()?)));
        let ended = known.filter(|(_, release)| snapshot.by_uid(&release.uid).is_none());
        ended.filter(|(_, release)| release.members.contains(member)).max_by_key(|(since, _)| *since).map(|(_, it)| it)
    }

    /// The write of a plan; `None` when a later plan took its place.
    pub fn of_plan(&self, plan: &PlanId) -> Option<&Write> {
        self.by_release.values().find(|write| write.plan.id == *plan)
    }

    /// The same, to be changed.
    pub fn of_plan_mut(&mut self, plan: &PlanId) -> Option<&mut Write> {
        self.by_release.values_mut().find(|write| write.plan.id == *plan)
    }

    /// An interrupted plan goes on.
    pub fn resume(&mut self, plan: &PlanId, release: &Uid, title: &Str) {
        let resumed = Resumed { release: release.clone(), title: title.clone(), phase: Phase::Journalling };
        self.resumed.insert(plan.clone(), resumed);
    }

    /// How far an interrupted plan has come that goes on.
    pub fn resumed_reached(&mut self, plan: &PlanId, phase: Phase) {
        if phase == Phase::Ended {
            self.resumed.remove(plan);
        } else if let Some(resumed) = self.resumed.get_mut(plan) {
            resumed.phase = resumed.phase.max(phase);
        }
    }

    /// The titles of the writes of which the server's answer is still missing.
    pub fn unanswered(&self) -> impl Iterator<Item = &Str> {
        let own = self.by_release.values().filter(|write| write.unanswered()).map(|write| &write.plan.title);
        let resumed = self.resumed.values().filter(|resumed| resumed.phase <= Phase::Unanswered);
        own.chain(resumed.map(|resumed| &resumed.title))
    }

    /// Whether a request on this release may be on its way.
    pub fn is_unanswered(&self, release: &Uid) -> bool {
        let of_it = |resumed: &Resumed| resumed.release == *release && resumed.phase <= Phase::Unanswered;
        self.of(release).is_some_and(Write::unanswered) || self.resumed.values().any(of_it)
    }

    /// Writes that have not come to their end.
    pub fn running(&self) -> impl Iterator<Item = &Write> {
        self.by_release.values().filter(|write| write.phase != Phase::Ended)
    }
}
