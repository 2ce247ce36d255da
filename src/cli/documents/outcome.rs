//! `kind: Outcome`, from every command that writes.

use serde::Serialize;

use super::API_VERSION;
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
    journal: Option<String>,
}

/// The plan, as far as there was one.
#[derive(Debug, Serialize)]
struct PlanPart {
    id: String,
    intent: Verb,
    direction: Direction,
    calls: Vec<CallPart>,
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
    pub fn new(plan: Option<&Plan>, outcome: &Outcome, journal: Option<String>) -> Self {
        Self {
            api_version: API_VERSION,
            kind: "Outcome",
            plan: plan.map(PlanPart::new),
            outcome: outcome.kind.word(),
            reason: outcome.reason.to_string(),
            journal,
        }
    }
}

impl PlanPart {
    fn new(plan: &Plan) -> Self {
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
        }
    }
}
