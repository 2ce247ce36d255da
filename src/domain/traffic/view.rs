//! What a release shows of its traffic, whatever its strategy.

use super::matching::Match;
use super::{AnalysisRun, Canary, DestinationRule, Rollout, Route};
use crate::domain::management::Manager;
use crate::domain::objects::{Autoscaler, Endpoints, Service};
use crate::domain::release::Role;
use crate::domain::workload::Workload;
use crate::domain::{ObjectKey, Str, Timestamp};
use jiff::SignedDuration;
use std::sync::Arc;

/// How a release's traffic goes. Built by its strategy; plain workloads have none.
#[derive(Debug, Clone, PartialEq)]
pub struct Traffic {
    /// Who moves the weight.
    pub mover: Mover,
    /// The object that holds the weight: the Service, the route, the Rollout.
    pub holder: Option<ObjectKey>,
    /// Who wrote it last, and when (from managedFields).
    pub last_write: Option<(Str, Option<Timestamp>)>,
    /// Where requests go, rule by rule.
    pub rules: Vec<RuleSplit>,
    /// Blue-green: what the Service selects on.
    pub switch: Option<SwitchView>,
    /// A/B: the groups.
    pub groups: Vec<Group>,
    /// What happens by itself, and when: the next check, a scale-down, an automatic promotion.
    pub countdowns: Vec<Countdown>,
    /// A person is waited for.
    pub waiting: Option<WaitingFor>,
    /// What the controllers' objects hold of their checks.
    pub checks: Vec<Check>,
    /// What is odd, one sentence each, the weightiest first.
    pub notices: Vec<Str>,
    /// Why nothing goes forward, one sentence; `None` when it may. Ways back stay open where what they write is readable.
    pub blocked: Option<Str>,
    /// The rows that plans are made from.
    pub rows: Rows,
}

/// The rows behind a release's traffic, so that plans need no look-ups of their own.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    /// The workloads with their part, stable first.
    pub sides: Vec<Side>,
    /// The routes.
    pub routes: Vec<Arc<Route>>,
    /// The `DestinationRules` of their hosts.
    pub destination_rules: Vec<Arc<DestinationRule>>,
    /// Flagger's Canary.
    pub canary: Option<Arc<Canary>>,
    /// Argo's Rollout.
    pub rollout: Option<Arc<Rollout>>,
    /// The Rollout's analysis runs, newest first.
    pub runs: Vec<Arc<AnalysisRun>>,
}

/// One workload of a release.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// Its role now: the same as its track's.
    pub role: Role,
    /// Its name: as its track's, and as `switch --to` takes it.
    pub name: Str,
    /// The workload.
    pub workload: Arc<Workload>,
    /// The workload as a release of its own: its template's verbs (undo, set image, scale) are planned on it. `None`
    /// where a controller owns the template.
    pub own: Option<Arc<crate::domain::Release>>,
    /// The autoscaler that owns its replicas.
    pub autoscaler: Option<Arc<Autoscaler>>,
    /// The Services that select its pods only.
    pub services: Vec<Arc<Service>>,
    /// Its addresses behind the release's Service.
    pub endpoints: Endpoints,
}

impl Traffic {
    /// Nothing known but who moves the weight.
    pub const fn moved_by(mover: Mover) -> Self {
        Self {
            mover,
            holder: None,
            last_write: None,
            rules: Vec::new(),
            switch: None,
            groups: Vec::new(),
            countdowns: Vec::new(),
            waiting: None,
            checks: Vec::new(),
            notices: Vec::new(),
            blocked: None,
            rows: Rows {
                sides: Vec::new(),
                routes: Vec::new(),
                destination_rules: Vec::new(),
                canary: None,
                rollout: None,
                runs: Vec::new(),
            },
        }
    }

    /// Whether rules, and no weights, tell who gets which version now: a group has another one than the next.
    pub fn by_rule(&self) -> bool {
        self.groups.windows(2).any(|pair| pair[0].role != pair[1].role)
    }

    /// The workload in `role`.
    pub fn side(&self, role: Role) -> Option<&Side> {
        self.rows.sides.iter().find(|side| side.role == role)
    }

    /// The only side that is not the stable one: the candidate, or the idle one. `None` where there are several.
    pub fn other_than_stable(&self) -> Option<&Side> {
        let mut others = self.rows.sides.iter().filter(|side| side.role != Role::Stable);
        others.next().filter(|_| others.next().is_none())
    }

    /// The workload called so, by track name or workload name.
    pub fn side_called(&self, name: &str) -> Option<&Side> {
        let mut sides = self.rows.sides.iter();
        sides.find(|side| &*side.name == name || &*side.workload.key.name == name)
    }
}

/// Who moves the weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mover {
    /// A person, with this console or another tool.
    Person,
    /// Flagger.
    Flagger,
    /// Argo Rollouts.
    Argo,
    /// What is in Git: a manager that puts its own weights back.
    GitOps(Manager),
}

impl Mover {
    /// As the pane says it: `a person`, `Flagger`, `Argo CD`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Person => "a person",
            Self::Flagger => "Flagger",
            Self::Argo => "Argo Rollouts",
            Self::GitOps(manager) => manager.word(),
        }
    }
}

/// One rule with its shares.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSplit {
    /// The object that it stands in.
    pub route: ObjectKey,
    /// Its JSON pointer in that object; empty for a Service.
    pub pointer: Str,
    /// The hosts it is for, in words: `myapp.com`.
    pub host: Str,
    /// Its name, where it has one.
    pub name: Option<Str>,
    /// Which requests it is for, in words; empty: every one.
    pub requests: Str,
    /// What each destination gets.
    pub shares: Vec<Share>,
    /// Where copies go: the destination and the share in per cent.
    pub mirrors: Vec<(Str, Option<f64>)>,
    /// What is wrong with it, one sentence.
    pub problem: Option<Str>,
    /// Whether the console steers it (an A/B rule and a rule of somebody else are shown only).
    pub steered: bool,
}

/// One destination's share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The track; `None` for a destination that is none of the release's tracks.
    pub role: Option<Role>,
    /// The destination in words: `web-v2`, `web subset v2`.
    pub to: Str,
    /// The weight as written.
    pub written: Option<i64>,
    /// The same in per cent; `None` when it can't be told.
    pub asked: Option<u8>,
    /// What really goes there; `None` when nothing tells.
    pub actual: Option<u8>,
}

/// What a blue-green Service selects on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchView {
    /// The Service.
    pub service: ObjectKey,
    /// The label.
    pub key: Str,
    /// Its value now: the live side.
    pub live: Str,
    /// The other side's; `None` where there is not exactly one.
    pub other: Option<Str>,
    /// The Service that selects the idle side, where there is one.
    pub preview: Option<ObjectKey>,
    /// Addresses that belong to the live side, and those that still belong to another.
    pub moved: (u32, u32),
    /// When it was switched last, where somebody knows.
    pub switched_at: Option<Timestamp>,
    /// How long the addresses took to follow the last switch.
    pub took: Option<SignedDuration>,
}

/// A group of an A/B test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name: the rule's, else by letter.
    pub name: Str,
    /// Who belongs to it, in words: `header x-group is b`; `everyone else` for the rest.
    pub who: Str,
    /// The same, structured.
    pub matches: Vec<Match>,
    /// The track that serves it.
    pub role: Option<Role>,
    /// The version that it sees.
    pub version: Str,
    /// The rule: its route and JSON pointer.
    pub rule: (ObjectKey, Str),
}

/// Something that happens by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Countdown {
    /// What: `next check`, `v41 is scaled down`, `the pause ends`.
    pub what: Str,
    /// What follows from it, or holds until then; empty where that is all.
    pub then: Str,
    /// When, at the latest.
    pub due: Timestamp,
}

/// A person is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingFor {
    /// For what: `a pause without an end`, `gate confirm-promotion`.
    pub what: Str,
    /// Since when, where the objects tell.
    pub since: Option<Timestamp>,
}

/// A check of a controller, with what it measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Its name.
    pub name: Str,
    /// How it stands, as the controller says it: `Running`, `Failed`, `2 of 5 failed`.
    pub standing: Str,
    /// What speaks for it: passed, failed or neither.
    pub verdict: crate::domain::state::Verdict,
    /// Its limit, in words: `≥ 99 %`, `result[0] >= 0.95`.
    pub limit: Str,
    /// Its last values as the controller keeps them, oldest first, with the time.
    pub values: Vec<(Option<Timestamp>, Str)>,
    /// What is wrong; empty when nothing is.
    pub message: Str,
}
