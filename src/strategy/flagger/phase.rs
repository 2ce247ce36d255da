//! Where a Canary stands, in Flagger's own words.

use crate::domain::traffic::Canary;
use crate::domain::traffic::canary::CanaryStyle;
use crate::domain::{Str, Timestamp};

/// `status.phase`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing was said yet.
    Unseen,
    /// The primary is being made.
    Initializing,
    /// The primary serves; nothing was released yet.
    Initialized,
    /// A new template waits for confirm-rollout; none of its pods runs.
    Waiting,
    /// The analysis runs.
    Progressing,
    /// The analysis has passed and waits for confirm-promotion; checks go on.
    WaitingPromotion,
    /// The primary gets the new template.
    Promoting,
    /// The traffic is back on the primary; the canary is scaled down.
    Finalising,
    /// Promoted.
    Succeeded,
    /// Rolled back.
    Failed,
    /// It is being deleted.
    Terminating,
    /// A word that the console does not know.
    Unknown,
}

/// The phase of a run that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// [`Phase::Waiting`].
    Waiting,
    /// [`Phase::Progressing`].
    Progressing,
    /// [`Phase::WaitingPromotion`].
    WaitingPromotion,
    /// [`Phase::Promoting`] and [`Phase::Finalising`]: it has passed, and nothing asks a gate any more.
    Promotion,
}

/// The phases of a run, by Flagger's words.
pub const AFTER_PROMOTION: [&str; 4] = ["Promoting", "Finalising", "Succeeded", "Failed"];

impl Phase {
    /// The phase of a Canary.
    pub fn of(canary: &Canary) -> Self {
        match &*canary.status.phase {
            "" => Self::Unseen,
            "Initializing" => Self::Initializing,
            "Initialized" => Self::Initialized,
            "Waiting" => Self::Waiting,
            "Progressing" => Self::Progressing,
            "WaitingPromotion" => Self::WaitingPromotion,
            "Promoting" => Self::Promoting,
            "Finalising" => Self::Finalising,
            "Succeeded" => Self::Succeeded,
            "Failed" => Self::Failed,
            "Terminating" | "Terminated" => Self::Terminating,
            _ => Self::Unknown,
        }
    }

    /// The run that is under way; `None` while no new version is on its way in.
    pub const fn run(self) -> Option<Run> {
        match self {
            Self::Waiting => Some(Run::Waiting),
            Self::Progressing => Some(Run::Progressing),
            Self::WaitingPromotion => Some(Run::WaitingPromotion),
            Self::Promoting | Self::Finalising => Some(Run::Promotion),
            Self::Unseen
            | Self::Initializing
            | Self::Initialized
            | Self::Succeeded
            | Self::Failed
            | Self::Terminating
            | Self::Unknown => None,
        }
    }

    /// Whether a new version is on its way in.
    pub const fn in_flight(self) -> bool {
        self.run().is_some()
    }

    /// Whether the rollback hooks are asked in it.
    pub const fn can_roll_back(self) -> bool {
        matches!(self, Self::Progressing | Self::WaitingPromotion)
    }
}

/// Since when a Canary is in its phase. `lastTransitionTime` moves with every change of the status (in Failed even at
/// every check), so the condition is asked first: it is written when the phase changes.
pub fn since(canary: &Canary) -> Option<Timestamp> {
    let status = &canary.status;
    let condition = status.conditions.iter().find(|condition| condition.reason == status.phase);
    condition.and_then(|condition| condition.updated.or(condition.since)).or(status.last_transition)
}

/// Whether the target's template is the one that Flagger promoted last, as of its last check: nothing is left to bring in
/// or to take back.
pub fn target_is_promoted(canary: &Canary) -> bool {
    canary.status.last_applied.is_some() && canary.status.last_applied == canary.status.last_promoted
}

/// When Flagger looks next, as far as its last sign of life tells: it looks once an interval. `None` while it does
/// nothing.
pub fn next_check(canary: &Canary, now: Timestamp) -> Option<Timestamp> {
    if canary.suspend || !Phase::of(canary).in_flight() {
        return None;
    }
    let last = canary.status.last_transition?;
    let every = interval(canary).as_secs().max(1);
    let rounds = now.duration_since(last).as_secs().max(0) / every + 1;
    last.checked_add(jiff::SignedDuration::from_secs(every.checked_mul(rounds)?)).ok()
}

/// The highest weight of the ladder: then the promotion comes.
pub fn highest(canary: &Canary) -> u8 {
    let analysis = &canary.analysis;
    let top = analysis.step_weights.last().copied().or(analysis.max_weight.filter(|top| *top > 0)).unwrap_or(100);
    u8::try_from(top.clamp(0, 100)).unwrap_or(100)
}

/// The weight after `now`, as Flagger works it out; `None` at the top, where the promotion comes, and where it never
/// rises.
pub fn next_weight(canary: &Canary, now: u8) -> Option<u8> {
    if style(canary) != CanaryStyle::Weighted || now >= highest(canary) {
        return None;
    }
    let analysis = &canary.analysis;
    let step = match (analysis.step_weight.filter(|step| *step > 0), &analysis.step_weights[..]) {
        (Some(step), _) => step,
        (None, []) => return None,
        (None, [first, ..]) if now == 0 => *first,
        // A weight that is none of the steps goes straight to everything.
        (None, steps) => {
            let place = steps.iter().position(|step| *step == i64::from(now));
            place.and_then(|place| steps.get(place + 1)).map_or(100, |next| *next) - i64::from(now)
        }
    };
    u8::try_from(i64::from(now).saturating_add(step).clamp(0, 100)).ok()
}

/// Which way a Canary really goes: with the provider `kubernetes` there is nothing to weigh, and every style is checks
/// beside the traffic, ten of them when nothing is said.
pub fn style(canary: &Canary) -> CanaryStyle {
    if splits_nothing(canary) { CanaryStyle::BlueGreen } else { canary.style() }
}

/// How many checks a style by iterations makes.
pub fn iterations(canary: &Canary) -> i64 {
    let asked = canary.analysis.iterations.filter(|iterations| *iterations > 0);
    asked.unwrap_or(if splits_nothing(canary) { 10 } else { 0 })
}

/// Whether its provider moves no traffic.
pub fn splits_nothing(canary: &Canary) -> bool {
    canary.provider.as_deref() == Some("kubernetes")
}

/// The least time that a run takes: one check for the start, one a step, and three for the promotion.
pub fn least_time(canary: &Canary) -> jiff::SignedDuration {
    let steps = match style(canary) {
        CanaryStyle::Weighted => i64::try_from(canary.ladder().len()).unwrap_or(100),
        CanaryStyle::AbTest | CanaryStyle::BlueGreen => iterations(canary),
    };
    jiff::SignedDuration::from_secs(interval(canary).as_secs().saturating_mul(steps.clamp(0, 1_000_000) + 4))
}

/// The phase and what the words of a sentence need of it: `Progressing`.
pub fn word(canary: &Canary) -> Str {
    if canary.status.phase.is_empty() { "no phase yet".into() } else { canary.status.phase.clone() }
}

/// From check to check; one that is absurd counts as a day, so that sums of it stay in range.
pub fn interval(canary: &Canary) -> jiff::SignedDuration {
    canary.interval().min(jiff::SignedDuration::from_hours(24))
}
