//! The plan for an intent on a Rollout.

use super::gate::Gate;
use super::stand::Stand;
use super::{go_on, hold, image, restart, revert, turn_back, undo};
use crate::domain::plan::{Refusal, RefusalKind};
use crate::domain::traffic::Rollout;
use crate::domain::{Details, Direction, Intent, ObjectKey, Plan, Release, Role, Str, Verb};
use crate::strategy::Context;
use crate::strategy::workload::plan::{Draft, Part, finish as finish_plan, same_object};
use crate::strategy::workload::scale;
use crate::strategy::workload::words::clip;
use std::sync::Arc;

/// An intent with all that its plan is made from.
#[derive(Debug)]
pub struct Asked<'a> {
    /// What the person saw.
    pub release: &'a Release,
    /// The server's bytes.
    pub details: &'a Details,
    /// What was asked for.
    pub intent: &'a Intent,
    /// When, and by whom.
    pub context: &'a Context,
    /// The Rollout's row, for its spec.
    pub rollout: Arc<Rollout>,
    /// Where it stands, as the bytes tell.
    pub stand: Stand,
    /// The version on its way.
    pub new: String,
    /// The stable version.
    pub stable: String,
}

impl Asked<'_> {
    /// The Rollout.
    pub const fn key(&self) -> &ObjectKey {
        &self.release.key
    }

    /// What must hold before a verb is sent.
    pub fn gate(&self) -> Gate<'_> {
        Gate { rollout: &self.rollout, stand: &self.stand, new: &self.new, stable: &self.stable }
    }
}

/// The versions in words: the one on its way (else the one that serves), and the stable one.
pub fn versions(release: &Release) -> (String, String) {
    let version = |role| release.track(role).map(|track| clip(&track.version, 40));
    let stable = version(Role::Stable).unwrap_or_else(|| "the stable version".into());
    (version(Role::Candidate).unwrap_or_else(|| stable.clone()), stable)
}

/// The plan for `intent`.
pub fn plan(release: &Release, details: &Details, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
    same_object(release, details)?;
    let rollout = release.traffic.as_ref().and_then(|traffic| traffic.rows.rollout.clone());
    let Some(rollout) = rollout else {
        return Err(Refusal::read_again(format!("{} is not read yet; try again in a moment", release.key)));
    };
    let blocked = release.traffic.as_ref().and_then(|traffic| traffic.blocked.as_ref());
    let closed = |why: &Str| Refusal::because(format!("{}: {why}", release.key.target()));
    if let Some(why) = blocked.filter(|_| !goes_back(intent)) {
        return Err(closed(why));
    }
    let (new, stable) = versions(release);
    let asked = Asked { release, details, intent, context, rollout, stand: Stand::read(&details.root), new, stable };
    match (verb(&asked), blocked) {
        (made, None) => made,
        // What closes the ways forward is a warning on the way back.
        (Ok(mut plan), Some(why)) => {
            plan.forecast.warnings.insert(0, why.clone());
            Ok(plan)
        }
        // Of a status that can't be read nothing tells what there is to abort.
        (Err(refusal), Some(why)) if *intent == Intent::Abort && refusal.kind == RefusalKind::Refused => {
            Err(closed(why))
        }
        (Err(refusal), Some(_)) => Err(refusal),
    }
}

/// Whether an intent goes back: nothing that blocks the ways forward blocks it.
pub fn goes_back(intent: &Intent) -> bool {
    match intent {
        Intent::Revert(inverse) => inverse.direction == Direction::Back,
        other => other.verb().direction() == Some(Direction::Back),
    }
}

fn verb(asked: &Asked<'_>) -> Result<Plan, Refusal> {
    let (release, details, context) = (asked.release, asked.details, asked.context);
    match asked.intent {
        Intent::Advance { from, .. } => go_on::continues(asked, Verb::Advance, *from),
        Intent::Continue => go_on::continues(asked, Verb::Continue, context.leaves),
        Intent::Skip => go_on::skips(asked, context.leaves),
        Intent::Promote { winner } => promotes(asked, winner.as_deref()),
        Intent::Abort => turn_back::aborts(asked),
        Intent::Retry => turn_back::retries(asked),
        Intent::Pause => hold::plan(asked, true),
        Intent::Resume => hold::plan(asked, false),
        Intent::Restart => restart::plan(asked),
        Intent::Undo { to, paused } => undo::plan(asked, *to, *paused),
        Intent::SetImage(images) => image::plan(asked, images),
        Intent::Scale(replicas) => scale::plan(release, details, *replicas, context),
        Intent::Revert(inverse) => revert::plan(asked, inverse),
        Intent::Switch { .. } => Err(refused(asked, Verb::Switch)),
        Intent::SetWeight { .. } => Err(refused(asked, Verb::SetWeight)),
        Intent::ScaleSide { side, .. } => Err(Refusal::because(format!(
            "Argo sizes the sides of {}: '{}' can't be scaled on its own",
            release.key.target(),
            clip(side, 60)
        ))),
    }
}

fn promotes(asked: &Asked<'_>, winner: Option<&str>) -> Result<Plan, Refusal> {
    let candidate = asked.release.track(Role::Candidate);
    let other =
        winner.filter(|winner| candidate.is_none_or(|track| *winner != &*track.name && *winner != &*track.version));
    match other {
        Some(other) => Err(Refusal::because(format!(
            "'{}' is not on its way in {}; only {} can be promoted",
            clip(other, 60),
            asked.key().target(),
            asked.new
        ))),
        None => go_on::promotes(asked),
    }
}

fn refused(asked: &Asked<'_>, verb: Verb) -> Refusal {
    let refusal = asked.gate().allows(verb).err();
    refusal.unwrap_or_else(|| Refusal::because(format!("{verb} can't be done on {}", asked.key().target())))
}

/// The finished plan of a verb that leaves the template alone.
pub fn finish(asked: &Asked<'_>, draft: Draft) -> Result<Plan, Refusal> {
    Ok(finish_plan(asked.release, asked.details, asked.intent, asked.context, Part::Neither, draft))
}

/// The finished plan of a new template: its managers may revert it.
pub fn finish_template(asked: &Asked<'_>, draft: Draft) -> Result<Plan, Refusal> {
    Ok(finish_plan(asked.release, asked.details, asked.intent, asked.context, Part::Template, draft))
}
