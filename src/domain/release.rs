//! A release: what the console lists and steers.

use super::doubt::Doubt;
use super::history::HistoryEntry;
use super::intent::Standing;
use super::management::{Management, Writer};
use super::objects::{Autoscaler, DisruptionBudget, Outage, Service};
use super::pod::Pod;
use super::state::Verdict;
use super::traffic::Traffic;
use super::workload::{Image, Replicas, UpdateStrategy};
use super::{Age, ObjectKey, Revision, State, Str, Uid, Verb};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The name of a strategy: `rolling`, `recreate`, `on-delete`… A name and not an enum: the set is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct StrategyKind(pub &'static str);

impl StrategyKind {
    /// The short form for columns: `replicas`, `argo`, `a/b`.
    pub fn short(self) -> &'static str {
        match self.0 {
            "replica-canary" => "replicas",
            "argo-canary" | "argo-blue-green" => "argo",
            "ab-test" => "a/b",
            name => name,
        }
    }
}

/// A root object with its workloads, traffic and health, derived by its strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    /// The root object.
    pub key: ObjectKey,
    /// The root's identity: selection sticks to it.
    pub uid: Uid,
    /// Which strategy steers it.
    pub strategy: StrategyKind,
    /// Why it was recognised as what it is.
    pub why: Str,
    /// What it is doing.
    pub state: State,
    /// A person stopped it (`spec.paused`).
    pub held: bool,
    /// Why it is in this state: one sentence.
    pub reason: Str,
    /// What to do about it: one sentence that names the next key; empty when nothing is to be done.
    pub remedy: Str,
    /// Since when it is in this state, as far as the objects tell.
    pub since: Option<Timestamp>,
    /// When the state may change without any event (a pod stuck for 60 s, a deadline): derive again then.
    pub recheck_at: Option<Timestamp>,
    /// What its spec asks for will not come by waiting: new pods are in trouble for a minute, or can't be made, or its
    /// controller gave up.
    pub stuck: bool,
    /// The version lanes, stable first.
    pub tracks: Vec<Track>,
    /// The revision that the spec stands for.
    pub revision: Option<Revision>,
    /// Its change-cause.
    pub change_cause: Option<Str>,
    /// The ladder, for strategies that have one.
    pub step: Option<Step>,
    /// Where traffic goes and who moves it; `None` for a plain workload.
    pub traffic: Option<Arc<Traffic>>,
    /// Counts over all tracks.
    pub replicas: Replicas,
    /// How updates go.
    pub update: UpdateStrategy,
    /// How far the running update is.
    pub progress: Option<Progress>,
    /// A time without any ready pod, running or the last one seen.
    pub outage: Option<Outage>,
    /// Revisions, newest first.
    pub history: Vec<HistoryEntry>,
    /// The revision that an undo offers first; `None` when there is none to go back to.
    pub back_to: Option<Revision>,
    /// Verdict and reasons in order of weight.
    pub health: Health,
    /// Who else steers it.
    pub management: Vec<Management>,
    /// Who wrote which part last.
    pub writers: Vec<Writer>,
    /// The autoscaler that owns its replicas.
    pub autoscaler: Option<Arc<Autoscaler>>,
    /// The disruption budgets over its pods.
    pub budgets: Vec<Arc<DisruptionBudget>>,
    /// The Services that select its pods.
    pub services: Vec<Arc<Service>>,
    /// The selector of a plain workload as the query of a list: its revisions carry these labels. Empty where a release
    /// has several workloads, whose rows tell.
    pub selector: Str,
    /// Every object that belongs to it (root, workloads, Services, routes, revisions; its pods are in the tracks), for
    /// targets that name a member. A change of one of them derives the release again, and its details hold the bytes of
    /// those that a plan may write.
    pub members: Vec<ObjectKey>,
    /// `metadata.generation` and `status.observedGeneration` of the root: a write is observed when they meet.
    pub generation: Generation,
    /// Fields that could not be read.
    pub unreadable: Vec<Str>,
    /// The source of its measurements that its annotation `windlass.dev/metrics` names, or `none`. The index sets it.
    pub measured_by: Option<Str>,
    /// Why its pods are not known: they are still being read, or can't be. The index sets it.
    pub pods_unread: Option<Str>,
    /// Why it may be another controller's, which can't be read. The index sets it.
    pub doubt: Option<Doubt>,
}

impl Release {
    /// The track in `role`.
    pub fn track(&self, role: Role) -> Option<&Track> {
        self.tracks.iter().find(|track| track.role == role)
    }

    /// Verdict and reasons of its health. A release that failed is not well because its pods are: then its own reason
    /// comes first.
    pub fn judged(&self) -> Health {
        let health = &self.health;
        let least = match self.state {
            State::Down | State::Failed => Verdict::Bad,
            State::Degraded => Verdict::Warn,
            State::Waiting | State::Progressing | State::Unknown | State::Healthy | State::Idle => health.verdict,
        };
        if least.rank() >= health.verdict.rank() || self.reason.is_empty() {
            return health.clone();
        }
        let own = HealthReason { verdict: least, text: self.reason.clone() };
        let rest = health.reasons.iter().filter(|reason| reason.text != self.reason).cloned();
        Health { verdict: least, reasons: std::iter::once(own).chain(rest).collect() }
    }

    /// The history entry of `revision`, by number or alias.
    pub fn entry(&self, revision: Revision) -> Option<&HistoryEntry> {
        self.history
            .iter()
            .find(|entry| entry.revision == revision)
            .or_else(|| self.history.iter().find(|entry| entry.aliases.contains(&revision)))
    }

    /// Whether `key` is one of its objects or pods.
    pub fn holds(&self, key: &ObjectKey) -> bool {
        if key.kind != super::Kind::Pod {
            return self.members.contains(key);
        }
        key.namespace == self.key.namespace && self.pods().any(|pod| pod.name == key.name)
    }

    /// Whether the object at `key` is one that its controller makes: it follows the release's root.
    pub fn generates(&self, key: &ObjectKey) -> bool {
        let canary = self.traffic.as_ref().and_then(|traffic| traffic.rows.canary.as_ref());
        canary.is_some_and(|canary| canary.primary_key().as_ref() == Some(key) || canary.generated().contains(key))
    }

    /// Whether an undo may resume it in the same write: it is held by the object whose template is written. What is
    /// suspended of a Canary is the run, and its target is another object.
    pub fn resumes_with_an_undo(&self) -> bool {
        self.held && self.key.kind != super::Kind::Canary
    }

    /// Where it stands on its ladder: what an advance from here leaves. `None` where nothing tells.
    pub fn standing(&self) -> Option<Standing> {
        let step = self.step.as_ref()?;
        let weight = self.track(Role::Candidate).and_then(|track| track.weight.asked);
        step.index.map(Standing::Step).or_else(|| weight.map(Standing::Weight))
    }

    /// Whether Flagger brings the new version over to the stable side: the ladder lies behind it, and both run the same.
    pub fn taken_over(&self) -> bool {
        let canary = self.traffic.as_ref().and_then(|traffic| traffic.rows.canary.as_ref());
        let behind = canary.is_some_and(|canary| matches!(&*canary.status.phase, "Promoting" | "Finalising"));
        let pair = self.track(Role::Stable).zip(self.track(Role::Candidate));
        behind && pair.is_some_and(|(stable, candidate)| stable.images == candidate.images)
    }

    /// Whether rules, and no weights, tell who gets which version now.
    pub fn by_rule(&self) -> bool {
        self.traffic.as_ref().is_some_and(|traffic| traffic.by_rule())
    }

    /// Where it stands on its steps or its ladder, `2/4`; empty where it stands on none.
    pub fn step_words(&self) -> String {
        if self.taken_over() {
            return String::new();
        }
        let asked = self.track(Role::Candidate).and_then(|track| track.weight.asked);
        self.step.as_ref().map_or_else(String::new, |step| step.words(asked))
    }

    /// The workload whose revisions its history holds, where the release itself is none: one of several sides, or a
    /// controller's target.
    pub fn history_of(&self) -> Option<&Str> {
        let traffic = self.traffic.as_ref().filter(|_| !self.key.kind.is_workload())?;
        if let Some(target) = traffic.rows.canary.as_ref().and_then(|canary| canary.target.as_ref()) {
            return Some(&target.name);
        }
        let holds = |own: &Self| own.revision == self.revision && own.history == self.history;
        let mut sides = traffic.rows.sides.iter();
        sides.find(|side| side.own.as_ref().is_some_and(|own| holds(own))).map(|side| &side.workload.key.name)
    }

    /// The pods of all tracks.
    pub fn pods(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.tracks.iter().flat_map(|track| &track.pods)
    }

    /// What a person is waited for, and since when.
    pub fn waiting(&self) -> Option<&super::traffic::view::WaitingFor> {
        self.traffic.as_ref()?.waiting.as_ref()
    }

    /// Since when it stands as it does: what waits for a person, since it waits.
    pub fn stands_since(&self) -> Option<Timestamp> {
        self.waiting().and_then(|waiting| waiting.since).or(self.since)
    }

    /// The generations of one of its objects, where the release is derived from them: the root, a side's workload, a
    /// route, the Canary, the Rollout.
    pub fn generation_of(&self, key: &ObjectKey) -> Option<Generation> {
        if *key == self.key {
            return Some(self.generation);
        }
        let rows = &self.traffic.as_ref()?.rows;
        if let Some(side) = rows.sides.iter().find(|side| side.workload.key == *key) {
            let workload = &side.workload;
            return Some(Generation { spec: workload.generation, observed: workload.observed_generation });
        }
        let canary = rows.canary.iter().map(|canary| &canary.meta);
        let meta = rows.routes.iter().map(|route| &route.meta).chain(canary).find(|meta| meta.key == *key)?;
        Some(Generation { spec: meta.generation, observed: meta.generation })
    }

    /// The change-cause of what the track runs: of the revision that makes its pods, else of the workload that it is.
    pub fn cause_of(&self, track: &Track) -> Option<&Str> {
        if let Some(entry) = self.history.iter().find(|entry| entry.object.name == track.name) {
            return entry.change_cause.as_ref();
        }
        let mut sides = self.traffic.as_ref()?.rows.sides.iter();
        let side = sides.find(|side| side.workload.key.name == track.name)?;
        side.own.as_ref()?.current()?.change_cause.as_ref()
    }

    /// The entry that the spec stands for.
    pub fn current(&self) -> Option<&HistoryEntry> {
        self.history.iter().find(|entry| entry.current)
    }
}

/// Generations of the root object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Generation {
    /// `metadata.generation`.
    pub spec: i64,
    /// `status.observedGeneration`.
    pub observed: i64,
}

/// One version lane inside a release.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// What it is to the release.
    pub role: Role,
    /// The name of the object that makes its pods (ReplicaSet, ControllerRevision, workload).
    pub name: Str,
    /// Its revision.
    pub revision: Option<Revision>,
    /// Its images; one a container.
    pub images: Vec<Image>,
    /// Short version: tag or short digest, `app:v2 proxy:v9` when there are several containers.
    pub version: Str,
    /// The distinct digests that really run (`sha256:…`), when they tell more than the tag.
    pub digests: Vec<Str>,
    /// Share of the traffic.
    pub weight: Weight,
    /// Its counts.
    pub replicas: Replicas,
    /// Its pods, by name.
    pub pods: Vec<Arc<Pod>>,
}

/// The role of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It serves; the others are measured against it.
    Stable,
    /// It is being brought in.
    Candidate,
    /// It is kept and takes no traffic.
    Idle,
}

impl Role {
    /// The word on the screen and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Candidate => "candidate",
            Self::Idle => "idle",
        }
    }
}

/// A track's share of the traffic in per cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Weight {
    /// What was asked for; `None` where nothing asks (a plain workload).
    pub asked: Option<u8>,
    /// What really goes there; `None` when it can't be told.
    pub actual: Option<u8>,
}

/// A position on a ladder of weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Entries completed, including the one stood on; `None` where there are no entries.
    pub index: Option<u32>,
    /// How many entries there are.
    pub count: u32,
    /// The weights.
    pub weights: Vec<u8>,
    /// The entries by kind, where they are more than weights (Argo's steps); else empty.
    #[serde(skip)]
    pub rungs: Vec<Rung>,
    /// Since when it stands at this one, where the objects tell.
    #[serde(skip)]
    pub since: Option<Timestamp>,
    /// What the next advance does, in words: `20 % → 50 % of myapp.com, 2 rules, by Istio`; empty when there is none.
    #[serde(skip)]
    pub next: Str,
}

impl Step {
    /// A ladder of weights, standing on the last rung that is not above `asked`.
    pub fn on_ladder(weights: Vec<u8>, asked: Option<u8>) -> Self {
        let done = asked.map(|asked| weights.iter().filter(|weight| **weight <= asked).count());
        Self {
            index: done.and_then(|done| u32::try_from(done).ok()),
            count: u32::try_from(weights.len()).unwrap_or(u32::MAX),
            weights,
            rungs: Vec::new(),
            since: None,
            next: "".into(),
        }
    }

    /// `2/4`: the entries completed of all. Where the controller counts none, the rungs that the weight has reached;
    /// empty where nothing is on the ladder.
    pub fn words(&self, asked: Option<u8>) -> String {
        let reached = |asked: u8| self.weights.iter().filter(|weight| **weight <= asked).count();
        match (self.index, asked) {
            (Some(index), _) => format!("{index}/{}", self.count),
            (None, Some(asked)) => format!("{}/{}", reached(asked), self.count),
            (None, None) => String::new(),
        }
    }
}

/// One entry of a controller's list of steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// In words: `20 %`, `pause 5m`, `analysis success-rate`.
    pub words: Str,
    /// The weight that it sets.
    pub weight: Option<u8>,
    /// Whether it waits for a person.
    pub waits: bool,
}

/// How far a running update is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// New pods available.
    pub done: i32,
    /// Pods wanted.
    pub total: i32,
    /// When the controller gives up (`progressDeadlineSeconds` after the last progress).
    pub deadline: Option<Timestamp>,
    /// The time left, from the pods already done; `None` before the first one.
    pub estimate: Option<Age>,
    /// New pods that stand in the way: name, what is wrong.
    pub blockers: Vec<Blocker>,
}

/// A pod that stands in the way of an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    /// The pod's name.
    pub pod: Str,
    /// Kubernetes' word for what is wrong.
    pub reason: Str,
    /// Kubernetes' message; empty when there is none.
    pub message: Str,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// A verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The verdict.
    pub verdict: Verdict,
    /// The reasons, the weightiest first; for `Ok` what was looked at.
    pub reasons: Vec<HealthReason>,
}

impl Health {
    /// What these reasons say together: the weightiest first, whose verdict is the health's; unknown without any.
    pub fn of(mut reasons: Vec<HealthReason>) -> Self {
        reasons.sort_by_key(|reason| reason.verdict.rank());
        Self { verdict: reasons.first().map_or(Verdict::Unknown, |reason| reason.verdict), reasons }
    }
}

/// One reason of a health verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthReason {
    /// What it speaks for.
    pub verdict: Verdict,
    /// One sentence.
    pub text: Str,
}

/// What a verb would do to a release now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// The verb.
    pub verb: Verb,
    /// Which way it goes here.
    pub direction: super::Direction,
    /// Whether it can be asked for.
    pub enabled: bool,
    /// Why not, or why it is warned about; empty when enabled without remarks.
    pub why: Str,
    /// What follows, in words: `back to revision 41, v41`.
    pub consequence: Str,
}

impl Action {
    /// A verb that can be asked for, with what follows.
    pub fn enabled(verb: Verb, direction: super::Direction, consequence: impl Into<Str>) -> Self {
        Self { verb, direction, enabled: true, why: "".into(), consequence: consequence.into() }
    }

    /// A verb that can't be asked for, with the reason.
    pub fn disabled(verb: Verb, direction: super::Direction, why: impl Into<Str>) -> Self {
        Self { verb, direction, enabled: false, why: why.into(), consequence: "".into() }
    }
}
