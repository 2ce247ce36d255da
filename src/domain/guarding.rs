//! What the configuration says of gates and guards, as numbers; the rules made of them are the guard's.

use super::{ObjectKey, Str};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// How long a rung holds before the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bake {
    /// So long; `None`: time does not count.
    pub time: Option<SignedDuration>,
    /// So many requests to the candidate; `None`: requests do not count.
    pub requests: Option<u64>,
}

/// What a guard does when a rule is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnBreach {
    /// Back to the revision that was serving when it was armed, by whatever way this release has.
    #[default]
    Undo,
    /// Traffic back to stable.
    Abort,
    /// The Service back to the side that was live.
    SwitchBack,
    /// Nothing: it only says so.
    Hold,
}

impl OnBreach {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Undo, Self::Abort, Self::SwitchBack, Self::Hold];

    /// As the flag and the configuration write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Undo => "undo",
            Self::Abort => "abort",
            Self::SwitchBack => "switch-back",
            Self::Hold => "hold",
        }
    }
}

impl fmt::Display for OnBreach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// `[guard]`, and the gates of ladders.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GuardSettings {
    /// The highest share of failed requests, in per cent.
    pub error_rate: Option<f64>,
    /// The lowest share of requests that did not fail, in per cent.
    pub success_rate: Option<f64>,
    /// The highest p99.
    pub latency: Option<SignedDuration>,
    /// So many bad answers of the health endpoint in a row are a breach.
    pub health_failures: Option<u32>,
    /// More restarts than so many are a breach.
    pub restarts: Option<u32>,
    /// Fewer requests than this are too few to judge.
    pub min_requests: Option<u64>,
    /// How often in a row a rule must be broken.
    pub breaches: Option<u32>,
    /// How long after a change numbers do not count.
    pub settle: Option<SignedDuration>,
    /// How long a rollout may take.
    pub rollout: Option<SignedDuration>,
    /// How long the way back may take.
    pub undo: Option<SignedDuration>,
    /// Whether no data is a breach.
    pub no_data_is_breach: bool,
    /// How long a guard watches.
    pub watch: Option<SignedDuration>,
    /// What it does.
    pub on_breach: OnBreach,
    /// Whether it goes on by itself when all is well.
    pub step_when_ok: bool,
    /// Who is told: `slack`, `webhook`, `command`.
    pub notify: Vec<Str>,
    /// The gate of every ladder.
    pub bake: Bake,
    /// The gates of releases, by `namespace/name` of the root or workload; what they leave open is the ladder's.
    pub bakes: BTreeMap<Str, Bake>,
}

impl GuardSettings {
    /// Whether rules were asked for: then missing numbers hold as well.
    pub const fn has_rules(&self) -> bool {
        self.error_rate.is_some()
            || self.success_rate.is_some()
            || self.latency.is_some()
            || self.health_failures.is_some()
    }

    /// The gate of the release at `key`.
    pub fn bake(&self, key: &ObjectKey) -> Bake {
        let own = self.bakes.get(key.qualified().as_str()).copied().unwrap_or_default();
        Bake { time: own.time.or(self.bake.time), requests: own.requests.or(self.bake.requests) }
    }
}
