//! An open release: which pane has the keys, and what is selected in it.

use crate::app::model::Pane;
use crate::app::scroll::Scroll;
use crate::domain::pod::Pod;
use crate::domain::release::{Release, Role, Track};
use crate::domain::{Revision, Str, Timestamp, Uid};
use std::sync::Arc;
use std::time::Duration;

/// An open release.
#[derive(Debug)]
pub struct ReleaseView {
    /// The release as last shown; it stays when the object goes.
    pub release: Arc<Release>,
    /// When its object was found to be gone.
    pub gone: Option<Timestamp>,
    /// The pane that has the keys.
    pub pane: Pane,
    /// The line selected in Versions: a pod or a track, by identity.
    pub version: VersionAt,
    /// The row selected in History.
    pub revision: Option<Revision>,
    /// How far the other panes are scrolled.
    pub scrolls: [Scroll; 6],
    /// What Kubernetes told about it.
    pub events: Events,
    /// The split on its way from what it was to what it is.
    pub motion: Option<Motion>,
}

/// Bars on their way to new numbers. Nothing moves while the numbers stay.
#[derive(Debug, Clone, PartialEq)]
pub struct Motion {
    /// What each track's bar showed, by the track's name.
    from: Vec<(Str, f64)>,
    /// When the new numbers came.
    began: Duration,
}

impl Motion {
    /// How long it takes.
    pub const LASTS: Duration = Duration::from_millis(500);
    /// How long each picture of it stands.
    pub const FRAME: Duration = Duration::from_millis(100);

    /// When its next picture is due; `None` once it is over.
    pub fn next(&self, tick: Duration) -> Option<Duration> {
        let over = self.began + Self::LASTS;
        (tick < over).then(|| (tick + Self::FRAME).min(over))
    }
}

/// What the bars of a release show.
fn shares(release: &Release) -> Vec<(Str, u8)> {
    let share = |track: &Track| track.weight.asked.or(track.weight.actual).unwrap_or(0);
    release.tracks.iter().map(|track| (track.name.clone(), share(track))).collect()
}

/// What is selected in Versions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum VersionAt {
    /// The first line.
    #[default]
    Start,
    /// A track, by its object's name.
    Track(Str),
    /// A pod.
    Pod(Uid),
}

/// Events of the cluster about one release.
#[derive(Debug, Clone, Default)]
pub enum Events {
    /// Not asked yet.
    #[default]
    Asked,
    /// They could not be read.
    Unreadable(Str),
    /// As they are, the newest first.
    Listed(Vec<Event>),
}

/// One event of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it was last seen.
    pub at: Timestamp,
    /// `type: Warning`.
    pub warning: bool,
    /// `deployment/web`, `pod/web-1`.
    pub about: Str,
    /// Kubernetes' word.
    pub reason: Str,
    /// Kubernetes' sentence.
    pub message: Str,
    /// How often.
    pub count: u32,
    /// Who reported it.
    pub source: Str,
}

/// A line of Versions.
#[derive(Debug, Clone, Copy)]
pub enum VersionRow<'a> {
    /// A track's heading.
    Track(&'a Track),
    /// A pod of the track above.
    Pod(&'a Track, &'a Arc<Pod>),
}

/// The lines of Versions: each track with its pods under it. What is new and what is in trouble comes first: on a small
/// screen the rest is below its edge.
pub fn version_rows(release: &Release) -> Vec<VersionRow<'_>> {
    let mut tracks: Vec<&Track> = release.tracks.iter().collect();
    tracks.sort_by_key(|track| track.role != Role::Candidate);
    let mut rows = Vec::new();
    for track in tracks {
        rows.push(VersionRow::Track(track));
        let mut pods: Vec<&Arc<Pod>> = track.pods.iter().collect();
        pods.sort_by_key(|pod| pod.trouble.is_none());
        rows.extend(pods.into_iter().map(|pod| VersionRow::Pod(track, pod)));
    }
    rows
}

impl ReleaseView {
    /// Opens `release` on its first pane.
    pub fn new(release: Arc<Release>) -> Self {
        Self {
            release,
            gone: None,
            pane: Pane::Versions,
            version: VersionAt::Start,
            revision: None,
            scrolls: [Scroll::default(); 6],
            events: Events::Asked,
            motion: None,
        }
    }

    /// Shows the release as it is now. Its bars move from what they showed when their numbers changed.
    pub fn follow(&mut self, release: Arc<Release>, tick: Duration) {
        let (before, after) = (shares(&self.release), shares(&release));
        if before != after && !before.is_empty() {
            let from = before.iter().map(|(name, share)| (name.clone(), self.share(name, *share, tick))).collect();
            self.motion = Some(Motion { from, began: tick });
        }
        self.release = release;
        self.gone = None;
    }

    /// How much of its bar the track called `name` lights: `share`, or on its way there.
    pub fn share(&self, name: &str, share: u8, tick: Duration) -> f64 {
        let to = f64::from(share);
        let Some(motion) = &self.motion else { return to };
        let gone = tick.saturating_sub(motion.began).as_secs_f64() / Motion::LASTS.as_secs_f64();
        let from = motion.from.iter().find(|(known, _)| **known == *name).map_or(0.0, |(_, share)| *share);
        if gone >= 1.0 { to } else { from + (to - from) * gone }
    }

    /// The place of the selected line of Versions.
    pub fn version_place(&self, rows: &[VersionRow<'_>]) -> usize {
        let found = rows.iter().position(|row| match (row, &self.version) {
            (VersionRow::Track(track), VersionAt::Track(name)) => track.name == *name,
            (VersionRow::Pod(_, pod), VersionAt::Pod(uid)) => pod.uid == *uid,
            _ => false,
        });
        // The selected pod went: stay at the same height, not at the top.
        found.unwrap_or_else(|| self.scrolls[Pane::Versions.place()].within(rows.len()))
    }

    /// Selects the line of Versions at `place`.
    pub fn select_version(&mut self, place: usize) {
        let release = self.release.clone();
        let rows = version_rows(&release);
        self.scrolls[Pane::Versions.place()].at = place;
        self.version = match rows.get(place) {
            Some(VersionRow::Track(track)) => VersionAt::Track(track.name.clone()),
            Some(VersionRow::Pod(_, pod)) => VersionAt::Pod(pod.uid.clone()),
            None => VersionAt::Start,
        };
    }

    /// The place of the selected row of History: as chosen, else the revision that an undo would go to.
    pub fn revision_place(&self) -> usize {
        let wanted = self.revision.or(self.release.back_to);
        let history = &self.release.history;
        wanted.and_then(|wanted| history.iter().position(|entry| entry.revision == wanted)).unwrap_or(0)
    }

    /// The selected pod, where Versions stands on one.
    pub fn pod(&self) -> Option<&Arc<Pod>> {
        let rows = version_rows(&self.release);
        match rows.get(self.version_place(&rows)) {
            Some(VersionRow::Pod(_, pod)) => Some(pod),
            _ => None,
        }
    }

    /// The selected track: the heading stood on, or that of the pod stood on.
    pub fn track(&self) -> Option<&Track> {
        let rows = version_rows(&self.release);
        match rows.get(self.version_place(&rows))? {
            VersionRow::Track(track) | VersionRow::Pod(track, _) => Some(track),
        }
    }
}
