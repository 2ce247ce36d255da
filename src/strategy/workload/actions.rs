//! Which verbs a workload offers now, with what follows or why not.

use super::plan::pausable;
use super::version::version;
use super::words::{clip, count};
use crate::domain::history::Evidence;
use crate::domain::release::Action;
use crate::domain::said::RESUME;
use crate::domain::{Direction, Kind, Release, Verb};

/// Every verb of a plain workload.
pub fn actions(release: &Release) -> Vec<Action> {
    vec![undo(release), pause(release), resume(release), restart(release), set_image(release), scale(release)]
}

fn undo(release: &Release) -> Action {
    let entry = release.back_to.and_then(|revision| release.entry(revision));
    match entry {
        None if release.history.is_empty() => {
            Action::disabled(Verb::Undo, Direction::Back, "its revisions are not read yet, or may not be listed")
        }
        None => Action::disabled(Verb::Undo, Direction::Back, "there is no earlier revision"),
        Some(entry) => {
            let known = match &entry.evidence {
                Evidence::Recorded { .. } => ", last good",
                Evidence::Serving { .. } => ", still serving",
                Evidence::Likely { .. } => ", likely good",
                Evidence::GivenUp { .. } => ", which was undone",
                Evidence::None => "",
            };
            let to = clip(&version(&entry.images), 40);
            Action::enabled(Verb::Undo, Direction::Back, format!("back to revision {}, {to}{known}", entry.revision))
        }
    }
}

fn pause(release: &Release) -> Action {
    let (verb, back) = (Verb::Pause, Direction::Back);
    if !pausable(release.key.kind) {
        return Action::disabled(verb, back, "only Deployments can be paused");
    }
    if release.held {
        return Action::disabled(verb, back, "it is paused already");
    }
    Action::enabled(
        verb,
        back,
        if release.progress.is_some() { "the rollout stops where it is" } else { "the next change waits" },
    )
}

fn resume(release: &Release) -> Action {
    let (verb, forward) = (Verb::Resume, Direction::Forward);
    if !pausable(release.key.kind) {
        return Action::disabled(verb, forward, "only Deployments can be paused");
    }
    if !release.held {
        return Action::disabled(verb, forward, "it is not paused");
    }
    let pending = release.progress.is_some();
    Action::enabled(
        verb,
        forward,
        if pending { "the pending template rolls out" } else { "the next change rolls out at once" },
    )
}

fn restart(release: &Release) -> Action {
    let (verb, forward) = (Verb::Restart, Direction::Forward);
    if release.held {
        return Action::disabled(verb, forward, format!("it is paused: resume it first ({RESUME})"));
    }
    if release.replicas.desired == 0 {
        return Action::disabled(verb, forward, "it is scaled to 0");
    }
    let pods = count(i64::from(release.replicas.desired), "pod");
    Action::enabled(verb, forward, format!("{pods} of the same template, new"))
}

fn set_image(release: &Release) -> Action {
    let images =
        release.tracks.iter().find(|track| track.revision == release.revision).map_or(0, |track| track.images.len());
    let consequence =
        format!("another image for {}", if images > 1 { "one or more containers" } else { "the container" });
    Action::enabled(Verb::SetImage, Direction::Forward, consequence)
}

fn scale(release: &Release) -> Action {
    let (verb, forward) = (Verb::Scale, Direction::Forward);
    if release.key.kind == Kind::DaemonSet {
        return Action::disabled(verb, forward, "a DaemonSet runs one pod on every node that it fits");
    }
    let mut action =
        Action::enabled(verb, forward, format!("from {}", count(i64::from(release.replicas.desired), "replica")));
    if let Some(hpa) = &release.autoscaler {
        action.why = format!("hpa/{} owns the replicas and sets them again", hpa.key.name).into();
    }
    action
}
