//! The tracks as the numbers' columns: with the names that the release has for them.

use crate::domain::measurement::{Measured, Reading, TrackMeasured};
use crate::domain::release::{Release, Role};
use crate::ui::view::said::shown;
use crate::ui::widgets::Look;
use ratatui::style::Style;

/// A track that is measured, and what it is called.
#[derive(Debug, Clone)]
pub(in crate::ui) struct Lane<'a> {
    /// `stable`, `candidate`, or the name of an A/B test's group.
    pub name: String,
    /// What it is to the release now.
    pub role: Role,
    /// Its numbers.
    pub track: &'a TrackMeasured,
}

impl<'a> Lane<'a> {
    /// The measured tracks of `release`, stable first. An idle one without traffic says nothing and is left out.
    pub fn all(release: &Release, measured: &'a Measured) -> Vec<Self> {
        let groups = release.traffic.as_ref().map_or(&[][..], |traffic| &traffic.groups);
        let mut lanes: Vec<Self> = measured
            .tracks
            .iter()
            .map(|track| {
                // The role may have changed since it was measured; the name stays.
                let role =
                    release.tracks.iter().find(|known| known.name == track.name).map_or(track.role, |now| now.role);
                let group = groups.iter().find(|group| group.role == Some(role));
                let name = group.map_or_else(|| role.word().to_owned(), |group| shown(&group.name).into_owned());
                Self { name, role, track }
            })
            .filter(|lane| lane.role != Role::Idle || lane.track.requests.value().is_some())
            .collect();
        lanes.sort_by_key(|lane| lane.role != Role::Stable);
        let same: Vec<bool> =
            lanes.iter().map(|lane| lanes.iter().filter(|other| other.name == lane.name).count() > 1).collect();
        for (lane, _) in lanes.iter_mut().zip(same).filter(|(_, same)| *same) {
            lane.name = shown(&lane.track.name).into_owned();
        }
        lanes
    }

    /// How its name looks.
    pub fn style(&self, look: Look<'_>) -> Style {
        look.theme.track(self.role)
    }

    /// Why one of its numbers can't be used.
    pub fn unusable(&self) -> Option<String> {
        let track = self.track;
        let all = [&track.errors, &track.p99, &track.requests, &track.p50];
        all.into_iter().find_map(|reading| match reading {
            Reading::Unusable(why) => Some(format!("{}: {}", self.name, shown(why))),
            _ => None,
        })
    }
}
