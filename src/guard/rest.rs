//! Whether a release has come to rest, as rules and guards take it.

use crate::domain::wait::Act;
use crate::domain::{Release, State, Str};
use crate::strategy::{Settled, strategy};
use std::sync::Arc;

/// How a rollout stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rest {
    /// All that was asked for is there.
    Settled,
    /// Its controller waits for a person or measures, and has deadlines of its own: what it does.
    Stands(Str),
    /// On its way: what is missing.
    Moves(Str),
    /// It will not come by itself: why.
    Failed(Str),
}

/// How the rollout of `release` stands; `None` where nothing steers it.
pub fn rest(release: &Release) -> Option<Rest> {
    let strategy = strategy(release.strategy)?;
    let missing = match strategy.settled(release) {
        Settled::Yes => return Some(Rest::Settled),
        Settled::Failed(why) => return Some(Rest::Failed(why)),
        Settled::NotYet(missing) => missing,
    };
    if let Some(waiting) = release.waiting() {
        return Some(Rest::Stands(format!("waits for {}", waiting.what).into()));
    }
    let rows = release.traffic.as_deref().map(|traffic| &traffic.rows);
    // An Argo Rollout at a pause or an analysis, with the weight of its step; Flagger while it analyses.
    let argo = rows.is_some_and(|rows| rows.rollout.is_some()) && strategy.acted(release, Act::Retry) == Settled::Yes;
    let flagger =
        rows.is_some_and(|rows| rows.canary.is_some()) && matches!(release.state, State::Progressing | State::Waiting);
    Some(if argo || flagger { Rest::Stands(missing) } else { Rest::Moves(missing) })
}

/// How the rollout of the side called `track` stands, where `release` has several of its own: what is wrong with another
/// side is no reason to take this one back. Where it has not, as the release stands.
pub fn rest_of(release: &Release, track: &str) -> Option<Rest> {
    let traffic = release.traffic.as_ref();
    let apart = traffic.filter(|traffic| {
        let sides = &traffic.rows.sides;
        // A switch is judged by its live side alone already.
        traffic.switch.is_none()
            && sides.len() > 1
            && sides.iter().any(|side| &*side.name == track && side.own.is_some())
    });
    let Some(traffic) = apart else { return rest(release) };
    let mut alone = traffic.as_ref().clone();
    alone.rows.sides.retain(|side| &*side.name == track);
    rest(&Release { traffic: Some(Arc::new(alone)), ..release.clone() })
}
