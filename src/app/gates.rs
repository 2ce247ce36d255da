//! What stands between a shown plan and its write, told in the dialog before the press. The gates themselves are the
//! engine's; here they are told apart by what a person can do about them.

use super::layers::PlanDialog;
use super::model::Model;
use crate::action::{Facts, Policy, gates};
use crate::domain::{Plan, Str};

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

/// What this context allows, by its flags and settings.
pub fn policy(model: &Model) -> Policy {
    let session = &model.session;
    Policy { read_only: session.read_only(), rehearse: session.rehearse(), protected: session.protected() }
}

/// The first gate that holds `plan`; `None`: `y` sends it.
pub fn gate(model: &Model, dialog: &PlanDialog, plan: &Plan) -> Option<Gate> {
    if let Some(why) = &model.elsewhere {
        return Some(Gate::Closed(why.clone()));
    }
    let uid = &plan.release.uid;
    let lacks = model.rights.get(uid).and_then(|rights| rights.lacks(plan.intent.verb()));
    let facts = Facts {
        missing_right: lacks.cloned(),
        freeze: None,
        unanswered: model.writes.of(uid).is_some_and(super::writes::Write::unanswered),
    };
    if let Err(refusal) = gates::allow(policy(model), plan, &facts) {
        return Some(Gate::Closed(refusal.reason));
    }
    let freeze = model.session.config.freeze.in_context(&model.session.cluster.context).holds(model.now);
    let facts = Facts { freeze: freeze.as_ref().map(|held| held.to_string().into()), ..facts };
    if let (Err(_), Some(held)) = (gates::allow(policy(model), plan, &facts), freeze) {
        if !dialog.overridden {
            return Some(Gate::Overridable(held.to_string().into()));
        }
        if dialog.reason.text().trim().is_empty() {
            return Some(Gate::ReasonMissing(held.to_string().into()));
        }
    }
    let typed = dialog.word.as_ref().is_some_and(super::layers::plan::Word::matches);
    if gates::word_missing(policy(model), plan, typed) {
        return Some(Gate::WordMissing(model.session.cluster.fingerprint.word.clone()));
    }
    None
}
