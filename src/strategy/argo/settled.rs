//! Whether a Rollout has come to rest, told from the derived release alone.

use super::phase::{Phase, phase};
use super::stand::Stand;
use super::weight;
use crate::domain::plan::Act;
use crate::domain::traffic::rollout_steps::RolloutStep;
use crate::domain::traffic::{Rollout, Traffic};
use crate::domain::{Release, Role, State};
use crate::strategy::Settled;
use std::sync::Arc;

/// What is still missing, or that nothing is: the wanted version must have taken over, all its pods ready.
pub fn settled(release: &Release) -> Settled {
    let rollout = release.traffic.as_ref().and_then(|traffic: &Arc<Traffic>| traffic.rows.rollout.as_ref());
    let Some(rollout) = rollout else { return Settled::NotYet("it is not read yet".into()) };
    let stand = Stand::of(rollout);
    if !stand.observed {
        return Settled::NotYet("the controller has not seen the change yet".into());
    }
    match release.state {
        State::Failed | State::Down if release.stuck => Settled::Failed(release.reason.clone()),
        // On the way out of an outage nothing is ready for a while.
        State::Failed | State::Down | State::Waiting | State::Progressing | State::Unknown | State::Degraded => {
            Settled::NotYet(release.reason.trim_end_matches('.').into())
        }
        State::Healthy | State::Idle if stand.in_flight() => {
            Settled::NotYet("the new version has not taken over yet".into())
        }
        State::Healthy | State::Idle => Settled::Yes,
    }
}

/// Whether the controller has done what its status was asked for. Until it has looked, the release is as it was before
/// the write: no answer may be the same for both.
pub fn acted(release: &Release, act: Act) -> Settled {
    let rollout = release.traffic.as_ref().and_then(|traffic: &Arc<Traffic>| traffic.rows.rollout.as_ref());
    let Some(rollout) = rollout else { return not_yet("it is not read yet") };
    let stand = Stand::of(rollout);
    if !stand.observed {
        return not_yet("the controller has not seen the change yet");
    }
    // A promotion, or a template that was taken back meanwhile.
    if !stand.in_flight() {
        return settled(release);
    }
    let index = stand.index.and_then(|index| u32::try_from(index).ok());
    match act {
        Act::Abort => aborted(release, rollout, &stand),
        Act::Retry if stand.aborted => not_yet("the controller has not seen it yet"),
        _ if stand.aborted => Settled::Failed(release.reason.clone()),
        _ if stand.resumed() => not_yet("the controller has not gone on yet"),
        Act::LeaveStep(step) if index.is_some_and(|index| index <= step) => {
            not_yet(&format!("it stands at step {step} still"))
        }
        Act::GoOn if !stand.pauses.is_empty() => not_yet("the controller has not gone on yet"),
        Act::GoOn if stand.index.is_none() => settled(release),
        Act::LeaveStep(_) | Act::GoOn | Act::Retry => rests(release, rollout, &stand),
    }
}

fn aborted(release: &Release, rollout: &Rollout, stand: &Stand) -> Settled {
    if !stand.aborted || phase(rollout).phase != Phase::Degraded {
        return not_yet("the controller has not aborted it yet");
    }
    let actual = release.track(Role::Candidate).and_then(|track| track.weight.actual).unwrap_or(0);
    if actual == 0 { Settled::Yes } else { not_yet(&format!("{actual} % of the traffic are not back yet")) }
}

/// Whether it has come to a place where it stays for a while, with the weight that is asked for there.
fn rests(release: &Release, rollout: &Rollout, stand: &Stand) -> Settled {
    if release.stuck {
        return Settled::Failed(release.reason.clone());
    }
    let on_its_way = || Settled::NotYet(release.reason.trim_end_matches('.').into());
    let step = stand.index.and_then(|index| rollout.steps().get(index));
    if !phase(rollout).settled {
        return on_its_way();
    }
    let stays = match step {
        Some(RolloutStep::Pause(_)) | None => !stand.pauses.is_empty(),
        Some(RolloutStep::Analysis(_) | RolloutStep::Experiment { .. } | RolloutStep::Plugin(_)) => true,
        Some(_) => stand.inconclusive(),
    };
    if !stays {
        return on_its_way();
    }
    match (weight::routed(rollout), weight::asked(rollout, stand)) {
        (Some((_, actual)), Some(asked)) if actual != asked => {
            not_yet(&format!("{asked} % is asked for, {actual} % is there"))
        }
        _ => Settled::Yes,
    }
}

fn not_yet(what: &str) -> Settled {
    Settled::NotYet(what.into())
}
