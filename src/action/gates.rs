//! Whether a write may be sent at all: every gate in one place, asked when a plan is shown and again when it is applied.
//! What goes back passes all but those that no write passes: read-only, another cluster, an unanswered request, a missing
//! right.

use crate::domain::guarding::GuardSettings;
use crate::domain::intent::ReleaseId;
use crate::domain::plan::Refusal;
use crate::domain::said::COPY_KUBECTL;
use crate::domain::{Age, Direction, Measured, Plan, Release, Str, Timestamp, Verb};
use crate::guard::{Baking, Rules};

/// What the flags and the configuration say about this context.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    /// Nothing is sent that could change anything, not even a dry run.
    pub read_only: bool,
    /// Every write is a dry run.
    pub rehearse: bool,
    /// Forward verbs need the fingerprint word.
    pub protected: bool,
}

/// What the gates look at in a write.
#[derive(Debug, Clone, Copy)]
pub struct Write<'a> {
    /// The release.
    pub release: &'a ReleaseId,
    /// Which way it goes.
    pub direction: Direction,
    /// The verb: what goes up a ladder waits for its rung.
    pub verb: Verb,
    /// The bytes that its fence was cut from were older than the freshness limit.
    pub blind: bool,
    /// The same with kubectl, for a refusal.
    pub kubectl: &'a [Str],
}

impl<'a> From<&'a Plan> for Write<'a> {
    fn from(plan: &'a Plan) -> Self {
        Self {
            release: &plan.release,
            direction: plan.direction,
            verb: plan.intent.verb(),
            blind: plan.blind,
            kubectl: &plan.kubectl,
        }
    }
}

/// Whether `verb` goes on along a ladder, when it goes forward: the next rung opens once this one has baked. To take back
/// what went back is to go on, too. To promote fully is to leave the ladder on purpose.
pub const fn climbs(verb: Verb, direction: Direction) -> bool {
    matches!(direction, Direction::Forward)
        && matches!(verb, Verb::Advance | Verb::Continue | Verb::SetWeight | Verb::Revert)
}

/// What is known beside the write, now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The context has come to point to another cluster: the sentence about it.
    pub elsewhere: Option<Str>,
    /// A permission that the cluster says is missing; `None` when it is there, and when it is not known.
    pub missing_right: Option<Str>,
    /// Whether a request on this release was not answered yet.
    pub unanswered: bool,
    /// The object was not heard of for so long, and reading it gave no answer.
    pub unheard: Option<Age>,
    /// The change freeze that holds now: its words.
    pub freeze: Option<Str>,
    /// Whether the freeze is overridden.
    pub overridden: Overridden,
    /// Why the rung that the release stands at is not done: its words.
    pub bake: Option<Str>,
    /// Whether that is overridden.
    pub unbaked: Overridden,
    /// What the preview check of a switch has said by now.
    pub preview: Preview,
    /// Whether that is overridden.
    pub unchecked: Overridden,
    /// Whether the fingerprint word was given.
    pub word: bool,
}

/// What a preview check has said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Preview {
    /// There is none, or it answered well.
    #[default]
    Free,
    /// It has not answered.
    Awaited,
    /// It did not answer well: why.
    Failed(Str),
}

/// Whether a person overrides what may be overridden.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Overridden {
    /// No.
    #[default]
    No,
    /// Yes, and the reason is missing.
    Silently,
    /// Yes, with a reason.
    WithReason,
}

impl Overridden {
    /// What was said about overriding.
    pub fn of(overridden: bool, reason: &str) -> Self {
        match (overridden, reason.trim().is_empty()) {
            (false, _) => Self::No,
            (true, true) => Self::Silently,
            (true, false) => Self::WithReason,
        }
    }
}

/// What holds a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Nothing is written in this context.
    ReadOnly,
    /// The context points to another cluster now.
    Elsewhere,
    /// One request a release.
    Unanswered,
    /// The cluster does not let us.
    Right,
    /// The plan was made from old bytes.
    Blind,
    /// The server gives no answer about the object.
    Unheard,
    /// The preview check has not answered.
    Awaited,
    /// The preview check failed, which may be overridden.
    Preview,
    /// A change freeze, which may be overridden.
    Freeze,
    /// The rung has not baked, which may be overridden.
    Bake,
    /// Something is overridden, and the reason is missing.
    Reason,
    /// The fingerprint word is missing.
    Word,
}

/// How the rung that `release` stands at bakes, as `settings` ask for it; by the rules of the guard that is `armed` on it,
/// where there is one.
pub fn baking(
    settings: &GuardSettings,
    armed: Option<&Rules>,
    release: &Release,
    measured: Option<&Measured>,
    now: Timestamp,
) -> Baking {
    let bake = settings.bake(&release.key);
    match armed {
        Some(rules) => crate::guard::baking(bake, (rules, true), release, measured, now),
        None => crate::guard::baking(bake, (&Rules::from(settings), settings.has_rules()), release, measured, now),
    }
}

/// The first gate that holds `write`, with the sentence about it; `None`: it may be sent.
pub fn held(policy: Policy, write: Write<'_>, facts: &Facts) -> Option<(Gate, Refusal)> {
    let key = &write.release.key;
    let hold = |gate, reason: String| Some((gate, Refusal::because(reason).with_kubectl(write.kubectl.to_vec())));
    if policy.read_only {
        return hold(
            Gate::ReadOnly,
            format!("read-only: nothing is sent to {key}; {COPY_KUBECTL} gives the kubectl commands"),
        );
    }
    if let Some(why) = &facts.elsewhere {
        return hold(Gate::Elsewhere, format!("nothing is sent to {key}: {why}"));
    }
    if facts.unanswered {
        return hold(Gate::Unanswered, format!("the answer to the last write on {key} is still missing; wait for it"));
    }
    if let Some(permission) = &facts.missing_right {
        let reason = format!("you may not change {key}: it needs '{permission}'; ask for it or use another context");
        return hold(Gate::Right, reason);
    }
    if write.direction == Direction::Back {
        return None;
    }
    if write.blind {
        let reason = format!("{key} could not be read just now, so nothing new is sent to it; going back would be");
        return hold(Gate::Blind, reason);
    }
    if let Some(age) = facts.unheard {
        let age = age.words();
        let reason = format!("{key} was not heard of for {age}, so nothing new is sent to it; going back would be");
        return hold(Gate::Unheard, reason);
    }
    match (&facts.preview, facts.unchecked) {
        (Preview::Awaited, _) => return hold(Gate::Awaited, "the preview check has not answered yet".to_owned()),
        (Preview::Failed(why), Overridden::No) => {
            let next = "switching all the same needs the override 'preview-check' with a reason";
            return hold(Gate::Preview, format!("the preview check failed: {why}; {next}"));
        }
        (Preview::Failed(why), Overridden::Silently) => {
            return hold(Gate::Reason, format!("the preview check failed: {why}: overriding it needs a reason"));
        }
        (Preview::Failed(_), Overridden::WithReason) | (Preview::Free, _) => {}
    }
    match (&facts.freeze, facts.overridden) {
        (Some(freeze), Overridden::No) => {
            let reason = format!("{freeze}; going back is open, forward needs an override with a reason");
            return hold(Gate::Freeze, reason);
        }
        (Some(freeze), Overridden::Silently) => {
            return hold(Gate::Reason, format!("{freeze}: overriding it needs a reason"));
        }
        (Some(_), Overridden::WithReason) | (None, _) => {}
    }
    match (&facts.bake, facts.unbaked) {
        (Some(why), Overridden::No) if climbs(write.verb, write.direction) => {
            let reason = format!("{why}; going back is open, forward needs an override with a reason");
            return hold(Gate::Bake, reason);
        }
        (Some(why), Overridden::Silently) if climbs(write.verb, write.direction) => {
            return hold(Gate::Reason, format!("{why}: overriding it needs a reason"));
        }
        (Some(_) | None, _) => {}
    }
    if policy.protected && !facts.word {
        return hold(
            Gate::Word,
            format!("going forward on {key} needs the word of this cluster: its context is protected"),
        );
    }
    None
}
