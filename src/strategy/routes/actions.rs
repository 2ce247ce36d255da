//! Which verbs a route with weights offers now, with what follows or why not.

use super::draft::share_of;
use super::plan::NOTHING_MOVES;
use super::shape::picks_users;
use super::undo::{First, first};
use super::weights::nothing_to_steer;
use crate::domain::release::{Action, Role};
use crate::domain::said::{ABORT, PROMOTE};
use crate::domain::traffic::Traffic;
use crate::domain::{Direction, Release, Verb};
use crate::strategy::traffic::ladder::next;
use crate::strategy::workload::actions as plain;
use crate::strategy::workload::words::count;

/// Why a route without any of its workloads can't be steered.
pub const NO_WORKLOAD: &str = "no workload stands behind this route";

/// Every verb of a release whose weights a person moves.
pub fn actions(release: &Release) -> Vec<Action> {
    let Some(traffic) = &release.traffic else { return Vec::new() };
    let mut all = vec![
        advance(release, traffic),
        set_weight(release, traffic),
        promote(release, traffic),
        abort(release, traffic),
    ];
    all.push(undo(release, traffic));
    all.extend(of_sides(release, traffic));
    all.extend(still());
    all
}

/// The candidate with pods to send to, or why nothing goes forward.
fn forward<'a>(release: &'a Release, traffic: &Traffic) -> Result<&'a crate::domain::release::Track, String> {
    if let Some(why) = &traffic.blocked {
        return Err(why.to_string());
    }
    if !traffic.rules.iter().any(|split| split.steered) {
        return Err(nothing_to_steer(release));
    }
    let candidate = release.track(Role::Candidate).ok_or_else(|| {
        let stable = release.track(Role::Stable).map_or_else(|| "one version".into(), |track| track.version.clone());
        format!("all traffic goes to {stable}; a new version on the other side makes a candidate")
    })?;
    if candidate.replicas.ready <= 0 {
        return Err(format!("{} has no ready pod", candidate.version));
    }
    Ok(candidate)
}

fn advance(release: &Release, traffic: &Traffic) -> Action {
    let (verb, way) = (Verb::Advance, Direction::Forward);
    let candidate = match forward(release, traffic) {
        Ok(candidate) => candidate,
        Err(why) => return Action::disabled(verb, way, why),
    };
    let asked = candidate.weight.asked.unwrap_or(0);
    let rung = release.step.as_ref().and_then(|step| next(&step.weights, asked));
    match rung {
        None => Action::disabled(verb, way, format!("there is no next step: it stands at {asked} %")),
        Some(rung) => {
            let told = release.step.as_ref().map(|step| step.next.clone()).filter(|told| !told.is_empty());
            Action::enabled(verb, way, told.unwrap_or_else(|| format!("{asked} % → {rung} %").into()))
        }
    }
}

fn set_weight(release: &Release, traffic: &Traffic) -> Action {
    let verb = Verb::SetWeight;
    let split = traffic.rules.iter().any(|split| split.steered);
    let blocked = traffic.blocked.clone();
    match (split, release.track(Role::Candidate).or_else(|| release.track(Role::Stable))) {
        (false, _) | (_, None) => Action::disabled(verb, Direction::Forward, nothing_to_steer(release)),
        (true, Some(track)) => {
            let asked = track.weight.asked.unwrap_or(0);
            let mut action = Action::enabled(
                verb,
                Direction::Forward,
                format!("another share for {}, now {asked} %", track.version),
            );
            if let Some(why) = blocked {
                action.direction = Direction::Back;
                action.why = format!("only down: {why}").into();
            }
            action
        }
    }
}

fn promote(release: &Release, traffic: &Traffic) -> Action {
    match forward(release, traffic) {
        Err(why) => Action::disabled(Verb::Promote, Direction::Forward, why),
        Ok(candidate) => {
            let (asked, version) = (candidate.weight.asked.unwrap_or(0), &candidate.version);
            Action::enabled(Verb::Promote, Direction::Forward, format!("all traffic to {version}, from {asked} %"))
        }
    }
}

fn abort(release: &Release, traffic: &Traffic) -> Action {
    let (verb, way) = (Verb::Abort, Direction::Back);
    let Some(candidate) = release.track(Role::Candidate) else {
        let why = match release.track(Role::Stable) {
            Some(_) => "all traffic goes to the stable version already",
            None => NO_WORKLOAD,
        };
        return Action::disabled(verb, way, why);
    };
    let route = traffic.rows.routes.first();
    let picks = |pointer: &str| route.and_then(|route| route.rule(pointer)).is_some_and(picks_users);
    let takes = traffic.rules.iter().any(|split| {
        let Some(share) = share_of(split, Role::Candidate) else { return false };
        let only = split.shares.iter().all(|share| share.role == Some(Role::Candidate)) && !picks(&split.pointer);
        (share > 0 || split.problem.is_some()) && (split.steered || only)
    });
    if !takes {
        return Action::disabled(verb, way, format!("{} takes no traffic", candidate.version));
    }
    let stable = release.track(Role::Stable).map_or_else(|| "stable".into(), |track| track.version.clone());
    Action::enabled(verb, way, format!("all traffic back to {stable}"))
}

fn undo(release: &Release, traffic: &Traffic) -> Action {
    let (verb, way) = (Verb::Undo, Direction::Back);
    let first = first(release, traffic);
    if let First::Traffic(from, to) = first {
        let version = |role| release.track(role).map_or_else(|| "?".into(), |track| track.version.clone());
        return Action::enabled(verb, way, format!("traffic from {} back to {}", version(from), version(to)));
    }
    let own = release.track(Role::Candidate).or_else(|| release.track(Role::Stable));
    let side = own.and_then(|track| traffic.rows.sides.iter().find(|side| side.name == track.name));
    match side.and_then(|side| side.own.as_ref()) {
        None => Action::disabled(verb, way, NO_WORKLOAD),
        Some(own) => plain::actions(own)
            .into_iter()
            .find(|action| action.verb == verb)
            .unwrap_or_else(|| Action::disabled(verb, way, "there is no earlier revision")),
    }
}

/// The verbs of the workloads behind a route.
pub fn of_sides(release: &Release, traffic: &Traffic) -> Vec<Action> {
    let forward = Direction::Forward;
    let next = release.track(Role::Candidate).or_else(|| release.track(Role::Idle));
    let image = match next {
        None => Action::disabled(
            Verb::SetImage,
            forward,
            "every side takes traffic: there is none to bring a version in on",
        ),
        Some(track) => Action::enabled(Verb::SetImage, forward, format!("another image for {}", track.name)),
    };
    let main = release.track(Role::Candidate).or_else(|| release.track(Role::Stable));
    let restart = match main {
        None => Action::disabled(Verb::Restart, forward, "no workload stands behind this route"),
        Some(track) if track.replicas.desired == 0 => {
            Action::disabled(Verb::Restart, forward, format!("{} is scaled to 0", track.name))
        }
        Some(track) => {
            let pods = count(i64::from(track.replicas.desired), "pod");
            Action::enabled(Verb::Restart, forward, format!("{pods} of {}, new", track.name))
        }
    };
    let names: Vec<&str> = traffic.rows.sides.iter().map(|side| &*side.name).collect();
    let scale = if names.is_empty() {
        Action::disabled(Verb::Scale, forward, "no workload stands behind this route")
    } else {
        Action::enabled(Verb::Scale, forward, format!("replicas of {}", names.join(" or ")))
    };
    vec![image, restart, scale]
}

/// The verbs of controllers and switches, which a route has no use for.
fn still() -> Vec<Action> {
    let of = |verb, way| Action::disabled(verb, way, NOTHING_MOVES);
    let mut all = vec![of(Verb::Pause, Direction::Back)];
    all.extend([Verb::Resume, Verb::Continue, Verb::Skip, Verb::Retry].map(|verb| of(verb, Direction::Forward)));
    all.push(Action::disabled(
        Verb::Switch,
        Direction::Forward,
        format!("a route is not switched: {PROMOTE} gives the candidate everything, {ABORT} gives it back"),
    ));
    all
}
