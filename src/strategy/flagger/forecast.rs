//! What Flagger makes of a write.

use super::gate;
use super::phase::{Phase, interval, least_time, style};
use super::verbs::Seen;
use crate::domain::management::{Part, Reverts};
use crate::domain::said::{ABORT, PAUSE, PROMOTE, RESUME};
use crate::domain::traffic::canary::CanaryStyle;
use crate::domain::traffic::hook::HookKind;
use crate::domain::{Age, Str};
use crate::strategy::workload::managers;
use crate::strategy::workload::words::count;
use jiff::SignedDuration;

/// Whether a template is the one that the primary serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    /// As far as its images tell.
    Promoted,
    /// Another one.
    New,
}

/// What follows a new template on the target.
pub struct Follows {
    /// One sentence without its stop.
    pub then: String,
    /// The least time.
    pub takes: Option<SignedDuration>,
    /// What should be known.
    pub warnings: Vec<Str>,
}

/// What follows when the target's template becomes one of `version`.
pub fn of_template(seen: &Seen<'_>, template: Template, version: &str) -> Follows {
    let canary = seen.canary;
    if canary.suspend {
        return Follows {
            then: format!("nothing: Flagger is suspended; once it is resumed ({RESUME}), what follows follows then"),
            takes: None,
            warnings: Vec::new(),
        };
    }
    let within = Age(interval(canary)).words();
    let (new, on) = (seen.new_version(), seen.users_are_on());
    match (seen.phase, template) {
        (Phase::Progressing | Phase::WaitingPromotion, Template::Promoted) => {
            let share = seen.weight().map_or_else(String::new, |weight| format!(", with {weight} % of the traffic"));
            let first = if gate::of_rollback(canary).is_some() {
                format!("{ABORT} first rolls back at once")
            } else {
                format!("{PAUSE} first holds it")
            };
            Follows {
                then: format!(
                    "no new analysis: the run goes on with the old code{share}, and ends with {version} promoted"
                ),
                takes: None,
                warnings: vec![
                    format!("Flagger starts anew only for what it has not promoted: this run goes on; {first}").into(),
                ],
            }
        }
        (Phase::Progressing | Phase::WaitingPromotion, Template::New) => {
            let mut follows = analysis(seen, version);
            follows.then = format!(
                "Flagger starts again within {within}: {new} is left at once, all traffic goes to {on}, then {}",
                follows.then
            );
            follows
        }
        (Phase::Waiting, Template::Promoted) => Follows {
            then: format!(
                "none of {new} runs, and none will; the run still waits for its gate, and once through it runs with the old code"
            ),
            takes: None,
            warnings: Vec::new(),
        },
        (Phase::Failed, Template::Promoted) => Follows {
            then: format!("no analysis: users are on {on} already, and the target holds it again"),
            takes: None,
            warnings: Vec::new(),
        },
        (Phase::Promoting | Phase::Finalising, _) => {
            let mut follows = analysis(seen, version);
            follows.then = format!("the promotion of {new} ends first; then {}", follows.then);
            follows
        }
        _ => {
            let mut follows = analysis(seen, version);
            follows.then = format!("within {within} {}", follows.then);
            follows
        }
    }
}

/// A new run, from its first step.
fn analysis(seen: &Seen<'_>, version: &str) -> Follows {
    let canary = seen.canary;
    if canary.skip_analysis {
        return Follows {
            then: format!("{version} is promoted without an analysis (skipAnalysis is set)"),
            takes: Some(SignedDuration::from_secs(interval(canary).as_secs().saturating_mul(2))),
            warnings: vec!["skipAnalysis is set: nothing is checked".into()],
        };
    }
    let takes = least_time(canary);
    let steps = match style(canary) {
        CanaryStyle::Weighted => count(i64::try_from(canary.ladder().len()).unwrap_or(i64::MAX), "step"),
        CanaryStyle::AbTest | CanaryStyle::BlueGreen => count(super::phase::iterations(canary), "check"),
    };
    let gates = canary.analysis.webhooks.iter().filter(|hook| hook.kind.holds()).count();
    let gated = if gates > 0 { ", and as long as its gates hold it" } else { "" };
    let mut warnings: Vec<Str> = Vec::new();
    if canary.hooks(&HookKind::ConfirmRollout).next().is_some() {
        warnings.push("it waits for its start gate before the first pod".into());
    }
    if seen.phase == Phase::Succeeded || seen.phase == Phase::Initialized {
        let on = seen.users_are_on();
        warnings.push(format!("users stay on {on} until the analysis has passed; {PROMOTE} skips it").into());
    }
    Follows {
        then: format!("a new analysis of {version}: {steps}, at least {}{gated}", Age(takes).words()),
        takes: (gates == 0).then_some(takes),
        warnings,
    }
}

/// Who puts changes of the Canary itself back, told from its marks.
pub fn canary_writes(seen: &Seen<'_>) -> Vec<Str> {
    let all = managers::of((&seen.canary.meta).into());
    let reverting = all.iter().filter(|it| it.on(Part::Template) != Reverts::WillNot);
    reverting.map(|it| it.sentence(Part::Template).into()).collect()
}
