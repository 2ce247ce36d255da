//! The board: which releases are shown, in which order, and which one is selected.

mod extent;

pub use extent::{Extent, bytes_of_name};

use super::field::TextField;
use super::filter::Filter;
use super::keys::Step;
use super::scroll::Scroll;
use crate::domain::{Release, Snapshot, State, Timestamp, Uid};
use std::cmp::{Ordering, Reverse};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// For how long the rows keep their places once some have taken theirs. Where pods come and go all the time, rows would
/// else change places faster than they can be read, or a key be aimed at one.
const CALM: Duration = Duration::from_secs(2);

/// How long another state has to last before its row takes another place, unless it has to be looked at now: a pod that
/// is replaced makes its release degraded or progressing for a second, and moves nothing.
const LASTING: Duration = Duration::from_secs(2);

/// The order of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// The worst state first; in a state the newest change first, and by name what needs nobody.
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

    /// Compares two releases, each with the state under which it stands.
    fn compare(self, (own, one): (State, &Release), (other, two): (State, &Release)) -> Ordering {
        let newest = |release: &Release| Reverse(release.since.unwrap_or(Timestamp::MIN));
        let name = one.key.namespace.cmp(&two.key.namespace).then_with(|| one.key.name.cmp(&two.key.name));
        match self {
            Self::Worst if own != other => own.cmp(&other),
            Self::Worst if needs_nobody(own) => name,
            Self::Worst => newest(one).cmp(&newest(two)).then(name),
            Self::Name => name,
            Self::Newest => newest(one).cmp(&newest(two)).then(name),
            Self::How => one.strategy.cmp(&two.strategy).then(name),
        }
        .then_with(|| one.key.kind.cmp(&two.key.kind))
    }
}

/// Whether nothing has to be looked at: such rows stand still.
const fn needs_nobody(state: State) -> bool {
    match state {
        State::Down | State::Failed | State::Degraded | State::Waiting => false,
        State::Progressing | State::Unknown | State::Healthy | State::Idle => true,
    }
}

/// Whether a row does not wait for its place.
const fn rises_at_once(state: State) -> bool {
    match state {
        State::Down | State::Failed | State::Waiting => true,
        State::Degraded | State::Progressing | State::Unknown | State::Healthy | State::Idle => false,
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
    /// The name of what was selected until it went by itself: another one stands under the cursor since, which nobody chose.
    /// `None` once a person moved the cursor, filtered, or was told.
    pub went: Option<String>,
    /// The selected row, kept for the time when the release itself goes.
    pub scroll: Scroll,
    /// What the rows need together.
    pub extent: Extent,
    /// Those of them that have the namespace and the name of another one.
    pub twins: HashSet<Uid>,
    /// The states under which the rows stand.
    standing: HashMap<Uid, Standing>,
    /// The tick at which rows last took their places under another state.
    ordered_at: Option<Duration>,
    /// The tick at which the next ones do.
    order_at: Option<Duration>,
}

/// Under which state a row stands.
#[derive(Debug, Clone, Copy)]
struct Standing {
    state: State,
    /// The tick since which it has another one.
    differs: Option<Duration>,
}

impl Board {
    /// Takes the releases of `snapshot` at `tick`. A row that needs nobody keeps its place for a while. Cost: all
    /// releases, a few hundred nanoseconds each.
    pub fn take(&mut self, snapshot: &Snapshot, tick: Duration) {
        let filter = Filter::parse(self.filter.text());
        self.total = snapshot.releases.len();
        let mut rows: Vec<(State, Arc<Release>)> = Vec::with_capacity(self.total);
        // What is still being read is no order that could be kept.
        if !snapshot.complete() {
            self.reorder();
        }
        let ordering = self.order_at.take().is_some_and(|at| at <= tick);
        if ordering {
            self.ordered_at = Some(tick);
            let here: HashSet<&Uid> = snapshot.releases.iter().map(|release| &release.uid).collect();
            self.standing.retain(|uid, _| here.contains(uid));
        }
        let mut matcher = (!filter.is_empty()).then(|| filter.matcher());
        for release in &snapshot.releases {
            if matcher.as_mut().is_none_or(|matcher| matcher.passes(release)) {
                rows.push((self.stand(release, ordering, tick), Arc::clone(release)));
            }
        }
        let before = self.current().map(|release| release.key.qualified());
        self.twins = twins(&snapshot.releases);
        let sort = self.sort;
        rows.sort_by(|(own, one), (other, two)| sort.compare((*own, one), (*other, two)));
        self.rows.clear();
        self.rows.extend(rows.into_iter().map(|(_, release)| release));
        self.extent = Extent::of(&self.rows, &snapshot.releases);
        let place = self.selected.as_ref().and_then(|uid| self.rows.iter().position(|release| release.uid == *uid));
        if place.is_none() {
            // The selected one went (deleted or filtered out): its place is taken by the one that stands there now. That
            // one was chosen by nobody, and the next write key says so.
            self.went = self.went.take().or(before);
        }
        match place {
            // Who typed a name in full means that one, wherever it stands.
            _ if !self.chosen => self.select(self.named(&filter).unwrap_or(0)),
            Some(place) => self.scroll.at = place,
            None => self.select(self.scroll.within(self.rows.len())),
        }
    }

    /// The state under which `release` stands: its own if it rises at once or has lasted when the rows are put in order,
    /// else the one that it had when they last were.
    fn stand(&mut self, release: &Release, ordering: bool, tick: Duration) -> State {
        let own = Standing { state: release.state, differs: None };
        let Some(stands) = self.standing.get_mut(&release.uid) else {
            self.standing.insert(release.uid.clone(), own);
            return release.state;
        };
        let since = *stands.differs.get_or_insert(tick);
        if stands.state == release.state || rises_at_once(release.state) || (ordering && since + LASTING <= tick) {
            *stands = own;
            return release.state;
        }
        let state = stands.state;
        let calm = self.ordered_at.map_or(Duration::ZERO, |at| at + CALM);
        let due = calm.max(since + LASTING);
        self.order_at = Some(self.order_at.map_or(due, |at| at.min(due)));
        state
    }

    /// Puts every row in its place at the next [`Board::take`], as a person asks for who filters or sorts.
    pub fn reorder(&mut self) {
        self.standing.clear();
        self.ordered_at = None;
        self.order_at = None;
    }

    /// The tick at which rows that stand under a former state are put in their places; `None`: none does.
    pub const fn next_order(&self) -> Option<Duration> {
        self.order_at
    }

    /// Selects the row whose name was typed in full into the filter, if there is one.
    pub fn choose_named(&mut self) {
        if let Some(place) = self.named(&Filter::parse(self.filter.text())) {
            self.select(place);
            self.chosen = true;
        }
    }

    /// Where the row stands that `filter` names in full.
    fn named(&self, filter: &Filter) -> Option<usize> {
        self.rows.iter().position(|release| filter.names(release))
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
        self.went = None;
        // A key on an empty board chooses nothing.
        self.chosen |= self.selected.is_some();
    }

    /// Selects a release wherever it stands, or will stand.
    pub fn choose(&mut self, uid: Uid) {
        if let Some(place) = self.rows.iter().position(|release| release.uid == uid) {
            self.scroll.at = place;
        }
        self.selected = Some(uid);
        self.went = None;
        self.chosen = true;
    }

    /// The same, unless it has no row: what is selected then stays so.
    pub fn choose_shown(&mut self, uid: &Uid) {
        if self.rows.iter().any(|release| release.uid == *uid) {
            self.choose(uid.clone());
        }
    }

    /// The selected release as shown.
    pub fn current(&self) -> Option<&Arc<Release>> {
        self.rows.get(self.scroll.at).filter(|release| Some(&release.uid) == self.selected.as_ref())
    }
}

/// The releases that can't be told from another one by namespace and name; those of a snapshot stand side by side.
fn twins(releases: &[Arc<Release>]) -> HashSet<Uid> {
    let same =
        |pair: &&[Arc<Release>]| pair[0].key.name == pair[1].key.name && pair[0].key.namespace == pair[1].key.namespace;
    releases.windows(2).filter(same).flatten().map(|release| release.uid.clone()).collect()
}
