//! Whether a Rollout has come to rest, told from the derived release alone.

use super::stand::Stand;
use crate::domain::traffic::Traffic;
use crate::domain::{Release, State};
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
        State::Failed | State::Down => Settled::Failed(release.reason.clone()),
        State::Waiting | State::Progressing | State::Unknown | State::Degraded => {
            Settled::NotYet(release.reason.trim_end_matches('.').into())
        }
        State::Healthy | State::Idle if stand.in_flight() => {
            Settled::NotYet("the new version has not taken over yet".into())
        }
        State::Healthy | State::Idle => Settled::Yes,
    }
}
