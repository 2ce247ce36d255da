//! Which verbs an A/B test offers now, with what follows or why not.

use super::plan::no_weights;
use crate::domain::release::{Action, Role};
use crate::domain::{Direction, Release, Verb};
use crate::strategy::routes::actions::of_sides;
use crate::strategy::workload::actions as plain;
use crate::strategy::workload::words::clip;

/// Every verb of an A/B test.
pub fn actions(release: &Release) -> Vec<Action> {
    let Some(traffic) = &release.traffic else { return Vec::new() };
    let (back, forward) = (Direction::Back, Direction::Forward);
    let version =
        |role| release.track(role).map_or_else(|| "one version".to_owned(), |track| track.version.to_string());
    let group = traffic.groups.iter().find(|group| group.role == Some(Role::Candidate));
    let running = group.is_some_and(|group| !group.matches.is_empty());
    let abort = match group.filter(|_| running) {
        Some(group) => {
            let (who, stable) = (clip(&group.who, 60), version(Role::Stable));
            Action::enabled(Verb::Abort, back, format!("end the test: {who} gets {stable} too"))
        }
        None => Action::disabled(Verb::Abort, back, "no group gets another version: the test is over"),
    };
    let candidate = release.track(Role::Candidate);
    let promote = match (&traffic.blocked, candidate.filter(|_| running)) {
        (Some(why), _) => Action::disabled(Verb::Promote, forward, why.clone()),
        (None, None) => Action::disabled(Verb::Promote, forward, "everyone gets the same version already"),
        (None, Some(track)) if track.replicas.ready <= 0 => {
            Action::disabled(Verb::Promote, forward, format!("{} has no ready pod", track.version))
        }
        (None, Some(track)) => Action::enabled(Verb::Promote, forward, format!("{} for everyone", track.version)),
    };
    let undo = if running {
        Action::enabled(Verb::Undo, back, format!("end the test: everyone gets {}", version(Role::Stable)))
    } else {
        let side = traffic.side(Role::Candidate).or_else(|| traffic.side(Role::Stable));
        let own = side.and_then(|side| side.own.as_ref()).map(|own| plain::actions(own)).unwrap_or_default();
        let undo = own.into_iter().find(|action| action.verb == Verb::Undo);
        undo.unwrap_or_else(|| Action::disabled(Verb::Undo, back, "no workload stands behind this route"))
    };
    let mut all = vec![promote, abort, undo];
    all.extend([Verb::Advance, Verb::SetWeight].map(|verb| Action::disabled(verb, forward, no_weights())));
    all.extend(of_sides(release, traffic));
    all.push(Action::disabled(Verb::Pause, back, no_weights()));
    let rest = [Verb::Resume, Verb::Continue, Verb::Skip, Verb::Retry, Verb::Switch];
    all.extend(rest.map(|verb| Action::disabled(verb, forward, no_weights())));
    all
}
