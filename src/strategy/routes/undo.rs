//! Undo: while traffic is split, or the old version is kept beside the new one, traffic goes back first; the template is
//! the second choice.

use super::abort;
use super::draft::{Ground, share_of};
use crate::domain::intent::UndoTo;
use crate::domain::plan::Refusal;
use crate::domain::release::Role;
use crate::domain::traffic::Traffic;
use crate::domain::traffic::view::Side;
use crate::domain::{Intent, Plan, Release};
use crate::strategy::Context;
use crate::strategy::traffic::template;

/// Where an undo goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// Traffic, from one side to another.
    Traffic(Role, Role),
    /// The template of the side in this role.
    Template(Role),
}

/// Where an undo of this release goes first.
pub fn first(release: &Release, traffic: &Traffic) -> First {
    let ready = |role| release.track(role).map_or(0, |track| track.replicas.ready);
    match release.track(Role::Candidate) {
        Some(_) if takes(traffic) => First::Traffic(Role::Candidate, Role::Stable),
        Some(_) => First::Template(Role::Candidate),
        None if traffic.rules.iter().any(|split| split.steered)
            && (ready(Role::Idle) > 0 || last_resort(release, traffic)) =>
        {
            First::Traffic(Role::Stable, Role::Idle)
        }
        None => First::Template(Role::Stable),
    }
}

/// Whether nothing is lost by going to a side without ready pods, and nothing else is left: the serving side has none
/// either, and no earlier template.
fn last_resort(release: &Release, traffic: &Traffic) -> bool {
    let serving = release.track(Role::Stable).map_or(0, |track| track.replicas.ready);
    let own = traffic.side(Role::Stable).and_then(|side| side.own.as_ref());
    release.track(Role::Idle).is_some() && serving <= 0 && own.is_none_or(|own| own.back_to.is_none())
}

/// Whether a rule with weights gives the candidate a share.
fn takes(traffic: &Traffic) -> bool {
    let steered = traffic.rules.iter().filter(|split| split.steered);
    steered.filter_map(|split| share_of(split, Role::Candidate)).any(|share| share > 0)
}

/// The plan of an undo.
pub fn plan(ground: &Ground<'_>, to: UndoTo, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
    match (to, first(ground.release, ground.traffic)) {
        (UndoTo::Best, First::Traffic(from, to)) => abort::shift(ground, (from, to), intent, context),
        _ => template::plan(ground.release, main(ground)?, ground.details, intent, context),
    }
}

/// The side whose template is told of: the candidate's, else the stable one's.
pub fn main<'a>(ground: &Ground<'a>) -> Result<&'a Side, Refusal> {
    let side = ground.side(Role::Candidate).or_else(|| ground.side(Role::Stable));
    side.ok_or_else(|| Refusal::because(format!("no workload stands behind {}", ground.release.key)))
}

/// The side that the next version goes to: the candidate, else the one that is kept and takes no traffic.
pub fn next<'a>(ground: &Ground<'a>) -> Result<&'a Side, Refusal> {
    let side = ground.side(Role::Candidate).or_else(|| ground.side(Role::Idle));
    side.ok_or_else(|| {
        Refusal::because(format!(
            "{} has no side without all of the traffic to bring a version in on",
            ground.release.key
        ))
    })
}
