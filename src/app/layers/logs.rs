//! Logs of a pod or of a whole track: the last lines, then what comes.

use crate::app::scroll::Scroll;
use crate::domain::Str;
use crate::domain::intent::ReleaseId;
use std::collections::VecDeque;

/// How many lines are kept.
pub const KEPT: usize = 5_000;

/// An open log.
#[derive(Debug)]
pub struct Logs {
    /// Which request of this console it shows; lines of earlier ones are dropped.
    pub number: u32,
    /// The release.
    pub release: ReleaseId,
    /// Which pods.
    pub source: Source,
    /// The pod that was selected, to come back to from the track.
    pub pod: Option<Str>,
    /// The track, to widen to.
    pub track: Option<TrackPods>,
    /// How many lines of the past were asked for, each pod.
    pub tail: u32,
    /// The container before its last restart.
    pub previous: bool,
    /// Whether new lines scroll into sight.
    pub follow: bool,
    /// Whether long lines are wrapped.
    pub wrap: bool,
    /// The lines, the oldest first.
    pub lines: VecDeque<Line>,
    /// How many lines were dropped because more came than are kept.
    pub dropped: u64,
    /// The stream ended, with the reason.
    pub ended: Option<Str>,
    /// The last line in sight, when not following.
    pub scroll: Scroll,
}

/// Which pods' logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// One pod.
    Pod(Str),
    /// The pods of a track.
    Track(TrackPods),
}

/// The pods of a track that are read: all of them, or as many as are followed at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackPods {
    /// The name of the track's object.
    pub name: Str,
    /// The pods that are read.
    pub pods: Vec<Str>,
    /// How many the track has.
    pub all: usize,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The pod.
    pub pod: Str,
    /// The container.
    pub container: Str,
    /// The text, as the cluster sent it.
    pub text: Str,
}

impl Logs {
    /// Takes new lines.
    pub fn take(&mut self, lines: impl IntoIterator<Item = Line>) {
        for line in lines {
            if self.lines.len() == KEPT {
                self.lines.pop_front();
                self.dropped += 1;
                self.scroll.at = self.scroll.at.saturating_sub(1);
            }
            self.lines.push_back(line);
        }
        if self.follow {
            self.scroll.at = self.lines.len().saturating_sub(1);
        }
    }

    /// The pods that are read.
    pub fn pods(&self) -> &[Str] {
        match &self.source {
            Source::Pod(pod) => std::slice::from_ref(pod),
            Source::Track(track) => &track.pods,
        }
    }

    /// Forgets the lines: another source is read now, by the request of this number.
    pub fn restart(&mut self, number: u32) {
        self.number = number;
        self.lines.clear();
        self.dropped = 0;
        self.ended = None;
        self.scroll = Scroll::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Kind, ObjectKey, Uid};

    #[test]
    fn only_the_last_lines_are_kept_and_the_rest_is_counted() {
        let mut logs = Logs {
            number: 1,
            release: ReleaseId { key: ObjectKey::new(Kind::Deployment, "shop", "web"), uid: Uid::new("u") },
            source: Source::Pod("web-1".into()),
            pod: None,
            track: None,
            tail: 200,
            previous: false,
            follow: true,
            wrap: false,
            lines: VecDeque::new(),
            dropped: 0,
            ended: None,
            scroll: Scroll::default(),
        };
        let line = |n: usize| Line { pod: "web-1".into(), container: "app".into(), text: n.to_string().into() };
        logs.take((0..KEPT + 7).map(line));
        assert_eq!((logs.lines.len(), logs.dropped, &*logs.lines[0].text), (KEPT, 7, "7"));
        assert_eq!(logs.scroll.at, KEPT - 1);
    }
}
