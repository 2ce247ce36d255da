//! Promoting now: through the promotion's gate where the run stands at it, else by leaving out the rest of the analysis.

use super::forecast::canary_writes;
use super::gate::{self, Place};
use super::pass;
use super::phase::{Run, interval, splits_nothing};
use super::suspend::merge;
use super::verbs::{Seen, refused};
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::milestone::{Midway, Milestone};
use crate::domain::plan::{Call, Inverse, Operation, Patch, PlannedCall, Refusal, Wait, json, null};
use crate::domain::said::{ADVANCE, RESUME};
use crate::domain::{Age, Details, Direction, Intent, Plan, Str, Verb};
use crate::strategy::Context;
use crate::strategy::taking_back::put_back;
use crate::strategy::workload::diff;
use crate::strategy::workload::plan::{Draft, Part, finish, patch};
use crate::strategy::workload::undo::truth;

const SKIP: &str = "/spec/skipAnalysis";

/// Whether the promotion's gate is what stands in the way, and the console can open it.
pub fn by_gate(seen: &Seen<'_>) -> bool {
    let hold = gate::ahead(seen.canary, seen.weight());
    hold.is_some_and(|hold| hold.place == Place::Promotion) && pass::possible(seen).is_ok()
}

/// Why the analysis can't be skipped now.
pub fn possible(seen: &Seen<'_>) -> Result<(), Str> {
    match seen.phase.run() {
        Some(Run::Progressing | Run::WaitingPromotion) => {}
        Some(Run::Waiting) => {
            return Err(format!(
                "it waits for its start gate, which is asked even if the analysis is skipped; {ADVANCE} opens it"
            )
            .into());
        }
        Some(Run::Promotion) => return Err("it is being promoted already".into()),
        None => return Err("nothing is on its way".into()),
    }
    if seen.canary.suspend {
        return Err(format!("it is suspended, so Flagger promotes nothing; resume it first ({RESUME})").into());
    }
    if !seen.candidate_is_ready() {
        return Err("the canary's pods are not all ready, and Flagger promotes nothing before".into());
    }
    Ok(())
}

/// The plan of a promotion.
pub fn promote(seen: &Seen<'_>, details: &Details, context: &Context) -> Result<Plan, Refusal> {
    let intent = Intent::Promote { winner: None };
    if by_gate(seen) { pass::plan(seen, details, &intent, context) } else { plan(seen, details, &intent, context) }
}

/// The plan that leaves out the rest of the analysis: `spec.skipAnalysis`, until Flagger has promoted, then as it was.
pub fn plan(seen: &Seen<'_>, details: &Details, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
    let verb: Verb = intent.verb();
    possible(seen).map_err(|why| refused(seen, verb, &why))?;
    if seen.canary.skip_analysis {
        return Err(refused(seen, verb, "skipAnalysis is set already: Flagger promotes at its next check"));
    }
    let (root, new) = (&details.root, seen.new_version());
    let first = Patch::of(root).test(SKIP).test("/spec/suspend").test("/status/phase").add(SKIP, truth(true)).call();
    let first = PlannedCall {
        then: Some(Midway {
            what: format!("until {new} is promoted").into(),
            until: Milestone::Phase(["Succeeded", "Failed"].map(Str::from).to_vec()),
            limit: seen.patience(),
            go_on: true,
        }),
        ..patch(first, "only if skipAnalysis, suspend and phase are as shown")
    };
    let identity = json(root.uid.as_str()).unwrap_or_else(null);
    let back = Call::JsonPatch {
        target: root.key.clone(),
        subresource: None,
        operations: vec![
            Operation::Test { path: "/metadata/uid".into(), value: identity },
            Operation::Test { path: SKIP.into(), value: truth(true) },
            put_back(root, SKIP),
        ],
    };
    let within = Age(interval(seen.canary)).words();
    let mut warnings: Vec<Str> =
        vec!["metrics, gates and the check of the primary are left out; post-rollout hooks run".into()];
    if verb == Verb::Skip {
        warnings.insert(
            0,
            format!("Flagger's analysis is left out as a whole, not one step of it: {new} goes to everyone").into(),
        );
    }
    if !splits_nothing(seen.canary) {
        let old = seen.old_version();
        warnings.push(
            format!("traffic goes to the primary first: canary users see {old} until the primary is replaced").into(),
        );
    }
    warnings.push(
        "until it is set back every new version is promoted at once: an interrupted plan sets it back first".into(),
    );
    warnings.extend(canary_writes(seen));
    let was = seen.canary.skip_analysis;
    let draft = Draft {
        title: format!("{new} promoted, the rest of the analysis left out"),
        direction: Direction::Forward,
        calls: vec![first, PlannedCall { closes: true, ..patch(back, "only if it is still true") }],
        until: Wait::Settled,
        inverse: Inverse::None { why: "a promoted version goes back with U, through an analysis of its own".into() },
        forecast: Forecast {
            then: format!(
                "within {within}: all traffic to the primary, which gets {new}; then skipAnalysis is {was} again"
            )
            .into(),
            takes: Some(interval(seen.canary)),
            warnings,
            ..Forecast::default()
        },
        risk: Risk::High,
        diff: vec![diff::value("spec.skipAnalysis", Some(&was.to_string()), Some(&format!("true, then {was}")))],
        needs: Vec::new(),
        kubectl: vec![
            merge(&root.key, "{\"spec\":{\"skipAnalysis\":true}}"),
            merge(&root.key, &format!("{{\"spec\":{{\"skipAnalysis\":{was}}}}}")),
        ],
    };
    Ok(finish(seen.release, details, intent, context, Part::Neither, draft))
}
