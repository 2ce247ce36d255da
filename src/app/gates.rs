//! What stands between a shown plan and its write, told in the dialog before the press. The gates themselves are the
//! engine's; here they are told apart by what a person can do about them.

use super::layers::PlanDialog;
use super::layers::plan::Check;
use super::model::Model;
use crate::action::Policy;
use crate::action::gates::{self, Facts, Overridden, Preview};
use crate::domain::guarding::OnBreach;
use crate::domain::intent::Override;
use crate::domain::measurement::Measured;
use crate::domain::said::{OVERRIDE, REASON};
use crate::domain::{Plan, Release, Role, Str, Uid, Verb};
use crate::guard::Baking;
use std::sync::Arc;

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
            Self::Overridable(why) => format!("{why}; '{OVERRIDE}' overrides it with a reason"),
            Self::ReasonMissing(why) => format!("{why}: type the reason ('{REASON}')"),
            Self::WordMissing(word) => format!("type {word} to unlock: this context is protected"),
        }
    }

    /// Why, without what to do next.
    pub const fn why(&self) -> Option<&Str> {
        match self {
            Self::Closed(why) | Self::Overridable(why) | Self::ReasonMissing(why) => Some(why),
            Self::WordMissing(_) => None,
        }
    }
}

/// Whether letters go to the fingerprint word of this dialog: nothing else holds the plan back. As long as something
/// does, every key keeps its meaning, so that a freeze can be overridden.
pub fn takes_word(model: &Model, dialog: &PlanDialog) -> bool {
    dialog.plan().is_some_and(|plan| matches!(gate(model, dialog, plan), Some(Gate::WordMissing(_))))
}

/// What this context allows, by its flags and settings.
pub fn policy(model: &Model) -> Policy {
    let session = &model.session;
    Policy { read_only: session.read_only(), rehearse: session.rehearse(), protected: session.protected() }
}

/// How the rung that the release stands at bakes; `None`: it is not there.
pub fn baking(model: &Model, uid: &Uid) -> Option<Baking> {
    let release = model.release(uid)?;
    Some(baking_by(model, release, model.measurements.of(uid).map(AsRef::as_ref)))
}

/// The same by what is shown: a screen that is held still shows the gate of its moment.
pub fn baking_shown(model: &Model, release: &Release) -> Baking {
    baking_by(model, release, model.measured(&release.uid).map(AsRef::as_ref))
}

/// By the rules of the guard that this console has armed on it, as the engine does, else by the settings'.
fn baking_by(model: &Model, release: &Release, measured: Option<&Measured>) -> Baking {
    let armed = model.guards.of(&release.uid).map(|guard| &guard.terms.rules);
    gates::baking(&model.session.traffic.guard, armed, release, measured, model.now)
}

/// What the gates are told of the dialog's preview check.
pub fn preview(dialog: &PlanDialog) -> Preview {
    match &dialog.check {
        Check::None | Check::Passed(_) => Preview::Free,
        Check::Running => Preview::Awaited,
        Check::Failed(why) => Preview::Failed(why.clone()),
    }
}

/// Why a guard could only tell of a breach, whatever it is armed for; `None`: it may go back by `way`, or is to do no more.
pub fn only_tells(model: &Model, release: &Uid, way: OnBreach) -> Option<Str> {
    let split = |release: &Arc<Release>| release.traffic.is_some() && release.track(Role::Candidate).is_some();
    let verb = match way {
        // What takes traffic goes back by its traffic.
        OnBreach::Undo if model.release(release).is_some_and(split) => Verb::Abort,
        OnBreach::Undo => Verb::Undo,
        OnBreach::Abort => Verb::Abort,
        OnBreach::SwitchBack => Verb::Switch,
        OnBreach::Hold => return None,
    };
    if policy(model).read_only {
        return Some("this console is read-only".into());
    }
    let missing = model.rights.get(release)?.lacks(verb)?;
    Some(format!("you may not {verb} it, which needs the right to {missing}").into())
}

fn freeze(model: &Model) -> Option<Str> {
    let freeze = model.session.config.freeze.in_context(&model.session.cluster.context);
    freeze.holds(model.now).map(|held| held.to_string().into())
}

/// What `overridden` lets through, without its stop: that it is overridden takes none of it back. `None` where nothing is
/// held, or where the plan itself says it.
pub fn holding(model: &Model, dialog: &PlanDialog, plan: &Plan, overridden: Override) -> Option<Str> {
    let why = match (overridden, &dialog.check) {
        (Override::Freeze, _) => freeze(model),
        (Override::Bake, _) => baking(model, &plan.release.uid).and_then(|baking| baking.holds()),
        (Override::PreviewCheck, Check::Failed(why)) => Some(why.clone()),
        (Override::PreviewCheck | Override::FewerPods | Override::BreakGlass, _) => None,
    };
    why.map(|why| why.trim_end_matches('.').into())
}

/// The first gate that holds `plan`; `None`: `y` sends it.
pub fn gate(model: &Model, dialog: &PlanDialog, plan: &Plan) -> Option<Gate> {
    let uid = &plan.release.uid;
    let lacks = model.rights.get(uid).and_then(|rights| rights.lacks(plan.intent.verb()));
    let facts = Facts {
        elsewhere: model.elsewhere.clone(),
        missing_right: lacks.cloned(),
        unanswered: model.writes.is_unanswered(uid),
        // Asked by the engine when it is confirmed: that takes a request.
        unheard: None,
        freeze: freeze(model),
        overridden: Overridden::of(dialog.overrides.contains(&Override::Freeze), dialog.reason.text()),
        bake: baking(model, uid).and_then(|baking| baking.holds()),
        unbaked: Overridden::of(dialog.overrides.contains(&Override::Bake), dialog.reason.text()),
        preview: preview(dialog),
        unchecked: Overridden::of(dialog.overrides.contains(&Override::PreviewCheck), dialog.reason.text()),
        word: dialog.word.as_ref().is_some_and(super::layers::plan::Word::matches),
    };
    if let Some(overridden) = dialog.overrides.first()
        && dialog.reason.text().trim().is_empty()
    {
        let held = holding(model, dialog, plan, *overridden);
        let why = held.map(|why| format!("{why}; ")).unwrap_or_default();
        return Some(Gate::ReasonMissing(format!("{why}'{}' is overridden", overridden.word()).into()));
    }
    let (gate, refusal) = gates::held(policy(model), plan.into(), &facts)?;
    let frozen = || facts.freeze.clone().unwrap_or_default();
    let bake = || facts.bake.clone().unwrap_or_default();
    Some(match gate {
        gates::Gate::Preview => match facts.preview {
            Preview::Failed(why) => Gate::Overridable(format!("the preview check failed: {why}").into()),
            Preview::Free | Preview::Awaited => Gate::Closed(refusal.reason),
        },
        gates::Gate::Freeze => Gate::Overridable(frozen()),
        gates::Gate::Bake => Gate::Overridable(bake()),
        gates::Gate::Reason => Gate::ReasonMissing(frozen()),
        gates::Gate::Word => Gate::WordMissing(model.session.cluster.fingerprint.word.clone()),
        gates::Gate::ReadOnly
        | gates::Gate::Elsewhere
        | gates::Gate::Unanswered
        | gates::Gate::Awaited
        | gates::Gate::Right
        | gates::Gate::Blind
        | gates::Gate::Unheard => Gate::Closed(refusal.reason),
    })
}
