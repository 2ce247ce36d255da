//! The board: which releases are shown, in which order, and which one is selected.

use super::field::TextField;
use super::filter::Filter;
use super::keys::Step;
use super::scroll::Scroll;
use crate::domain::{Release, Snapshot, Timestamp, Uid};
use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

/// The order of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// The worst state first, then the newest change.
    #[default]
    Worst,
    /// By namespace and name.
    Name,
    /// What changed last comes first.
    Newest,
    /// By strategy, then name.
    How,
}

impl Sort {
    /// The next order.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Worst => Self::Name,
            Self::Name => Self::Newest,
            Self::Newest => Self::How,
            Self::How => Self::Worst,
        }
    }

    /// Its word in the title.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Worst => "worst",
            Self::Name => "name",
            Self::Newest => "newest",
            Self::How => "how",
        }
    }

    fn compare(self, one: &Release, two: &Release) -> Ordering {
        let newest = |release: &Release| Reverse(release.since.unwrap_or(Timestamp::MIN));
        let name = one.key.namespace.cmp(&two.key.namespace).then_with(|| one.key.name.cmp(&two.key.name));
        match self {
            Self::Worst => one.state.cmp(&two.state).then_with(|| newest(one).cmp(&newest(two))).then(name),
            Self::Name => name,
            Self::Newest => newest(one).cmp(&newest(two)).then(name),
            Self::How => one.strategy.cmp(&two.strategy).then(name),
        }
        .then_with(|| one.key.kind.cmp(&two.key.kind))
    }
}

/// The board's state.
#[derive(Debug, Clone, Default)]
pub struct Board {
    /// The filter as typed.
    pub filter: TextField,
    /// Whether the filter is being typed.
    pub typing: bool,
    /// The order.
    pub sort: Sort,
    /// The shown releases, in order.
    pub rows: Vec<Arc<Release>>,
    /// How many releases there are without the filter.
    pub total: usize,
    /// The selected release: its identity, never its row.
    pub selected: Option<Uid>,
    /// Whether a person chose it; until then the first row is selected, whichever that is.
    pub chosen: bool,
    /// The selected row, kept for the time when the release itself goes.
    pub scroll: Scroll,
}

impl Board {
    /// Takes the releases of `snapshot`. Cost: all releases, a few hundred nanoseconds each.
    pub fn take(&mut self, snapshot: &Snapshot) {
        let filter = Filter::parse(self.filter.text());
        self.total = snapshot.releases.len();
        self.rows.clear();
        if filter.is_empty() {
            self.rows.extend(snapshot.releases.iter().cloned());
        } else {
            let mut matcher = filter.matcher();
            self.rows.extend(snapshot.releases.iter().filter(|release| matcher.passes(release)).cloned());
        }
        self.rows.sort_by(|one, two| self.sort.compare(one, two));
        if !self.chosen {
            self.select(0);
            return;
        }
        let place = self.selected.as_ref().and_then(|uid| self.rows.iter().position(|release| release.uid == *uid));
        match place {
            Some(place) => self.scroll.at = place,
            // The selected one went (deleted or filtered out): its place is taken by the one that stands there now,
            // and a write key then names that one in its plan.
            None => self.select(self.scroll.within(self.rows.len())),
        }
    }

    /// Selects the row at `place`.
    pub fn select(&mut self, place: usize) {
        self.scroll.at = place;
        self.selected = self.rows.get(place).map(|release| release.uid.clone());
    }

    /// Moves the selection; `page` rows are in sight.
    pub fn step(&mut self, step: Step, page: usize) {
        self.scroll.step(step, self.rows.len(), page);
        self.select(self.scroll.at);
        // A key on an empty board chooses nothing.
        self.chosen |= self.selected.is_some();
    }

    /// Selects a release wherever it stands, or will stand.
    pub fn choose(&mut self, uid: Uid) {
        self.selected = Some(uid);
        self.chosen = true;
    }

    /// The selected release as shown.
    pub fn current(&self) -> Option<&Arc<Release>> {
        self.rows.get(self.scroll.at).filter(|release| Some(&release.uid) == self.selected.as_ref())
    }
}
