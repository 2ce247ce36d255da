//! Whether a release under Flagger has come to rest, told from the derived release alone.

use super::phase::{Phase, target_is_promoted};
use super::scene::ready;
use crate::domain::traffic::view::Traffic;
use crate::domain::{Release, State};
use crate::strategy::Settled;

/// What is still missing, or that nothing is.
pub fn settled(release: &Release) -> Settled {
    let Some((traffic, canary)) =
        release.traffic.as_deref().and_then(|traffic| Some((traffic, traffic.rows.canary.as_deref()?)))
    else {
        return Settled::Failed("its Canary is gone".into());
    };
    // A route that goes nowhere holds what goes forward; what was asked for may come to rest all the same.
    let nowhere = traffic.rules.iter().any(|rule| rule.problem.is_some());
    if let Some(why) = traffic.blocked.as_ref().filter(|_| !nowhere) {
        return Settled::Failed(why.clone());
    }
    let phase = Phase::of(canary);
    let reason = || release.reason.trim_end_matches('.').into();
    let target = workload(traffic, false);
    let primary = workload(traffic, true);
    if target.is_some_and(|target| !target.observed()) {
        return Settled::NotYet("the target's controller has not seen the change yet".into());
    }
    match phase {
        Phase::Failed if target_is_promoted(canary) => primary_settled(primary),
        Phase::Failed => Settled::Failed(reason()),
        _ if release.state == State::Failed => Settled::Failed(reason()),
        Phase::Initialized | Phase::Succeeded => {
            let pending = target.zip(primary).is_some_and(|(target, primary)| target.images != primary.images);
            match (pending, canary.suspend) {
                (true, true) => Settled::NotYet("it is suspended: resume it first".into()),
                (true, false) => Settled::NotYet("Flagger has not looked at the new template yet".into()),
                (false, _) => primary_settled(primary),
            }
        }
        Phase::Unseen
        | Phase::Initializing
        | Phase::Waiting
        | Phase::Progressing
        | Phase::WaitingPromotion
        | Phase::Promoting
        | Phase::Finalising
        | Phase::Terminating
        | Phase::Unknown => Settled::NotYet(reason()),
    }
}

fn workload(traffic: &Traffic, primary: bool) -> Option<&crate::domain::workload::Workload> {
    let key = traffic.rows.canary.as_ref()?;
    let key = if primary { key.primary_key() } else { key.target_key() }?;
    traffic.rows.sides.iter().find(|side| side.workload.key == key).map(|side| &*side.workload)
}

fn primary_settled(primary: Option<&crate::domain::workload::Workload>) -> Settled {
    match primary {
        None => Settled::NotYet("the primary is not there yet".into()),
        Some(primary) if !ready(primary) && primary.replicas.desired > 0 => {
            Settled::NotYet(format!("not every pod of {} is ready", primary.key.name).into())
        }
        Some(_) => Settled::Yes,
    }
}
