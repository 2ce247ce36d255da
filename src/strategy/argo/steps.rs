//! The steps of a canary: as rungs, what the next one does, and the least time that they take.

use super::stand::Stand;
use super::weight::{asked, asked_at};
use crate::domain::release::{Rung, Step};
use crate::domain::traffic::Rollout;
use crate::domain::traffic::rollout_steps::{PauseFor, RolloutStep};
use crate::domain::{Age, Str};
use crate::strategy::workload::words::{clip, count};
use jiff::SignedDuration;

/// The ladder; `None` for a Rollout without steps.
pub fn step(rollout: &Rollout, stand: &Stand) -> Option<Step> {
    let steps = rollout.steps();
    if steps.is_empty() {
        return None;
    }
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Some(Step {
        index: stand.index.map(|index| number(index.min(steps.len()))),
        count: number(steps.len()),
        weights: steps.iter().filter_map(RolloutStep::weight).collect(),
        rungs: steps
            .iter()
            .map(|step| Rung {
                words: clip(&step.words(), 60).into(),
                weight: step.weight(),
                waits: matches!(step, RolloutStep::Pause(PauseFor::Person)),
            })
            .collect(),
        since: rollout.status.pauses.first().and_then(|pause| pause.since),
        next: next(rollout, stand),
    })
}

/// What the next advance does, in words; empty when there is none.
pub fn next(rollout: &Rollout, stand: &Stand) -> Str {
    let Some(index) = stand.index.filter(|_| stand.in_flight() && !stand.aborted && stand.at_a_pause()) else {
        return "".into();
    };
    after(rollout, stand, index + 1).into()
}

/// What follows from the step at `index` on: `20 % → 50 %, then pause 10s`.
pub fn after(rollout: &Rollout, stand: &Stand, index: usize) -> String {
    let steps = rollout.steps();
    let now = asked(rollout, stand).unwrap_or(0);
    let rest = steps.get(index..).unwrap_or_default();
    let Some(first) = rest.first() else {
        return format!("{now} % → 100 %: the last step is done, it takes over");
    };
    if first.weight().is_some() {
        let to = asked_at(rollout, index);
        let then = rest.get(1).map_or_else(|| "then it takes over".into(), |step| format!("then {}", words(step)));
        return format!("{now} % → {to} %, {then}");
    }
    format!("{}, at {now} %", words(first))
}

/// A step in words of a sentence.
pub fn words(step: &RolloutStep) -> String {
    match step {
        RolloutStep::Pause(PauseFor::Person) => "a pause until a person goes on".into(),
        RolloutStep::Pause(PauseFor::Time(time)) => format!("a pause of {}", Age(*time).words()),
        other => clip(&other.words(), 60),
    }
}

/// What a run through steps takes at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Least {
    /// How many steps.
    pub steps: usize,
    /// The timed pauses and experiments.
    pub time: SignedDuration,
    /// Pauses without an end.
    pub waits: usize,
    /// Analyses, whose time their templates decide.
    pub analyses: usize,
}

/// What the steps from `from` on take at least.
pub fn least(rollout: &Rollout, from: usize) -> Least {
    let rest = rollout.steps().get(from..).unwrap_or_default();
    let mut least = Least { steps: rest.len(), ..Least::default() };
    for step in rest {
        match step {
            RolloutStep::Pause(PauseFor::Person) => least.waits += 1,
            RolloutStep::Pause(PauseFor::Time(time)) => least.time = least.time.saturating_add(*time),
            RolloutStep::Experiment { duration: Some(time), .. } => least.time = least.time.saturating_add(*time),
            RolloutStep::Analysis(_) => least.analyses += 1,
            RolloutStep::SetWeight(_)
            | RolloutStep::Pause(PauseFor::Unreadable)
            | RolloutStep::SetScale { .. }
            | RolloutStep::Experiment { .. }
            | RolloutStep::HeaderRoute { .. }
            | RolloutStep::MirrorRoute { .. }
            | RolloutStep::Plugin(_)
            | RolloutStep::Other(_) => {}
        }
    }
    least
}

impl Least {
    /// `at least 40 min, 1 wait for a person, 1 analysis`; empty when nothing takes time.
    pub fn words(&self) -> String {
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let mut parts = Vec::new();
        if self.time > SignedDuration::ZERO {
            parts.push(format!("at least {}", Age(self.time).words()));
        }
        if self.waits > 0 {
            parts.push(format!("{} for a person", count(number(self.waits), "wait")));
        }
        match self.analyses {
            0 => {}
            1 => parts.push("1 analysis".into()),
            many => parts.push(format!("{many} analyses")),
        }
        parts.join(", ")
    }

    /// How long it takes, where no person is waited for.
    pub fn takes(&self) -> Option<SignedDuration> {
        (self.waits == 0 && self.time > SignedDuration::ZERO).then_some(self.time)
    }
}
