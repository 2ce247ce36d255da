//! How releases are recognised, derived and steered: one file a strategy, all pure.
//!
//! A new strategy is its own file and one line in `STRATEGIES`.

pub mod ab_test;
pub mod argo;
pub mod argo_blue_green;
pub mod argo_canary;
pub mod blue_green;
pub mod doubt;
pub mod flagger;
pub mod gateway;
pub mod istio;
pub mod on_delete;
pub mod recreate;
pub mod replica_canary;
pub mod rolling;
pub mod routes;
pub mod taking_back;
pub mod traffic;
pub mod workload;

#[cfg(test)]
mod contract;
#[cfg(test)]
pub mod sampled;
#[cfg(test)]
pub(crate) mod testing;

pub use crate::domain::intent::{Override, Standing};
pub use doubt::Steering;

use crate::domain::history::HistoryEntry;
use crate::domain::objects::Objects;
use crate::domain::plan::{Act, PlanId, Refusal};
use crate::domain::release::{Action, StrategyKind};
use crate::domain::traffic::TrafficSettings;
use crate::domain::{Details, Direction, Intent, ObjectKey, Plan, Release, Revision, Str, Timestamp};
use std::sync::Arc;

/// A way to bring a new version to users.
pub trait Strategy: Sync {
    /// Its name.
    fn kind(&self) -> StrategyKind;
    /// Whether the object at `key` roots a release of this kind, or belongs to one: asked of roots and of members alike,
    /// and the root that is named must itself be claimed when it is asked. Claims carry a rank, so that ownership is
    /// settled once. Called for every touched object: the cheapest test comes first.
    fn claims(&self, key: &ObjectKey, objects: &dyn Objects) -> Option<Claim>;
    /// The release rooted at `root`, as of `now`. `None` when the root is gone.
    fn derive(&self, root: &ObjectKey, objects: &dyn Objects, context: &Derive<'_>) -> Option<Release>;
    /// Every verb of this strategy with whether it can be asked for now, and why not.
    fn actions(&self, release: &Release, context: &Context) -> Vec<Action>;
    /// The plan for `intent`, or the reason why there is none.
    fn plan(&self, release: &Release, details: &Details, intent: &Intent, context: &Context) -> Result<Plan, Refusal>;
    /// Whether everything that a plan on this release waits for has come.
    fn settled(&self, release: &Release) -> Settled;
    /// Whether the controller has done what its status was asked for. Told from the state alone: such a write makes no
    /// new generation, so a release as it was before the write must be told apart from one after it.
    fn acted(&self, release: &Release, _act: Act) -> Settled {
        self.settled(release)
    }
}

/// A strategy's claim on an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The root of the release.
    pub root: ObjectKey,
    /// The objects that belong to it.
    pub members: Vec<ObjectKey>,
    /// The highest rank wins: Argo > Flagger > route > Service switch > replica canary > workload.
    pub rank: Rank,
    /// Why it was recognised.
    pub why: Str,
}

/// The order of ownership, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// A plain workload.
    Workload,
    /// A Service over several workloads.
    ReplicaCanary,
    /// A Service that switches between sides.
    ServiceSwitch,
    /// A route with weights.
    Route,
    /// A Flagger Canary.
    Flagger,
    /// An Argo Rollout.
    Argo,
}

/// What deriving needs beside the objects.
#[derive(Debug, Clone, Copy)]
pub struct Derive<'a> {
    /// The time.
    pub now: Timestamp,
    /// Revisions that our journal saw settle: (root identity, pods' hash) → when.
    pub recorded: &'a dyn Recorded,
    /// What the configuration says of traffic.
    pub settings: &'a TrafficSettings,
}

/// What our journal knows of a release's revisions.
pub trait Recorded: std::fmt::Debug {
    /// When the revision with this pod-template hash of the release last settled under our eyes.
    fn settled_at(&self, release: &crate::domain::Uid, hash: &str) -> Option<Timestamp>;

    /// When the revision with this hash, which we had brought, was undone by us before it ever settled.
    fn given_up_at(&self, _release: &crate::domain::Uid, _hash: &str) -> Option<Timestamp> {
        None
    }

    /// When we last undid the revision with this hash, whoever had brought it.
    fn undone_at(&self, _release: &crate::domain::Uid, _hash: &str) -> Option<Timestamp> {
        None
    }

    /// Our last switch of this Service that was applied.
    fn last_switch(&self, service: &crate::domain::Uid) -> Option<Switched> {
        let _ = service;
        None
    }
}

/// A switch of a Service, as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switched {
    /// The side that was live before: the value of the switch key.
    pub from: Str,
    /// The side that went live.
    pub to: Str,
    /// Which way it went: what was left by a way back is no side to go back to.
    pub direction: Direction,
    /// When it was applied.
    pub at: Timestamp,
    /// How long the addresses took to follow, where somebody waited for it.
    pub took: Option<jiff::SignedDuration>,
}

/// A journal that knows nothing.
#[derive(Debug)]
pub struct NothingRecorded;

impl Recorded for NothingRecorded {
    fn settled_at(&self, _: &crate::domain::Uid, _: &str) -> Option<Timestamp> {
        None
    }
}

/// What planning needs beside the release.
#[derive(Debug, Clone)]
pub struct Context {
    /// The time.
    pub now: Timestamp,
    /// Who asks.
    pub who: Str,
    /// The name that the plan gets.
    pub plan_id: PlanId,
    /// The pods' hash of the template that our last undo of this release left, from the journal: going there again is
    /// forward.
    pub left_by_undo: Option<Str>,
    /// What the configuration says of traffic.
    pub settings: Arc<TrafficSettings>,
    /// The refusals that the person overrides, with a reason.
    pub overrides: Vec<Override>,
    /// The side that was live before our last switch of this Service, from the journal: going there again is back.
    pub switched: Option<Switched>,
    /// Where the person saw it stand, for a continue or a skip that must leave no other step.
    pub leaves: Option<Standing>,
}

/// Whether a release has come to rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// All that was asked for is there.
    Yes,
    /// Still on the way: what is missing, in one sentence.
    NotYet(Str),
    /// It will not come by itself: the reason, in one sentence.
    Failed(Str),
}

/// The strategies, tried in this order; the claim with the highest rank wins.
pub static STRATEGIES: &[&dyn Strategy] = &[
    &rolling::ROLLING,
    &recreate::RECREATE,
    &on_delete::ON_DELETE,
    &istio::ISTIO,
    &gateway::GATEWAY,
    &ab_test::AbTest,
    &flagger::Flagger,
    &argo_canary::ARGO_CANARY,
    &argo_blue_green::ARGO_BLUE_GREEN,
    &blue_green::BlueGreen,
    &replica_canary::ReplicaCanary,
];

/// The strategy named `kind`, in doubt careful.
pub fn strategy(kind: StrategyKind) -> Option<Steering> {
    #[cfg(test)]
    if kind == sampled::SAMPLE {
        return Some(Steering(&sampled::Sampled));
    }
    STRATEGIES.iter().copied().find(|strategy| strategy.kind() == kind).map(Steering)
}

/// The claim and strategy that own the object at `key`, the highest rank first.
pub fn owner_of(key: &ObjectKey, objects: &dyn Objects) -> Option<(&'static dyn Strategy, Claim)> {
    STRATEGIES
        .iter()
        .filter_map(|strategy| strategy.claims(key, objects).map(|claim| (*strategy, claim)))
        .max_by_key(|(_, claim)| claim.rank)
}

/// The root of the release that the object at `key` belongs to: a workload behind a Service behind a route belongs to the
/// route, even if only the Service's strategy knows the workload.
pub fn root_of(key: &ObjectKey, objects: &dyn Objects) -> Option<ObjectKey> {
    let mut root = owner_of(key, objects)?.1.root;
    // Ranks rise with each round, and there are six of them.
    for _ in 0..6 {
        if root == *key {
            break;
        }
        match owner_of(&root, objects) {
            Some((_, above)) if above.root != root => root = above.root,
            _ => break,
        }
    }
    Some(root)
}

/// The entry that an undo offers first: the best evidence, else the highest below the current that was not given up. Of
/// several that serve the one with the most ready pods (a rollout that never got far is no good place to go back to), of
/// other equals the newest.
pub fn best_to_go_back_to(history: &[HistoryEntry]) -> Option<Revision> {
    use crate::domain::history::Evidence;
    let current = history.iter().find(|entry| entry.current).map(|entry| entry.revision);
    let others = || history.iter().filter(|entry| !entry.current);
    let rank = |evidence: &Evidence| match evidence {
        Evidence::GivenUp { .. } | Evidence::None => (0, 0),
        Evidence::Likely { .. } => (1, 0),
        Evidence::Serving { ready } => (2, *ready),
        Evidence::Recorded { .. } => (3, 0),
    };
    others()
        .filter(|entry| rank(&entry.evidence).0 > 0)
        .max_by_key(|entry| (rank(&entry.evidence), entry.revision))
        .map(|entry| entry.revision)
        .or_else(|| below(history, current, |entry| !matches!(entry.evidence, Evidence::GivenUp { .. })))
        .or_else(|| previous(history, current))
}

/// The highest revision below the current one; when the spec stands for no revision yet, the highest of all.
pub fn previous(history: &[HistoryEntry], current: Option<Revision>) -> Option<Revision> {
    below(history, current, |_| true)
}

fn below(history: &[HistoryEntry], current: Option<Revision>, may: impl Fn(&HistoryEntry) -> bool) -> Option<Revision> {
    let below = |entry: &&HistoryEntry| !entry.current && current.is_none_or(|current| entry.revision < current);
    history.iter().filter(below).filter(|entry| may(entry)).map(|entry| entry.revision).max()
}
