//! What the rows of the board need all together. It is gathered when they change, so that a drawing costs what it shows and
//! not what there is.

use crate::domain::{Release, State, Timestamp};
use std::sync::Arc;

/// How much room the rows need, and how many there are of which sort.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extent {
    /// How many releases are in each state of [`State::ALL`], those that the filter hides among them.
    pub states: [usize; State::ALL.len()],
    /// The bytes of the longest `namespace/name`.
    pub longest_name: usize,
    /// The most pods that a release has, or wants.
    pub pods: i32,
    /// Since when the release stands that stands longest.
    pub oldest: Option<Timestamp>,
    /// Whether any of them stands on a step.
    pub stepped: bool,
    /// The places of those that may have a share of traffic: few of many.
    pub with_share: Vec<usize>,
}

impl Extent {
    /// Of these rows, and of all releases with those that are hidden.
    pub fn of(rows: &[Arc<Release>], all: &[Arc<Release>]) -> Self {
        let mut extent = Self::default();
        for release in all {
            extent.states[release.state.place()] += 1;
        }
        for (place, release) in rows.iter().enumerate() {
            extent.longest_name = extent.longest_name.max(bytes_of_name(release));
            extent.pods = extent.pods.max(release.replicas.desired).max(release.replicas.ready);
            extent.oldest = [extent.oldest, release.stands_since()].into_iter().flatten().min();
            extent.stepped |= release.step.is_some();
            if release.traffic.is_some() || release.tracks.len() > 1 {
                extent.with_share.push(place);
            }
        }
        extent
    }
}

/// The bytes of `namespace/name`.
pub fn bytes_of_name(release: &Release) -> usize {
    release.key.namespace.len() + 1 + release.key.name.len()
}
