//! The guard: rules that watch one release, and take it back when they are broken.
//!
//! ```text
//! claim the Lease ─► look, judge ─┬─► ok ─► (one step on) ─┐
//!        ▲                        ├─► hold, no data ───────┤─► look again, until the time is over
//!        └── another holds it     └─► breach ─► way back ──┴─► settled? ─► the end
//! ```
//! Every write goes through [`Engine::apply`]. What is about to be written is kept first, so that after a kill any process
//! goes on without doing a step twice.

mod act;
mod begin;
mod kept;
mod lanes;
mod post;
mod run;
mod told;
mod way;

pub use kept::{Ended, Kept, Lane};
pub use lanes::arm;
pub use post::{HOLDS, lease_of};
pub use told::{Ending, Evaluation, GuardNews, News};

use super::engine::Engine;
use crate::domain::guarding::OnBreach;
use crate::domain::intent::{Override, ReleaseId};
use crate::domain::{Measurements, Snapshot, Str};
use crate::guard::Rules;
use crate::notify::Notifier;
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// What a guard is armed with.
#[derive(Debug, Clone)]
pub struct GuardOptions {
    /// The release.
    pub release: ReleaseId,
    /// The rules; checked already.
    pub rules: Rules,
    /// How long it watches; with steps, after the last one.
    pub watch: SignedDuration,
    /// What it does when a rule is broken.
    pub on_breach: OnBreach,
    /// Whether a person is asked first: then it writes nothing, and its looks at a breach name the way back.
    pub asks: bool,
    /// Whether it goes one step on when a rung has baked.
    pub step_when_ok: bool,
    /// How often it looks.
    pub every: Duration,
    /// What is measured.
    pub measurements: watch::Receiver<Arc<Measurements>>,
    /// What is.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Who is told.
    pub notifier: Notifier,
    /// Why it was armed, for the journal; empty when nothing was said.
    pub reason: Str,
    /// Whether the fingerprint word was given, for steps in a protected context.
    pub word: bool,
    /// A name of its own: what has ended under it is told and not begun again.
    pub name: Option<Str>,
    /// What is guarded and what served before, where that is known better than the release tells.
    pub lanes: Option<(Lane, Option<Lane>)>,
    /// What a person overrode for its way back when it was armed, with the reason above.
    pub overrides: Vec<Override>,
    /// How long its Lease holds that is not renewed, in whole seconds; [`HOLDS`] at most.
    pub holds: Duration,
}

impl Engine {
    /// Arms a guard in a task of its own, which ends with the receiver of its news. Must be called within a tokio runtime.
    pub fn guard(&self, options: GuardOptions) -> News {
        let (news, receiver) = mpsc::unbounded_channel();
        let engine = self.clone();
        tokio::spawn(run::Watch::new(engine, options, news).run());
        receiver
    }
}
