//! `kind: Outcome`, from every command that writes.

use std::sync::Arc;

use serde::Serialize;

use super::API_VERSION;
use crate::action::presence::Announced;
use crate::cli::present::forewarned;
use crate::domain::said::clean;
use crate::domain::{Call, Direction, Outcome, Plan, Verb};

/// The document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeDocument {
    api_version: &'static str,
    kind: &'static str,
    plan: Option<PlanPart>,
    outcome: &'static str,
    reason: String,
    /// What should be known of the plan, a sentence each, the weightiest first: its warnings, who will take it back, and
    /// what follows where the outcome comes before anything has changed. Empty without a plan.
    warnings: Vec<String>,
    journal: Option<String>,
}

/// The plan, as far as there was one.
#[derive(Debug, Serialize)]
struct PlanPart {
    id: String,
    intent: Verb,
    direction: Direction,
    calls: Vec<CallPart>,
    /// Null where the plan is no step that others should see.
    presence: Option<PresencePart>,
}

/// What will be written beside the calls, so that others see who steps the release.
#[derive(Debug, Serialize)]
struct PresencePart {
    /// The Lease, in the release's namespace; null where presence is off.
    lease: Option<String>,
    /// Why it is off.
    off: Option<String>,
}

#[derive(Debug, Serialize)]
struct CallPart {
    call: String,
    target: String,
    namespace: String,
    fence: String,
}

impl OutcomeDocument {
    /// The document for `outcome` of `plan`; `journal` is the file that holds the record, if there is one.
    pub fn new(plan: Option<&(Arc<Plan>, Announced)>, outcome: &Outcome, journal: Option<String>) -> Self {
        Self {
            api_version: API_VERSION,
            kind: "Outcome",
            plan: plan.map(|(plan, announced)| PlanPart::new(plan, announced)),
            outcome: outcome.kind.word(),
            reason: clean(&outcome.reason).into_owned(),
            warnings: plan.map(|(plan, _)| warnings(plan)).unwrap_or_default(),
            journal,
        }
    }
}

fn warnings(plan: &Plan) -> Vec<String> {
    forewarned(plan).into_iter().map(|warning| warning.sentence).collect()
}

impl PlanPart {
    fn new(plan: &Plan, announced: &Announced) -> Self {
        let call = |planned: &crate::domain::plan::PlannedCall| {
            let target: &Call = &planned.call;
            CallPart {
                call: planned.what.to_string(),
                target: target.target().target(),
                namespace: target.target().namespace.to_string(),
                fence: planned.fence.to_string(),
            }
        };
        Self {
            id: plan.id.0.to_string(),
            intent: plan.intent.verb(),
            direction: plan.direction,
            calls: plan.calls.iter().map(call).collect(),
            presence: match announced {
                Announced::No => None,
                Announced::Lease(lease) => Some(PresencePart { lease: Some(lease.name.to_string()), off: None }),
                Announced::Off(why) => Some(PresencePart { lease: None, off: Some(clean(why).into_owned()) }),
            },
        }
    }
}
