//! Logs: opening them, and their keys.

use crate::app::effect::{Effect, LogsWanted};
use crate::app::keys::{Command, Step};
use crate::app::layers::Layer;
use crate::app::layers::logs::{Logs, Source, TrackPods};
use crate::app::layout;
use crate::app::model::Model;
use crate::app::scroll::Scroll;
use crate::domain::Release;
use crate::domain::intent::ReleaseId;
use crate::domain::release::Role;
use std::collections::VecDeque;

/// How many lines of the past are asked for at first, each pod.
const TAIL: u32 = 200;

/// The most lines of the past that are asked for, each pod.
const MOST: u32 = 20_000;

/// The most pods whose logs are followed at once: each is a connection of its own.
pub const PODS: usize = 20;

/// Opens the logs of the selected pod; on a track's heading, or at the board, those of a whole track.
pub fn open(model: &mut Model, release: &Release) -> Vec<Effect> {
    let (mut pod, mut track) = (None, None);
    if let Some(Layer::Release(view)) = model.layers.last() {
        pod = view.pod().map(|pod| pod.name.clone());
        track = view.track();
    }
    // At the board: the track that is of interest, the new one while there is one.
    let track = track
        .or_else(|| release.track(Role::Candidate))
        .or_else(|| release.tracks.iter().find(|track| !track.pods.is_empty()))
        .or_else(|| release.tracks.first());
    let track = track.map(|track| {
        let pods = track.pods.iter().take(PODS).map(|pod| pod.name.clone()).collect::<Vec<_>>();
        TrackPods { name: track.name.clone(), pods, all: track.pods.len() }
    });
    let source = match (&pod, &track) {
        (Some(pod), _) => Source::Pod(pod.clone()),
        (None, Some(track)) if !track.pods.is_empty() => Source::Track(track.clone()),
        _ => {
            model.note(format!("{} has no pod to read logs of", release.key.qualified()));
            return Vec::new();
        }
    };
    let id = ReleaseId { key: release.key.clone(), uid: release.uid.clone() };
    model.plans += 1;
    let logs = Logs {
        number: model.plans,
        release: id,
        source,
        pod,
        track,
        tail: TAIL,
        previous: false,
        follow: true,
        wrap: false,
        lines: VecDeque::new(),
        dropped: 0,
        ended: None,
        scroll: Scroll::default(),
    };
    let wanted = wanted(&logs);
    model.layers.push(Layer::Logs(Box::new(logs)));
    vec![Effect::Logs(wanted)]
}

fn wanted(logs: &Logs) -> LogsWanted {
    LogsWanted {
        number: logs.number,
        release: logs.release.clone(),
        pods: logs.pods().to_vec(),
        tail: logs.tail,
        previous: logs.previous,
        // What ended does not grow.
        follow: !logs.previous,
    }
}

/// A command while logs are on top.
pub fn command(model: &mut Model, command: Option<Command>) -> Vec<Effect> {
    let page = layout::overlay_lines(model.size);
    // A number of its own for whatever is asked for now.
    model.plans += 1;
    let number = model.plans;
    let Some(Layer::Logs(logs)) = model.layers.last_mut() else { return Vec::new() };
    match command {
        Some(Command::Back) => return super::close(model),
        Some(Command::Move(step)) => {
            logs.follow = step == Step::Bottom;
            let count = logs.lines.len();
            logs.scroll.step(step, count, page);
            logs.follow |= logs.scroll.at + 1 >= count;
        }
        Some(Command::Follow) => {
            logs.follow = !logs.follow;
            if logs.follow {
                logs.scroll.at = logs.lines.len().saturating_sub(1);
            }
        }
        Some(Command::Wrap) => logs.wrap = !logs.wrap,
        Some(Command::PreviousRun) => {
            logs.previous = !logs.previous;
            return again(logs, number);
        }
        Some(Command::More) => {
            logs.tail = logs.tail.saturating_mul(10).min(MOST);
            return again(logs, number);
        }
        Some(Command::Widen) => {
            let other = match (&logs.source, &logs.pod, &logs.track) {
                (Source::Pod(_), _, Some(track)) if !track.pods.is_empty() => Source::Track(track.clone()),
                (Source::Track(_), Some(pod), _) => Source::Pod(pod.clone()),
                _ => return Vec::new(),
            };
            logs.source = other;
            return again(logs, number);
        }
        Some(Command::Copy) => {
            let text = logs.lines.iter().map(|line| line.text.as_ref()).collect::<Vec<_>>().join("\n");
            let count = logs.lines.len();
            model.note(format!("copied {count} lines"));
            return vec![Effect::Copy(text)];
        }
        _ => {}
    }
    Vec::new()
}

fn again(logs: &mut Logs, number: u32) -> Vec<Effect> {
    logs.restart(number);
    vec![Effect::Logs(wanted(logs))]
}
