//! One step further: the gate in the way is opened until the run has moved, and closed again.

use super::gate::{self, Hold, Place, kubectl, shut, turn};
use super::leaving::stands_at;
use super::phase::{AFTER_PROMOTION, Run, interval, next_weight};
use super::verbs::{Seen, only_if_as_shown, refused};
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::intent::{RuleRef, Standing};
use crate::domain::milestone::{Midway, Milestone};
use crate::domain::plan::{Inverse, Refusal, Wait};
use crate::domain::said::{ABORT, PAUSE, PROMOTE, RESUME, UNDO};
use crate::domain::traffic::hook::Gate;
use crate::domain::{Age, Details, Direction, Intent, Plan, Str, Verb};
use crate::strategy::Context;
use crate::strategy::workload::diff;
use crate::strategy::workload::plan::{Draft, Part, finish};

/// A step that can be let through.
pub struct Pass<'a> {
    hold: Hold<'a>,
    gates: Vec<Gate>,
    next: Option<u8>,
}

impl Pass<'_> {
    /// What comes through, in words: `20 % → 30 % on v2`.
    pub fn what(&self, seen: &Seen<'_>) -> String {
        let new = seen.new_version();
        match (self.hold.place, seen.weight(), self.next) {
            (Place::Start, _, _) => format!("the analysis of {new} starts"),
            (Place::Weight, Some(now), Some(next)) => format!("{now} % → {next} % on {new}"),
            (Place::Weight | Place::Promotion, _, _) => format!("{new} is promoted"),
        }
    }
}

/// The step that can be let through now, or why none can.
pub fn possible<'a>(seen: &Seen<'a>) -> Result<Pass<'a>, Str> {
    let canary = seen.canary;
    if canary.suspend {
        return Err(format!("it is suspended, so Flagger asks no gate; resume it first ({RESUME})").into());
    }
    let Some(run) = seen.phase.run() else {
        return Err("nothing is on its way: a new template on the target starts a run".into());
    };
    let Some(hold) = gate::ahead(canary, seen.weight()) else {
        return Err(match run {
            Run::Promotion => "it is being promoted already".into(),
            Run::Waiting | Run::Progressing | Run::WaitingPromotion => format!(
                "Flagger goes on by itself: this Canary has no gate here; {PAUSE} suspends it, {PROMOTE} skips the rest"
            )
            .into(),
        });
    };
    let gates = hold.gates()?;
    if hold.place != Place::Start && !seen.candidate_is_ready() {
        return Err("the canary's pods are not all ready, and Flagger asks no gate before".into());
    }
    let next = seen.weight().and_then(|now| next_weight(canary, now)).filter(|_| hold.place == Place::Weight);
    Ok(Pass { hold, gates, next })
}

/// The plan of an advance from where the person saw it.
pub fn advance(
    seen: &Seen<'_>,
    details: &Details,
    from: Option<Standing>,
    rule: Option<&RuleRef>,
    context: &Context,
) -> Result<Plan, Refusal> {
    if rule.is_some() {
        return Err(refused(seen, Verb::Advance, "Flagger moves all of its rules together"));
    }
    stands_at(seen, Verb::Advance, from)?;
    plan(seen, details, &Intent::Advance { from, rule: None }, context)
}

/// The plan that lets the next step through.
pub fn plan(seen: &Seen<'_>, details: &Details, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
    let pass = possible(seen).map_err(|why| refused(seen, intent.verb(), &why))?;
    let (canary, place) = (seen.canary, pass.hold.place);
    let what = pass.what(seen);
    let moved = Midway {
        what: format!("until {what}").into(),
        until: milestone(place, seen.weight()),
        limit: seen.patience(),
        go_on: true,
    };
    let mut calls = vec![only_if_as_shown(&details.root)];
    calls.extend(pass.gates.iter().map(|gate| turn(canary, gate, true)));
    if let Some(last) = calls.last_mut() {
        last.then = Some(moved);
    }
    calls.extend(pass.gates.iter().map(|gate| shut(canary, gate)));
    let commands = |open| pass.gates.iter().map(move |gate| kubectl(canary, gate, open));
    let draft = Draft {
        title: what.clone(),
        direction: Direction::Forward,
        calls,
        until: Wait::Accepted,
        inverse: Inverse::None {
            why: format!("the gate is closed again; a run that moved goes back with {ABORT} or {UNDO}").into(),
        },
        forecast: Forecast {
            then: format!(
                "Flagger asks within {}: {what}; then the gate is closed again",
                Age(interval(canary)).words()
            )
            .into(),
            takes: Some(interval(canary)),
            warnings: warnings(seen, &pass),
            ..Forecast::default()
        },
        risk: if place == Place::Promotion || pass.hold.at_top { Risk::Medium } else { Risk::Low },
        diff: vec![diff::value(&pass.hold.words(), Some("closed"), Some("open until it moves, then closed"))],
        needs: Vec::new(),
        kubectl: commands(true).chain(commands(false)).collect(),
    };
    Ok(finish(seen.release, details, intent, context, Part::Neither, draft))
}

fn milestone(place: Place, weight: Option<u8>) -> Milestone {
    let words = |more: &[&str]| more.iter().chain(&AFTER_PROMOTION).map(|word| Str::from(*word)).collect();
    match place {
        Place::Start => Milestone::Phase(words(&["Progressing", "WaitingPromotion"])),
        Place::Promotion => Milestone::Phase(words(&[])),
        Place::Weight => Milestone::Any(vec![
            Milestone::WeightAbove(weight.unwrap_or(0)),
            Milestone::Phase(words(&["WaitingPromotion"])),
        ]),
    }
}

fn warnings(seen: &Seen<'_>, pass: &Pass<'_>) -> Vec<Str> {
    let mut warnings: Vec<Str> = Vec::new();
    let shared = pass.hold.shared_with();
    if pass.hold.at_top {
        let promotes = shared.contains(&Place::Promotion.what());
        warnings.push(if promotes {
            "it stands at its highest weight, and the same gate holds the promotion: it promotes".into()
        } else {
            "it stands at its highest weight: the promotion is what comes next".into()
        });
    }
    if !shared.is_empty() {
        let within = Age(interval(seen.canary)).words();
        let others = shared.join(" and ");
        warnings.push(
            format!("the same gate holds {others}: it must be closed within {within}, or more comes through").into(),
        );
    }
    warnings.push(
        "if the console ends before, the gate stays open: it must be closed, and an interrupted plan closes it first"
            .into(),
    );
    let failed = seen.canary.status.failed_checks;
    if failed > 0 {
        warnings.push(format!("{failed} of {} allowed checks failed", seen.canary.threshold()).into());
    }
    warnings
}
