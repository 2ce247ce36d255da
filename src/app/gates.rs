//! What stands between a shown plan and its write, told in the dialog before the press. Guards and freezes hold what
//! goes forward only; read-only, missing rights and a request without an answer hold everything.

use super::layers::PlanDialog;
use super::model::Model;
use crate::domain::{Direction, Plan, Str};

/// Why a plan can't be applied now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// It can't.
    Closed(Str),
    /// It can, when somebody overrides this with a reason.
    Overridable(Str),
    /// It was overridden, and the reason is missing.
    ReasonMissing(Str),
    /// The fingerprint word must be typed first.
    WordMissing(Str),
}

impl Gate {
    /// One sentence with what to do next.
    pub fn sentence(&self) -> String {
        match self {
            Self::Closed(why) => why.to_string(),
            Self::Overridable(why) => format!("{why}; 'b' overrides it with a reason"),
            Self::ReasonMissing(why) => format!("{why}: type the reason ('e')"),
            Self::WordMissing(word) => format!("type {word} to unlock: this context is protected"),
        }
    }
}

/// The first gate that holds `plan`; `None`: `y` sends it.
pub fn gate(model: &Model, dialog: &PlanDialog, plan: &Plan) -> Option<Gate> {
    if model.session.read_only() {
        return Some(Gate::Closed("read-only: nothing is sent; 'c' copies it as kubectl".into()));
    }
    if model.live.cluster.fingerprint != model.session.cluster.fingerprint {
        return Some(Gate::Closed(
            "this is another cluster than the one connected to: choose it anew with :ctx".into(),
        ));
    }
    if let Some(write) = model.writes.of(&plan.release.uid).filter(|write| write.unanswered()) {
        return Some(Gate::Closed(
            format!("{} has no answer yet; one request a release at a time", write.plan.title).into(),
        ));
    }
    let rights = model.rights.get(&plan.release.uid);
    if let Some(permission) = rights.and_then(|rights| rights.lacks(plan.intent.verb())) {
        return Some(Gate::Closed(format!("you may not: it needs the right to {permission}").into()));
    }
    if plan.direction == Direction::Back {
        return None;
    }
    let freeze = model.session.config.freeze.in_context(&model.session.cluster.context);
    if let Some(held) = freeze.holds(model.now) {
        if !dialog.overridden {
            return Some(Gate::Overridable(held.to_string().into()));
        }
        if dialog.reason.text().trim().is_empty() {
            return Some(Gate::ReasonMissing(held.to_string().into()));
        }
    }
    if let Some(word) = dialog.word.as_ref().filter(|word| !word.matches()) {
        return Some(Gate::WordMissing(word.wanted.clone()));
    }
    None
}
